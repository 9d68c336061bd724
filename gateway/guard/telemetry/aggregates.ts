import type { Image } from '../../contracts/values/image.ts';
import type { AggregateColumn, AggregateRecord } from '../../contracts/values/record.ts';
import { intervalStart, MINUTE_MS } from '../../contracts/values/time.ts';

/** Columns of one record, so that each fits a frame and a message. */
const COLUMNS_MAX = 200;

interface Column {
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

function columnOf(point: string, column: Column): AggregateColumn {
  const { n, good } = column;
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

/** Every site point, minute by minute of the wall clock: one sample a cycle. */
export class MinuteBook {
  private fromMs: number | undefined;
  private columns = new Map<string, Column>();

  step(image: Image): AggregateRecord[] {
    const minuteMs = intervalStart(image.wallMs, MINUTE_MS);
    const closed = minuteMs === this.fromMs ? [] : this.flush();
    this.fromMs = minuteMs;
    for (const [point, reading] of Object.entries(image.points)) {
      let column = this.columns.get(point);
      if (column === undefined) {
        column = { n: 0, good: 0, sum: 0, min: 0, max: 0, last: 0 };
        this.columns.set(point, column);
      }
      column.n += 1;
      if (reading.quality !== 'good') continue;
      const { value } = reading;
      column.min = column.good === 0 ? value : Math.min(column.min, value);
      column.max = column.good === 0 ? value : Math.max(column.max, value);
      column.good += 1;
      column.sum += value;
      column.last = value;
    }
    return closed;
  }

  /** The running minute, as far as it is known. */
  flush(): AggregateRecord[] {
    const { fromMs } = this;
    const columns = [...this.columns]
      .map(([point, column]) => columnOf(point, column))
      .sort((a, b) => (a.point < b.point ? -1 : 1));
    this.columns = new Map();
    if (fromMs === undefined) return [];
    const records: AggregateRecord[] = [];
    for (let at = 0; at < columns.length; at += COLUMNS_MAX) {
      const part = columns.slice(at, at + COLUMNS_MAX);
      records.push({ kind: 'aggregate', fromMs, durationMs: MINUTE_MS, columns: part });
    }
    return records;
  }
}
