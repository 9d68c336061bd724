import { Fault } from '../../gateway/contracts/values/fault.ts';
import {
  instantsOf,
  isoMinute,
  offsetAt,
  parseStamp,
} from '../../gateway/contracts/values/stamp.ts';
import { DAY_MS, type Instant, MINUTE_MS } from '../../gateway/contracts/values/time.ts';

/**
 * Recorded load and PV from CSV (docs/formats.md): `ts,load_kwh,pv_kwh`, energies per interval,
 * `ts` its start. Further columns are ignored. Anything doubtful is refused in one line with the
 * line's number: a run on wrong data is worse than none.
 */
export interface Dataset {
  readonly name: string;
  readonly stepMs: number;
  readonly fromMs: Instant;
  readonly untilMs: Instant;
  readonly loadWh: readonly number[]; // per step, >= 0
  readonly pvWh: readonly number[]; // per step, >= 0; zeros where the file has no column
}

/** What a file does not say itself; from meta.json beside it. */
export interface DatasetMeta {
  readonly stepMinutes?: number; // default: distance of the first two rows
  readonly timeZone?: string; // IANA; needed where stamps carry no offset
  /** The clock never shifts: the zone's January offset holds all year. */
  readonly noClockChange?: boolean;
}

/** Only rows in [fromMs, untilMs) are looked at; the rest of the file may be as it likes. */
export interface DatasetRange {
  readonly fromMs?: Instant;
  readonly untilMs?: Instant;
}

interface Columns {
  readonly ts: number;
  readonly load: number;
  readonly pv: number; // -1 = none
  readonly count: number;
}

function columnsOf(header: string, name: string): Columns {
  const names = header
    .replace(/^\uFEFF/, '')
    .split(',')
    .map((column) => column.trim());
  const at = (column: string): number => names.indexOf(column);
  const need = (column: string): number => {
    const index = at(column);
    if (index >= 0) return index;
    const stem = column.split('_')[0] ?? column;
    const near = names.find((other) => other.toLowerCase().startsWith(stem));
    throw new Fault(
      `no column '${column}'${near === undefined ? '' : `, but '${near}'`}`,
      `${name}:1`,
      column === 'ts'
        ? 'name the start of the interval ts'
        : `give energy per interval in kWh and name the column ${column}`,
    );
  };
  const twice = names.find((column, index) => names.indexOf(column) !== index);
  if (twice !== undefined) {
    throw new Fault(`column '${twice}' exists twice`, `${name}:1`, 'remove or rename one of them');
  }
  return { ts: need('ts'), load: need('load_kwh'), pv: at('pv_kwh'), count: names.length };
}

/** The instant of a stamp. @throws Fault where a local time exists twice or not at all */
function instantOf(text: string, where: string, meta: DatasetMeta): Instant {
  const stamp = parseStamp(text);
  if (stamp === undefined) {
    throw new Fault(
      `'${text}' is no time`,
      where,
      'write 2026-06-15T10:15Z (start of the interval, UTC)',
    );
  }
  if (stamp.offsetMs !== undefined) return stamp.clockMs - stamp.offsetMs;
  const { timeZone } = meta;
  if (timeZone === undefined) {
    const mend = 'write UTC with a Z at the end, or name time_zone in meta.json beside the file';
    throw new Fault(`'${text}' has no time zone`, where, mend);
  }
  if (meta.noClockChange === true) {
    const year = Number(text.slice(0, 4));
    const january = parseStamp(`${String(year).padStart(4, '0')}-01-15T12:00Z`);
    return stamp.clockMs - offsetAt(january?.clockMs ?? stamp.clockMs, timeZone);
  }
  const [first, second] = instantsOf(stamp.clockMs, timeZone);
  if (first === undefined) {
    const before = offsetAt(stamp.clockMs - DAY_MS, timeZone);
    const mend = `write UTC: ${isoMinute(stamp.clockMs - before)}`;
    throw new Fault(`${text} does not exist in ${timeZone} (clock change)`, where, mend);
  }
  if (second !== undefined) {
    const mend = `write UTC: ${isoMinute(first)} or ${isoMinute(second)}`;
    throw new Fault(`${text} exists twice in ${timeZone} (clock change)`, where, mend);
  }
  return first;
}

function energyOf(text: string | undefined, column: string, where: string): number {
  const trimmed = (text ?? '').trim();
  const kwh = trimmed === '' ? Number.NaN : Number(trimmed);
  if (!Number.isFinite(kwh)) {
    throw new Fault(
      `${column} is '${trimmed}'`,
      where,
      'fill it in, or choose a range without it (--from, --days)',
    );
  }
  if (kwh < 0) {
    throw new Fault(
      `${column} is ${trimmed}, below zero`,
      where,
      'load and pv are both positive here; export is what they leave',
    );
  }
  return kwh * 1_000;
}

/**
 * Time between rows has to be the step: a gap, a repeated or an older row is refused.
 * @returns the step
 */
function checkStep(atMs: Instant, beforeMs: Instant, stepMs: number, where: string): void {
  const aheadMs = atMs - beforeMs;
  if (aheadMs === stepMs) return;
  const from = isoMinute(beforeMs + stepMs);
  if (aheadMs <= 0) {
    const what = aheadMs === 0 ? 'the same interval again' : 'an older row after a newer one';
    throw new Fault(
      `${what} (${isoMinute(atMs)})`,
      where,
      'sort the rows by time and keep one each',
    );
  }
  const missing = aheadMs / stepMs - 1;
  const gap = Number.isInteger(missing)
    ? `${missing} interval${missing === 1 ? '' : 's'} missing from ${from}`
    : `${aheadMs / MINUTE_MS} minutes after the row before, step is ${stepMs / MINUTE_MS}`;
  throw new Fault(gap, where, 'add the rows, or choose a range without the gap (--from, --days)');
}

interface Row {
  readonly atMs: Instant;
  readonly where: string;
  readonly loadWh: number;
  readonly pvWh: number;
}

/** @throws Fault: what, file and line, how to mend */
export function parseDataset(
  text: string,
  name: string,
  meta: DatasetMeta = {},
  range: DatasetRange = {},
): Dataset {
  const lines = text.split(/\r?\n/);
  const columns = columnsOf(lines[0] ?? '', name);
  const rows: Row[] = [];
  let stepMs = (meta.stepMinutes ?? 0) * MINUTE_MS;
  for (let n = 1; n < lines.length; n += 1) {
    const line = lines[n] ?? '';
    if (line.trim() === '') continue;
    const where = `${name}:${n + 1}`;
    const fields = line.split(',');
    if (fields.length !== columns.count) {
      const what = `${fields.length} fields, the header has ${columns.count}`;
      throw new Fault(what, where, 'complete the line; fields must not contain commas');
    }
    const atMs = instantOf((fields[columns.ts] ?? '').trim(), where, meta);
    if (range.untilMs !== undefined && atMs >= range.untilMs) break;
    if (range.fromMs !== undefined && atMs < range.fromMs) continue;
    const before = rows.at(-1);
    if (before !== undefined) {
      if (stepMs === 0) stepMs = inferredStep(atMs - before.atMs, where);
      checkStep(atMs, before.atMs, stepMs, where);
    }
    rows.push({
      atMs,
      where,
      loadWh: energyOf(fields[columns.load], 'load_kwh', where),
      pvWh: columns.pv < 0 ? 0 : energyOf(fields[columns.pv], 'pv_kwh', where),
    });
  }
  const [first] = rows;
  const last = rows.at(-1);
  if (first === undefined || last === undefined || stepMs === 0) {
    throw new Fault('no rows in the chosen range', name, 'choose another --from or --days');
  }
  return {
    name,
    stepMs,
    fromMs: first.atMs,
    untilMs: last.atMs + stepMs,
    loadWh: rows.map((row) => row.loadWh),
    pvWh: rows.map((row) => row.pvWh),
  };
}

function inferredStep(stepMs: number, where: string): number {
  if ([1, 5, 10, 15, 30, 60].includes(stepMs / MINUTE_MS)) return stepMs;
  throw new Fault(
    `a step of ${stepMs / MINUTE_MS} minutes`,
    where,
    'use 1, 5, 10, 15, 30 or 60 minutes, in order of time',
  );
}
