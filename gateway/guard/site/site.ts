import { good, type Reading } from '../../contracts/values/reading.ts';
import type { Instant } from '../../contracts/values/time.ts';
import type { Timing } from '../../contracts/values/timing.ts';
import { type Around, type Belief, follow, observe, type Trace } from './align.ts';
import { faultOf } from './faults.ts';
import { judgeMeters } from './meters.ts';
import { NOMINAL_V, PHASE_NAMES, phaseShifts, phasesOf } from './phases.ts';
import type { MeterTrack } from './plausible.ts';
import { placePoints, residual, total } from './points.ts';
import { NO_SOC, type SocTrack, type SocView, socStep } from './soc.ts';
import type {
  Capability,
  ConnectionState,
  GridPresence,
  Measured,
  Seen,
  SiteState,
  TerminalState,
} from './types.ts';
import { type Figures, NO_FIGURES, type TerminalWiring, type Wiring } from './wiring.ts';

/** What the stage remembers between two images. */
export interface SiteMemory {
  readonly atMs: number;
  readonly soc: Readonly<Record<string, SocTrack>>;
  readonly traces: Readonly<Record<string, Trace>>;
  readonly orders: Readonly<Record<string, Trace>>;
  readonly beliefs: Readonly<Record<string, Belief>>; // by connection, and by its phases
  readonly meters: Readonly<Record<string, MeterTrack>>; // by connection
}

export const NO_MEMORY: SiteMemory = {
  atMs: Number.NaN,
  soc: {},
  traces: {},
  orders: {},
  beliefs: {},
  meters: {},
};

type Points = Readonly<Record<string, Reading>>;

/** Last known power of a place with its age; never read is NaN and Infinity. */
function measured(points: Points, id: string, nowMs: number): Measured {
  const reading = points[`${id}.powerW`];
  const value = reading?.quality === 'good' ? reading.value : reading?.last;
  if (reading === undefined || value === undefined || !Number.isFinite(value)) {
    return { powerW: Number.NaN, ageMs: Number.POSITIVE_INFINITY, failing: true };
  }
  return { powerW: value, ageMs: nowMs - reading.atMs, failing: reading.quality !== 'good' };
}

const value = (points: Points, name: string): number => good(points[name]) ?? Number.NaN;

/** By the signal where there is one, otherwise by the voltage at the connection. */
function gridOf(wiring: Wiring, seen: Seen, points: Points): GridPresence {
  const { gridSignal } = wiring;
  if (gridSignal !== undefined) {
    const told = good(seen.readings[gridSignal.device]?.[gridSignal.point]);
    return told === undefined ? 'unknown' : told !== 0 ? 'present' : 'absent';
  }
  const connection = wiring.site.connections[0]?.id ?? '';
  const volts = [1, 2, 3]
    .map((phase) => value(points, `${connection}.voltageL${phase}V`))
    .filter(Number.isFinite);
  if (volts.length > 0) {
    return volts.every((voltageV) => voltageV < NOMINAL_V / 2) ? 'absent' : 'present';
  }
  return Number.isFinite(value(points, `${connection}.powerW`)) ? 'present' : 'unknown';
}

/**
 * A point of the terminal's own device: undefined where the profile has none, NaN where it fails.
 */
function offered(
  wiring: TerminalWiring,
  seen: Seen,
  points: Points,
  key: string,
): number | undefined {
  const { device } = wiring.spec;
  if (device === undefined) return undefined;
  if (seen.offers(device, `${wiring.prefix}${key}`) === false) return undefined;
  return value(points, `${wiring.spec.id}.${key}`);
}

/** Room that a converter's rating leaves for one terminal beside the others at its dc node. */
function shares(wiring: TerminalWiring, points: Points): { in?: number; out?: number } {
  const { converter, siblings } = wiring;
  if (converter === undefined) return {};
  const others = siblings.reduce((sum, id) => sum + value(points, `${id}.powerW`), 0);
  const bounds = { in: converter.ratedInW - others, out: converter.ratedOutW + others };
  return { in: Math.max(0, bounds.in), out: Math.max(0, bounds.out) };
}

/** What the BMS allows: in W where the device says so, otherwise its current times its voltage. */
function bmsLimit(
  wiring: TerminalWiring,
  seen: Seen,
  points: Points,
  name: 'chargeMax' | 'dischargeMax',
): number | undefined {
  const watts = offered(wiring, seen, points, `${name}W`);
  if (watts !== undefined) return watts;
  const currentA = offered(wiring, seen, points, `${name}A`);
  const voltageV = offered(wiring, seen, points, 'voltageV');
  return currentA === undefined || voltageV === undefined ? undefined : currentA * voltageV;
}

function capabilityOf(
  wiring: TerminalWiring,
  seen: Seen,
  points: Points,
  soc: SocView,
): Capability {
  const room = shares(wiring, points);
  // Of a device that was never reached nothing is known, least of all that it has such a point.
  const has = (key: string): number | undefined =>
    seen.offers(wiring.spec.device ?? '', `${wiring.prefix}${key}`) === true
      ? value(points, `${wiring.spec.id}.${key}`)
      : undefined;
  return {
    ...soc,
    temperatureC: offered(wiring, seen, points, 'temperatureC'),
    chargeMaxW: bmsLimit(wiring, seen, points, 'chargeMax'),
    dischargeMaxW: bmsLimit(wiring, seen, points, 'dischargeMax'),
    ratedW: offered(wiring, seen, points, 'ratedW'),
    ...(wiring.store !== undefined && {
      fault: faultOf(has),
      chargeRequest: has('chargeRequest'),
    }),
    shareInW: room.in,
    shareOutW: room.out,
  };
}

/** Traces of every place that a control loop adds up, at the instants of the values. */
function traced(wiring: Wiring, memory: SiteMemory, points: Points): Record<string, Trace> {
  const traces: Record<string, Trace> = {};
  for (const { id, kind, figures } of wiring.places) {
    const trace = (key: string, of: string): void => {
      const reading = points[of];
      const before = memory.traces[key] ?? [];
      traces[key] =
        reading?.quality === 'good'
          ? follow(before, reading.atMs - figures.latencyMs, reading.value)
          : before;
    };
    trace(id, `${id}.powerW`);
    if (kind !== 'connection') continue;
    for (const name of PHASE_NAMES) trace(`${id}.${name}`, `${id}.power${name}W`);
  }
  return traces;
}

/** What each terminal was told, wherever that changed. */
function ordered(memory: SiteMemory, sent: Readonly<Record<string, number>>, nowMs: number) {
  const orders: Record<string, Trace> = { ...memory.orders };
  for (const [id, powerW] of Object.entries(sent)) {
    const before = orders[id] ?? [];
    if (before[before.length - 1]?.powerW !== powerW) orders[id] = follow(before, nowMs, powerW);
  }
  return orders;
}

/** Instants are not known better than this share of a cycle. */
const JITTER = 0.1;

interface Surroundings {
  readonly points: Points;
  readonly wiring: Wiring;
  readonly traces: Readonly<Record<string, Trace>>;
  readonly terminals: readonly TerminalState[];
  readonly orders: Readonly<Record<string, Trace>>;
  readonly cycleMs: number;
}

/** The connection and what is steered behind it, as they stand now. */
function aligned(around: Surroundings, connection: string, before: SiteMemory['beliefs']) {
  const { wiring, traces, terminals, points } = around;
  const figuresOf = (id: string): Figures =>
    wiring.places.find((place) => place.id === id)?.figures ?? NO_FIGURES;
  const own = terminals.filter((t) => t.connection === connection && t.spec.control !== 'none');
  const fresh = own.filter((t) => Number.isFinite(t.powerW) && !t.failing);
  const meter = figuresOf(connection);
  const sum: Around = {
    trace: traces[connection] ?? [],
    latencyMs: meter.latencyMs,
    resolutionW: meter.resolutionW,
    jitterMs: JITTER * around.cycleMs,
    steered: fresh.map(({ id, spec }) => ({
      id,
      trace: traces[id] ?? [],
      latencyMs: figuresOf(id).latencyMs,
      lagMs: figuresOf(id).lagMs,
      orders: around.orders[id] ?? [],
      isBattery: spec.control === 'setpoint',
    })),
  };
  const seen = observe(before[connection], sum);
  const byTerminal: Record<string, number> = {};
  for (const { id } of own) byTerminal[id] = seen?.byTerminal[id] ?? Number.NaN;
  const { atMs = Number.NEGATIVE_INFINITY, gridW = Number.NaN } = seen ?? {};
  const of = <T>(all: Readonly<Record<string, T>>): Record<string, T> =>
    Object.fromEntries(
      PHASE_NAMES.flatMap((name) => {
        const one = all[`${connection}.${name}`];
        return one === undefined ? [] : [[name, one]];
      }),
    );
  const phases = phasesOf(points, connection);
  const node = wiring.site.connections.find(({ id }) => id === connection)?.node;
  const each = phaseShifts(phases, {
    ...{ sum, atMs, terminals: fresh, traces: of(traces), beliefs: of(before) },
    of: wiring.site.nodes.find(({ id }) => id === node)?.phases ?? 3,
    shiftW: gridW - value(points, `${connection}.powerW`),
  });
  const beliefs: Record<string, Belief> = {};
  if (seen?.belief !== undefined) beliefs[connection] = seen.belief;
  for (const [name, one] of Object.entries(each.beliefs)) beliefs[`${connection}.${name}`] = one;
  return { beliefs, phases, aligned: { atMs, gridW, shiftsW: each.shiftsW, byTerminal } };
}

function addDerived(wiring: Wiring, points: Record<string, Reading>): void {
  for (const derived of wiring.derived) {
    points[`${derived.terminal}.powerW`] = residual(derived, points);
  }
  for (const kind of ['pv', 'battery', 'load'] as const) {
    const ids = wiring.sums[kind];
    if (ids.length === 0) continue;
    const parts = ids.map((id) => points[`${id}.powerW`]);
    points[`site.${kind}W`] = total(
      parts,
      ids.map(() => 1),
    );
  }
}

function terminalsOf(
  wiring: Wiring,
  memory: SiteMemory,
  seen: Seen,
  points: Points,
  nowMs: number,
  times: Timing,
): { terminals: TerminalState[]; soc: Record<string, SocTrack> } {
  const soc: Record<string, SocTrack> = {};
  const terminals = wiring.terminals.map((one): TerminalState => {
    const { spec, store } = one;
    const power = measured(points, spec.id, nowMs);
    let view: SocView = { socLowPct: Number.NaN, socHighPct: Number.NaN };
    if (store !== undefined) {
      const step = socStep(memory.soc[spec.id] ?? NO_SOC, points[`${spec.id}.socPct`], {
        nowMs,
        dtMs: Number.isFinite(memory.atMs) ? nowMs - memory.atMs : 0,
        powerW: power.failing ? Number.NaN : power.powerW,
        ratedInW: spec.ratedInW,
        ratedOutW: spec.ratedOutW,
        usableWh: store.usableWh,
        freshMs: times.freshMs.state,
      });
      soc[spec.id] = step.track;
      view = step.view;
    }
    return {
      ...power,
      id: spec.id,
      spec,
      connection: one.connection,
      device: one.device,
      store,
      measured: one.measured,
      ...(seen.deaf?.includes(spec.id) ? { deaf: true } : {}),
      capability: capabilityOf(one, seen, points, view),
    };
  });
  return { terminals, soc };
}

/**
 * Readings by device -> one frozen image of the site by place, with residuals, sums and
 * capabilities.
 */
export function siteStep(
  wiring: Wiring,
  memory: SiteMemory,
  seen: Seen,
  nowMs: number,
  wallMs: Instant,
  times: Timing,
): { readonly memory: SiteMemory; readonly site: SiteState } {
  const points = placePoints(wiring, seen, nowMs, times);
  const meters = judgeMeters(wiring, memory.meters, points, seen.sent ?? {}, nowMs, times.cycleMs);
  addDerived(wiring, points);
  const { terminals, soc } = terminalsOf(wiring, memory, seen, points, nowMs, times);
  const traces = traced(wiring, memory, points);
  const orders = ordered(memory, seen.sent ?? {}, nowMs);
  const around = { points, wiring, traces, terminals, orders, cycleMs: times.cycleMs };
  const beliefs: Record<string, Belief> = {};
  const connections = wiring.site.connections.map(({ id }): ConnectionState => {
    const now = aligned(around, id, memory.beliefs);
    Object.assign(beliefs, now.beliefs);
    return {
      ...measured(points, id, nowMs),
      id,
      phases: now.phases,
      inWh: value(points, `${id}.inWh`),
      outWh: value(points, `${id}.outWh`),
      aligned: now.aligned,
      doubt: meters[id]?.doubt,
    };
  });
  const grid = gridOf(wiring, seen, points);
  return {
    memory: { atMs: nowMs, soc, traces, orders, beliefs, meters },
    site: Object.freeze({ nowMs, wallMs, points, grid, connections, terminals }),
  };
}
