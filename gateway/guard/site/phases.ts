import { good, type Reading } from '../../contracts/values/reading.ts';
import type { Terminal } from '../../contracts/values/site.ts';
import { at, type Trace } from './align.ts';
import type { PhaseState, TerminalState } from './types.ts';

export const PHASE_NAMES = ['L1', 'L2', 'L3'] as const;
export const NOMINAL_V = 230;

type Points = Readonly<Record<string, Reading>>;

/** Phases of a place that are measured now, each by power or by current. */
export function phasesOf(points: Points, id: string): PhaseState[] {
  const value = (key: string): number => good(points[`${id}.${key}`]) ?? Number.NaN;
  return PHASE_NAMES.map((name) => ({
    name,
    powerW: value(`power${name}W`),
    currentA: Math.abs(value(`current${name}A`)),
    voltageV: value(`voltage${name}V`),
  })).filter(({ powerW, currentA }) => Number.isFinite(powerW) || Number.isFinite(currentA));
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

/** What became of the connection between what its meter shows and the instant of its sum. */
export interface Shift {
  readonly shiftW: number;
  readonly atMs: number;
  readonly isPrompt: boolean; // samples of one instant: the phases have their own
  readonly traces: Readonly<Record<string, Trace>>; // of the phases, by their name
  readonly moved: Readonly<Record<string, number>>; // W that a terminal may have moved since
  readonly terminals: readonly TerminalState[];
}

/** The same for each phase: what a single-phase battery did since is on its phase alone. */
export function phaseShifts(phases: readonly PhaseState[], of: 1 | 3, shift: Shift): number[] {
  const { shiftW, atMs, isPrompt, traces, moved, terminals } = shift;
  if (!Number.isFinite(shiftW)) return phases.map(() => 0);
  const evenlyW = shiftW / phases.length;
  if (isPrompt) {
    return phases.map(({ name, powerW }) => {
      const thenW = at(traces[name] ?? [], atMs);
      return Number.isFinite(thenW - powerW) ? thenW - powerW : evenlyW;
    });
  }
  const all = terminals.reduce((sum, { id }) => sum + (moved[id] ?? 0), 0);
  if (!(all > 0)) return phases.map(() => evenlyW);
  return phases.map(({ name }) => {
    const here = terminals.reduce((sum, { id, spec }) => {
      const known = spec.phases === 3 || spec.phase !== undefined;
      return sum + (moved[id] ?? 0) * (known ? shareOn(spec, of, name) : 1 / phases.length);
    }, 0);
    return (shiftW * here) / all;
  });
}
