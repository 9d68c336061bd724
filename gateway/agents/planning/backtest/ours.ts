import type { KeptImport, Levels, NeedLevels } from '../../../contracts/values/levels.ts';
import { answerOf, keptImportW, levelsSeen } from '../../../contracts/values/levels.ts';
import { DAY_MS, HOUR_MS } from '../../../contracts/values/time.ts';
import { type ChargedDay, chargedDay, type ForeseenStep, planAhead } from '../value/ahead.ts';
import type { Band, StepOutlook } from '../value/chances.ts';
import { dayShares, type PastDays } from '../value/days.ts';
import { seenNeedWh, usualCap } from './caps.ts';
import { pricesAhead } from './prices.ts';
import type { Losses, Recording, SiteRules, Span } from './recording.ts';
import { selfConsumption } from './rules.ts';
import { type Controller, NOTHING_BEFORE, type PartStart, type StepStart } from './simulate.ts';

/** What is foretold as a step begins, of that step and the next ones. */
export interface Foretold {
  readonly load: readonly Band[];
  readonly pv: readonly Band[] | undefined;
}

export interface OursSetup {
  readonly recording: Recording;
  readonly rules: SiteRules;
  readonly losses: Losses;
  /** undefined: nothing can be said yet */
  readonly foretell: (index: number) => Foretold | undefined;
  /** Told of each decision that had no forecast: self-consumption stands in. */
  readonly onFallback: () => void;
  /** What is run alone: its last hours are planned to its end, by the rule for what lacks then. */
  readonly spans?: readonly Span[];
  /** Whether the import shall not rise above what it was of late, where it costs nothing. */
  readonly isPeakKept?: boolean;
}

/** Days that say what may come where the highest import costs. */
const PAST_DAYS = 28;
/** A peak that is no higher than that is no news. */
const PEAK_NOISE_W = 1;

/** What the store is to do in a step. */
interface Stand {
  readonly levels: Levels;
  readonly byNeed?: NeedLevels | undefined;
  readonly kept: KeptImport;
}

/**
 * The plan of the gateway: forecast, worth of stored energy, levels of the step, followed by the
 * meter within it. `isFrozen`: the power that the forecast asks for, kept whatever the meter shows.
 */
export function ours(setup: OursSetup, isFrozen = false): Controller {
  const { recording, rules, foretell, onFallback } = setup;
  const { store } = rules;
  const hours = recording.stepMs / HOUR_MS;
  const standOf = rules.demandNanoPerW > 0 ? chargedStands(setup) : plainStands(setup);
  return (start) => {
    const foretold = foretell(start.index);
    if (foretold === undefined) {
      onFallback();
      return selfConsumption(start);
    }
    const { levels, byNeed, kept } = standOf(start, foretold);
    const answer = (needWh: number, { nowWh, share, before }: PartStart): number => {
      const partHours = hours * share;
      const seenShare = before.share + share;
      const needW = (before.needWh + needWh) / (hours * seenShare);
      const shown = { needW, share: isFrozen ? 0 : seenShare };
      const seen = levelsSeen(levels, byNeed, shown, store);
      const most = { mostImportWh: keptImportW(kept, needWh / partHours) * partHours };
      return answerOf(seen, needWh, nowWh, store, partHours, most);
    };
    if (!isFrozen) return answer;
    const midWh = (foretold.load[0]?.mid ?? 0) - (foretold.pv?.[0]?.mid ?? 0);
    const givesWh = answer(midWh, { nowWh: start.nowWh, share: 1, before: NOTHING_BEFORE });
    return (_, { share }) => givesWh * share;
  };
}

type Stands = (start: StepStart, foretold: Foretold) => Stand;

const UNUSED: Levels = { buyToWh: 0, storeToWh: 0, coverToWh: 0, sellToWh: 0 };

function plainStands(setup: OursSetup): Stands {
  const { recording, rules, losses } = setup;
  const dailySteps = DAY_MS / recording.stepMs;
  const capOf = setup.isPeakKept === true ? usualCap(recording, losses) : undefined;
  return (start, foretold) => {
    const cap = capOf?.(start);
    const outlook = untilEnd(setup, outlookOf(setup, foretold, start.index), start.index);
    const foreseen = { outlook, dailySteps, ...(cap !== undefined && { cap }) };
    const ahead = planAhead(foreseen, rules.store);
    const [levels = UNUSED] = ahead.levels;
    const kept = cap && { mostImportW: (cap.mostImportWh * HOUR_MS) / recording.stepMs };
    return { levels, byNeed: ahead.needLevels?.(0), kept: kept ?? {} };
  };
}

/** As far as the window goes: what lacks at its end is bought at its mean price, no more counts. */
function untilEnd(
  { recording, rules, spans = [] }: OursSetup,
  outlook: readonly StepOutlook[],
  index: number,
): readonly ForeseenStep[] {
  const span = spans.find(({ fromIndex, untilIndex }) => index >= fromIndex && index < untilIndex);
  const left = (span?.untilIndex ?? Number.POSITIVE_INFINITY) - index;
  if (span === undefined || left > outlook.length) return outlook;
  const ahead = outlook.slice(0, left);
  const prices = [
    ...recording.importNanoPerWh.slice(span.fromIndex, index).filter(Number.isFinite),
    ...ahead.map(({ importNanoPerWh }) => importNanoPerWh),
  ];
  const meanNano = prices.reduce((sum, nano) => sum + nano, 0) / prices.length;
  const goal = {
    leastWh: rules.endWh,
    missedNanoPerWh: meanNano / rules.store.chargeShare,
    isEnd: true,
  };
  return ahead.map((step, n) => (n === left - 1 ? { ...step, goal } : step));
}

/** Where the highest import costs: planned once a day, and again after each new peak. */
function chargedStands(setup: OursSetup): Stands {
  const { recording, rules } = setup;
  const hours = recording.stepMs / HOUR_MS;
  const dailySteps = DAY_MS / recording.stepMs;
  let known: (ChargedDay & { readonly day: number }) | undefined;
  return ({ index, nowWh, peakW, daysLeft }, foretold) => {
    const day = Math.floor((recording.clockMs[index] ?? 0) / DAY_MS);
    const past = pastDays(setup, index);
    if (known?.day !== day || peakW > (known.charge.peaksW[0] ?? 0) + PEAK_NOISE_W) {
      const outlook = outlookOf(setup, foretold, index);
      const overNanoPerWh = rules.demandNanoPerW / hours;
      const cap = { mostImportWh: peakW * hours, overNanoPerWh };
      const foreseen = { outlook, dailySteps, cap, past, daysLeft };
      known = { day, ...chargedDay(foreseen, rules.store) };
    }
    const stand = known.table.at(past.todayWh.length, dayShares(past, hours).thisDay);
    return { levels: stand.levels, kept: stand.keptImport(nowWh) };
  };
}

function outlookOf(setup: OursSetup, { load, pv }: Foretold, index: number): StepOutlook[] {
  const { recording, rules, losses } = setup;
  const hours = recording.stepMs / HOUR_MS;
  const prices = pricesAhead(recording, rules, losses, index, load.length);
  return prices.map((price, n) => {
    const band = load[n] ?? { low: 0, mid: 0, high: 0 };
    return { ...price, hours, load: band, pv: pv?.[n] };
  });
}

/** What the meter showed of the last days, and of today; NaN where it was lost. */
export function pastDays(
  { recording, losses }: Pick<OursSetup, 'recording' | 'losses'>,
  index: number,
): PastDays {
  const { clockMs, stepMs } = recording;
  const dailySteps = DAY_MS / stepMs;
  const atMs = clockMs[index] ?? 0;
  const slot = Math.floor((atMs - Math.floor(atMs / DAY_MS) * DAY_MS) / stepMs);
  const midnight = index - slot;
  const needWh = (at: number): number => seenNeedWh(recording, losses, at);
  return {
    dailySteps,
    days: Math.max(0, Math.min(PAST_DAYS, Math.floor(midnight / dailySteps))),
    needWh: (daysAgo, at) => needWh(midnight - daysAgo * dailySteps + at),
    todayWh: Array.from({ length: slot }, (_, n) => needWh(midnight + n)),
  };
}
