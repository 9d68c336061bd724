import type { Analogy } from './analog.ts';
import { analog, ClearDays, type Expert, meanOf, shifted } from './experts.ts';
import { HourlyRegression, HourlyTrees } from './learners.ts';

const of = (memoryDays: number, workingShare: number, otherShare: number): Analogy => ({
  memoryDays,
  workingShare,
  otherShare,
});

/** Experts on what people and machines use. @param random of the trees' samples, 0 <= x < 1 */
export function loadExperts(random: () => number): Expert[] {
  const any = [of(4, 1, 1), of(12, 1, 1)];
  const byWeekday = [
    of(12, 0.3, 0.3),
    of(4, 0.3, 0.02),
    of(12, 0.3, 0.02),
    of(30, 0.3, 0.02),
    of(80, 0.1, 0.01),
    of(12, 1, 0.02),
  ];
  return [
    ...any.map(analog),
    ...byWeekday.map(analog),
    ...byWeekday.map(shifted),
    new HourlyRegression('least-squares', { historyDays: 250, everyDays: 3 }),
    new HourlyRegression('least-absolute', { historyDays: 250, everyDays: 3 }),
    new HourlyTrees({ historyDays: 365, everyDays: 14 }, random),
  ];
}

/** Experts on what the sun gives where no weather forecast is known. */
export function sunExperts(): Expert[] {
  const memories = [1.5, 4, 8, 16, 40];
  return [
    ...memories.map((days) => analog(of(days, 1, 1))),
    meanOf(4),
    meanOf(16),
    new ClearDays(),
  ];
}

/** Numbers 0 <= x < 1 of a seed, the same everywhere (Numerical Recipes' quick generator). */
export function seededStream(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  };
}
