import type Database from 'better-sqlite3';
import type { EnergyRecord, TelemetryRecord } from '../../contracts/values/record.ts';
import type { Document, DocumentKind, OutboxGap, OutboxState, RecordRange } from '../../ports.ts';
import { type Connection, DOCUMENT_KINDS, tableOf } from './schema.ts';

/** Most the outbox may hold; beyond it the least important oldest records are given up, counted. */
export interface OutboxBounds {
  readonly rows: number;
  readonly bytes: number;
}

interface OutboxRow {
  readonly epoch: number;
  readonly seq: number;
  readonly kind: string;
  readonly at_ms: number;
  readonly bytes: number;
}

type Losses = Pick<OutboxState, 'droppedRows' | 'refusedRows' | 'gaps'>;

/** Given up in this order. */
const DROP_ORDER = ['aggregate', 'event', 'energy'] as const;
const ASIDE_ROWS_MAX = 1_000;
const DROP_ROWS = 256; // at a time, so that a full outbox does not search for each new row

/**
 * Every operation on the database, synchronous; runs in the store's thread, or in process for the
 * virtual world.
 */
export class StoreCore {
  private readonly db: Connection;
  private readonly bounds: OutboxBounds;
  private readonly statements = new Map<string, Database.Statement<unknown[], unknown>>();
  private rows: number;
  private bytes: number;
  private losses: Losses | undefined; // counted again once something was lost

  /** Made once: what makes it is dearer than most of what it runs. */
  private readonly atomically: (write: () => void) => void;

  constructor(db: Connection, bounds: OutboxBounds) {
    this.db = db;
    this.atomically = db.transaction((write: () => void) => write());
    this.bounds = bounds;
    const held = db
      .prepare<[], { rows: number; bytes: number }>(
        'SELECT count(*) AS rows, coalesce(sum(bytes), 0) AS bytes FROM outbox',
      )
      .get();
    this.rows = held?.rows ?? 0;
    this.bytes = held?.bytes ?? 0;
  }

  /** Runs writes as one transaction; a throw undoes all of them. */
  together(write: () => void): void {
    const before = { rows: this.rows, bytes: this.bytes };
    try {
      this.atomically(write);
    } catch (error) {
      this.rows = before.rows;
      this.bytes = before.bytes;
      this.losses = undefined;
      throw error;
    }
  }

  addRecords(records: readonly TelemetryRecord[]): void {
    const insert = this.prepare('INSERT OR IGNORE INTO outbox VALUES (?, ?, ?, ?, ?, ?)');
    for (const record of records) {
      const body = JSON.stringify(record);
      const atMs = record.kind === 'event' ? record.atMs : record.fromMs;
      const { changes } = insert.run(
        record.epoch,
        record.seq,
        record.kind,
        atMs,
        body.length,
        body,
      );
      if (changes === 0) continue;
      this.rows += 1;
      this.bytes += body.length;
      if (record.kind === 'energy') this.addHistory([record]);
    }
    this.keepBounds();
  }

  readRecords(maxBytes: number, without: readonly RecordRange[]): TelemetryRecord[] {
    const clauses = without.map(() => 'NOT (epoch = ? AND seq BETWEEN ? AND ?)');
    const where = clauses.length === 0 ? '' : `WHERE ${clauses.join(' AND ')}`;
    const query = this.prepare<number[], { bytes: number; body: string }>(
      `SELECT bytes, body FROM outbox ${where} ORDER BY epoch DESC, seq DESC`,
    );
    const found: TelemetryRecord[] = [];
    let bytes = 0;
    const ranges = without.flatMap((range) => [range.epoch, range.fromSeq, range.toSeq]);
    for (const row of query.iterate(...ranges)) {
      bytes += row.bytes + 1;
      if (bytes > maxBytes && found.length > 0) break;
      found.push(JSON.parse(row.body));
    }
    return found;
  }

  removeRecords(ranges: readonly RecordRange[]): void {
    const remove = this.prepare<number[], number>(
      'DELETE FROM outbox WHERE epoch = ? AND seq BETWEEN ? AND ? RETURNING bytes',
    ).pluck();
    for (const range of ranges) {
      for (const bytes of remove.all(range.epoch, range.fromSeq, range.toSeq)) {
        this.rows -= 1;
        this.bytes -= bytes;
      }
    }
  }

  setAside(ranges: readonly RecordRange[], why: string): void {
    const remove = this.prepare<number[], OutboxRow & { readonly body: string }>(
      'DELETE FROM outbox WHERE epoch = ? AND seq BETWEEN ? AND ? RETURNING *',
    );
    const keep = this.prepare(
      'INSERT INTO aside (epoch, seq, at_ms, why, body) VALUES (?, ?, ?, ?, ?)',
    );
    for (const range of ranges) {
      const rows = remove.all(range.epoch, range.fromSeq, range.toSeq);
      for (const { epoch, seq, at_ms, body } of rows) keep.run(epoch, seq, at_ms, why, body);
      this.gone(rows, 'refused');
    }
    this.prepare('DELETE FROM aside WHERE id <= (SELECT max(id) FROM aside) - ?').run(
      ASIDE_ROWS_MAX,
    );
  }

  outbox(): OutboxState {
    this.losses ??= this.countLosses();
    return { rows: this.rows, bytes: this.bytes, ...this.losses };
  }

  addHistory(rows: readonly EnergyRecord[]): void {
    const upsert = this.prepare(
      `INSERT INTO history VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (from_ms, place) DO UPDATE SET duration_ms = excluded.duration_ms,
         in_wh = excluded.in_wh, out_wh = excluded.out_wh, coverage_pct = excluded.coverage_pct,
         source = excluded.source, quality = excluded.quality, version = excluded.version
       WHERE excluded.version >= version
         AND NOT (excluded.quality = 'substituted' AND quality <> 'substituted')`,
    );
    for (const row of rows) {
      upsert.run(
        row.place,
        row.fromMs,
        row.durationMs,
        row.inWh,
        row.outWh,
        row.coveragePct,
        row.source,
        row.quality,
        row.version,
      );
    }
  }

  history(fromMs: number, untilMs: number): EnergyRecord[] {
    return this.prepare<[number, number], EnergyRecord>(
      `SELECT 'energy' AS kind, place, from_ms AS fromMs, duration_ms AS durationMs,
           in_wh AS inWh, out_wh AS outWh, coverage_pct AS coveragePct, source, quality, version
         FROM history WHERE from_ms >= ? AND from_ms < ? ORDER BY from_ms, place`,
    ).all(fromMs, untilMs);
  }

  put(kind: DocumentKind, documents: readonly Document[]): void {
    const upsert = this.prepare(
      `INSERT INTO ${tableOf(known(kind))} VALUES (?, ?, ?)
       ON CONFLICT (key) DO UPDATE SET at_ms = excluded.at_ms, body = excluded.body`,
    );
    for (const one of documents) upsert.run(one.key, one.atMs, JSON.stringify(one.body));
  }

  get(kind: DocumentKind, key: string): Document | undefined {
    const row = this.prepare<[string], Row>(
      `SELECT key, at_ms, body FROM ${tableOf(known(kind))} WHERE key = ?`,
    ).get(key);
    return row && document(row);
  }

  list(kind: DocumentKind, fromMs: number, untilMs: number): Document[] {
    return this.prepare<[number, number], Row>(
      `SELECT key, at_ms, body FROM ${tableOf(known(kind))}
         WHERE at_ms >= ? AND at_ms < ? ORDER BY at_ms, key`,
    )
      .all(fromMs, untilMs)
      .map(document);
  }

  forget(kind: DocumentKind | 'history', beforeMs: number): void {
    const [table, column] =
      kind === 'history' ? ['history', 'from_ms'] : [tableOf(known(kind)), 'at_ms'];
    this.prepare(`DELETE FROM ${table} WHERE ${column} < ?`).run(beforeMs);
  }

  close(): void {
    this.db.pragma('wal_checkpoint(TRUNCATE)');
    this.db.close();
  }

  /** After a failure of the disk: nothing more is written by this connection than it must. */
  abandon(): void {
    this.db.close();
  }

  private countLosses(): Losses {
    const counted = this.prepare<[], Omit<Losses, 'gaps'>>(
      `SELECT coalesce(sum(rows) FILTER (WHERE why <> 'refused'), 0) AS droppedRows,
         coalesce(sum(rows) FILTER (WHERE why = 'refused'), 0) AS refusedRows
       FROM gaps WHERE rows > 0`,
    ).get() ?? { droppedRows: 0, refusedRows: 0 };
    const gaps = this.prepare<[], OutboxGap>(
      `SELECT rows, from_ms AS fromMs, to_ms AS toMs, why FROM
         (SELECT * FROM gaps ORDER BY id DESC LIMIT 20) ORDER BY id`,
    ).all();
    return { ...counted, gaps };
  }

  private prepare<P extends unknown[] = unknown[], R = unknown>(text: string) {
    const known = this.statements.get(text) ?? this.db.prepare<unknown[], unknown>(text);
    this.statements.set(text, known);
    return known as Database.Statement<P, R>; // what the text gives, as its caller says
  }

  /**
   * Gives up the oldest aggregates first, then events, then energy, until there is room; each time
   * leaves a gap.
   */
  private keepBounds(): void {
    for (const kind of DROP_ORDER) {
      while (this.rows > this.bounds.rows || this.bytes > this.bounds.bytes) {
        const oldest = this.prepare<[string, number], OutboxRow>(
          `SELECT epoch, seq, kind, at_ms, bytes FROM outbox WHERE kind = ?
             ORDER BY epoch, seq LIMIT ?`,
        ).all(kind, Math.max(1, Math.min(DROP_ROWS, Math.ceil(this.rows / 10))));
        if (oldest.length === 0) break;
        this.giveUp(oldest);
      }
    }
  }

  private giveUp(rows: readonly OutboxRow[]): void {
    const remove = this.prepare('DELETE FROM outbox WHERE epoch = ? AND seq = ?');
    for (const row of rows) remove.run(row.epoch, row.seq);
    this.gone(rows, 'full');
  }

  /** Counts rows that left the outbox without the cloud having them. */
  private gone(rows: readonly OutboxRow[], why: 'full' | 'refused'): void {
    if (rows.length === 0) return;
    this.losses = undefined;
    this.rows -= rows.length;
    for (const { bytes } of rows) this.bytes -= bytes;
    const times = rows.map(({ at_ms }) => at_ms);
    this.prepare('INSERT INTO gaps (rows, from_ms, to_ms, why) VALUES (?, ?, ?, ?)').run(
      rows.length,
      Math.min(...times),
      Math.max(...times),
      why,
    );
  }
}

interface Row {
  readonly key: string;
  readonly at_ms: number;
  readonly body: string;
}

const document = (row: Row): Document => ({
  key: row.key,
  atMs: row.at_ms,
  body: JSON.parse(row.body),
});

/** A kind becomes a table's name, so it must be one of ours. */
function known(kind: DocumentKind): DocumentKind {
  if (!DOCUMENT_KINDS.includes(kind)) throw new RangeError(`unknown kind of document: ${kind}`);
  return kind;
}
