import { HOUR_MS } from '../../gateway/contracts/values/time.ts';
import { clockSeconds } from '../../gateway/contracts/values/words.ts';
import type { Anchors, Compare } from './types.ts';

/** A line that is none of ours: what is wrong and how it is written. */
export class Unclear extends Error {
  readonly mend: string;

  constructor(what: string, mend: string) {
    super(what);
    this.name = 'Unclear';
    this.mend = mend;
  }
}

const UNITS: Readonly<Record<string, readonly [base: string, factor: number]>> = {
  W: ['W', 1],
  kW: ['W', 1_000],
  Wh: ['Wh', 1],
  kWh: ['Wh', 1_000],
  '%': ['Pct', 1],
  A: ['A', 1],
  V: ['V', 1],
  Hz: ['Hz', 1],
  C: ['C', 1],
  degC: ['C', 1],
};
const NUMBER = '[+-]?\\d[\\d_,]*(?:\\.\\d+)?';
const UNIT = '(?:kWh|Wh|kW|W|%|A|V|Hz|degC|C)';
const ONE = new RegExp(`^(${NUMBER}) ?(${UNIT})?$`);
const RANGE = new RegExp(`^(${NUMBER}) ?(${UNIT})? ?\\.\\. ?(${NUMBER}) ?(${UNIT})?$`);

const plain = (text: string): number => Number(text.replaceAll(/[_,]/g, ''));

/** '4.2 kW' in W, '60 %' in percent. @param base unit that a name ends in, 'W' of 'powerW' */
export function quantity(text: string, base: string): number {
  const [, number, unit] = ONE.exec(text.trim()) ?? [];
  if (number === undefined) throw new Unclear(`'${text}' is no figure`, 'write one as 4.2 kW');
  return plain(number) * factor(unit, base);
}

function factor(unit: string | undefined, base: string): number {
  const [of, by] = unit === undefined ? [base, 1] : (UNITS[unit] ?? ['', 1]);
  if (of === base) return by;
  const ours = Object.keys(UNITS).filter((one) => UNITS[one]?.[0] === base);
  const mend = ours.length > 0 ? `write ${ours.join(' or ')}` : 'write a plain number';
  throw new Unclear(`'${unit}' is no unit here`, mend);
}

const BOUNDS: Readonly<Record<string, readonly [low: boolean, high: boolean]>> = {
  'at least': [true, false],
  above: [true, false],
  'at most': [false, true],
  below: [false, true],
};

/** 'within -5..0 kW', 'at most 4.2 kW', 'above 50 %', 'none'. */
export function compare(text: string, base: string): Compare {
  if (text === 'none' || text === 'no') return { low: 0, high: 0 };
  const [, word = '', rest = ''] =
    /^(within|at least|at most|above|below|is) (.+)$/.exec(text) ?? [];
  const mend = 'write within A..B, at least A, at most A, above A or below A';
  if (word === 'within') {
    const [, from, unitA, to, unitB] = RANGE.exec(rest) ?? [];
    if (from === undefined || to === undefined) throw new Unclear(`'${rest}' is no range`, mend);
    const range = {
      low: plain(from) * factor(unitA ?? unitB, base),
      high: plain(to) * factor(unitB ?? unitA, base),
    };
    if (range.low <= range.high) return range;
    throw new Unclear(`'${rest}' is empty`, 'put the lower figure first');
  }
  if (word === 'is') return { low: quantity(rest, base), high: quantity(rest, base) };
  const bound = BOUNDS[word];
  if (bound === undefined) throw new Unclear(`'${text}' compares nothing`, mend);
  const value = quantity(rest, base);
  // 'above' and 'below' leave the figure itself out, by less than any register resolves.
  const open = word === 'above' ? 1e-9 : word === 'below' ? -1e-9 : 0;
  return {
    low: bound[0] ? value + open : Number.NEGATIVE_INFINITY,
    high: bound[1] ? value + open : Number.POSITIVE_INFINITY,
  };
}

const SPANS_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  min: 60_000,
  h: 3_600_000,
};
export const SPAN = '\\d+(?:\\.\\d+)? ?(?:ms|s|min|h)';

/** '30 s', '1.5min', '2 h' in ms. */
export function span(text: string): number {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?) ?(ms|s|min|h)$/.exec(text.trim()) ?? [];
  if (number !== undefined) return Number(number) * (SPANS_MS[unit] ?? 1);
  throw new Unclear(`'${text}' is no span of time`, 'write 30 s, 5 min or 2 h');
}

/** What a time of the file is read against. */
export interface TimeFrame {
  readonly startMs: number;
  readonly untilMs: number;
  readonly timeZone: string;
  readonly anchors: Anchors;
}

const help = (frame: TimeFrame): string => {
  const names = [...frame.anchors.keys()];
  const named = names.length > 0 ? `, or ${names.join(', ')}` : '';
  return `write 12:05, 12:05:30, +5 min, start, end${named}`;
};

/** '12:05:30' on the site's clock, '+5 min' since the start, 'outage', 'outage ends', 'end'. */
export function instant(text: string, frame: TimeFrame): number {
  const word = text.trim();
  if (word === 'start') return frame.startMs;
  if (word === 'end') return frame.untilMs;
  const later = new RegExp(`^(${SPAN}) (after|before) (.+)$`).exec(word);
  if (later !== null) {
    const [, length = '', side, base = ''] = later;
    return instant(base, frame) + (side === 'after' ? 1 : -1) * span(length);
  }
  if (word.startsWith('+')) return inRun(frame.startMs + span(word.slice(1)), word, frame);
  const clock = /^(\d\d):(\d\d)(?::(\d\d))?$/.exec(word);
  if (clock !== null) return inRun(onClock(clock, frame), word, frame);
  const [, name = '', isEnd] = /^(\S+)( ends?)?$/.exec(word) ?? [];
  const anchor = frame.anchors.get(name);
  if (anchor === undefined) throw new Unclear(`'${word}' is no time of this run`, help(frame));
  return isEnd === undefined ? anchor.fromMs : anchor.untilMs;
}

function inRun(atMs: number, word: string, frame: TimeFrame): number {
  if (atMs >= frame.startMs && atMs <= frame.untilMs) return atMs;
  const from = clockSeconds(frame.startMs, frame.timeZone);
  const until = clockSeconds(frame.untilMs, frame.timeZone);
  throw new Unclear(`${word} lies outside of the run`, `choose from ${from} to ${until}`);
}

/** The first time after the start that the site's clock shows so, also over a clock change. */
function onClock(parts: RegExpExecArray, frame: TimeFrame): number {
  const [, hour = '00', minute = '00', second = '00'] = parts;
  const wanted = `${hour}:${minute}:${second}`;
  const secondsOf = (text: string): number =>
    text.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
  const startS = secondsOf(clockSeconds(frame.startMs, frame.timeZone));
  const nearMs = frame.startMs + ((secondsOf(wanted) - startS + 86_400) % 86_400) * 1_000;
  const tries = [0, -HOUR_MS, HOUR_MS].map((shiftMs) => nearMs + shiftMs);
  const shows = (atMs: number): boolean => clockSeconds(atMs, frame.timeZone) === wanted;
  return tries.find((atMs) => atMs >= frame.startMs && shows(atMs)) ?? nearMs;
}
