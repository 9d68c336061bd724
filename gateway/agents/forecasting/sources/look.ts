import type { PriceSource, WeatherSource } from '../../../contracts/sources.ts';
import { isoMinute } from '../../../contracts/values/stamp.ts';
import { type Instant, MINUTE_MS } from '../../../contracts/values/time.ts';
import { Feed, type FeedPorts, type Recipe } from './feed.ts';
import { priceRecipe, type SourcePlace, weatherRecipe } from './recipes.ts';

export interface Named {
  readonly weather?: WeatherSource | undefined;
  readonly prices?: PriceSource | undefined;
}

/** What a source said when it was asked once. Radiation in W/m2, prices in currency per MWh. */
export type Look = { readonly what: string; readonly source: string; readonly from: string } & (
  | { readonly state: 'failed'; readonly why: string }
  | {
      readonly state: 'good';
      readonly fromMs: Instant;
      readonly untilMs: Instant;
      readonly stepMs: number;
      readonly knownCount: number;
      readonly unknownCount: number;
      readonly lowest: string; // with its unit
      readonly highest: string;
    }
);

interface Series {
  readonly fromMs: Instant;
  readonly stepMs: number;
  readonly values: readonly (number | null)[];
  readonly unit: string;
}

const LONGEST_MS = MINUTE_MS;

/** Asks each source of a place once. */
export async function lookAt(
  { weather, prices }: Named,
  place: SourcePlace & { readonly currency: string },
  ports: FeedPorts,
  nowMs: Instant,
): Promise<Look[]> {
  const looks: Look[] = [];
  if (weather !== undefined) {
    const recipe = weatherRecipe(weather, place);
    const look = await one('weather', weather.source, recipe, ports, nowMs, (value) => ({
      ...value,
      values: value.ghiWPerM2,
      unit: 'W/m2',
    }));
    looks.push(look);
  }
  if (prices !== undefined) {
    const recipe = priceRecipe(prices, place);
    const look = await one('prices', prices.source, recipe, ports, nowMs, (value) => ({
      ...value,
      values: value.priceNanoPerWh.map((price) => (price === null ? null : price / 1_000)),
      unit: `${value.currency}/MWh`,
    }));
    const wrong = look.state === 'good' && !look.lowest.endsWith(`${place.currency}/MWh`);
    looks.push(
      wrong ? { ...look, state: 'failed', why: `its prices are not in ${place.currency}` } : look,
    );
  }
  return looks;
}

async function one<T>(
  what: string,
  source: string,
  recipe: Recipe<T>,
  ports: FeedPorts,
  nowMs: Instant,
  seriesOf: (value: T) => Series,
): Promise<Look> {
  const head = { what, source, from: recipe.name };
  const told = await new Feed(recipe, ports, LONGEST_MS).ask(nowMs);
  if (told.state === 'failed') return { ...head, state: 'failed', why: told.why };
  if (told.state === 'same') return { ...head, state: 'failed', why: 'it says nothing new' };
  const { fromMs, stepMs, values, unit } = seriesOf(told.value);
  const known = values.filter((value) => value !== null);
  const figure = (value: number): string => `${Number(value.toFixed(2))} ${unit}`;
  return {
    ...head,
    state: 'good',
    ...{ fromMs, untilMs: fromMs + stepMs * values.length, stepMs },
    ...{ knownCount: known.length, unknownCount: values.length - known.length },
    lowest: figure(known.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY)),
    highest: figure(known.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY)),
  };
}

/** A look as a person reads it. */
export function lookLine(look: Look): string {
  const head = `${look.what} from ${look.source} (${look.from})`;
  if (look.state === 'failed') return `${head}: ${look.why}`;
  const span = `${isoMinute(look.fromMs)} to ${isoMinute(look.untilMs)}`;
  const steps = `${look.knownCount} steps of ${look.stepMs / MINUTE_MS} min`;
  const gaps = look.unknownCount === 0 ? '' : `, ${look.unknownCount} not known`;
  return `${head}: ${span}, ${steps}${gaps}, ${look.lowest} to ${look.highest}`;
}
