import { DAY_MS } from '../../../contracts/values/time.ts';
import { pricesAhead } from './prices.ts';
import type { Losses, Recording, SiteRules } from './recording.ts';
import type { Controller } from './simulate.ts';

/** No battery. */
export const none: Controller = () => () => 0;

/** Self-consumption: every surplus into the store, every need from it; what inverters do alone. */
export const selfConsumption: Controller = () => (needWh) => needWh;

const CHEAP_QUANTILE = 0.25;
const DEAR_QUANTILE = 0.75;

/**
 * By the price alone: at full power from the grid in the cheapest quarter of today's prices, used
 * for the site in the dearest, surplus stored in between; self-consumption where all cost the same.
 */
export function priceRule(recording: Recording, rules: SiteRules, losses: Losses): Controller {
  const { clockMs, stepMs } = recording;
  return ({ index }) => {
    const atMs = clockMs[index] ?? 0;
    const first = index - Math.floor((atMs - Math.floor(atMs / DAY_MS) * DAY_MS) / stepMs);
    const gone = index - Math.max(0, first);
    const earlier = recording.importNanoPerWh.slice(index - gone, index);
    const left = DAY_MS / stepMs - gone;
    const ahead = pricesAhead(recording, rules, losses, index, left);
    const today = [...earlier, ...ahead.map(({ importNanoPerWh }) => importNanoPerWh)]
      .filter(Number.isFinite)
      .sort((a, b) => a - b);
    const cheap = quantile(today, CHEAP_QUANTILE);
    const dear = quantile(today, DEAR_QUANTILE);
    const nowNano = ahead[0]?.importNanoPerWh ?? 0;
    if (today[0] === today.at(-1)) return (needWh) => needWh;
    if (nowNano <= cheap) return () => Number.NEGATIVE_INFINITY;
    return (needWh) => (nowNano >= dear ? Math.max(0, needWh) : Math.min(0, needWh));
  };
}

function quantile(sorted: readonly number[], share: number): number {
  const at = share * (sorted.length - 1);
  const low = Math.floor(at);
  const lowValue = sorted[low] ?? 0;
  return lowValue + ((sorted[low + 1] ?? lowValue) - lowValue) * (at - low);
}
