import type { Bounds, ValueStore } from '../../../contracts/values/levels.ts';
import { type Cap, chancesOf, SKY_SHARES, type StepOutlook } from './chances.ts';
import { type PeakCharge, peakCharge } from './charge.ts';
import { dayChances, dayShares, type PastDays } from './days.ts';
import { type PeakTable, peakTable } from './peak.ts';
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
  /** After today, of the period whose highest import is paid; not known: each day is its last. */
  readonly daysLeft?: number;
}

/** A day whose highest import costs. */
export interface ChargedDay {
  readonly table: PeakTable;
  readonly charge: PeakCharge;
}

/** Worth of stored energy and the levels of each step: the one way from forecast to plan. */
export function planAhead(foreseen: Foreseen, store: ValueStore): ValuePlan {
  const { outlook, dailySteps, cap, past } = foreseen;
  if (cap === undefined || past === undefined) {
    return valuePlan(settled(chancesOf(outlook, cap), outlook), store, SKY_SHARES, dailySteps);
  }
  const { table } = chargedDay({ ...foreseen, cap, past }, store);
  const { anyDay, thisDay } = dayShares(past, outlook[0]?.hours ?? 1);
  const stands = outlook.map((_, n) =>
    table.at((past.todayWh.length + n) % dailySteps, n === 0 ? thisDay : anyDay),
  );
  return {
    levels: stands.map(({ levels }) => levels),
    worthNanoPerWh: (step, nowWh) => stands[step]?.worthNanoPerWh(nowWh) ?? 0,
  };
}

/** The running day of a site that pays for its highest import; good to its midnight. */
export function chargedDay(
  {
    outlook,
    dailySteps,
    cap,
    past,
    daysLeft = 0,
  }: Foreseen & Required<Pick<Foreseen, 'cap' | 'past'>>,
  store: ValueStore,
): ChargedDay {
  const nowSlot = past.todayWh.length;
  const bySlot = Array.from({ length: dailySteps }, (_, slot) => {
    const n = slot < nowSlot ? slot - nowSlot + dailySteps : slot - nowSlot;
    return outlook[n] ?? outlook.at(-1);
  }).filter((step) => step !== undefined);
  const hours = outlook[0]?.hours ?? 1;
  const steps = settled(dayChances(bySlot, past), bySlot).map((step) => uncapped(step, cap));
  const peakW = cap.mostImportWh / hours;
  const highestWh = steps
    .flatMap(({ chances }) => chances.flat())
    .reduce((most, { needWh }) => Math.max(most, needWh), 0);
  const billing = { nanoPerW: cap.overNanoPerWh * hours, peakW, daysLeft };
  const charge = peakCharge(billing, past, highestWh / hours, hours, store);
  const { anyDay } = dayShares(past, hours);
  return { table: peakTable(steps, store, anyDay, charge, nowSlot), charge };
}

/** A bound that is no more than the cap: what lies above is in the charge already. */
function uncapped({ mostImportWh, overNanoPerWh, ...step }: ValueStep, cap: Cap): ValueStep {
  if (mostImportWh === undefined || overNanoPerWh === undefined) return step;
  return mostImportWh >= cap.mostImportWh ? step : { ...step, mostImportWh, overNanoPerWh };
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
