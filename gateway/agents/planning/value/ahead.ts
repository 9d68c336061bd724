import type { Bounds, ValueStore } from '../../../contracts/values/levels.ts';
import { type Cap, chancesOf, SKY_SHARES, type StepOutlook } from './chances.ts';
import { dayChances, type PastDays } from './days.ts';
import { type Chance, type ValuePlan, type ValueStep, valuePlan } from './value.ts';

/** Steps that a plan looks ahead, hours: a day and the next one's morning. */
export const HORIZON_HOURS = 36;

/** A step, with what is settled of it already. */
export interface ForeseenStep extends StepOutlook {
  readonly soldWh?: number; // position: what differs from it is at the step's prices
  /** What the connection may carry beside it, instead of the cap. */
  readonly bounds?: Bounds & Pick<ValueStep, 'overNanoPerWh'>;
  readonly goal?: ValueStep['goal'];
}

/** What is known as a step begins, of that step and the next ones. */
export interface Foreseen {
  readonly outlook: readonly ForeseenStep[];
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
    return valuePlan(settled(chancesOf(outlook, cap), outlook), store, SKY_SHARES, dailySteps);
  }
  const { steps, shares } = dayChances(outlook.slice(0, dailySteps), past, cap);
  return valuePlan(settled(steps, outlook), store, shares, dailySteps);
}

const settled = (steps: readonly ValueStep[], outlook: readonly ForeseenStep[]): ValueStep[] =>
  steps.map((step, n) => {
    const { soldWh = 0, bounds, goal } = outlook[n] ?? {};
    const chances = soldWh === 0 ? step.chances : moved(step.chances, soldWh);
    return { ...step, ...bounds, chances, ...(goal !== undefined && { goal }) };
  });

/** What was sold is needed as well; kinds of day that are one stay one. */
function moved(chances: ValueStep['chances'], soldWh: number): ValueStep['chances'] {
  const known = new Map<readonly Chance[], readonly Chance[]>();
  return chances.map((kind) => {
    const found =
      known.get(kind) ?? kind.map(({ share, needWh }) => ({ share, needWh: needWh + soldWh }));
    known.set(kind, found);
    return found;
  });
}
