import type { Site, Terminal } from '../../../../../gateway/contracts/values/site.ts';
import { timing } from '../../../../../gateway/contracts/values/timing.ts';
import { ARBITER_START, arbitrate } from '../../../../../gateway/guard/control/arbiter.ts';
import { kernelFacts, kernelLimits } from '../../../../../gateway/guard/kernel-facts.ts';
import { judge } from '../../../../../gateway/guard/safety/verdict.ts';
import type { SiteState, TerminalState } from '../../../../../gateway/guard/site/types.ts';
import { site as built } from '../../../../unit/gateway/guard/bench/site.ts';

/** A battery on one phase, or on all where `on` is 3. Powers + into the node. */
export interface Own {
  readonly on: 0 | 1 | 2 | 3;
  readonly inW: number;
  readonly outW: number;
  readonly nowW: number;
}

export interface Stand {
  readonly batteries: readonly Own[];
  readonly loadsW: readonly number[]; // by phase, what they take; below 0 they give
  readonly fuseA: number;
  readonly control?: Partial<Site['control']>;
  readonly connection?: Partial<Site['connections'][number]>;
}

const NAMES = ['L1', 'L2', 'L3'] as const;
const NOMINAL_V = 230;

export const share = ({ on }: Own, phase: number): number =>
  on === 3 ? 1 / 3 : on === phase ? 1 : 0;

function siteOf({ batteries, fuseA, control, connection }: Stand): Site {
  const wide = { contractedImportW: 1e6, contractedExportW: 1e6 };
  const limits = { defaultImportLimitW: 1e6, defaultExportLimitW: 1e6 };
  const base = built({
    battery: {},
    connection: { fuseA, ...wide, ...limits, ...connection },
    control: { unprovenAllowed: ['meter1', 'inverter1', 'inverter2'], ...control },
  });
  const [own, house] = base.terminals;
  if (own === undefined || house === undefined) throw new Error('no battery');
  return {
    ...base,
    terminals: [
      ...batteries.map(
        ({ on, inW, outW }, n): Terminal => ({
          ...own,
          id: `battery${n + 1}`,
          ratedInW: inW,
          ratedOutW: outW,
          phases: on === 3 ? 3 : 1,
          ...(on === 3 ? {} : { phase: NAMES[on] }),
        }),
      ),
      house,
    ],
    stores: [],
  };
}

function stateOf(site: Site, { batteries, loadsW }: Stand): SiteState {
  const phasesW = loadsW.map(
    (loadW, n) => loadW - batteries.reduce((sum, one) => sum + share(one, n) * one.nowW, 0),
  );
  const gridW = phasesW.reduce((sum, one) => sum + one, 0);
  const byTerminal = Object.fromEntries(batteries.map(({ nowW }, n) => [`battery${n + 1}`, nowW]));
  return {
    nowMs: 10_000,
    wallMs: 1_767_225_600_000,
    points: {},
    grid: 'present',
    connections: [
      {
        ...{ id: 'grid', powerW: gridW, ageMs: 0, failing: false, inWh: 0, outWh: 0 },
        phases: phasesW.map((powerW, n) => {
          const name = NAMES[n] ?? 'L1';
          return { name, powerW, currentA: Number.NaN, voltageV: NOMINAL_V };
        }),
        aligned: { atMs: 10_000, gridW, shiftsW: [0, 0, 0], byTerminal },
        doubt: undefined,
      },
    ],
    terminals: site.terminals.map((spec): TerminalState => {
      const powerW = byTerminal[spec.id] ?? 0;
      return {
        ...{ id: spec.id, spec, connection: 'grid', device: spec.device, store: undefined },
        ...{ measured: true, powerW, ageMs: 0, failing: false },
        capability: {
          ...{ socLowPct: 50, socHighPct: 50, temperatureC: undefined, ratedW: undefined },
          ...{ chargeMaxW: undefined, dischargeMaxW: undefined },
          ...{ shareInW: undefined, shareOutW: undefined },
        },
      };
    }),
  };
}

/** One turn of controllers and kernel over it. */
export function turned(stand: Stand) {
  const spec = siteOf(stand);
  const site = stateOf(spec, stand);
  const times = timing(1);
  const sent = Object.fromEntries(stand.batteries.map((one, n) => [`battery${n + 1}`, one.nowW]));
  const decided = arbitrate(
    ARBITER_START,
    { site, spec, times, gridLimits: [], intent: undefined, sent, frequencyHz: Number.NaN },
    site.nowMs,
  );
  const facts = kernelFacts({
    ...{ site, spec, times, bootId: 'b', agentEpoch: 0, islanded: false, gridLimits: [] },
    told: undefined,
    mayWrite: () => true,
    fuse: () => ({ importW: 1e6, exportW: 1e6 }),
  });
  const proposals = decided.proposals.map(({ terminal, powerW, code }) => {
    return { terminal, powerW, code, bootId: 'b', agentEpoch: 0 };
  });
  const judged = judge(
    {},
    kernelLimits(spec, () => 'grid', times),
    facts,
    proposals,
  );
  const of = (list: readonly { terminal: string; powerW: number | undefined }[]): number[] =>
    stand.batteries.map(
      (_, n) => list.find(({ terminal }) => terminal === `battery${n + 1}`)?.powerW ?? Number.NaN,
    );
  return { decided, proposedW: of(decided.proposals), judgedW: of(judged.findings) };
}

/** What the fuse leaves the batteries on each phase, W, + into the node. */
export const roomsOf = ({ loadsW, fuseA }: Stand, share: number) =>
  loadsW.map((loadW) => ({
    leastW: loadW - share * fuseA * NOMINAL_V,
    mostW: loadW + share * fuseA * NOMINAL_V,
  }));

export const onPhase = (stand: Stand, powersW: readonly number[], phase: number): number =>
  stand.batteries.reduce((sum, one, n) => sum + share(one, phase) * (powersW[n] ?? 0), 0);

const GRID = 1_500;

/**
 * By trying: the sums that the batteries can give while each phase keeps to its fuse.
 * @returns undefined where nothing keeps it
 */
export function reachable(stand: Stand, of: number): { leastW: number; mostW: number } | undefined {
  const rooms = roomsOf(stand, of);
  const within = (on: number) => {
    const own = stand.batteries.filter((one) => one.on === on);
    return {
      leastW: own.reduce((sum, { outW }) => sum - outW, 0),
      mostW: own.reduce((sum, { inW }) => sum + inW, 0),
    };
  };
  const even = within(3);
  let found: { leastW: number; mostW: number } | undefined;
  for (let step = 0; step <= GRID; step += 1) {
    const evenW = even.leastW + (step / GRID) * (even.mostW - even.leastW);
    const spans = rooms.map((room, n) => ({
      leastW: Math.max(within(n).leastW, room.leastW - evenW / 3),
      mostW: Math.min(within(n).mostW, room.mostW - evenW / 3),
    }));
    if (spans.some(({ leastW, mostW }) => leastW > mostW)) continue;
    const leastW = evenW + spans.reduce((sum, one) => sum + one.leastW, 0);
    const mostW = evenW + spans.reduce((sum, one) => sum + one.mostW, 0);
    found = {
      leastW: Math.min(found?.leastW ?? leastW, leastW),
      mostW: Math.max(found?.mostW ?? mostW, mostW),
    };
  }
  return found;
}
