import { answerOf } from '../../../contracts/values/levels.ts';
import { DAY_MS, HOUR_MS } from '../../../contracts/values/time.ts';
import { planAhead } from '../value/ahead.ts';
import type { Band, StepOutlook } from '../value/chances.ts';
import type { PastDays } from '../value/days.ts';
import { demandCap, seenNeedWh, usualCap } from './caps.ts';
import { pricesAhead } from './prices.ts';
import type { Losses, Recording, SiteRules } from './recording.ts';
import { selfConsumption } from './rules.ts';
import type { Controller, PartStart } from './simulate.ts';

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
  /** Whether the import shall not rise above what it was of late, where it costs nothing. */
  readonly isPeakKept?: boolean;
}

/** Days that say what may come where the highest import costs. */
const PAST_DAYS = 28;

/**
 * The plan of the gateway: forecast, worth of stored energy, levels of the step, followed by the
 * meter within it. `isFrozen`: the power that the forecast asks for, kept whatever the meter shows.
 */
export function ours(setup: OursSetup, isFrozen = false): Controller {
  const { recording, rules, losses, foretell, onFallback } = setup;
  const { store } = rules;
  const hours = recording.stepMs / HOUR_MS;
  const dailySteps = DAY_MS / recording.stepMs;
  const isCharged = rules.demandNanoPerW > 0;
  const capOf = isCharged ? demandCap(recording, rules, losses) : usualCap(recording, losses);
  return (start) => {
    const foretold = foretell(start.index);
    if (foretold === undefined) {
      onFallback();
      return selfConsumption(start);
    }
    const cap = isCharged || setup.isPeakKept === true ? capOf(start) : undefined;
    const foreseen = {
      outlook: outlookOf(setup, foretold, start.index),
      dailySteps,
      ...(cap !== undefined && { cap }),
      ...(isCharged && { past: pastDays(setup, start.index) }),
    };
    const [now] = planAhead(foreseen, store).levels;
    if (now === undefined) return selfConsumption(start);
    const mostWh = cap?.mostImportWh ?? Number.POSITIVE_INFINITY;
    const answer = (needWh: number, { nowWh, share }: PartStart): number =>
      answerOf(now, needWh, nowWh, store, hours * share, { mostImportWh: mostWh * share });
    if (!isFrozen) return answer;
    const midWh = (foretold.load[0]?.mid ?? 0) - (foretold.pv?.[0]?.mid ?? 0);
    const givesWh = answer(midWh, { nowWh: start.nowWh, share: 1 });
    return (_, { share }) => givesWh * share;
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
function pastDays({ recording, losses }: OursSetup, index: number): PastDays {
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
