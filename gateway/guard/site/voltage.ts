import type { PhaseReading } from '../../contracts/values/phases.ts';

/** EN 50160 judges the voltage by its mean of ten minutes. */
const WINDOW_MS = 600_000;

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
