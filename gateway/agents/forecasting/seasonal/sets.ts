import type { Analogy } from './analog.ts';
import { analog, type Expert, shifted } from './experts.ts';
import { HourlyRegression, HourlyTrees } from './learners.ts';
import { type SkyAnalogy, SkyDays } from './sky-days.ts';
import { SunRegression } from './sun-regression.ts';

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
  const skies: SkyAnalogy[] = [
    { likeShare: 0.4, memoryDays: 5, seasonDays: 10 },
    { likeShare: 0.8, memoryDays: 8, seasonDays: 25 },
    { likeShare: 0.8, memoryDays: 15, seasonDays: 40 },
    { likeShare: 0.2, memoryDays: 20, seasonDays: 25 },
  ];
  return [
    analog(of(8, 1, 1)),
    ...skies.map((one) => new SkyDays(one)),
    new SunRegression({ historyDays: 200, everyDays: 3 }),
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
