import type {
  Authority,
  DecisionView,
  DeviceView,
  Image,
  ReasonCode,
} from '../contracts/values/image.ts';
import type { Site, Terminal } from '../contracts/values/site.ts';
import { act } from './act.ts';
import type { Proposal, Wish } from './control/types.ts';
import type { ConnectionFacts } from './safety/facts.ts';
import type { Finding } from './safety/verdict.ts';

/** The kernel's own reasons, as clauses after the act. */
const KERNEL: Readonly<Record<string, readonly [Authority, string]>> = {
  STALE: ['device-protection', 'because its charge is not known'],
  SOC_MIN: ['device-protection', 'because it is empty'],
  SOC_MAX: ['device-protection', 'because it is full'],
  RESERVE: ['device-protection', 'because the rest is kept back'],
  BMS_LIMIT: ['device-protection', 'because the device allows no more now'],
  TOO_COLD: ['device-protection', 'because it is too cold to charge'],
  SLEW: ['device-protection', 'because it may not change faster'],
  DIRECTION_REST: ['device-protection', 'because it rests before it turns around'],
  MIN_RUN: ['device-protection', 'because it must run on for a while'],
  MIN_REST: ['device-protection', 'because it must rest for a while'],
  IMPORT_LIMIT: ['site-safety', 'so that no more is bought than allowed'],
  EXPORT_LIMIT: ['site-safety', 'so that no more is sold than allowed'],
  FUSE_LIMIT: ['site-safety', 'because its circuit carries no more'],
  LIMIT_UNREACHABLE: ['site-safety', 'which is all it can do: the limit is out of reach'],
  HOLDING: ['site-safety', 'as last ordered: readings are late'],
  SAFE_STATE: ['site-safety', 'its safe state, because readings are missing'],
  ISLANDED: ['site-safety', 'because the grid is gone'],
  OBSERVING: ['site-safety', 'because Edgewatt only watches'],
  NOT_COMMISSIONED: ['site-safety', 'because it was not commissioned yet'],
};

function decisionOf(
  spec: Terminal,
  finding: Finding,
  proposal: Proposal | undefined,
): DecisionView {
  const released =
    Number.isNaN(finding.powerW) || (spec.control === 'limit' && finding.powerW >= spec.ratedInW);
  const powerW = released ? undefined : finding.powerW;
  const kernel = finding.changed || proposal === undefined ? KERNEL[finding.code] : undefined;
  return {
    terminal: spec.id,
    powerW: powerW ?? null,
    ...(spec.control === 'limit' && powerW !== undefined ? { limitW: powerW } : {}),
    reason: {
      authority: kernel?.[0] ?? proposal?.authority ?? 'site-safety',
      code: finding.code as ReasonCode,
      sentence: kernel === undefined ? (proposal?.sentence ?? '') : act(spec, powerW, kernel[1]),
    },
  };
}

export function decisionsOf(
  site: Site,
  findings: readonly Finding[],
  proposals: readonly Proposal[],
): DecisionView[] {
  return findings.flatMap((finding) => {
    const spec = site.terminals.find(({ id }) => id === finding.terminal);
    if (spec === undefined) return [];
    return [
      decisionOf(
        spec,
        finding,
        proposals.find((one) => one.terminal === finding.terminal),
      ),
    ];
  });
}

/** Of what is given back since it does not follow; a limit that needs it is still told. */
export function deafDecision(
  site: Site,
  decision: DecisionView,
  wishes: readonly Wish[],
): DecisionView {
  const { terminal, powerW, reason } = decision;
  const spec = site.terminals.find(({ id }) => id === terminal);
  if (spec === undefined || reason.code !== 'SAFE_STATE') return decision;
  const missed = wishes.find(
    (one) => one.terminal === terminal && one.code === 'LIMIT_UNREACHABLE',
  );
  const why = 'because it does not do what it is told';
  const missing = missed ? ': a limit is out of reach' : '';
  const sentence = `${act(spec, powerW ?? undefined, why)}${missing}`;
  const { authority, code } = missed ?? reason;
  return { ...decision, reason: { authority, code, sentence } };
}

/** The limits at the connection that the kernel held, with who set the tighter one. */
export function limitsOf(
  site: Site,
  connections: Readonly<Record<string, ConnectionFacts>>,
  gridSource: string,
): Image['limits'] {
  const first = site.connections[0];
  const held = first && connections[first.id];
  if (first === undefined || held === undefined) {
    return { importLimitW: 0, exportLimitW: 0, source: 'no connection' };
  }
  const { importLimitW, exportLimitW } = held;
  const own = importLimitW >= first.contractedImportW && exportLimitW >= first.contractedExportW;
  return { importLimitW, exportLimitW, source: own ? 'contract' : gridSource };
}

interface Lease {
  readonly device: string;
  readonly armed: boolean;
  readonly armedUntilMonoMs: number;
  readonly aside: boolean;
  readonly deaf?: { readonly sinceMonoMs: number; readonly againMonoMs: number };
}

/**
 * Devices as the poller sees them, with what the guard adds: the lease, and whether it may write
 * at all.
 */
export function devicesOf(
  devices: readonly DeviceView[],
  leases: readonly Lease[],
  findings: readonly Finding[],
  deviceOf: ReadonlyMap<string, string | undefined>, // by terminal
  wallAheadMs: number,
): DeviceView[] {
  return devices.map((device) => {
    const held = leases.filter((one) => one.device === device.id);
    const lease = held.find(({ armed }) => armed);
    const own = findings.filter(({ terminal }) => deviceOf.get(terminal) === device.id);
    const deaf = held.find((one) => one.deaf !== undefined)?.deaf;
    const until = lease && Math.round(lease.armedUntilMonoMs + wallAheadMs);
    return {
      ...device,
      state: held.some(({ aside }) => aside)
        ? 'observing'
        : stateOf(device, own, deaf !== undefined),
      ...(deaf && {
        follows: false,
        deafSinceMs: Math.round(deaf.sinceMonoMs + wallAheadMs),
        triedAgainAtMs: Math.round(deaf.againMonoMs + wallAheadMs),
      }),
      ...(until === undefined ? {} : { leaseUntilMs: until }),
    };
  });
}

/** What does not follow is left to its own timer: its safe state, once that has run out. */
function stateOf(
  device: DeviceView,
  findings: readonly Finding[],
  isDeaf: boolean,
): DeviceView['state'] {
  if (device.state !== 'ok') return device.state;
  if (findings.some(({ state }) => state === 'silenced')) return 'observing';
  if (isDeaf) return 'safe';
  if (findings.some(({ state, code }) => state === 'safe' && code === 'SAFE_STATE')) return 'safe';
  return findings.some(({ state }) => state === 'holding') ? 'holding' : 'ok';
}
