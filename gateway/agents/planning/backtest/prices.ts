import { DAY_MS, HOUR_MS } from '../../../contracts/values/time.ts';
import type { Losses, Recording, SiteRules } from './recording.ts';

export interface Price {
  readonly importNanoPerWh: number;
  readonly exportNanoPerWh: number;
}

const MEAN_DAYS = 7;
const LOOKED_DAYS = 14;

/**
 * Prices of the next steps as they are seen when step `index` begins: what is published, and the
 * mean of that slot in the last days for the rest. A lost feed hides what came in since.
 */
export function pricesAhead(
  recording: Recording,
  rules: Pick<SiteRules, 'publishedHour'>,
  losses: Losses,
  index: number,
  count: number,
): Price[] {
  const { clockMs, stepMs, importNanoPerWh, exportNanoPerWh } = recording;
  const untilMs = publishedUntilMs(clockMs[index] ?? 0, rules.publishedHour);
  const lostFrom = losses.feedLostFrom(index);
  const daily = DAY_MS / stepMs;
  const seen = (at: number): Price | undefined => {
    const buy = importNanoPerWh[at] ?? Number.NaN;
    const sell = exportNanoPerWh[at] ?? Number.NaN;
    const isOut = at < lostFrom && (clockMs[at] ?? untilMs) < untilMs;
    if (!isOut || !Number.isFinite(buy + sell)) return undefined;
    return { importNanoPerWh: buy, exportNanoPerWh: sell };
  };
  let last: Price = { importNanoPerWh: 0, exportNanoPerWh: 0 };
  return Array.from({ length: count }, (_, n) => {
    last = seen(index + n) ?? usual(index + n, daily, seen) ?? last;
    return last;
  });
}

function publishedUntilMs(atMs: number, publishedHour: number | undefined): number {
  if (publishedHour === undefined) return Number.POSITIVE_INFINITY;
  const dayMs = Math.floor(atMs / DAY_MS) * DAY_MS;
  return dayMs + DAY_MS + (atMs - dayMs >= publishedHour * HOUR_MS ? DAY_MS : 0);
}

/** Mean of the same slot on the last days that are known. */
function usual(
  at: number,
  daily: number,
  seen: (at: number) => Price | undefined,
): Price | undefined {
  const found: Price[] = [];
  for (let days = 1; days <= LOOKED_DAYS && found.length < MEAN_DAYS; days += 1) {
    const price = seen(at - days * daily);
    if (price !== undefined) found.push(price);
  }
  if (found.length === 0) return undefined;
  const mean = (of: (price: Price) => number): number =>
    found.reduce((sum, price) => sum + of(price), 0) / found.length;
  return {
    importNanoPerWh: mean(({ importNanoPerWh }) => importNanoPerWh),
    exportNanoPerWh: mean(({ exportNanoPerWh }) => exportNanoPerWh),
  };
}
