import { LOADS, type StepOutlook, within } from './chances.ts';
import type { Chance, KindShares, ValueStep } from './value.ts';

/** What a site needed, without its store, on the days before and since midnight. */
export interface PastDays {
  readonly dailySteps: number;
  readonly days: number;
  /** Need at a slot of the day so many days ago, Wh; NaN where it is not known. */
  readonly needWh: (daysAgo: number, slot: number) => number;
  /** Since midnight, up to the step that begins now; NaN where it is not known. */
  readonly todayWh: readonly number[];
}

/** Of the chances: a band says little about what lies outside it, past days do. */
const PAST_SHARE = 0.5;
/** Hours of today by which past days are found alike. */
const LIKE_HOURS = 6;
/** Share of the days that turn into another kind within an hour. */
const TURN_SHARE = 0.5;

/**
 * Steps of a day whose highest import costs: kinds of day are past days themselves, as long and as
 * high as they were, and the forecast's band. A peak comes a little earlier or later another day:
 * each step of a past day is as it was, or as the highest of its neighbours.
 * @param outlook  by slot of the day, from midnight
 */
export function dayChances(outlook: readonly StepOutlook[], past: PastDays): readonly ValueStep[] {
  const daysAgo = daysOf(past);
  return outlook.map(({ hours, importNanoPerWh, exportNanoPerWh, load, pv }, slot) => {
    const sunWh = pv?.mid ?? 0;
    const isLast = slot === outlook.length - 1;
    return {
      hours,
      importNanoPerWh,
      exportNanoPerWh,
      keepShare: isLast ? 0 : Math.max(0, 1 - TURN_SHARE * hours),
      chances: [
        ...daysAgo.map((ago) => shifted(past, ago, slot, load.mid - sunWh)),
        ...LOADS.map(([place]) => [{ share: 1, needWh: within(load, place) - sunWh }]),
      ],
    };
  });
}

const daysOf = (past: PastDays): number[] => Array.from({ length: past.days }, (_, n) => n + 1);

function shifted(past: PastDays, ago: number, slot: number, usualWh: number): Chance[] {
  const highWh = highestNear(past, ago, slot);
  if (highWh === undefined) return [{ share: 1, needWh: usualWh }];
  const ownWh = past.needWh(ago, slot);
  if (Number.isNaN(ownWh) || ownWh === highWh) return [{ share: 1, needWh: highWh }];
  return [
    { share: 0.5, needWh: ownWh },
    { share: 0.5, needWh: highWh },
  ];
}

/** Shares of the kinds of dayChances. A day is more likely like those that began as it did. */
export function dayShares(past: PastDays, hours: number): KindShares {
  const daysAgo = daysOf(past);
  const bandShare = daysAgo.length === 0 ? 1 : 1 - PAST_SHARE;
  const bandShares = LOADS.map(([, share]) => share * bandShare);
  return {
    anyDay: [...daysAgo.map(() => PAST_SHARE / daysAgo.length), ...bandShares],
    thisDay: [...alike(past, daysAgo, hours).map((share) => share * PAST_SHARE), ...bandShares],
  };
}

/** Highest of a slot and its neighbours: a peak comes a little earlier or later another day. */
function highestNear({ needWh }: PastDays, daysAgo: number, slot: number): number | undefined {
  const known = [slot - 1, slot, slot + 1]
    .map((near) => needWh(daysAgo, near))
    .filter((wh) => !Number.isNaN(wh));
  return known.length === 0 ? undefined : Math.max(...known);
}

/** Shares of past days by how near they were to the last hours of today; sum 1. */
function alike(
  { todayWh, needWh }: PastDays,
  daysAgo: readonly number[],
  hours: number,
): readonly number[] {
  const from = Math.max(0, todayWh.length - Math.round(LIKE_HOURS / hours));
  const distancesWh = daysAgo.map((ago) => {
    let sumWh = 0;
    let count = 0;
    for (let slot = from; slot < todayWh.length; slot += 1) {
      const apartWh = Math.abs((todayWh[slot] ?? Number.NaN) - needWh(ago, slot));
      if (Number.isNaN(apartWh)) continue;
      sumWh += apartWh;
      count += 1;
    }
    return count === 0 ? 0 : sumWh / count;
  });
  const usualWh = [...distancesWh].sort((a, b) => a - b)[distancesWh.length >> 1] ?? 0;
  const weights = distancesWh.map((wh) => {
    const ratio = usualWh > 0 ? wh / usualWh : 0;
    return 1 / (1 + ratio * ratio);
  });
  const sum = weights.reduce((all, weight) => all + weight, 0);
  return weights.map((weight) => weight / sum);
}
