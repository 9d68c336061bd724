import { NOMINAL_V, PHASE_NAMES, type PhaseReading } from '../../contracts/values/phases.ts';

/** EN 50160: a phase has its nominal voltage within a tenth, in the mean of ten minutes. */
const WINDOW_MS = 600_000;
export const NORMAL_V = { least: (NOMINAL_V * 9) / 10, most: (NOMINAL_V * 11) / 10 } as const;

/** The voltage of one phase, in means of ten minutes. */
export interface VoltageTrack {
  readonly fromMs: number; // of the ten minutes that run
  readonly sumV: number;
  readonly count: number;
  readonly meanV: number; // of the last ten minutes that are over; NaN before
}

/** By phase, of one connection. */
export type VoltageTracks = Readonly<Partial<Record<PhaseReading['name'], VoltageTrack>>>;

/** Takes in what a meter shows now; what it does not show leaves its phase as it was. */
export function voltageStep(
  before: VoltageTracks,
  phases: readonly PhaseReading[],
  nowMs: number,
): VoltageTracks {
  const next: { -readonly [K in keyof VoltageTracks]: VoltageTracks[K] } = { ...before };
  for (const { name, voltageV } of phases) {
    if (!Number.isFinite(voltageV)) continue;
    const { fromMs, sumV, count, meanV } = before[name] ?? started(nowMs);
    const isOver = nowMs - fromMs >= WINDOW_MS;
    next[name] = isOver
      ? { fromMs: nowMs, sumV: voltageV, count: 1, meanV: sumV / count }
      : { fromMs, sumV: sumV + voltageV, count: count + 1, meanV };
  }
  return next;
}

const started = (fromMs: number): VoltageTrack => ({
  fromMs,
  sumV: 0,
  count: 0,
  meanV: Number.NaN,
});

/** Phases whose last ten minutes were not normal. */
export const abnormal = (
  tracks: VoltageTracks,
): readonly { readonly name: PhaseReading['name']; readonly meanV: number }[] =>
  PHASE_NAMES.flatMap((name) => {
    const meanV = tracks[name]?.meanV ?? Number.NaN;
    return meanV < NORMAL_V.least || meanV > NORMAL_V.most ? [{ name, meanV }] : [];
  });
