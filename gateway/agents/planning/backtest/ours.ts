import { DAY_MS, HOUR_MS } from '../../../contracts/values/time.ts';
import { lowestCapW } from '../value/cap.ts';
import { type Band, type Cap, chancesOf, SKY_SHARES, type StepOutlook } from '../value/chances.ts';
import { answerOf } from '../value/levels.ts';
import { valuePlan } from '../value/value.ts';
import { pricesAhead } from './prices.ts';
import type { Losses, Recording, SiteRules } from './recording.ts';
import { selfConsumption } from './rules.ts';
import type { Controller, StepStart } from './simulate.ts';

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
}

export const HORIZON_HOURS = 36;
/** Days whose peaks say which import can be kept, and whose loads say what may come. */
const PAST_DAYS = 28;

/**
 * The plan of the gateway: forecast, worth of stored energy, levels of the step, followed by the
 * meter within it. `isFrozen`: the power that the forecast asks for, kept whatever the meter shows.
 */
export function ours(setup: OursSetup, isFrozen = false): Controller {
  const { recording, rules, losses, foretell, onFallback } = setup;
  const { store } = rules;
  const hours = recording.stepMs / HOUR_MS;
  const capOf = importCap(recording, rules, losses);
  return (start) => {
    const foretold = foretell(start.index);
    if (foretold === undefined) {
      onFallback();
      return selfConsumption(start);
    }
    const cap = capOf(start);
    const outlook = outlookOf(setup, foretold, start.index);
    const steps = chancesOf(outlook, cap);
    const { levels } = valuePlan(steps, store, SKY_SHARES, DAY_MS / recording.stepMs);
    const [now] = levels;
    if (now === undefined) return selfConsumption(start);
    const answer = (needWh: number): number =>
      answerOf(now, needWh, start.nowWh, store, hours, cap?.mostImportWh);
    if (!isFrozen) return answer;
    const givesWh = answer((foretold.load[0]?.mid ?? 0) - (foretold.pv?.[0]?.mid ?? 0));
    return () => givesWh;
  };
}

function outlookOf(setup: OursSetup, { load, pv }: Foretold, index: number): StepOutlook[] {
  const { recording, rules, losses } = setup;
  const hours = recording.stepMs / HOUR_MS;
  const prices = pricesAhead(recording, rules, losses, index, load.length);
  const daily = DAY_MS / recording.stepMs;
  return prices.map((price, n) => {
    const band = load[n] ?? { low: 0, mid: 0, high: 0 };
    const step = { ...price, hours, load: band, pv: pv?.[n] };
    if (rules.demandNanoPerW === 0) return step;
    return { ...step, pastLoads: pastLoads(recording, losses, index, index + n, daily) };
  });
}

/** Loads of a slot on the last days before `now`. */
function pastLoads(
  { loadWh }: Recording,
  losses: Losses,
  now: number,
  at: number,
  daily: number,
): number[] {
  const found: number[] = [];
  for (let days = 1; days <= PAST_DAYS; days += 1) {
    const then = at - days * daily;
    const wh = loadWh[then] ?? Number.NaN;
    if (then < now && Number.isFinite(wh) && !losses.isMeterLost(then)) found.push(wh);
  }
  return found;
}

/** Where the highest import costs: what the last days would have allowed, or what it is by now. */
function importCap(
  recording: Recording,
  { demandNanoPerW, store }: SiteRules,
  losses: Losses,
): (start: StepStart) => Cap | undefined {
  const hours = recording.stepMs / HOUR_MS;
  const steps = (PAST_DAYS * DAY_MS) / recording.stepMs;
  let ofDay = { day: Number.NaN, lowestW: 0 };
  return ({ index, peakW }) => {
    if (demandNanoPerW === 0) return undefined;
    const day = Math.floor((recording.clockMs[index] ?? 0) / DAY_MS);
    if (ofDay.day !== day) {
      const from = Math.max(0, index - steps);
      const needsWh = recording.loadWh
        .slice(from, index)
        .map((wh, n) =>
          losses.isMeterLost(from + n) ? Number.NaN : wh - (recording.pvWh[from + n] ?? 0),
        );
      ofDay = { day, lowestW: lowestCapW(needsWh, hours, store) };
    }
    const mostW = Math.max(peakW, ofDay.lowestW);
    return { mostImportWh: mostW * hours, overNanoPerWh: demandNanoPerW / hours };
  };
}
