import { Feed, type FeedPorts } from '../gateway/agents/forecasting/sources/feed.ts';
import {
  priceRecipe,
  publicationOf,
  weatherRecipe,
} from '../gateway/agents/forecasting/sources/recipes.ts';
import { nextPricesMs, spread } from '../gateway/agents/forecasting/sources/times.ts';
import { watchFeed } from '../gateway/agents/forecasting/sources/watch.ts';
import type { Clock, Log } from '../gateway/ports.ts';
import {
  type ForecastState,
  knownUntil,
  onPrices,
  onSameWeather,
  onWeather,
} from './agents/forecasting/forecasting.ts';

/**
 * Asks a zone's sources from now on; one that fails or answers nonsense leaves the last good answer
 * in place.
 * @param news  called after each good answer, and when prices of another day are forecast
 * @returns the cancel
 */
export function watchSources(
  forecast: ForecastState,
  ports: FeedPorts & { readonly clock: Clock; readonly log: Log },
  news: () => void,
): () => void {
  const { zone } = forecast;
  const { everyMs } = zone;
  const cancels: (() => void)[] = [];
  const learning = learnPrices(forecast, ports.clock, news);
  cancels.push(learning.cancel);
  if (zone.weather !== undefined) {
    const feed = new Feed(weatherRecipe(zone.weather, zone), ports, everyMs);
    const cancel = watchFeed(feed, ports, {
      what: `weather of ${zone.id}`,
      take(weather) {
        onWeather(forecast, weather, feed.recipe.name, ports.clock.wallMs());
        news();
        return undefined;
      },
      same() {
        onSameWeather(forecast, ports.clock.wallMs());
        news();
      },
      nextMs: (nowMs) => nowMs + everyMs,
    });
    cancels.push(cancel);
  }
  if (zone.prices !== undefined) {
    const feed = new Feed(priceRecipe(zone.prices, zone), ports, everyMs);
    const published = publicationOf(zone.prices, zone);
    const share = spread(zone.id);
    const cancel = watchFeed(feed, ports, {
      what: `prices of ${zone.id}`,
      take(prices) {
        const wrong = onPrices(forecast, prices, feed.recipe.name);
        if (wrong === undefined) news();
        learning.go();
        return wrong;
      },
      nextMs: (nowMs) =>
        published === undefined
          ? nowMs + everyMs
          : nextPricesMs(nowMs, knownUntil(forecast, nowMs), published, everyMs, share),
    });
    cancels.push(cancel);
  }
  return () => {
    for (const cancel of cancels) cancel();
  };
}

const STEP_MS = 20; // between two steps, so that nobody waits

/** Learns from the days that the market told, step by step; tells when it has a forecast. */
function learnPrices({ outlook }: ForecastState, clock: Clock, news: () => void) {
  let cancel: (() => void) | undefined;
  let told = outlook.next()?.fromMs;
  const step = (): void => {
    cancel = undefined;
    if (outlook.work()) {
      cancel = clock.at(clock.monoMs() + STEP_MS, step);
      return;
    }
    const next = outlook.next()?.fromMs;
    if (next !== undefined && next !== told) news();
    told = next;
  };
  const go = (): void => {
    cancel ??= clock.at(clock.monoMs() + STEP_MS, step);
  };
  go();
  return { go, cancel: () => cancel?.() };
}
