import { Fault } from '../contracts/values/fault.ts';
import { instantsOf, isoMinute, offsetAt, parseStamp } from '../contracts/values/stamp.ts';
import { HOUR_MS, MINUTE_MS } from '../contracts/values/time.ts';

/** Columns of a recording by the local clock; rows may be missing, cells may be empty. */
export interface DatasetRows {
  readonly name: string;
  readonly stepMs: number;
  /** Start of each row: the fields of the local clock as if they were UTC, in order of time. */
  readonly clockMs: readonly number[];
  readonly columns: ReadonlyMap<string, readonly number[]>; // NaN where a cell is empty
}

export interface RowsMeta {
  readonly stepMinutes?: number; // default: how far rows usually are apart
  readonly timeZone?: string; // IANA; of the local clock, where stamps name their offset
}

const STEPS_MINUTES = [5, 10, 15, 30, 60];

/**
 * Columns that `wanted` picks, of a CSV with a column `ts` (docs/formats.md).
 * @throws Fault what, file and line, how to mend
 */
export function parseRows(
  text: string,
  name: string,
  wanted: (column: string) => boolean,
  meta: RowsMeta = {},
): DatasetRows {
  if (text.trim() === '') throw new Fault('empty', name, 'give a recording of some weeks');
  const lines = text.split(/\r?\n/);
  const head = (lines[0] ?? '').replace(/^\uFEFF/, '').split(',');
  const names = head.map((column) => column.trim());
  const ts = names.indexOf('ts');
  if (ts < 0) {
    const isOther = /[;\t"]/.test(lines[0] ?? '');
    const mend = isOther
      ? 'separate columns by commas, without quotes'
      : 'name the start of the interval ts';
    throw new Fault("no column 'ts'", `${name}:1`, mend);
  }
  const twice = names.find((column, index) => names.indexOf(column) !== index);
  if (twice !== undefined) {
    throw new Fault(`column '${twice}' exists twice`, `${name}:1`, 'remove or rename one of them');
  }
  const taken = [...names.entries()].filter(([, column]) => wanted(column));
  const columns = new Map(taken.map(([, column]) => [column, [] as number[]]));
  const clockMs: number[] = [];
  const lineNumbers: number[] = [];
  const order = new Order(meta.timeZone);
  for (let n = 1; n < lines.length; n += 1) {
    const line = lines[n] ?? '';
    if (line.trim() === '') continue;
    const where = `${name}:${n + 1}`;
    const fields = line.split(',');
    if (fields.length !== names.length) {
      const what = `${fields.length} fields, the header has ${names.length}`;
      throw new Fault(what, where, 'complete the line; fields must not contain commas');
    }
    clockMs.push(order.next((fields[ts] ?? '').trim(), where));
    lineNumbers.push(n + 1);
    for (const [index, column] of taken)
      columns.get(column)?.push(cell(fields[index], column, where));
  }
  const stepMs = stepOf(order.apartMs, name, meta);
  const early = order.apartMs.findIndex((apartMs) => apartMs > 0 && apartMs < stepMs);
  if (early >= 0) {
    const minutes = (order.apartMs[early] ?? 0) / MINUTE_MS;
    const what = `${minutes} minutes after the row before, steps are of ${stepMs / MINUTE_MS}`;
    const mend = 'give each interval one row, all of one length';
    throw new Fault(what, `${name}:${lineNumbers[early + 1]}`, mend);
  }
  return { name, stepMs, clockMs, columns };
}

function cell(field: string | undefined, column: string, where: string): number {
  const text = (field ?? '').trim();
  if (text === '') return Number.NaN;
  const value = Number(text);
  if (!Number.isFinite(value)) {
    throw new Fault(`${column} is '${text}'`, where, 'write a number, or leave the field empty');
  }
  if (value < 0 && column.endsWith('_kwh')) {
    const mend = 'load and pv are both positive here; export is what they leave';
    throw new Fault(`${column} is ${text}, below zero`, where, mend);
  }
  return value;
}

/** Stamps in order of time; the hour that a clock change repeats may come twice. */
class Order {
  /** From each row to the next; 0 or less where a clock change repeats it. */
  readonly apartMs: number[] = [];
  private readonly timeZone: string | undefined;
  private beforeMs = Number.NEGATIVE_INFINITY;

  constructor(timeZone: string | undefined) {
    this.timeZone = timeZone;
  }

  /** @returns the local clock */
  next(text: string, where: string): number {
    const stamp = parseStamp(text);
    if (stamp === undefined) {
      const mend = 'write 2026-06-15T10:15Z (start of the interval, UTC)';
      throw new Fault(`'${text}' is no time`, where, mend);
    }
    const zone = this.timeZone ?? 'UTC';
    const { clockMs, offsetMs } = stamp;
    const orderMs = offsetMs === undefined ? clockMs : clockMs - offsetMs;
    const repeats =
      offsetMs === undefined &&
      this.beforeMs - clockMs < HOUR_MS &&
      instantsOf(clockMs, zone).length > 1;
    if (orderMs <= this.beforeMs && !repeats) {
      const what = orderMs === this.beforeMs ? 'the same interval again' : 'an older row';
      const mend = 'sort the rows by time and keep one each';
      throw new Fault(`${what} (${isoMinute(orderMs)})`, where, mend);
    }
    if (Number.isFinite(this.beforeMs)) this.apartMs.push(orderMs - this.beforeMs);
    this.beforeMs = orderMs;
    return offsetMs === undefined ? clockMs : orderMs + offsetAt(orderMs, zone);
  }
}

/** What meta.json says, or how far rows usually are apart; the two have to agree. */
function stepOf(apartMs: readonly number[], name: string, meta: RowsMeta): number {
  if (apartMs.length === 0) {
    throw new Fault('fewer than two rows', name, 'give a recording of some weeks');
  }
  const usualMinutes = mostFrequent(apartMs) / MINUTE_MS;
  const minutes = meta.stepMinutes ?? usualMinutes;
  if (!STEPS_MINUTES.includes(minutes)) {
    const mend = `use ${STEPS_MINUTES.join(', ')} minutes`;
    throw new Fault(`a step of ${minutes} minutes`, name, mend);
  }
  if (usualMinutes !== minutes) {
    const what = `most rows are ${usualMinutes} minutes apart, meta.json says ${minutes}`;
    throw new Fault(what, name, 'correct step_minutes, or the rows');
  }
  return minutes * MINUTE_MS;
}

function mostFrequent(values: readonly number[]): number {
  const counts = new Map<number, number>();
  let found = 0;
  for (const value of values) {
    const count = (counts.get(value) ?? 0) + 1;
    counts.set(value, count);
    if (count > (counts.get(found) ?? 0)) found = value;
  }
  return found;
}
