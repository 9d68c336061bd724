import type { PriceSource, WeatherSource } from '../../../contracts/sources.ts';
import { DAY_MS, HOUR_MS, type Instant, localDayStart } from '../../../contracts/values/time.ts';
import { hostOf } from './answer.ts';
import { parsePriceCsv } from './csv.ts';
import { awattarUrl, energyChartsUrl, parseAwattar, parseEnergyCharts } from './energy-charts.ts';
import { entsoeUrl, parseEntsoe } from './entsoe.ts';
import type { Question, Recipe } from './feed.ts';
import { metNorwayUrl, parseMetNorway } from './met-norway.ts';
import { octopusUrl, parseOctopus } from './octopus.ts';
import { openMeteoUrl, type Place, parseOpenMeteo, type Weather } from './open-meteo.ts';
import type { Prices } from './slots.ts';
import { parseTibber, TIBBER_QUERY } from './tibber.ts';
import { nextDayStart, type Publication } from './times.ts';

/** Of whose weather and prices the talk is. */
export interface SourcePlace extends Place {
  readonly timeZone: string; // days of the price source
}

export function weatherRecipe(config: WeatherSource, place: Place): Recipe<Weather> {
  const name = hostOf(config.url);
  if (config.source === 'met-norway') {
    const headers = { 'user-agent': `edgewatt/1 ${config.contact}` };
    return {
      name,
      question: () => ({ url: metNorwayUrl(config.url, place), headers }),
      read: (body) => parseMetNorway(body, place),
    };
  }
  const keyOf = (key: string) => (config.keyFile === undefined ? undefined : key);
  return {
    name,
    keyFile: config.keyFile,
    question: (_nowMs, key) => ({ url: openMeteoUrl(config.url, place, keyOf(key)) }),
    past(fromMs, untilMs, key) {
      const days = { past: Math.ceil((untilMs - fromMs) / DAY_MS), ahead: 1 };
      return { url: openMeteoUrl(config.url, place, keyOf(key), days) };
    },
    read: parseOpenMeteo,
  };
}

/** The days before, of and after an instant: what was missed, what is, what comes. */
function daysAround(nowMs: Instant, timeZone: string): readonly [Instant, Instant] {
  const fromMs = localDayStart(localDayStart(nowMs, timeZone) - DAY_MS / 2, timeZone);
  return [fromMs, nextDayStart(nextDayStart(nowMs, timeZone), timeZone)];
}

export function priceRecipe(config: PriceSource, place: SourcePlace): Recipe<Prices> {
  const { timeZone } = place;
  const named = (recipe: Omit<Recipe<Prices>, 'name'>): Recipe<Prices> => ({
    ...recipe,
    name: 'url' in config && config.url !== undefined ? hostOf(config.url) : 'file',
  });
  const over = (question: (fromMs: Instant, untilMs: Instant, key: string) => Question) => ({
    question: (nowMs: Instant, key: string) => question(...daysAround(nowMs, timeZone), key),
    past: question,
  });
  switch (config.source) {
    case 'entsoe':
      return named({
        ...over((from, until, key) => ({
          url: entsoeUrl(config.url, config.area, key, from, until),
          headers: { accept: 'application/xml, text/xml' },
        })),
        keyFile: config.keyFile,
        read: (body) => parseEntsoe(body, config.area),
      });
    case 'energy-charts':
      return named({
        ...over((from, until) => ({
          url: energyChartsUrl(config.url, config.biddingZone, timeZone, from, until - 1),
        })),
        read: parseEnergyCharts,
      });
    case 'awattar':
      return named({
        ...over((from, until) => ({ url: awattarUrl(config.url, from, until) })),
        read: parseAwattar,
      });
    case 'octopus':
      return named({
        ...over((from, until) => ({
          url: octopusUrl(config.url, config.product, config.region, from, until),
        })),
        read: (body) => parseOctopus(body, config.vat),
      });
    case 'tibber':
      return named({
        question: (_nowMs: Instant, key: string) => ({
          url: config.url,
          body: TIBBER_QUERY,
          headers: { authorization: `Bearer ${key}` },
        }),
        keyFile: config.keyFile,
        read: (body) => parseTibber(body, config.part, config.home),
      });
    case 'csv':
      return named({
        question: () => ({ url: config.url ?? '', headers: { accept: 'text/csv' } }),
        file: config.file,
        ...(config.file !== undefined && { past: () => ({ url: '' }) }), // it holds what it holds
        read: parsePriceCsv,
      });
  }
}

const NOON = 12 * 60;

/** When tomorrow's prices of a source come out, by its market's clock; a CSV has no such time. */
export function publicationOf(
  { source }: PriceSource,
  { timeZone }: SourcePlace,
): Publication | undefined {
  if (source === 'csv') return undefined;
  if (source === 'octopus') {
    const hours = { fromMinute: NOON + 235, untilMinute: NOON + 480 };
    return { timeZone: 'Europe/London', ...hours, shortMs: HOUR_MS }; // the day of Central Europe
  }
  return { timeZone, fromMinute: NOON + 50, untilMinute: NOON + 180, shortMs: 0 };
}
