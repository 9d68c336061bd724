import { type Cap, chancesOf, SKY_SHARES, type StepOutlook } from './chances.ts';
import { dayChances, type PastDays } from './days.ts';
import type { ValueStore } from './levels.ts';
import { type ValuePlan, valuePlan } from './value.ts';

/** Steps that a plan looks ahead, hours: a day and the next one's morning. */
export const HORIZON_HOURS = 36;

/** What is known as a step begins, of that step and the next ones. */
export interface Foreseen {
  readonly outlook: readonly StepOutlook[];
  readonly dailySteps: number;
  /** Import that shall not be exceeded, for money or because the owner wants so. */
  readonly cap?: Cap;
  /** Of a site that pays for its highest import. */
  readonly past?: PastDays;
}

/** Worth of stored energy and the levels of each step: the one way from forecast to plan. */
export function planAhead(
  { outlook, dailySteps, cap, past }: Foreseen,
  store: ValueStore,
): ValuePlan {
  if (cap === undefined || past === undefined) {
    return valuePlan(chancesOf(outlook, cap), store, SKY_SHARES, dailySteps);
  }
  const { steps, shares } = dayChances(outlook.slice(0, dailySteps), past, cap);
  return valuePlan(steps, store, shares, dailySteps);
}
