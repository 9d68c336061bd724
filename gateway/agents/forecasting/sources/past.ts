import {
  DAY_MS,
  HOUR_MS,
  type Instant,
  localDayStart,
  MINUTE_MS,
} from '../../../contracts/values/time.ts';
import type { Clock, Log } from '../../../ports.ts';
import { localSlot } from '../site-series.ts';
import { Feed, type FeedPorts, type Recipe } from './feed.ts';
import type { Weather } from './open-meteo.ts';

/** What is asked for: local days, since 1970-01-01, the last one not included. */
interface Piece {
  readonly fromDay: number;
  readonly untilDay: number;
}

/** Whoever wants earlier days of a source. */
export interface PastTaker<T> {
  readonly what: string; // 'prices of z1', for the log
  readonly timeZone: string; // of its days
  /** Days that are not known, since 1970-01-01, in order. */
  lacking(nowMs: Instant): readonly number[];
  /** @returns how many days are known by it that were not */
  take(value: T): number;
  /** All has come that will, at least some of it. */
  done(): void;
}

const FIRST_MS = 2 * MINUTE_MS; // after a start: what is asked for now comes first
const PAUSE_MS = MINUTE_MS; // between two questions
const PIECE_DAYS = 28; // a page of Octopus has 31
const PIECES_MOST = 16;
const STRIKES_MOST = 3; // answers without a day, and none
const NOON_MS = 12 * HOUR_MS;

/**
 * Asks a source for days that are not known, once after a start: the newest first, a piece a
 * minute, until it has no older ones, fails too often, or enough was asked.
 * @returns the cancel
 */
export function askPast<T>(
  recipe: Recipe<T>,
  ports: FeedPorts,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
  taker: PastTaker<T>,
): () => void {
  let running = true;
  let cancel = (): void => undefined;
  let pieces: Piece[] | undefined;
  let [days, strikes] = [0, 0];
  const end = (): void => {
    if (days === 0) return;
    log.info(`${taker.what}: earlier days came from their source`, { days });
    taker.done();
  };
  const turn = async (): Promise<void> => {
    pieces ??= piecesOf(taker.lacking(clock.wallMs()));
    const piece = pieces[0];
    const question = recipe.past?.bind(recipe);
    if (piece === undefined || question === undefined) return end();
    const startOf = (day: number) => localDayStart(day * DAY_MS + NOON_MS, taker.timeZone);
    const [fromMs, untilMs] = [startOf(piece.fromDay), startOf(piece.untilDay)];
    const one = {
      ...recipe,
      question: (_: Instant, key: string) => question(fromMs, untilMs, key),
    };
    const feed = new Feed(one, ports, PAUSE_MS);
    const told = await feed.ask(clock.wallMs());
    if (!running) return;
    if (told.state === 'new') {
      const found = taker.take(told.value);
      days += found;
      pieces = pieces.slice(1);
      if (found === 0) strikes += 1; // a hole of the market, or the source has no older ones
    } else {
      strikes += 1;
      const why = told.state === 'failed' ? told.why : 'it says nothing';
      log.warn(`${taker.what}: earlier days did not come`, { why });
      if (feed.isForbidden) pieces = [];
    }
    if (strikes >= STRIKES_MOST) pieces = [];
    const restMs = Math.max(PAUSE_MS, feed.earliestMs - clock.wallMs());
    if (pieces.length === 0) end();
    else cancel = clock.at(clock.monoMs() + restMs, () => void turn());
  };
  if (recipe.past !== undefined) {
    cancel = clock.at(clock.monoMs() + FIRST_MS, () => void turn());
  }
  return () => {
    running = false;
    cancel();
  };
}

/** Whoever learns from the weather of days whose sun it knows. */
interface PastSky {
  lacksPastWeather(nowMs: Instant): boolean;
  pastWeather(weather: Weather, nowMs: Instant): void;
}

/** The last four weeks of weather in one question, where anybody learns from them. */
export function pastWeather(
  what: string,
  timeZone: string,
  mostDays: number,
  clock: Clock,
  sky: PastSky,
): PastTaker<Weather> {
  const count = Math.min(PIECE_DAYS, mostDays);
  return {
    ...{ what, timeZone },
    lacking(nowMs) {
      const { day } = localSlot(nowMs, timeZone);
      return sky.lacksPastWeather(nowMs)
        ? Array.from({ length: count }, (_, n) => day - count + n)
        : [];
    },
    take(weather) {
      sky.pastWeather(weather, clock.wallMs());
      return count;
    },
    done: () => undefined, // it is learnt from as it comes
  };
}

/** Days in a row, in pieces of four weeks at most, the newest first. */
function piecesOf(days: readonly number[]): Piece[] {
  const pieces: Piece[] = [];
  for (const day of days.toReversed()) {
    const last = pieces.at(-1);
    const isNext = last !== undefined && last.fromDay === day + 1;
    if (isNext && last.untilDay - day <= PIECE_DAYS) {
      pieces[pieces.length - 1] = { ...last, fromDay: day };
    } else {
      pieces.push({ fromDay: day, untilDay: day + 1 });
    }
  }
  return pieces.slice(0, PIECES_MOST);
}
