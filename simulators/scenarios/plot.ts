import { clockSeconds, clockTime } from '../../gateway/contracts/values/words.ts';
import { axis, decimated, escaped, type Pane, polyline, timeTicks } from './drawing.ts';
import { failedOf, type Outcome } from './report.ts';
import type { Sample, Scenario } from './types.ts';

/** Colour means energy; state is a word and a shape (the page's own design). */
const INK = { text: '#15202B', second: '#46525E', note: '#606B76', line: '#E5E3DB' };
const HUE = {
  grid: '#2A62B9',
  pv: '#EAAA1F',
  battery: '#00936F',
  load: '#3A444F',
  limit: '#A34E8E',
  alarm: '#C43E18',
};
const MODES: Readonly<Record<string, string>> = {
  trading: '#D5E2F4',
  planning: '#A9C3E8',
  rules: '#E6DFC8',
  holding: '#F3D9A4',
  safe: '#F2B7A5',
  silent: '#DAD8D0',
};

const WIDTH = 1_120;
const LEFT = 76;
const RIGHT = 188;
const POWER: Pane = { x: LEFT, y: 92, width: WIDTH - LEFT - RIGHT, height: 290 };
const SOC: Pane = { ...POWER, y: 410, height: 74 };
const STRIP = { y: 500, height: 22 };
const FONT = 'font-family="Inter, \'Helvetica Neue\', Arial, sans-serif"';

interface Series {
  readonly key: string;
  readonly label: string;
  readonly hue: string;
  readonly dash?: string;
  readonly boldPx?: number;
}

/** SVG of a run: powers, limits, SoC, mode; faults shaded, failed expectations marked. */
export function plot(outcome: Outcome): string {
  const { scenario, recording, verdicts } = outcome;
  const { samples } = recording;
  const x = (atMs: number): number =>
    POWER.x + (POWER.width * (atMs - scenario.startMs)) / (scenario.untilMs - scenario.startMs);
  const series = seriesOf(scenario, samples);
  const judged = verdicts.filter(({ line }) => line > 0);
  const listY = STRIP.y + STRIP.height + 48;
  const height = listY + judged.length * 20 + 22;
  const body = [
    `<rect width="${WIDTH}" height="${height}" fill="#FFFFFF"/>`,
    ...head(outcome),
    ...shades(scenario, x),
    ...powers(samples, series, x),
    ...socs(scenario, samples, x),
    ...strip(samples, scenario, x),
    ...times(scenario, x),
    ...marks(outcome, x),
    ...judged.flatMap((one, n) => row(one, n, listY + n * 20, scenario)),
  ];
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" ` +
    `width="${WIDTH}" height="${height}" ${FONT} font-size="12" fill="${INK.second}" role="img">` +
    `<title>${escaped(scenario.title)}</title>\n${body.join('\n')}\n</svg>\n`
  );
}

const text = (x: number, y: number, words: string, more = ''): string =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${more}>${escaped(words)}</text>`;

function head(outcome: Outcome): string[] {
  const { scenario, verdicts } = outcome;
  const failed = failedOf(outcome);
  const result = failed === 0 ? 'passed' : `${failed} of ${verdicts.length} failed`;
  const hue = failed === 0 ? INK.text : HUE.alarm;
  return [
    text(LEFT, 34, scenario.title, `font-size="19" font-weight="600" fill="${INK.text}"`),
    text(LEFT, 56, `${scenario.name}, ${scenario.site.name}, seed ${scenario.seed}`),
    text(WIDTH - 20, 34, result, `text-anchor="end" font-weight="600" fill="${hue}"`),
    text(
      LEFT - 56,
      POWER.y - 12,
      'kW; above the line: into the busbar (buying, producing, discharging), below: out of it',
      `fill="${INK.note}"`,
    ),
  ];
}

function seriesOf(scenario: Scenario, samples: readonly Sample[]): Series[] {
  const { site } = scenario;
  const connection = site.connections[0]?.id ?? 'grid';
  const known = new Set(samples.flatMap(({ values }) => Object.keys(values)).slice(0, 500));
  const places = site.terminals
    .filter(({ id, kind }) => kind !== 'converter' && known.has(`${id}.powerW`))
    .map(({ id, name, kind }, n): Series => {
      const hue = kind === 'pv' ? HUE.pv : kind === 'battery' ? HUE.battery : HUE.load;
      const isLater = site.terminals.findIndex((one) => one.kind === kind) < n && kind !== 'pv';
      return { key: `${id}.powerW`, label: name, hue, ...(isLater && { dash: '6 3' }) };
    });
  const offered = site.terminals
    .filter(({ id }) => known.has(`${id}.availableW`))
    .map(
      ({ id }): Series => ({
        key: `${id}.availableW`,
        label: 'sun offers',
        hue: HUE.pv,
        dash: '2 4',
      }),
    );
  const grid: Series = { key: `${connection}.powerW`, label: 'Grid', hue: HUE.grid, boldPx: 2.4 };
  return [...offered, ...places, grid];
}

/** Limits as the gateway has them: import above, export below the line; far ones are left out. */
const LIMITS = [
  ['importLimitW', 1, 'import limit'],
  ['exportLimitW', -1, 'export limit'],
] as const;

function powers(
  samples: readonly Sample[],
  series: readonly Series[],
  x: (atMs: number) => number,
): string[] {
  const lines = series.map((one) => ({
    ...one,
    points: samples.map(({ atMs, values }) => ({ atMs, value: values[one.key] })),
  }));
  const values = lines.flatMap(({ points }) => points.flatMap(({ value }) => value ?? []));
  const mostW = values.reduce((most, value) => Math.max(most, Math.abs(value)), 1_000);
  const low = Math.min(0, ...minMax(values)) - 0.06 * mostW;
  const high = Math.max(0, ...minMax(values)) + 0.06 * mostW;
  const limits = LIMITS.map(([name, sign, label]) => ({
    key: name,
    label,
    hue: HUE.limit,
    dash: '7 4',
    points: samples.map(({ atMs, facts }) => {
      const limitW = facts?.[name];
      const isNear = limitW !== undefined && limitW <= 1.25 * mostW;
      return { atMs, value: isNear ? sign * limitW : undefined };
    }),
  })).filter(({ points }) => points.some(({ value }) => value !== undefined));
  const reach = limits.flatMap(({ points }) => points.flatMap(({ value }) => value ?? []));
  const [lowW, highW] = [Math.min(low, ...minMax(reach)), Math.max(high, ...minMax(reach))];
  const y = (w: number): number =>
    POWER.y + (POWER.height * (highW + 0.03 * mostW - w)) / (highW - lowW + 0.06 * mostW);
  const drawn = [...limits, ...lines].map((one) => {
    const width = 'boldPx' in one && one.boldPx !== undefined ? one.boldPx : 1.6;
    const dash = one.dash === undefined ? '' : ` stroke-dasharray="${one.dash}"`;
    return polyline(
      decimated(one.points),
      x,
      y,
      `stroke="${one.hue}" stroke-width="${width}"${dash}`,
    );
  });
  return [
    ...axis(POWER, lowW, highW, y, 1_000, INK),
    ...drawn,
    ...labels([...limits, ...lines], y, POWER.y + POWER.height),
  ];
}

const minMax = (values: readonly number[]): number[] =>
  values.length === 0
    ? []
    : [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))];

/** Names at the right edge, at the height where their lines end, pushed apart. */
function labels(
  lines: readonly {
    readonly label: string;
    readonly hue: string;
    readonly points: readonly { readonly value: number | undefined }[];
  }[],
  y: (w: number) => number,
  bottom: number,
): string[] {
  const ends = lines
    .map(({ label, hue, points }) => ({
      label,
      hue,
      value: points.findLast(({ value }) => value !== undefined)?.value ?? 0,
    }))
    .map((one) => ({ ...one, at: y(one.value) }))
    .sort((a, b) => a.at - b.at);
  let before = POWER.y - 8;
  const placed = ends.map((one) => {
    before = Math.max(one.at, before + 16);
    return { ...one, at: before };
  });
  const over = Math.max(0, before - bottom - 6);
  return placed.map(({ label, hue, value, at }) => {
    const words = `${label} ${(Math.abs(value) / 1_000).toFixed(1)}`; // the place says which way
    const dark = hue === HUE.pv ? '#835600' : hue;
    return text(POWER.x + POWER.width + 8, at - over + 4, words, `fill="${dark}"`);
  });
}

function socs(
  scenario: Scenario,
  samples: readonly Sample[],
  x: (atMs: number) => number,
): string[] {
  const y = (pct: number): number => SOC.y + (SOC.height * (100 - pct)) / 100;
  const stores = scenario.site.stores.flatMap(({ terminal, reservePct, socMinPct, socMaxPct }) => {
    const points = samples.map(({ atMs, values }) => ({
      atMs,
      value: values[`${terminal}.socPct`],
    }));
    if (!points.some(({ value }) => (value ?? 0) > 0)) return [];
    const last = points.at(-1)?.value ?? 0;
    const low = Math.max(reservePct, socMinPct);
    return [
      `<rect x="${SOC.x}" y="${y(socMaxPct)}" width="${SOC.width}" ` +
        `height="${y(low) - y(socMaxPct)}" fill="${HUE.battery}" opacity="0.07"/>`,
      polyline(decimated(points), x, y, `stroke="${HUE.battery}" stroke-width="1.8"`),
      text(SOC.x + SOC.width + 8, y(last) + 4, `${last.toFixed(0)} % full`, 'fill="#006E53"'),
    ];
  });
  if (stores.length === 0) return [];
  return [
    ...axis(SOC, 0, 100, y, 1, INK, [0, 50, 100]),
    ...stores,
    text(SOC.x - 56, SOC.y - 10, 'SoC %', `fill="${INK.note}"`),
  ];
}

/** Mode and flags as a strip of words. */
function strip(
  samples: readonly Sample[],
  { untilMs, startMs }: Scenario,
  x: (atMs: number) => number,
): string[] {
  const spans: { word: string; fromMs: number; untilMs: number }[] = [];
  for (const { atMs, facts } of samples) {
    const word = facts === undefined ? 'silent' : [facts.mode, ...facts.flags].join(', ');
    const last = spans.at(-1);
    if (last?.word === word) last.untilMs = atMs;
    else spans.push({ word, fromMs: last?.untilMs ?? startMs, untilMs: atMs });
  }
  if (spans.every(({ word }) => word === 'silent')) return [];
  return spans.flatMap(({ word, fromMs, untilMs: endMs }) => {
    const from = x(fromMs);
    const width = x(Math.min(endMs, untilMs)) - from;
    const fill = MODES[word.split(',')[0] ?? ''] ?? '#DAD8D0';
    const box =
      `<rect x="${from.toFixed(1)}" y="${STRIP.y}" width="${Math.max(1, width).toFixed(1)}" ` +
      `height="${STRIP.height}" fill="${fill}"/>`;
    const fits = width > word.length * 6.6 + 8;
    return fits ? [box, text(from + 6, STRIP.y + 15, word, `fill="${INK.text}"`)] : [box];
  });
}

/** What happens by itself or by order: shaded while it lasts, a line where it is an instant. */
function shades({ acts, untilMs }: Scenario, x: (atMs: number) => number): string[] {
  const bottom = STRIP.y + STRIP.height;
  const shown = acts.filter(({ does, atMs, text: words }) => {
    return (
      does.kind !== 'ramp' && !(does.kind === 'set' && /state=1$/.test(words)) && atMs < untilMs
    );
  });
  let lastEnd = 0;
  let level = 0;
  return shown.flatMap(({ does, atMs, untilMs: endMs, text: words }) => {
    const isOrder = does.kind === 'limit' || does.kind === 'heartbeat';
    const hue = isOrder ? HUE.limit : HUE.alarm;
    const from = x(atMs);
    const width = x(Math.min(endMs, untilMs)) - from;
    level = from < lastEnd ? (level + 1) % 3 : 0;
    lastEnd = Math.max(from < lastEnd ? lastEnd : 0, from + words.length * 5.6 + 8);
    const label = text(from + 4, POWER.y + 12 + level * 14, words, `font-size="11" fill="${hue}"`);
    const down = `M${from.toFixed(1)} ${POWER.y}V${bottom}`;
    const line = `<path d="${down}" stroke="${hue}" stroke-opacity="0.55"/>`;
    if (width < 1) return [line, label];
    const box =
      `<rect x="${from.toFixed(1)}" y="${POWER.y}" width="${width.toFixed(1)}" ` +
      `height="${bottom - POWER.y}" fill="${hue}" opacity="${isOrder ? 0.05 : 0.1}"/>`;
    return [box, line, label];
  });
}

function times(scenario: Scenario, x: (atMs: number) => number): string[] {
  const { startMs, untilMs, site } = scenario;
  return timeTicks(startMs, untilMs).map((atMs) =>
    text(
      x(atMs),
      STRIP.y + STRIP.height + 18,
      clockTime(atMs, site.place.timeZone),
      `text-anchor="middle" fill="${INK.note}"`,
    ),
  );
}

/** A triangle where an expectation failed, with its number in the list below. */
function marks({ verdicts, scenario }: Outcome, x: (atMs: number) => number): string[] {
  return verdicts.flatMap((one, n) => {
    if (one.status !== 'failed') return [];
    const at = x(Math.min(one.atMs ?? one.untilMs, scenario.untilMs));
    const y = POWER.y + POWER.height + 4;
    const number = text(at, y + 19, String(n + 1), `text-anchor="middle" fill="${HUE.alarm}"`);
    return [
      `<path d="M${at.toFixed(1)} ${y}l5 8h-10z" fill="${HUE.alarm}"/>`,
      one.line === 0 ? '' : number,
    ];
  });
}

function row(one: Outcome['verdicts'][number], n: number, y: number, { site }: Scenario): string[] {
  const at = one.atMs === undefined ? '' : `, ${clockSeconds(one.atMs, site.place.timeZone)}`;
  const isFailed = one.status === 'failed';
  const hue = isFailed ? HUE.alarm : INK.second;
  const dot = one.status === 'passed' ? INK.note : 'none';
  const centre = `cx="${LEFT + 5}" cy="${y - 5}" r="3.4"`;
  const mark = isFailed
    ? `<path d="M${LEFT} ${y - 1}l5 -9l5 9z" fill="${HUE.alarm}"/>`
    : `<circle ${centre} fill="${dot}" stroke="${INK.note}"/>`;
  const words = `${one.when}: ${one.text}`;
  const found = `${one.found}${at}`;
  return [
    mark,
    text(LEFT - 12, y, String(n + 1), `text-anchor="end" fill="${INK.note}"`),
    text(LEFT + 18, y, words.slice(0, 92), `fill="${isFailed ? HUE.alarm : INK.text}"`),
    text(WIDTH - 20, y, found.slice(0, 68), `text-anchor="end" fill="${hue}"`),
  ];
}
