/** A field of a drawing, px. */
export interface Pane {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Point {
  readonly atMs: number;
  readonly value: number | undefined;
}

/** Text from outside is text. */
export const escaped = (words: string): string =>
  [...words]
    .filter((char) => char >= ' ')
    .join('')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');

const COLUMNS = 700;

/** As many points as pixels: of each column its lowest and its highest, so that no peak is lost. */
export function decimated(points: readonly Point[]): readonly Point[] {
  if (points.length <= 2 * COLUMNS) return points;
  const each = Math.ceil(points.length / COLUMNS);
  const kept: Point[] = [];
  for (let from = 0; from < points.length; from += each) {
    const part = points.slice(from, from + each);
    const known = part.filter(({ value }) => value !== undefined);
    const first = known[0] ?? part[0];
    if (first === undefined) continue;
    const of = (better: (a: number, b: number) => boolean): Point =>
      known.reduce((best, one) => (better(one.value ?? 0, best.value ?? 0) ? one : best), first);
    const ends = [of((a, b) => a < b), of((a, b) => a > b)].sort((a, b) => a.atMs - b.atMs);
    kept.push(...ends);
  }
  return kept;
}

/** Straight lines; where nothing is known there is a gap. */
export function polyline(
  points: readonly Point[],
  x: (atMs: number) => number,
  y: (value: number) => number,
  style: string,
): string {
  let isOpen = false;
  const steps = points.map(({ atMs, value }) => {
    if (value === undefined) {
      isOpen = false;
      return '';
    }
    const step = `${isOpen ? 'L' : 'M'}${x(atMs).toFixed(1)} ${y(value).toFixed(1)}`;
    isOpen = true;
    return step;
  });
  return `<path d="${steps.join('')}" fill="none" stroke-linejoin="round" ${style}/>`;
}

/** Round steps of an axis: 1, 2 or 5 times a power of ten, six at most. */
export function ticks(low: number, high: number): number[] {
  const room = (high - low) / 6;
  let step = 1;
  while (step < room) step *= 10;
  for (const part of [0.1, 0.2, 0.5]) {
    if (step * part >= room) {
      step *= part;
      break;
    }
  }
  const first = Math.ceil(low / step);
  const count = Math.floor(high / step) - first;
  return Array.from({ length: count + 1 }, (_, n) => (first + n) * step);
}

export function axis(
  pane: Pane,
  low: number,
  high: number,
  y: (value: number) => number,
  unitScale: number,
  ink: { readonly line: string; readonly note: string; readonly second: string },
  at: readonly number[] = ticks(low, high),
): string[] {
  return at.flatMap((value) => {
    const height = y(value).toFixed(1);
    const isZero = value === 0;
    const stroke = isZero ? ink.second : ink.line;
    const figure = String(Math.round((100 * Math.abs(value)) / unitScale) / 100);
    return [
      `<path d="M${pane.x} ${height}h${pane.width}" stroke="${stroke}"/>`,
      `<text x="${pane.x - 10}" y="${Number(height) + 4}" text-anchor="end" fill="${ink.note}">` +
        `${figure}</text>`,
    ];
  });
}

const STEPS_MS = [60_000, 120_000, 300_000, 600_000, 900_000, 1_800_000, 3_600_000, 7_200_000];

/** Full minutes and hours, ten at most. */
export function timeTicks(startMs: number, untilMs: number): number[] {
  const stepMs = STEPS_MS.find((step) => (untilMs - startMs) / step <= 12) ?? 14_400_000;
  const first = Math.ceil(startMs / stepMs);
  const count = Math.floor(untilMs / stepMs) - first;
  return Array.from({ length: count + 1 }, (_, n) => (first + n) * stepMs);
}
