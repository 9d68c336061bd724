import { NOMINAL_V } from '../contracts/values/phases.ts';
import { reserveOf, type Site, type StoreSpec } from '../contracts/values/site.ts';
import type { Timing } from '../contracts/values/timing.ts';
import { circuitFacts } from './circuits.ts';
import type { GridLimit } from './control/types.ts';
import type {
  ConnectionFacts,
  Facts,
  Kind,
  StoreLimits,
  TerminalFacts,
  TerminalLimits,
  Told,
} from './safety/facts.ts';
import type { SiteState, TerminalState } from './site/types.ts';

/**
 * The safe state is commanded this share of the way to its last moment, so that it stands by
 * then.
 */
const SAFE_SHARE = 0.8;

const KINDS: readonly string[] = ['setpoint', 'limit', 'steps', 'on-off'];

/** Fixed limits of every controllable terminal, in the kernel's own words. */
export function kernelLimits(
  site: Site,
  connectionOf: (terminal: string) => string,
  times: Timing,
): TerminalLimits[] {
  return site.terminals
    .filter(({ control }) => KINDS.includes(control))
    .map((spec): TerminalLimits => {
      const store = site.stores.find(({ terminal }) => terminal === spec.id);
      const currents = [...new Set([0, ...(spec.stepsA ?? [])])].sort((a, b) => a - b);
      return {
        terminal: spec.id,
        connection: connectionOf(spec.id),
        kind: spec.control as Kind,
        ratedInW: spec.ratedInW,
        ratedOutW: spec.ratedOutW,
        minPowerW: spec.minPowerW,
        steps: currents.map((currentA) => ({
          currentA,
          powerW: currentA * NOMINAL_V * spec.phases,
        })),
        priority: spec.priority,
        slewWPerS:
          spec.slewWPerS === undefined ? Number.POSITIVE_INFINITY : spec.slewWPerS / times.stretch,
        directionRestMs: times.directionRestMs,
        minRunMs: spec.minRunMs,
        minRestMs: spec.minRestMs,
        // A car's charger keeps the car's own rules; only a battery under a setpoint needs a
        // known charge.
        store: spec.control === 'setpoint' ? storeLimits(store) : undefined,
        safe: spec.safeState,
      };
    });
}

const FULL_PCT = 100;

function storeLimits(store: StoreSpec | undefined): StoreLimits | undefined {
  if (store === undefined) return undefined;
  const { socMinPct, socMaxPct, chargeMinC, fullCharge } = store;
  return {
    ...{ socMinPct, socMaxPct, chargeMinC, reservePct: reserveOf(store) },
    ...(fullCharge !== undefined && { fullPct: FULL_PCT }),
  };
}

/** All that the kernel's facts of one turn are made from. */
export interface Circumstances {
  readonly filling?: ReadonlySet<string>; // terminals that are charged to the full now
  readonly site: SiteState;
  readonly spec: Site;
  readonly times: Timing;
  readonly bootId: string;
  readonly agentEpoch: number;
  readonly islanded: boolean;
  readonly told: Readonly<Record<string, number>> | undefined; // setpoints, by terminal
  readonly ways?: Readonly<Record<string, Told>> | undefined; // by terminal
  readonly mayWrite: (terminal: TerminalState) => boolean;
  readonly gridLimits: readonly GridLimit[];
  /** What the fuse leaves each way, W >= 0. */
  readonly fuse: (connection: string) => { readonly importW: number; readonly exportW: number };
}

/** The tightest of contract, fuse and grid; a limit that is not a number counts as zero. */
function tightest(...limitsW: readonly number[]): number {
  return limitsW.reduce((least, limitW) => (limitW >= 0 ? Math.min(least, limitW) : 0), Infinity);
}

function connectionFacts(now: Circumstances): Record<string, ConnectionFacts> {
  const facts: Record<string, ConnectionFacts> = {};
  for (const state of now.site.connections) {
    const spec = now.spec.connections.find(({ id }) => id === state.id);
    const grid = now.gridLimits.find(({ connection }) => connection === state.id);
    if (spec === undefined) continue;
    const fuse = now.fuse(state.id);
    facts[state.id] = {
      ageMs: state.ageMs,
      gridW: state.aligned.gridW,
      importLimitW: tightest(
        spec.contractedImportW,
        fuse.importW,
        grid?.importLimitW ?? spec.defaultImportLimitW,
      ),
      exportLimitW: tightest(
        spec.contractedExportW,
        fuse.exportW,
        grid?.exportLimitW ?? spec.defaultExportLimitW,
      ),
    };
  }
  return facts;
}

const known = (value: number | undefined): number | undefined =>
  value !== undefined && Number.isFinite(value) ? value : undefined;

/** What does not follow is as lost as what does not answer: only the safe state is written. */
function ageOf({ deaf, measured, ageMs }: TerminalState): number {
  if (deaf) return Number.POSITIVE_INFINITY;
  return measured ? ageMs : 0;
}

function terminalFacts(now: Circumstances): Record<string, TerminalFacts> {
  const facts: Record<string, TerminalFacts> = {};
  for (const terminal of now.site.terminals) {
    const { capability } = terminal;
    const connection = now.site.connections.find(({ id }) => id === terminal.connection);
    facts[terminal.id] = {
      ageMs: ageOf(terminal),
      alignedW: connection?.aligned.byTerminal[terminal.id] ?? Number.NaN,
      // A limit that is lifted tells nothing; only a setpoint does.
      toldW: terminal.spec.control === 'setpoint' ? now.told?.[terminal.id] : undefined,
      way: now.ways?.[terminal.id],
      socLowPct: capability.socLowPct,
      socHighPct: capability.socHighPct,
      temperatureC: capability.temperatureC,
      chargeMaxW: capability.chargeMaxW,
      dischargeMaxW: capability.dischargeMaxW,
      ratedW: known(capability.ratedW), // until it was read, the site file's nameplate binds alone
      shareInW: capability.shareInW,
      shareOutW: capability.shareOutW,
      fault: capability.fault,
      isFilling: now.filling?.has(terminal.id) === true,
      commissioned: now.mayWrite(terminal),
    };
  }
  return facts;
}

/** The image in the kernel's own words. */
export function kernelFacts(now: Circumstances): Facts {
  return {
    nowMs: now.site.nowMs,
    freshMs: now.times.freshMs.control,
    safeAfterMs: SAFE_SHARE * now.times.safeByMs,
    bootId: now.bootId,
    agentEpoch: now.agentEpoch,
    islanded: now.islanded,
    observing: !now.spec.control.active,
    connections: connectionFacts(now),
    circuits: circuitFacts(now.spec, now.site),
    terminals: terminalFacts(now),
  };
}
