import { good, type Reading } from '../../contracts/values/reading.ts';
import { PROMPT_METER_MS, type Terminal } from '../../contracts/values/site.ts';
import { type Around, at, type Belief, observe, type Steered, type Trace } from './align.ts';
import type { PhaseState, TerminalState } from './types.ts';
import type { PlaceNames } from './wiring.ts';

export const PHASE_NAMES = ['L1', 'L2', 'L3'] as const;
export const NOMINAL_V = 230;

type Points = Readonly<Record<string, Reading>>;

/** Phases of a place that are measured now, each by power or by current. */
export function phasesOf(points: Points, { phases }: Pick<PlaceNames, 'phases'>): PhaseState[] {
  const value = (point: string): number => good(points[point]) ?? Number.NaN;
  const known: PhaseState[] = [];
  for (const names of phases) {
    const powerW = value(names.powerW);
    const currentA = Math.abs(value(names.currentA));
    if (!Number.isFinite(powerW) && !Number.isFinite(currentA)) continue;
    known.push({ name: names.name, powerW, currentA, voltageV: value(names.voltageV) });
  }
  return known;
}

/** What a phase carries each way, as apparent power; W and VA count as one. */
export interface PhaseFlow {
  readonly importW: number;
  readonly exportW: number;
  readonly measured: boolean; // false: a current without a direction, counted against both
  readonly volts: number;
}

export function phaseFlow({ powerW, currentA, voltageV }: PhaseState, shiftW: number): PhaseFlow {
  const volts = voltageV > NOMINAL_V / 2 ? voltageV : NOMINAL_V;
  const sizeW = Number.isFinite(currentA) ? currentA * volts : Math.abs(powerW);
  if (!Number.isFinite(powerW)) return { importW: sizeW, exportW: sizeW, measured: false, volts };
  const importW = (powerW < 0 ? -sizeW : sizeW) + shiftW;
  return { importW, exportW: -importW, measured: true, volts };
}

/**
 * What share of a terminal's power lies on one phase: all of a single-phase one, a third of a
 * three-phase one. Where nobody knows on which phase it is, it counts on each.
 * @param phases  of the node where that is measured
 */
export function shareOn(
  terminal: Pick<Terminal, 'phases' | 'phase'>,
  phases: 1 | 3,
  name: PhaseState['name'],
): number {
  if (phases === 1) return 1;
  if (terminal.phases === 3) return 1 / 3;
  return (terminal.phase ?? name) === name ? 1 : 0;
}

/** What is seen around a connection, as for its sum, and the traces of its phases by their names. */
export interface PhasesAround {
  readonly sum: Around;
  readonly traces: Readonly<Record<string, Trace>>;
  readonly terminals: readonly TerminalState[]; // that are steered
  readonly of: 1 | 3; // phases of the node
  readonly atMs: number; // instant of the sum
  readonly shiftW: number; // of the sum, to that instant
  readonly beliefs: Readonly<Record<string, Belief>>; // by phase
}

const isAlone = ({ spec }: TerminalState): boolean => spec.phases === 1;

/** A steered terminal as one phase sees it. */
function part(one: Steered, share: number): Steered {
  const scaled = (trace: Trace): Trace =>
    trace.map(({ atMs, powerW }) => ({ atMs, powerW: share * powerW }));
  return { ...one, trace: scaled(one.trace), orders: scaled(one.orders) };
}

/**
 * What each phase shows at the instant of the sum, less what its meter shows. Where all that we
 * steer lies evenly on the phases, so does what it did since; otherwise each phase is its own case.
 */
export function phaseShifts(phases: readonly PhaseState[], around: PhasesAround) {
  const { sum, traces, terminals, of, atMs, shiftW } = around;
  const evenlyW = Number.isFinite(shiftW) ? shiftW / Math.max(1, phases.length) : 0;
  const beliefs: Record<string, Belief> = {};
  if (!terminals.some(isAlone)) return { shiftsW: phases.map(() => evenlyW), beliefs };
  const shiftsW = phases.map(({ name, powerW }) => {
    const trace = traces[name] ?? [];
    if (sum.latencyMs < PROMPT_METER_MS) {
      const thenW = at(trace, atMs); // samples of one instant
      return Number.isFinite(thenW - powerW) ? thenW - powerW : evenlyW;
    }
    const steered = sum.steered.flatMap((one) => {
      const spec = terminals.find(({ id }) => id === one.id)?.spec;
      if (spec === undefined) return [];
      const isKnown = spec.phases === 3 || spec.phase !== undefined;
      const share = isKnown ? shareOn(spec, of, name) : 1 / phases.length;
      return share > 0 ? [part(one, share)] : [];
    });
    const seen = observe(around.beliefs[name], { ...sum, trace, steered });
    if (seen?.belief !== undefined) beliefs[name] = seen.belief;
    const nowW = seen?.gridW ?? Number.NaN;
    return Number.isFinite(nowW - powerW) ? nowW - powerW : evenlyW;
  });
  return { shiftsW, beliefs };
}
