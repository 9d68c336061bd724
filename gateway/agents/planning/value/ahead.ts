import type {
  Bounds,
  KeptImport,
  NeedLevels,
  ValueStore,
} from '../../../contracts/values/levels.ts';
import type { Instant } from '../../../contracts/values/time.ts';
import { type Cap, chancesOf, SKY_SHARES, type StepOutlook } from './chances.ts';
import { type PeakCharge, peakCharge } from './charge.ts';
import { dayChances, dayShares, type PastDays } from './days.ts';
import { type PeakTable, peakTable } from './peak.ts';
import { needLevels } from './shown.ts';
import { type Chance, type ValuePlan, type ValueStep, valuePlan } from './value.ts';

/** Steps that a plan looks ahead, hours: a day and the next one's morning. */
export const HORIZON_HOURS = 36;

/** A step, with what is settled of it already. */
export interface ForeseenStep extends StepOutlook {
  readonly soldWh?: number; // position: what differs from it is at the step's prices
  /** What the connection may carry beside it, instead of the cap; a charge has its own. */
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
  readonly midnightMs?: Instant; // of the running day: its table may be kept
}

/** Of a site that pays for its highest import. */
type Charged = Foreseen & Required<Pick<Foreseen, 'cap' | 'past'>>;

/** The table of the running day, from plan to plan: it costs a hundred other plans. */
export interface KeptDay {
  known?: KnownDay | undefined;
}

interface KnownDay extends ChargedDay {
  readonly of: Charged;
  readonly store: ValueStore;
  /** As the running step began: what it has used of the store since is no new reason. */
  running?: { readonly slot: number; readonly kept: KeptImport };
}

/** A kept table is made anew after so long, by the newest forecasts. */
const KEPT_HOURS = 3;
/** A highest import that is no higher than that is no news. */
const NOISE_W = 100;

/** What the store is to do, and where the highest import costs, what it is to keep. */
export interface Ahead extends Omit<ValuePlan, 'levelsOn'> {
  /** What a step's levels become once its need shows; undefined: the same. */
  readonly needLevels?: (step: number) => NeedLevels | undefined;
  /** Import to be kept in a step that begins with so much in the store. */
  readonly keptImport?: (step: number, nowWh: number) => KeptImport;
}

/** A day whose highest import costs. */
export interface ChargedDay {
  readonly table: PeakTable;
  readonly charge: PeakCharge;
}

/** Worth of stored energy and the levels of each step: the one way from forecast to plan. */
export function planAhead(foreseen: Foreseen, store: ValueStore, kept: KeptDay = {}): Ahead {
  const { outlook, dailySteps, cap, past } = foreseen;
  if (cap === undefined || past === undefined) {
    const steps = settled(chancesOf(outlook, cap), outlook);
    const plan = valuePlan(steps, store, SKY_SHARES, dailySteps);
    return {
      ...plan,
      needLevels: (t) => {
        const { shown, hours } = steps[t] ?? {};
        if (shown === undefined || hours === undefined) return undefined;
        const levelsOn = (shares: readonly number[]) => plan.levelsOn(t, shares);
        return needLevels(shown, SKY_SHARES.anyDay, hours, levelsOn, store);
      },
    };
  }
  const day = keptDay({ ...foreseen, cap, past }, store, kept);
  const { anyDay, thisDay } = dayShares(past, outlook[0]?.hours ?? 1);
  const stands = outlook.map((_, n) =>
    day.table.at((past.todayWh.length + n) % dailySteps, n === 0 ? thisDay : anyDay),
  );
  const keptImport = (step: number, nowWh: number): KeptImport =>
    stands[step]?.keptImport(nowWh) ?? {};
  const slot = past.todayWh.length;
  return {
    levels: stands.map(({ levels }) => levels),
    worthNanoPerWh: (step, nowWh) => stands[step]?.worthNanoPerWh(nowWh) ?? 0,
    keptImport: (step, nowWh) => {
      if (step > 0) return keptImport(step, nowWh);
      if (day.running?.slot !== slot) day.running = { slot, kept: keptImport(0, nowWh) };
      return day.running.kept;
    },
  };
}

function keptDay(of: Charged, store: ValueStore, kept: KeptDay): KnownDay {
  if (of.midnightMs === undefined) return { ...chargedDay(of, store), of, store };
  if (kept.known === undefined || !isSound(kept.known, of, store)) {
    kept.known = { ...chargedDay(of, store), of, store };
  }
  return kept.known;
}

/** Whether nothing has changed since that a day's table rests on. */
function isSound(
  { of: then, charge, store: was }: KnownDay,
  of: Charged,
  store: ValueStore,
): boolean {
  const passed = of.past.todayWh.length - then.past.todayWh.length;
  const hours = of.outlook[0]?.hours ?? 1;
  const reachedW = of.cap.mostImportWh / hours;
  if (then.midnightMs !== of.midnightMs || then.daysLeft !== of.daysLeft) return false;
  if (passed < 0 || passed * hours >= KEPT_HOURS) return false;
  if (reachedW > (charge.peaksW[0] ?? 0) + NOISE_W || !isLikeStore(was, store)) return false;
  const left = of.dailySteps - of.past.todayWh.length;
  return of.outlook.slice(0, left).every((step, n) => {
    const before = then.outlook[n + passed];
    return before !== undefined && isLike(before, step);
  });
}

/** What is settled of a step: its prices, and what it may and shall do, whole Wh. */
function isLike(a: ForeseenStep, b: ForeseenStep): boolean {
  const isNear = (one = 0, other = 0): boolean => one === other || Math.abs(one - other) < 1;
  return (
    a.importNanoPerWh === b.importNanoPerWh &&
    a.exportNanoPerWh === b.exportNanoPerWh &&
    isNear(a.soldWh, b.soldWh) &&
    isNear(a.bounds?.mostImportWh, b.bounds?.mostImportWh) &&
    isNear(a.bounds?.mostExportWh, b.bounds?.mostExportWh) &&
    isNear(a.goal?.leastWh, b.goal?.leastWh)
  );
}

/** Powers move with charge and cold. */
function isLikeStore(a: ValueStore, b: ValueStore): boolean {
  const isNear = (of: (store: ValueStore) => number, share = 0): boolean =>
    Math.abs(of(a) - of(b)) <= Math.max(1, share * of(b));
  return (
    a.mayChargeFromGrid === b.mayChargeFromGrid &&
    a.mayExport === b.mayExport &&
    isNear(({ minWh }) => minWh) &&
    isNear(({ maxWh }) => maxWh) &&
    isNear(({ chargeMaxW }) => chargeMaxW, 0.1) &&
    isNear(({ dischargeMaxW }) => dischargeMaxW, 0.1)
  );
}

/** The running day of a site that pays for its highest import; good to its midnight. */
export function chargedDay(
  { outlook, dailySteps, cap, past, daysLeft = 0 }: Charged,
  store: ValueStore,
): ChargedDay {
  const nowSlot = past.todayWh.length;
  const bySlot = Array.from({ length: dailySteps }, (_, slot) => {
    const n = slot < nowSlot ? slot - nowSlot + dailySteps : slot - nowSlot;
    return outlook[n] ?? outlook.at(-1);
  }).filter((step) => step !== undefined);
  const hours = outlook[0]?.hours ?? 1;
  const steps = settled(dayChances(bySlot, past), bySlot);
  const peakW = cap.mostImportWh / hours;
  const highestWh = steps
    .flatMap(({ chances }) => chances.flat())
    .reduce((most, { needWh }) => Math.max(most, needWh), 0);
  const billing = { nanoPerW: cap.overNanoPerWh * hours, peakW, daysLeft };
  const charge = peakCharge(billing, past, highestWh / hours, hours, store);
  const { anyDay } = dayShares(past, hours);
  return { table: peakTable(steps, store, anyDay, charge, nowSlot), charge };
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
