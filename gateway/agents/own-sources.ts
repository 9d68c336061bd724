import type { ZoneForecast } from '../contracts/messages.ts';
import type { PriceSource, WeatherSource } from '../contracts/sources.ts';
import type { Site } from '../contracts/values/site.ts';
import { seriesAt } from '../contracts/values/tariff.ts';
import { DAY_MS, type Instant, QUARTER_MS } from '../contracts/values/time.ts';
import type { Clock, Log } from '../ports.ts';
import { Feed, type FeedPorts } from './forecasting/sources/feed.ts';
import type { Weather } from './forecasting/sources/open-meteo.ts';
import { priceRecipe, publicationOf, weatherRecipe } from './forecasting/sources/recipes.ts';
import type { Prices } from './forecasting/sources/slots.ts';
import { nextPricesMs, spread } from './forecasting/sources/times.ts';
import { watchFeed } from './forecasting/sources/watch.ts';

/** What a gateway asks by itself: one without a cloud, or one whose cloud is silent of it. */
export interface OwnSources {
  readonly weather?: WeatherSource | undefined;
  readonly prices?: PriceSource | undefined;
  readonly everyMs: number;
  readonly ports: FeedPorts;
}

const SLOTS_MAX = 800; // of a zone's forecast

interface Known {
  readonly name: string;
  readonly weather?: Weather;
  readonly askedAtMs?: Instant;
  readonly prices?: Prices;
}

/** Whether a site lacks what its sources tell; without it they are asked in any case. */
export interface Lacking {
  weather(nowMs: Instant): boolean;
  prices(nowMs: Instant): boolean;
}

/**
 * Asks a site's own sources and tells what they say as a forecast of its zone, the way the cloud
 * would. What a source does not say is unknown.
 * @returns the cancel
 */
export function watchOwnSources(
  site: Site,
  { weather, prices, everyMs, ports }: OwnSources,
  deps: { readonly clock: Clock; readonly log: Log },
  told: (forecast: ZoneForecast) => void,
  lacking?: Lacking,
): () => void {
  const place = site.place;
  const known: { sky: Known; market: Known } = { sky: { name: '' }, market: { name: '' } };
  const tell = (): void => told(forecastOf(site, known.sky, known.market, deps.clock.wallMs()));
  const ends: (() => void)[] = [];
  if (weather !== undefined) {
    const feed = new Feed(weatherRecipe(weather, place), ports, everyMs);
    const end = watchFeed(feed, deps, {
      what: 'weather',
      take(value) {
        known.sky = { name: feed.recipe.name, weather: value, askedAtMs: deps.clock.wallMs() };
        tell();
        return undefined;
      },
      same() {
        known.sky = { ...known.sky, askedAtMs: deps.clock.wallMs() };
        tell();
      },
      ...(lacking && { isWanted: lacking.weather }),
      nextMs: (nowMs) => nowMs + everyMs,
    });
    ends.push(end);
  }
  if (prices !== undefined) {
    const feed = new Feed(priceRecipe(prices, place), ports, everyMs);
    const published = publicationOf(prices, place);
    const end = watchFeed(feed, deps, {
      what: 'prices',
      take(value) {
        if (value.currency !== site.currency) {
          return `its prices are in ${value.currency}, the site's in ${site.currency}`;
        }
        known.market = { name: feed.recipe.name, prices: value };
        tell();
        return undefined;
      },
      ...(lacking && { isWanted: lacking.prices }),
      nextMs(nowMs) {
        if (published === undefined) return nowMs + everyMs;
        const untilMs = knownUntil(known.market.prices, nowMs);
        return nextPricesMs(nowMs, untilMs, published, everyMs, spread(site.gateway));
      },
    });
    ends.push(end);
  }
  return () => {
    for (const end of ends) end();
  };
}

function knownUntil(prices: Prices | undefined, nowMs: Instant): Instant {
  let atMs = Math.floor(nowMs / QUARTER_MS) * QUARTER_MS;
  while (seriesAt(prices, atMs) !== undefined) atMs += QUARTER_MS;
  return atMs;
}

function forecastOf(site: Site, sky: Known, market: Known, nowMs: Instant): ZoneForecast {
  const { weather, askedAtMs } = sky;
  const keep = <T>(values: readonly T[] = []): T[] => values.slice(0, SLOTS_MAX);
  return {
    v: 1,
    zone: site.zone,
    issuedAtMs: nowMs,
    weather: {
      source: sky.name,
      fromMs: weather?.fromMs ?? nowMs,
      stepMs: weather?.stepMs ?? QUARTER_MS,
      ...(askedAtMs !== undefined && { askedAtMs }),
      ghiWPerM2: keep(weather?.ghiWPerM2),
      ...(weather?.dhiWPerM2 && { dhiWPerM2: keep(weather.dhiWPerM2) }),
      temperatureC: keep(weather?.temperatureC),
      cloudPct: keep(weather?.cloudPct),
    },
    price: {
      source: market.name,
      currency: site.currency,
      ...recent(market.prices, nowMs),
    },
  };
}

/** From a day before on: a CSV may hold years. */
function recent(prices: Prices | undefined, nowMs: Instant) {
  if (prices === undefined) return { fromMs: nowMs, stepMs: QUARTER_MS, priceNanoPerWh: [] };
  const { fromMs, stepMs, priceNanoPerWh } = prices;
  const first = Math.max(0, Math.floor((nowMs - DAY_MS - fromMs) / stepMs));
  const kept = priceNanoPerWh.slice(first, first + SLOTS_MAX);
  return { fromMs: fromMs + first * stepMs, stepMs, priceNanoPerWh: kept };
}
