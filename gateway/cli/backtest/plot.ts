import type { BacktestResult } from './report.ts';
import { type ControllerName, fromOf, scoreOf, type WindowResult } from './score.ts';

const INK = { text: '#15202B', note: '#606B76', line: '#E5E3DB' };
const HUES: readonly (readonly [ControllerName, string])[] = [
  ['self', '#A9C3E8'],
  ['tou', '#E0B64F'],
  ['fixed', '#A34E8E'],
  ['ours', '#00936F'],
];
const WIDTH = 1_000;
const LEFT = 64;
const BARS = { y: 70, height: 240 };
const TRACE = { y: 400, height: 170 };
const STORE = { y: 610, height: 90 };
const HEIGHT = 750;
const SHOWN_HOURS = 7 * 24;

const escaped = (words: string): string =>
  words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
const text = (x: number, y: number, words: string, more = `fill="${INK.note}"`): string =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${more}>${escaped(words)}</text>`;

/** Share of the possible saving by window as bars, and the first week of the first window. */
export function plotOf(result: BacktestResult): string {
  const [first] = result.windows;
  const body = [
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#FFFFFF"/>`,
    text(
      LEFT,
      32,
      `${result.set}: share of the possible saving`,
      `font-size="18" fill="${INK.text}"`,
    ),
    ...bars(result),
    ...(first === undefined ? [] : [...trace(first), ...stored(first)]),
  ];
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" ` +
    `height="${HEIGHT}" font-family="Helvetica, Arial, sans-serif" font-size="12" role="img">\n` +
    `${body.join('\n')}\n</svg>\n`
  );
}

/** 0 to 100 %; what is below zero is cut off, and its figure says so. */
function bars({ windows, names }: BacktestResult): string[] {
  const shown = HUES.filter(([name]) => names.includes(name));
  const slotPx = (WIDTH - LEFT - 20) / Math.max(1, windows.length);
  const barPx = (0.8 * slotPx) / Math.max(1, shown.length);
  const y = (pct: number): number => BARS.y + BARS.height * (1 - pct / 100);
  const axis = [0, 50, 100].flatMap((pct) => [
    `<path d="M${LEFT} ${y(pct)}H${WIDTH - 20}" stroke="${INK.line}"/>`,
    text(LEFT - 34, y(pct) + 4, `${pct} %`),
  ]);
  const drawn = windows.flatMap((window, n) =>
    shown.flatMap(([name, hue], m) => {
      const pct = scoreOf([window], name).capturedPct;
      if (pct === undefined) return [];
      const x = LEFT + n * slotPx + 0.1 * slotPx + m * barPx;
      const top = y(Math.min(100, Math.max(0, pct)));
      const title = `${window.site} ${fromOf(window)} ${name}: ${pct.toFixed(1)} %`;
      return [
        `<rect x="${x.toFixed(1)}" y="${top.toFixed(1)}" width="${(barPx * 0.92).toFixed(1)}" ` +
          `height="${(y(0) - top).toFixed(1)}" fill="${hue}">` +
          `<title>${escaped(title)}</title></rect>`,
      ];
    }),
  );
  const below = windows.map((window, n) =>
    text(LEFT + (n + 0.1) * slotPx, y(0) + 16, labelOf(window, slotPx)),
  );
  const keys = shown.map(([name, hue], n) =>
    text(WIDTH - 260 + n * 64, 54, name, `fill="${hue}" font-weight="600"`),
  );
  return [...axis, ...drawn, ...below, ...keys];
}

const labelOf = (window: WindowResult, slotPx: number): string => {
  const words = `${window.site} ${fromOf(window).slice(0, 7)}`;
  return slotPx > words.length * 6.6 ? words : '';
};

/** Power at the grid, without a battery and with ours, + import. */
function trace(window: WindowResult): string[] {
  const { none, ours } = window.runs;
  if (none === undefined || ours === undefined) return [];
  const hours = window.hours / Math.max(1, none.gridWh.length + window.unknownSteps);
  const count = Math.min(none.gridWh.length, Math.round(SHOWN_HOURS / hours));
  const kw = [none, ours].map(({ gridWh }) =>
    gridWh.slice(0, count).map((wh) => wh / hours / 1_000),
  );
  const all = [0, ...kw.flat()];
  const low = all.reduce((a, b) => Math.min(a, b));
  const high = all.reduce((a, b) => Math.max(a, b));
  const y = (value: number): number =>
    TRACE.y + TRACE.height * (1 - (value - low) / (high - low || 1));
  const figure = (value: number): string => value.toFixed(Math.abs(value) < 10 ? 1 : 0);
  return [
    text(LEFT, TRACE.y - 18, `${window.site} from ${fromOf(window)}: kW at the grid, 7 days`),
    `<path d="M${LEFT} ${y(0).toFixed(1)}H${WIDTH - 20}" stroke="${INK.line}"/>`,
    text(LEFT - 44, y(high) + 4, figure(high)),
    text(LEFT - 44, y(low) + 4, figure(low)),
    line(kw[0] ?? [], y, INK.note, 1),
    line(kw[1] ?? [], y, '#00936F', 1.6),
    text(WIDTH - 250, TRACE.y - 18, 'no battery'),
    text(WIDTH - 160, TRACE.y - 18, 'ours', 'fill="#00936F" font-weight="600"'),
  ];
}

function stored(window: WindowResult): string[] {
  const { ours } = window.runs;
  if (ours === undefined) return [];
  const hours = window.hours / Math.max(1, ours.storedWh.length + window.unknownSteps);
  const values = ours.storedWh.slice(0, Math.round(SHOWN_HOURS / hours));
  const y = (wh: number): number => STORE.y + STORE.height * (1 - wh / window.capacityWh);
  return [
    text(LEFT, STORE.y - 10, `kWh in the store, of ${(window.capacityWh / 1_000).toFixed(1)}`),
    ...[0, window.capacityWh].map(
      (wh) => `<path d="M${LEFT} ${y(wh).toFixed(1)}H${WIDTH - 20}" stroke="${INK.line}"/>`,
    ),
    line(values, y, '#00936F', 1.6),
  ];
}

function line(
  values: readonly number[],
  y: (value: number) => number,
  hue: string,
  width: number,
): string {
  const stepPx = (WIDTH - LEFT - 20) / Math.max(1, values.length - 1);
  const points = values.map(
    (value, n) => `${(LEFT + n * stepPx).toFixed(1)} ${y(value).toFixed(1)}`,
  );
  return `<path d="M${points.join('L')}" fill="none" stroke="${hue}" stroke-width="${width}"/>`;
}
