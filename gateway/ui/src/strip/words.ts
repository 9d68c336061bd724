import { localDayStart } from '../../../contracts/values/time.ts';
import type { DayView } from '../../../contracts/values/view.ts';
import {
  clockTime,
  dayName,
  doing,
  energy,
  percent,
  power,
  price,
  rangeKw,
} from '../../../contracts/values/words.ts';
import type { Cell, Strip } from './model.ts';

/** One moment of the strip, read out. */
export interface Reading {
  readonly when: string;
  readonly parts: readonly { readonly text: string; readonly range?: string }[];
  readonly why: string;
}

const HALF_DAY_MS = 43_200_000;

/** 'Today', 'Tomorrow', 'Yesterday', or the day's name; days of 23 and 25 hours too. */
export function dayWord(fromMs: number, atMs: number, zone: string): string {
  const day = localDayStart(fromMs, zone);
  const today = localDayStart(atMs, zone);
  if (day === today) return 'Today';
  if (day === localDayStart(today + HALF_DAY_MS * 3, zone)) return 'Tomorrow';
  if (day === localDayStart(today - HALF_DAY_MS, zone)) return 'Yesterday';
  return dayName(fromMs, zone, 'short');
}

/** Title of the card: the span of days it shows. */
export function spanTitle(day: DayView, atMs: number, zone: string): string {
  const first = dayWord(day.fromMs, atMs, zone);
  const last = dayWord(day.untilMs - 1, atMs, zone);
  if (first === last) return first;
  const joined = first === 'Today' ? 'and' : 'to';
  return `${first} ${joined} ${last.toLowerCase()}`;
}

function marketWords(day: DayView, cell: Cell, currency: string): string[] {
  return day.market
    .filter(({ fromMs }) => fromMs === cell.fromMs)
    .map((row) => {
      const bought = row.side === 'buy';
      const ordered = `${bought ? 'bid for' : 'offered'} ${energy(row.orderWh)}`;
      if (row.awardedWh === null) {
        const limit = price(row.limitMicroPerKwh, currency, 2);
        return `${ordered} ${bought ? 'up to' : 'from'} ${limit}`;
      }
      if (row.awardedWh === 0) return `${ordered}, nothing awarded`;
      const paidPrice = price(row.priceMicroPerKwh, currency, 2);
      return `${bought ? 'bought' : 'sold'} ${energy(row.awardedWh)} at ${paidPrice}`;
    });
}

function range(lowW: number | undefined, highW: number | undefined): { readonly range?: string } {
  if (lowW === undefined || highW === undefined) return {};
  const ends = [Math.abs(lowW), Math.abs(highW)].sort((a, b) => a - b);
  const text = rangeKw(ends[0] ?? 0, ends[1] ?? 0);
  return text.includes(' to ') ? { range: `(${text})` } : {};
}

interface Context {
  readonly day: DayView;
  readonly strip: Strip;
  readonly atMs: number;
  readonly zone: string;
  readonly currency: string;
}

/** What the line above the strip says of one quarter-hour. */
export function readOut(cell: Cell, { day, strip, atMs, zone, currency }: Context): Reading {
  const time = `${dayWord(cell.fromMs, atMs, zone)} ${clockTime(cell.fromMs, zone)}`;
  const priceText = priceWords(day, cell, currency).map((text) => ({ text }));
  const market = marketWords(day, cell, currency).map((text) => ({ text }));
  const { slot } = cell;
  if (slot === undefined) {
    const why = cell.kind === 'gap' ? 'no data' : 'not planned yet';
    return { when: `${time}, ${why}`, parts: [...priceText, ...market], why: '' };
  }
  const parts: { text: string; range?: string }[] = [];
  if (strip.has.pvW)
    parts.push({ text: `sun ${power(slot.pvW)}`, ...range(slot.pvLowW, slot.pvHighW) });
  if (strip.has.loadW)
    parts.push({ text: `using ${power(slot.loadW)}`, ...range(slot.loadLowW, slot.loadHighW) });
  if (strip.has.batteryW) parts.push({ text: named('battery', doing('battery', slot.batteryW)) });
  if (strip.has.gridW) parts.push({ text: named('grid', doing('grid', slot.gridW)) });
  if (strip.has.socPct) parts.push({ text: `${percent(slot.socPct)} full` });
  return {
    when: `${time}, ${cell.kind}`,
    parts: [...parts, ...priceText, ...market],
    why: slot.why ?? '',
  };
}

/** What a quarter-hour costs; where nobody knows yet, what the plan expects. */
function priceWords(day: DayView, cell: Cell, currency: string): string[] {
  const found = day.prices.find(
    ({ fromMs }) => fromMs <= cell.fromMs && cell.fromMs < fromMs + day.stepMs,
  );
  if (found === undefined) return [];
  const { importNanoPerWh: cost, importForecastNanoPerWh: expected } = found;
  if (cost !== null) return [price(cost, currency)];
  return [
    expected === undefined
      ? `${price(cost, currency)} price`
      : `${price(expected, currency)} expected`,
  ];
}

/** A verb says which place it is; 'resting' and 'unknown' do not. */
function named(place: string, words: string): string {
  return words === 'resting' || words === 'unknown' ? `${place} ${words}` : words;
}

export function spoken(reading: Reading): string {
  const parts = reading.parts.map(({ text, range: likely }) =>
    likely === undefined ? text : `${text} ${likely}`,
  );
  return [reading.when, ...parts, reading.why].filter((part) => part !== '').join(', ');
}
