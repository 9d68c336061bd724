import type { Image } from '../../contracts/values/image.ts';
import type { Reading } from '../../contracts/values/reading.ts';
import type { AggregateColumn, AggregateRecord } from '../../contracts/values/record.ts';
import { intervalStart, MINUTE_MS } from '../../contracts/values/time.ts';

/** Columns of one record, so that each fits a frame and a message. */
const COLUMNS_MAX = 200;

interface Column {
  readonly point: string;
  n: number;
  good: number;
  sum: number;
  min: number;
  max: number;
  last: number;
}

/** Milli-units are finer than any device. */
const rounded = (value: number): number => {
  const short = Math.round(value * 1_000) / 1_000;
  return short === 0 ? 0 : short;
};

function columnOf(column: Column): AggregateColumn {
  const { point, n, good } = column;
  const known = good > 0;
  return {
    point,
    n,
    goodPct: Math.round((1_000 * good) / n) / 10,
    mean: known ? rounded(column.sum / good) : null,
    min: known ? rounded(column.min) : null,
    max: known ? rounded(column.max) : null,
    last: known ? rounded(column.last) : null,
  };
}

function take(column: Column, reading: Reading): void {
  column.n += 1;
  if (reading.quality !== 'good') return;
  const { value } = reading;
  column.min = column.good === 0 ? value : Math.min(column.min, value);
  column.max = column.good === 0 ? value : Math.max(column.max, value);
  column.good += 1;
  column.sum += value;
  column.last = value;
}

/** Every site point, minute by minute of the wall clock: one sample a cycle. */
export class MinuteBook {
  private fromMs: number | undefined;
  private columns: Column[] = [];

  step(image: Image): AggregateRecord[] {
    const minuteMs = intervalStart(image.wallMs, MINUTE_MS);
    const closed = minuteMs === this.fromMs ? [] : this.flush();
    this.fromMs = minuteMs;
    const { points } = image;
    let at = 0;
    for (const point in points) {
      const reading = points[point];
      if (reading !== undefined) take(this.column(point, at), reading);
      at += 1;
    }
    return closed;
  }

  /** @param at  where it is looked for first: images name their points in the same order */
  private column(point: string, at: number): Column {
    const here = this.columns[at];
    if (here?.point === point) return here;
    const known = this.columns.find((one) => one.point === point);
    if (known !== undefined) return known;
    const column = { point, n: 0, good: 0, sum: 0, min: 0, max: 0, last: 0 };
    this.columns.push(column);
    return column;
  }

  /** The running minute, as far as it is known. */
  flush(): AggregateRecord[] {
    const { fromMs } = this;
    const columns = this.columns.map(columnOf).sort((a, b) => (a.point < b.point ? -1 : 1));
    this.columns = [];
    if (fromMs === undefined) return [];
    const records: AggregateRecord[] = [];
    for (let at = 0; at < columns.length; at += COLUMNS_MAX) {
      const part = columns.slice(at, at + COLUMNS_MAX);
      records.push({ kind: 'aggregate', fromMs, durationMs: MINUTE_MS, columns: part });
    }
    return records;
  }
}
