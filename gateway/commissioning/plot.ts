import type { PlotLine } from '../contracts/values/commissioning.ts';
import { doing, figure } from '../contracts/values/words.ts';
import { escaped } from './escape.ts';

/**
 * One small plot a place: what it measured, over the shape of what was asked at the same scale.
 * Plain SVG, one colour and one dash pattern each, with its figures in words.
 */
const WIDTH = 640;
const HEIGHT = 96;
const TOP = 8;
const BOTTOM = 16;
const MINUTE_MS = 60_000;
const RANGE_MIN_W = 100;

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

function middle(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}

/** What was asked, moved to where the place stood; a limit that is fully open is left out. */
function shape(asked: PlotLine, restW: number, atW: number): PlotLine {
  const powerW = asked.powerW.map((value) => (value === null ? null : value - restW + atW));
  return { ...asked, powerW };
}

function ticks(endMs: number): number[] {
  const every = endMs > 16 * MINUTE_MS ? 5 : endMs > 6 * MINUTE_MS ? 2 : 1;
  const found: number[] = [];
  for (let minute = 0; minute * MINUTE_MS <= endMs; minute += every) found.push(minute);
  return found;
}

export function plot(line: PlotLine, asked: PlotLine | undefined, turned: 1 | -1): string {
  const values = known(line);
  if (values.length === 0) return '';
  const startMs = 0;
  const endMs = Math.max(1, line.atMs.at(-1) ?? 1, asked?.atMs.at(-1) ?? 1);
  const stoodW = middle(values);
  const askedValues = asked === undefined ? [] : known(asked);
  const restW = askedValues[0] ?? 0;
  const behind =
    asked === undefined || (line.role !== 'own' && restW !== 0)
      ? undefined
      : shape(
          { ...asked, powerW: asked.powerW.map((one) => one && one * turned) },
          restW * turned,
          line.role === 'own' ? restW * turned : stoodW,
        );
  const inRange = behind === undefined ? [] : known(behind);
  const low = Math.min(...values, ...inRange);
  const high = Math.max(...values, ...inRange);
  const middleW = (low + high) / 2;
  const halfW = Math.max(RANGE_MIN_W, high - low) / 2;
  const scale: Scale = {
    x: (atMs) => ((atMs - startMs) / (endMs - startMs)) * WIDTH,
    y: (powerW) => TOP + ((middleW + halfW - powerW) / (2 * halfW)) * (HEIGHT - TOP - BOTTOM),
  };
  const grid = ticks(endMs)
    .map((minute) => {
      const x = round(scale.x(minute * MINUTE_MS));
      return (
        `<path class="tick" d="M${x} ${TOP}V${HEIGHT - BOTTOM}"/>` +
        `<text x="${Math.min(x, WIDTH - 34)}" y="${HEIGHT - 3}">${figure(minute)} min</text>`
      );
    })
    .join('');
  const most = doing(line.place, Math.max(...values));
  const least = doing(line.place, Math.min(...values));
  const words = escaped(`${line.label}: between ${least} and ${most}`);
  return `<figure class="plot">
<figcaption><b>${escaped(line.label)}</b> <span>between ${escaped(least)} and ${escaped(most)}</span></figcaption>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${words}">${grid}${
    behind === undefined ? '' : `<path class="asked" d="${path(behind, scale)}"/>`
  }<path class="seen ${line.place}" d="${path(line, scale)}"/></svg>
</figure>`;
}
