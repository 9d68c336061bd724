import { good, type Reading } from './reading.ts';
import type { Terminal } from './site.ts';

export const PHASE_NAMES = ['L1', 'L2', 'L3'] as const;
export const NOMINAL_V = 230;
/** EN 50160: the nominal voltage within a tenth, in the mean of ten minutes. */
export const NORMAL_V = { least: (NOMINAL_V * 9) / 10, most: (NOMINAL_V * 11) / 10 } as const;

/** One phase of a place, signed as the power of that phase; NaN where not measured. */
export interface PhaseReading {
  readonly name: 'L1' | 'L2' | 'L3';
  readonly powerW: number;
  readonly currentA: number; // magnitude
  readonly voltageV: number;
}

type Points = Readonly<Record<string, Reading>>;

/** Names of the points that show one phase of a place. */
interface PhasePoints {
  readonly name: PhaseReading['name'];
  readonly powerW: string;
  readonly currentA: string;
  readonly voltageV: string;
}

/** Phases of a place that are measured now, each by power or by current. */
export function phasesOf(
  points: Points,
  { phases }: { readonly phases: readonly PhasePoints[] },
): PhaseReading[] {
  const value = (point: string): number => good(points[point]) ?? Number.NaN;
  const known: PhaseReading[] = [];
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

export function phaseFlow({ powerW, currentA, voltageV }: PhaseReading, shiftW: number): PhaseFlow {
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
  name: PhaseReading['name'],
): number {
  if (phases === 1) return 1;
  if (terminal.phases === 3) return 1 / 3;
  return (terminal.phase ?? name) === name ? 1 : 0;
}

/** Phases whose mean voltage is not normal; those without one are left out. */
export const abnormal = (
  means: Readonly<Partial<Record<PhaseReading['name'], { readonly meanV: number }>>>,
): readonly { readonly name: PhaseReading['name']; readonly meanV: number }[] =>
  PHASE_NAMES.flatMap((name) => {
    const meanV = means[name]?.meanV ?? Number.NaN;
    return meanV < NORMAL_V.least || meanV > NORMAL_V.most ? [{ name, meanV }] : [];
  });
