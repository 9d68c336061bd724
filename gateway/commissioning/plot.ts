import type { PlotLine } from '../contracts/values/commissioning.ts';
import { doing, figure } from '../contracts/values/words.ts';
import { escaped } from './escape.ts';

/**
 * One small plot a place: what it measured, over the shape of what was asked at the same scale.
 * Plain SVG, one colour and one dash pattern each, with its figures in words.
 */
const WIDTH = 640;
const HEIGHT = 120;
const TOP = 8;
const BOTTOM = 16;
const MINUTE_MS = 60_000;
const RANGE_MIN_W = 100;
const END = ' text-anchor="end"';

interface Scale {
  readonly x: (atMs: number) => number;
  readonly y: (powerW: number) => number;
}

const round = (value: number): number => Math.round(value * 10) / 10;

/** Lines break where nothing was read. */
function path({ atMs, powerW }: Pick<PlotLine, 'atMs' | 'powerW'>, { x, y }: Scale): string {
  let isDown = false;
  const parts: string[] = [];
  powerW.forEach((value, index) => {
    if (value === null) {
      isDown = false;
      return;
    }
    parts.push(`${isDown ? 'L' : 'M'}${round(x(atMs[index] ?? 0))} ${round(y(value))}`);
    isDown = true;
  });
  return parts.join('');
}

const known = (line: PlotLine): number[] =>
  line.powerW.flatMap((value) => (value === null ? [] : [value]));

/** The level below which a share of the values lies. */
function levelAt(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
}

/**
 * What should have been seen: what was asked, turned where the place lies upstream, from where it
 * stood. A production limit that is fully open asks nothing; what it cuts is cut from `ownW`.
 */
export function expectedOf(
  line: PlotLine,
  asked: PlotLine | undefined,
  own: PlotLine | undefined,
  turned: 1 | -1,
): PlotLine | undefined {
  if (asked === undefined) return undefined;
  const openW = known(asked)[0] ?? 0;
  if (line.role === 'own' && openW === 0) return asked;
  const stoodW = levelAt(known(line), 0.5);
  const ownW = openW === 0 || own === undefined ? 0 : levelAt(known(own), 0.8);
  const openAtW = levelAt(known(line), turned === 1 ? 0.8 : 0.2);
  const atW = line.role === 'own' ? ownW : openW === 0 ? stoodW : openAtW;
  const powerW = asked.powerW.map((value) =>
    value === null ? null : value === openW ? atW : atW + turned * (value - ownW),
  );
  return { ...asked, powerW };
}

function ticks(endMs: number): number[] {
  const every = endMs > 16 * MINUTE_MS ? 5 : endMs > 6 * MINUTE_MS ? 2 : 1;
  const found: number[] = [];
  for (let minute = 0; minute * MINUTE_MS <= endMs; minute += every) found.push(minute);
  return found;
}

function rangeWords({ place }: PlotLine, values: readonly number[]): string {
  const least = doing(place, Math.min(...values));
  const most = doing(place, Math.max(...values));
  return least === most ? most : `between ${least} and ${most}`;
}

/** @param behind  what should have been seen; undefined where nothing should */
export function plot(line: PlotLine, behind: PlotLine | undefined): string {
  const values = known(line);
  if (values.length === 0) return '';
  const endMs = Math.max(1, line.atMs.at(-1) ?? 1, behind?.atMs.at(-1) ?? 1);
  const inRange = behind === undefined ? [] : known(behind);
  const low = Math.min(...values, ...inRange);
  const high = Math.max(...values, ...inRange);
  const middleW = (low + high) / 2;
  const halfW = Math.max(RANGE_MIN_W, high - low) / 2;
  const scale: Scale = {
    x: (atMs) => (atMs / endMs) * WIDTH,
    y: (powerW) => TOP + ((middleW + halfW - powerW) / (2 * halfW)) * (HEIGHT - TOP - BOTTOM),
  };
  const grid = ticks(endMs)
    .map((minute) => {
      const x = round(scale.x(minute * MINUTE_MS));
      return (
        `<path class="tick" d="M${x} ${TOP}V${HEIGHT - BOTTOM}"/>` +
        `<text x="${x}" y="${HEIGHT - 3}"${x > 0.9 * WIDTH ? END : ''}>${figure(minute)} min</text>`
      );
    })
    .join('');
  const range = rangeWords(line, values);
  const words = escaped(`${line.label}: ${range}`);
  return `<figure class="plot">
<figcaption><b>${escaped(line.label)}</b> <span>${escaped(range)}</span></figcaption>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${words}">${grid}${
    behind === undefined ? '' : `<path class="asked" d="${path(behind, scale)}"/>`
  }<path class="seen ${line.place}" d="${path(line, scale)}"/></svg>
</figure>`;
}
