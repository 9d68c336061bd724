import type { ValueStore } from '../../../contracts/values/levels.ts';

/** A site as recorded, in steps of one length; signs as metered: load and PV >= 0. NaN: unknown. */
export interface Recording {
  readonly stepMs: number;
  readonly clockMs: readonly number[]; // start of each step, the local clock's fields as if UTC
  readonly loadWh: readonly number[];
  readonly pvWh: readonly number[];
  readonly importNanoPerWh: readonly number[];
  readonly exportNanoPerWh: readonly number[];
}

/** What a site pays for, and what its battery can do. */
export interface SiteRules {
  readonly store: ValueStore;
  readonly capacityWh: number; // of a full cycle
  readonly startWh: number; // in the store as a window begins
  readonly endWh: number; // what lacks at its end is bought at the window's mean price
  readonly demandNanoPerW: number; // of the highest import in a window, mean of a step
  /** Hour of the local clock at which the prices of tomorrow come out; undefined: all are known. */
  readonly publishedHour: number | undefined;
}

/** Steps of a recording that are run alone: fromIndex <= step < untilIndex. */
export interface Span {
  readonly fromIndex: number;
  readonly untilIndex: number;
}

/** What goes missing on its way to the controller, by step. */
export interface Losses {
  readonly isMeterLost: (index: number) => boolean;
  /** First step whose price has not come in when a decision falls; Infinity: the feed works. */
  readonly feedLostFrom: (index: number) => number;
}

/** A step counts where its energies and prices are known. */
export function isKnown(recording: Recording, index: number): boolean {
  const { loadWh, pvWh, importNanoPerWh, exportNanoPerWh } = recording;
  const sum =
    (loadWh[index] ?? Number.NaN) +
    (pvWh[index] ?? Number.NaN) +
    (importNanoPerWh[index] ?? Number.NaN) +
    (exportNanoPerWh[index] ?? Number.NaN);
  return Number.isFinite(sum);
}

export function knownSteps(recording: Recording, { fromIndex, untilIndex }: Span): number[] {
  const all = Array.from({ length: untilIndex - fromIndex }, (_, n) => fromIndex + n);
  return all.filter((index) => isKnown(recording, index));
}

/** Mean import price of a span's known steps, nano per Wh. */
export function meanImportNano(recording: Recording, span: Span): number {
  const steps = knownSteps(recording, span);
  const sum = steps.reduce((nano, index) => nano + (recording.importNanoPerWh[index] ?? 0), 0);
  return steps.length === 0 ? 0 : sum / steps.length;
}
