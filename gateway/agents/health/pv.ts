import { log } from '../../../devices/maths.ts';
import { DAY_MS, HOUR_MS, type Instant, QUARTER_MS } from '../../contracts/values/time.ts';
import { type Cusum, type CusumSettings, changeOf, cusumStep, NEW_CUSUM } from './cusum.ts';
import { type Finding, type HealthQuarter, median, type SourceQuarter } from './types.ts';

const HOURS = QUARTER_MS / HOUR_MS;
const HIGH_SHARE = 0.2; // of a clear sky: below it the sun is too low to compare
const LEAST_QUARTERS = 12;
/** Largest mean bend of a clear day's curve between quarter-hours; clouds bend it far more. */
const CLEAR_BEND_SHARE = 0.03;
const HISTORY_DAYS = 3 * 366;
const YEAR_DAYS = 365;
const NEAR_DAYS = 15;
const YEAR_COUNT = 5;
const RATE_PAIRS_COUNT = 40;
const HOT_C = 50;
const BINS = 24; // hours of UTC
const BIN_COUNT = 12;
const COOL_COUNT = 4;

/** The plane is not known, so the season moves the ratio: the baseline follows it. */
const LESS: CusumSettings = { learnCount: 10, slackShare: 0.1, floorShare: 0.02 };
const LESS_A_DAY = 0.06;
const LESS_MOST = 0.3;
/** Planes of other directions differ with the season too. */
const BEHIND: CusumSettings = {
  ...{ learnCount: 14, slackShare: 0.03, floorShare: 0.01, learnShare: 0.1 },
};
const YEAR: CusumSettings = { learnCount: 0, slackShare: 0.04, floorShare: 0.02, isFixed: true };
const HOT: CusumSettings = { learnCount: 0, slackShare: 0.1, floorShare: 0.03, isFixed: true };

/** Production of a clear day over that of the clear sky, by its day. */
interface ClearDay {
  readonly day: number; // since 1970
  readonly ratio: number;
}

/** What is remembered of one inverter's PV. */
export interface PvState {
  readonly less: Cusum;
  readonly behind: Cusum;
  readonly year: Cusum;
  readonly hot: Cusum;
  readonly clearDays: readonly ClearDay[];
  /** By hour: usual ratio to the clear sky while it is cool, and on how many quarter-hours. */
  readonly cool: readonly { readonly ratio: number; readonly count: number }[];
}

export const NEW_PV: PvState = {
  ...{ less: NEW_CUSUM, behind: NEW_CUSUM, year: NEW_CUSUM, hot: NEW_CUSUM, clearDays: [] },
  cool: Array.from({ length: BINS }, () => ({ ratio: 0, count: 0 })),
};

interface DaySums {
  readonly ratio: number; // to the clear sky
  readonly isClear: boolean;
  readonly madeHours: number; // at rated power
}

/** One day of all inverters, when it is over. @param day  its quarter-hours, in order */
export function pvDay(
  before: ReadonlyMap<string, PvState>,
  day: readonly HealthQuarter[],
): Map<string, PvState> {
  const dayMs = day[0]?.dayMs ?? 0;
  const sums = new Map<string, DaySums>();
  for (const { id } of day[0]?.sources ?? []) {
    const one = sumsOf(day, id);
    if (one !== undefined) sums.set(id, one);
  }
  const after = new Map(before);
  for (const [id, one] of sums) {
    let state = before.get(id) ?? NEW_PV;
    const others = [...sums].filter(([other]) => other !== id).map(([, sum]) => sum.madeHours);
    const usualHours = others.length > 0 ? median(others) : 0;
    if (usualHours > 0.5 && one.madeHours > 0) {
      const behind = cusumStep(state.behind, log(one.madeHours / usualHours), dayMs, BEHIND);
      state = { ...state, behind: onlyLow(behind) };
    }
    if (one.isClear && one.ratio > 0) state = clearDay(state, one.ratio, dayMs);
    after.set(id, one.isClear ? heat(state, day, id) : state);
  }
  return after;
}

function sumsOf(day: readonly HealthQuarter[], id: string): DaySums | undefined {
  const shares: { made: number; clear: number }[] = [];
  for (const { clearShare, sources } of day) {
    if (clearShare < HIGH_SHARE) continue;
    const source = sources.find((one) => one.id === id);
    const made = source && shareOf(source);
    if (made === undefined) return undefined; // a day with gaps, or held back, teaches nothing
    shares.push({ made, clear: clearShare });
  }
  if (shares.length < LEAST_QUARTERS) return undefined;
  const sum = shares.reduce((total, { made }) => total + made, 0);
  const clear = shares.reduce((total, one) => total + one.clear, 0);
  let bend = 0;
  for (let i = 1; i < shares.length - 1; i += 1) {
    const [left, middle, right] = [shares[i - 1], shares[i], shares[i + 1]];
    bend += Math.abs((left?.made ?? 0) - 2 * (middle?.made ?? 0) + (right?.made ?? 0));
  }
  const isClear = sum > 0 && bend / sum < CLEAR_BEND_SHARE;
  return { ratio: sum / clear, isClear, madeHours: sum * HOURS };
}

const shareOf = ({ madeWh, ratedW }: SourceQuarter): number | undefined =>
  madeWh === undefined || ratedW <= 0 ? undefined : madeWh / HOURS / ratedW;

/** More than before is a repair, a cleaning or more modules: the baseline is learnt anew. */
const onlyLow = (now: Cusum): Cusum => (now.high.isAlarm ? NEW_CUSUM : now);

function clearDay(before: PvState, ratio: number, dayMs: Instant): PvState {
  const day = Math.round(dayMs / DAY_MS);
  const clearDays = [...before.clearDays, { day, ratio }].filter(
    (one) => one.day > day - HISTORY_DAYS,
  );
  const gapDays = day - (before.clearDays.at(-1)?.day ?? day - 1);
  const learnShare = Math.min(LESS_MOST, LESS_A_DAY * gapDays);
  const less = onlyLow(cusumStep(before.less, log(ratio), dayMs, { ...LESS, learnShare }));
  const then = clearDays.filter((one) => Math.abs(one.day - (day - YEAR_DAYS)) <= NEAR_DAYS);
  const year =
    then.length < YEAR_COUNT
      ? before.year
      : onlyLow(
          cusumStep(before.year, log(ratio / median(then.map((one) => one.ratio))), dayMs, YEAR),
        );
  return { ...before, clearDays, less, year };
}

interface HourRatio {
  readonly fromMs: Instant;
  readonly bin: number;
  readonly ratio: number; // to the clear sky
  readonly isHot: boolean;
}

/**
 * On clear days: what is lost while the inverter is hot, beside its cool hours of the same day,
 * each against what the hour usually gives.
 */
function heat(before: PvState, day: readonly HealthQuarter[], id: string): PvState {
  const hours = day.flatMap(({ fromMs, clearShare, sources }): HourRatio[] => {
    const source = sources.find((one) => one.id === id);
    const made = source && shareOf(source);
    if (source?.temperatureC === undefined || made === undefined || clearShare < HIGH_SHARE) {
      return [];
    }
    const bin = Math.floor((fromMs % DAY_MS) / HOUR_MS);
    return [{ fromMs, bin, ratio: made / clearShare, isHot: source.temperatureC >= HOT_C }];
  });
  const against = ({ bin, ratio }: HourRatio): number | undefined => {
    const usual = before.cool[bin];
    return usual && usual.count >= BIN_COUNT && usual.ratio > 0 ? ratio / usual.ratio : undefined;
  };
  const cool = [...before.cool];
  for (const { bin, ratio, isHot } of hours) {
    if (isHot) continue;
    const { ratio: usual, count } = cool[bin] ?? { ratio: 0, count: 0 };
    const weight = Math.max(0.03, 1 / (count + 1));
    cool[bin] = { ratio: usual + weight * (ratio - usual), count: count + 1 };
  }
  const coolNow = hours.filter(({ isHot }) => !isHot).flatMap((one) => against(one) ?? []);
  if (coolNow.length < COOL_COUNT) return { ...before, cool };
  const reference = median(coolNow);
  let { hot } = before;
  for (const one of hours) {
    const now = one.isHot ? against(one) : undefined;
    if (now !== undefined) hot = onlyLow(cusumStep(hot, now / reference - 1, one.fromMs, HOT));
  }
  return { ...before, hot, cool };
}

export function pvFindings(id: string, state: PvState): Finding[] {
  const found: Finding[] = [];
  const add = (kind: Finding['kind'], one: Cusum): void => {
    const change = changeOf(one);
    if (change !== undefined && change.sizeShare < 0) found.push({ ...change, kind, id });
  };
  add('PV_BEHIND', state.behind);
  add('PV_LESS', state.less);
  add('PV_YEAR', state.year);
  add('PV_HOT', state.hot);
  return found;
}

export interface Degradation {
  readonly pctPerYear: number; // below 0: it loses
  readonly lowPct: number; // a quarter of the pairs lie below
  readonly highPct: number;
  readonly pairsCount: number;
}

/**
 * Year on year: median of the change between clear days a year apart, with its quartiles.
 * @returns why there is none: before two years it says more about the weather than about modules
 */
export function degradation({ clearDays }: PvState): Degradation | string {
  const first = clearDays[0]?.day ?? 0;
  const last = clearDays.at(-1)?.day ?? first;
  const years = (last - first) / YEAR_DAYS;
  if (years < 2) return `not told before two years of clear days, now ${years.toFixed(1)}`;
  const changes = clearDays.flatMap(({ day, ratio }) => {
    const then = clearDays.filter((one) => Math.abs(one.day - (day - YEAR_DAYS)) <= 3);
    return then.length === 0 ? [] : [100 * (ratio / median(then.map((one) => one.ratio)) - 1)];
  });
  if (changes.length < RATE_PAIRS_COUNT) return 'too few clear days are a year apart';
  const sorted = changes.sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
  return {
    pctPerYear: median(sorted),
    lowPct: at(0.25),
    highPct: at(0.75),
    pairsCount: sorted.length,
  };
}
