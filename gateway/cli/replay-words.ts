import type { Reading } from '../contracts/values/reading.ts';
import { age, clockSeconds, dayName, NARROW, power, sentence } from '../contracts/values/words.ts';
import type { Replayed } from '../guard/blackbox/replay.ts';
import { table } from './output.ts';

/** Points that a decision hangs on; the others are in the JSON. */
const SHOWN = /\.(powerW|socPct|chargeMaxW|dischargeMaxW|temperatureC|frequencyHz)$/;
const UNITS: readonly (readonly [RegExp, string])[] = [
  [/Pct$/, '%'],
  [/Hz$/, 'Hz'],
  [/C$/, '°C'],
];

function figureOf(name: string, value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return 'unknown';
  if (name.endsWith('W')) return `${value < 0 ? '-' : ''}${power(value)}`;
  const unit = UNITS.find(([form]) => form.test(name))?.[1] ?? '';
  return `${Math.round(value * 10) / 10}${NARROW}${unit}`;
}

function measured({ turn }: Replayed): string {
  const { site } = turn;
  const rows = Object.entries(site.points)
    .filter(([name]) => SHOWN.test(name))
    .map(([name, reading]: [string, Reading]) => {
      const value = reading.quality === 'good' ? reading.value : reading.last;
      return [name, figureOf(name, value), age(site.nowMs - reading.atMs), reading.quality];
    });
  return table([['measured', '+ into the site', 'age', 'quality'], ...rows]);
}

const bound = (powerW: number | undefined): string =>
  powerW === undefined || Number.isNaN(powerW) ? '' : figureOf('W', powerW);

function wished({ cycle }: Replayed): string {
  const rows = cycle.outcome.wishes.map((wish) => [
    wish.authority,
    wish.terminal,
    bound(wish.targetW),
    bound(wish.minW),
    bound(wish.maxW),
    wish.sentence,
  ]);
  if (rows.length === 0) return 'Nobody wished anything.';
  return table([['wished by', 'of', 'target', 'at least', 'at most', 'because'], ...rows]);
}

/** From the wish that won to what the kernel let through. */
function decided({ cycle }: Replayed): string {
  const { findings, proposals } = cycle.outcome;
  const rows = findings.map(({ terminal, powerW, code, state, changed }) => {
    const proposal = proposals.find((one) => one.terminal === terminal);
    const asked = proposal?.powerW === undefined ? 'its own mode' : bound(proposal.powerW);
    const told = Number.isNaN(powerW) ? 'its own mode' : bound(powerW);
    const by = changed ? 'safety kernel' : (proposal?.authority ?? '');
    return [terminal, proposal === undefined ? '' : asked, told, code, by, state];
  });
  if (rows.length === 0) return 'There was nothing to decide.';
  return table([['decided for', 'asked', 'allowed', 'reason', 'bound by', 'readings'], ...rows]);
}

function headline({ opening, cycle }: Replayed): string {
  const zone = opening.site.place.timeZone;
  const { wallMs } = cycle.at;
  const when = `${dayName(wallMs, zone)}, ${clockSeconds(wallMs, zone)}`;
  const version = opening.program === '' ? '' : `, version ${opening.program}`;
  return `${opening.site.name}, ${when} (cycle ${cycle.cycle} of ${opening.bootId}${version})`;
}

function limitsLine({ cycle }: Replayed): string {
  const { importLimitW, exportLimitW, source } = cycle.outcome.limits;
  const [buying, selling] = [power(importLimitW), power(exportLimitW)];
  return `Limits: buying up to ${buying}, selling up to ${selling} (${source}).`;
}

/** Everything about one cycle: what was measured, who wished what, what bound it. */
export function explained(one: Replayed): string {
  const { mode, flags, reason, asks, decisions } = one.cycle.outcome;
  const standing = [mode, ...flags].join(', ');
  const said = [
    ...new Set([reason, ...decisions.map((each) => each.reason)].map((r) => r.sentence)),
  ];
  const asked = asks.map((ask) => `  ${ask.authority}: ${ask.sentence}`);
  return [
    headline(one),
    `Mode ${standing}.`,
    ...said.filter((text) => text !== '').map((text) => `${sentence(text)}.`),
    limitsLine(one),
    ...(asked.length > 0 ? ['Asked:', ...asked] : []),
    '',
    measured(one),
    '',
    wished(one),
    '',
    decided(one),
    ...(one.differs === undefined ? [] : ['', differing(one)]),
  ].join('\n');
}

const shown = (value: unknown): string => {
  if (typeof value === 'object' && value !== null) return 'another shape';
  return typeof value === 'string' ? `'${value}'` : Object.is(value, -0) ? '-0' : String(value);
};

/** Where a replay came to something else, and of which version the record is. */
export function differing({ opening, cycle, differs }: Replayed): string {
  if (differs === undefined) return 'Decided again, it is the same to the bit.';
  const { path, recorded, replayed } = differs;
  return (
    `Cycle ${cycle.cycle} of ${opening.bootId} differs first at ${path}: ` +
    `recorded ${shown(recorded)} by version ${opening.program}, now ${shown(replayed)}`
  );
}

/** A row wherever mode or reason became another. */
export class Summary {
  private readonly rows: string[][] = [];
  private row: { key: string; sinceMs: number; cells: string[] } | undefined;

  add({ opening, cycle }: Replayed): void {
    const { mode, flags, reason } = cycle.outcome;
    const key = [opening.bootId, mode, ...flags, reason.authority, reason.code].join(' ');
    if (key === this.row?.key) return;
    const { wallMs } = cycle.at;
    this.end(wallMs);
    const at = clockSeconds(wallMs, opening.site.place.timeZone);
    const cells = [at, '', [mode, ...flags].join(' '), reason.authority, reason.sentence];
    this.row = { key, sinceMs: wallMs, cells };
  }

  text(endMs: number): string {
    this.end(endMs);
    return table([['from', 'for', 'mode', 'bound by', 'because'], ...this.rows]);
  }

  private end(atMs: number): void {
    if (this.row === undefined) return;
    const { cells, sinceMs } = this.row;
    this.rows.push(cells.map((cell, n) => (n === 1 ? age(atMs - sinceMs) : cell)));
    this.row = undefined;
  }
}
