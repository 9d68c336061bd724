import { NOMINAL_V, phasesOf } from '../../contracts/values/phases.ts';
import type { PlaceNames } from '../../contracts/values/places.ts';
import { good, type Reading } from '../../contracts/values/reading.ts';
import type { Instant } from '../../contracts/values/time.ts';
import type { Timing } from '../../contracts/values/timing.ts';
import { type Around, type Belief, follow, observe, type Steered, type Trace } from './align.ts';
import { faultOf } from './faults.ts';
import { judgeMeters, stillOf } from './meters.ts';
import { phaseShifts } from './phases.ts';
import type { MeterTrack } from './plausible.ts';
import { placePoints, total } from './points.ts';
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
import { type VoltageTracks, voltageStep } from './voltage.ts';
import type { ConnectionWiring, Offers, TerminalWiring, Wiring } from './wiring.ts';

/** What the stage remembers between two images. */
export interface SiteMemory {
  readonly atMs: number;
  readonly soc: Readonly<Record<string, SocTrack>>;
  readonly traces: Readonly<Record<string, Trace>>;
  readonly orders: Readonly<Record<string, Trace>>;
  readonly beliefs: Readonly<Record<string, Belief>>; // by connection, and by its phases
  readonly meters: Readonly<Record<string, MeterTrack>>; // by connection
  readonly volts?: Readonly<Record<string, VoltageTracks>>; // by connection
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
function measured(points: Points, { powerW }: PlaceNames, nowMs: number): Measured {
  const reading = points[powerW];
  const value = reading?.quality === 'good' ? reading.value : reading?.last;
  if (reading === undefined || value === undefined || !Number.isFinite(value)) {
    return { powerW: Number.NaN, ageMs: Number.POSITIVE_INFINITY, failing: true };
  }
  return { powerW: value, ageMs: nowMs - reading.atMs, failing: reading.quality !== 'good' };
}

const value = (points: Points, name: string): number => good(points[name]) ?? Number.NaN;

/** By the signal where there is one, otherwise by the voltage at the connection. */
function gridOf({ gridSignal, connections }: Wiring, seen: Seen, points: Points): GridPresence {
  if (gridSignal !== undefined) {
    const told = good(seen.readings[gridSignal.device]?.[gridSignal.point]);
    return told === undefined ? 'unknown' : told !== 0 ? 'present' : 'absent';
  }
  const [first] = connections;
  if (first === undefined) return 'unknown';
  const { phases, powerW } = first.names;
  let isSeen = false;
  for (const { voltageV } of phases) {
    const volts = value(points, voltageV);
    if (volts >= NOMINAL_V / 2) return 'present';
    isSeen ||= Number.isFinite(volts);
  }
  if (isSeen) return 'absent';
  return Number.isFinite(value(points, powerW)) ? 'present' : 'unknown';
}

/**
 * A point of the terminal's own device: undefined where the profile has none, NaN where it fails.
 */
function offered(
  { spec, offers }: TerminalWiring,
  seen: Seen,
  points: Points,
  name: keyof Offers,
): number | undefined {
  const { key, point } = offers[name];
  if (spec.device === undefined || seen.offers(spec.device, key) === false) return undefined;
  return value(points, point);
}

/** What the BMS allows: in W where the device says so, otherwise its current times its voltage. */
function bmsLimit(
  wiring: TerminalWiring,
  seen: Seen,
  points: Points,
  name: 'chargeMax' | 'dischargeMax',
): number | undefined {
  const isIn = name === 'chargeMax';
  const watts = offered(wiring, seen, points, isIn ? 'chargeMaxW' : 'dischargeMaxW');
  if (watts !== undefined) return watts;
  const currentA = offered(wiring, seen, points, isIn ? 'chargeMaxA' : 'dischargeMaxA');
  if (currentA === undefined) return undefined;
  const voltageV = offered(wiring, seen, points, 'voltageV');
  return voltageV === undefined ? undefined : currentA * voltageV;
}

function capabilityOf(
  wiring: TerminalWiring,
  seen: Seen,
  points: Points,
  { socLowPct, socHighPct, fine }: SocView,
): Capability {
  const { converter, siblings, spec, offers } = wiring;
  let othersW = 0;
  for (const sibling of siblings) othersW += value(points, sibling);
  // Of a device that was never reached nothing is known, least of all that it has such a point.
  const has = (name: keyof Offers): number | undefined =>
    seen.offers(spec.device ?? '', offers[name].key) === true
      ? value(points, offers[name].point)
      : undefined;
  return {
    socLowPct,
    socHighPct,
    fine,
    temperatureC: offered(wiring, seen, points, 'temperatureC'),
    chargeMaxW: bmsLimit(wiring, seen, points, 'chargeMax'),
    dischargeMaxW: bmsLimit(wiring, seen, points, 'dischargeMax'),
    ratedW: offered(wiring, seen, points, 'ratedW'),
    fault: wiring.store && faultOf(has),
    chargeRequestW: wiring.store && has('chargeRequestW'),
    // Room that a converter's rating leaves beside the others at its dc node.
    shareInW: converter && Math.max(0, converter.ratedInW - othersW),
    shareOutW: converter && Math.max(0, converter.ratedOutW + othersW),
  };
}

/** Traces of every place that a control loop adds up, at the instants of the values. */
function traced(wiring: Wiring, memory: SiteMemory, points: Points): Record<string, Trace> {
  const traces: Record<string, Trace> = {};
  for (const { id, kind, names, figures } of wiring.places) {
    const trace = (key: string, of: string): void => {
      const reading = points[of];
      const before = memory.traces[key] ?? [];
      traces[key] =
        reading?.quality === 'good'
          ? follow(before, reading.atMs - figures.latencyMs, reading.value)
          : before;
    };
    trace(id, names.powerW);
    if (kind !== 'connection') continue;
    for (const phase of names.phases) trace(phase.trace, phase.powerW);
  }
  return traces;
}

/** What each terminal was told, wherever that changed. */
function ordered(memory: SiteMemory, sent: Readonly<Record<string, number>>, nowMs: number) {
  let orders: Readonly<Record<string, Trace>> = memory.orders;
  for (const id in sent) {
    const powerW = sent[id];
    const before = orders[id] ?? [];
    if (powerW === undefined || before[before.length - 1]?.powerW === powerW) continue;
    orders = { ...orders, [id]: follow(before, nowMs, powerW) };
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

/** What is steered behind a connection, as far as it is known now. */
function steeredBehind(
  { wiring, traces, terminals, orders }: Surroundings,
  { steeredIndices }: ConnectionWiring,
) {
  const steered: Steered[] = [];
  const fresh: TerminalState[] = [];
  const byTerminal: Record<string, number> = {};
  for (const index of steeredIndices) {
    const one = terminals[index];
    const wired = wiring.terminals[index];
    if (one === undefined || wired === undefined) continue;
    byTerminal[one.id] = Number.NaN;
    if (!Number.isFinite(one.powerW) || one.failing) continue;
    fresh.push(one);
    steered.push({
      id: one.id,
      trace: traces[one.id] ?? [],
      latencyMs: wired.figures.latencyMs,
      lagMs: wired.figures.lagMs,
      orders: one.deaf ? [] : (orders[one.id] ?? []), // it does what it does
      isBattery: one.spec.control === 'setpoint',
    });
  }
  return { steered, fresh, byTerminal };
}

/** The connection and what is steered behind it, as they stand now. */
function aligned(
  around: Surroundings,
  connection: ConnectionWiring,
  before: SiteMemory['beliefs'],
) {
  const { traces, points } = around;
  const { id, names } = connection;
  const { latencyMs, resolutionW } = connection.figures;
  const { steered, fresh, byTerminal } = steeredBehind(around, connection);
  const jitterMs = JITTER * around.cycleMs;
  const sum: Around = { trace: traces[id] ?? [], latencyMs, resolutionW, jitterMs, steered };
  const seen = observe(before[id], sum);
  for (const one of steered) byTerminal[one.id] = seen?.byTerminal[one.id] ?? Number.NaN;
  const { atMs = Number.NEGATIVE_INFINITY, gridW = Number.NaN } = seen ?? {};
  const ofPhases: Record<string, Trace> = {};
  const beliefs: Record<string, Belief> = {};
  for (const { name, trace } of names.phases) {
    const own = traces[trace];
    const belief = before[trace];
    if (own !== undefined) ofPhases[name] = own;
    if (belief !== undefined) beliefs[name] = belief;
  }
  const phases = phasesOf(points, names);
  const each = phaseShifts(phases, {
    sum,
    atMs,
    terminals: fresh,
    traces: ofPhases,
    beliefs,
    of: connection.phases,
    shiftW: gridW - value(points, names.powerW),
  });
  const next: Record<string, Belief> = {};
  if (seen?.belief !== undefined) next[id] = seen.belief;
  for (const { name, trace } of names.phases) {
    const belief = each.beliefs[name];
    if (belief !== undefined) next[trace] = belief;
  }
  return { beliefs: next, phases, aligned: { atMs, gridW, shiftsW: each.shiftsW, byTerminal } };
}

function addDerived(wiring: Wiring, points: Record<string, Reading>): void {
  for (const derived of wiring.derived) points[derived.name] = total(derived, points);
  for (const sum of wiring.sums) points[sum.name] = total(sum, points);
}

const NO_VIEW: SocView = { socLowPct: Number.NaN, socHighPct: Number.NaN };

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
    const power = measured(points, one.names, nowMs);
    let view = NO_VIEW;
    if (store !== undefined) {
      const step = socStep(memory.soc[spec.id] ?? NO_SOC, points[one.names.socPct], {
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
      powerW: power.powerW,
      ageMs: power.ageMs,
      failing: power.failing,
      id: spec.id,
      spec,
      connection: one.connection,
      device: one.device,
      store,
      measured: one.measured,
      deaf: seen.deaf?.includes(spec.id) ? true : undefined,
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
  const volts: Record<string, VoltageTracks> = {};
  const connections = wiring.connections.map((connection): ConnectionState => {
    const { id, names } = connection;
    const now = aligned(around, connection, memory.beliefs);
    Object.assign(beliefs, now.beliefs);
    volts[id] = voltageStep(memory.volts?.[id] ?? {}, now.phases, nowMs);
    return {
      ...measured(points, names, nowMs),
      id,
      phases: now.phases,
      inWh: value(points, names.inWh),
      outWh: value(points, names.outWh),
      aligned: now.aligned,
      doubt: meters[id]?.doubt,
      still: stillOf(wiring, id, meters[id]),
    };
  });
  const grid = gridOf(wiring, seen, points);
  return {
    memory: { atMs: nowMs, soc, traces, orders, beliefs, meters, volts },
    site: Object.freeze({ nowMs, wallMs, points, grid, connections, terminals }),
  };
}
