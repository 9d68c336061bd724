import type { TelemetryAck } from '../../contracts/messages.ts';
import type { TelemetryRecord } from '../../contracts/values/record.ts';
import { Refused } from '../../contracts/values/refused.ts';
import type { AgentStore, Clock, Log, RecordRange } from '../../ports.ts';
import type { Pacer } from '../pacer.ts';
import { BatchSize } from './batch-size.ts';
import { type Suspect, Suspects } from './suspects.ts';

const BATCHES_IN_FLIGHT = 4;
const NEWS_IN_FLIGHT = 32; // where the cloud is slow to answer, news pass by the backlog
const LIVE_PAUSE_MS = 1_000; // nothing but news: once a second
const BACKLOG_PAUSE_MS = 500; // two of the five publishes a second
const RETRY_PAUSE_MS = 1_000;
const RETRY_PAUSE_MAX_MS = 60_000; // where the broker refuses everything
const LAST_ACK_MS = 3_000; // while draining: no time to wait long for an answer that got lost
const ENVELOPE_BYTES = 64;

export interface PumpDeps {
  readonly store: AgentStore;
  readonly pacer: Pacer;
  readonly clock: Clock;
  readonly log: Log;
  readonly topic: string;
  readonly ackTimeoutMs?: number; // real; the cloud's own answer, default 30 s
}

interface Batch {
  keys: { readonly epoch: number; readonly seq: number }[];
  readonly ranges: readonly RecordRange[];
  dueMs: number; // real; not answered by then: sent again
}

/**
 * Sends what the outbox holds: newest first, a few batches under way, the backlog paced. A record
 * leaves the outbox when the cloud says it has it on disk, not when the broker took it; so it may
 * be sent more than once, and its key makes that harmless. What broker or cloud refuse for good is
 * set aside in the store, and holds up nothing.
 */
export class Pump {
  private readonly deps: PumpDeps;
  private readonly ackTimeoutMs: number;
  private readonly suspects = new Suspects();
  private readonly size = new BatchSize();
  private wasTrial = false;
  private refusedPauseMs = 0; // everything is refused: rising
  private batches: Batch[] = [];
  private connected = false;
  private turning = false;
  private again = false;
  private hurry = false;
  private notBeforeMs = 0; // real
  private cancelTimer: (() => void) | undefined;
  private idleWaiters: (() => void)[] = [];

  constructor(deps: PumpDeps) {
    this.deps = deps;
    this.ackTimeoutMs = deps.ackTimeoutMs ?? 30_000;
  }

  /** The connection came or went; what was under way on the old one is sent again on the new. */
  online(connected: boolean): void {
    this.connected = connected;
    this.batches = [];
    if (connected) this.wake();
  }

  /** There is something new on disk. */
  kick(): void {
    if (this.deps.clock.realMs() >= this.notBeforeMs) this.wake();
  }

  /** The cloud has these keys, and those it will never take. */
  async acknowledged({ stored, refused = [] }: TelemetryAck): Promise<void> {
    const { store, log } = this.deps;
    await store.removeRecords(stored);
    for (const { why, ...range } of refused) {
      log.error('the cloud refuses records for good: set aside', { ...range, why });
      await store.setAside([range], `cloud: ${why}`);
    }
    const settled = (key: { epoch: number; seq: number }): boolean =>
      [...stored, ...refused].some(
        (r) => r.epoch === key.epoch && r.fromSeq <= key.seq && key.seq <= r.toSeq,
      );
    for (const batch of this.batches) batch.keys = batch.keys.filter((key) => !settled(key));
    this.batches = this.batches.filter((batch) => batch.keys.length > 0);
    this.wake();
  }

  /**
   * Sends without pauses until the cloud has everything, or the time is over. @param limitMs real
   * milliseconds
   */
  async drain(limitMs: number): Promise<boolean> {
    this.hurry = true;
    const { clock, store } = this.deps;
    const untilMs = clock.realMs() + limitMs;
    for (const batch of this.batches) {
      batch.dueMs = Math.min(batch.dueMs, clock.realMs() + LAST_ACK_MS);
    }
    while ((await store.outbox()).rows > 0) {
      if (!this.connected || clock.realMs() >= untilMs) return false;
      this.wake();
      const { promise, resolve } = Promise.withResolvers<void>();
      this.idleWaiters.push(resolve);
      const cancel = clock.realAt(Math.min(untilMs, clock.realMs() + 250), resolve);
      await promise;
      cancel();
    }
    return true;
  }

  private wake(): void {
    this.cancelTimer?.();
    this.cancelTimer = undefined;
    for (const tell of this.idleWaiters.splice(0)) tell();
    this.again = true;
    if (!this.turning) void this.turns();
  }

  private async turns(): Promise<void> {
    this.turning = true;
    while (this.again && this.connected) {
      this.again = false;
      const pauseMs = await this.turn().catch((error: unknown) => {
        this.deps.log.warn('telemetry is sent again', { why: String(error) });
        this.notBeforeMs = this.deps.clock.realMs() + RETRY_PAUSE_MS;
        return RETRY_PAUSE_MS;
      });
      if (!this.again && pauseMs !== undefined) this.sleep(pauseMs);
    }
    this.turning = false;
  }

  private sleep(pauseMs: number): void {
    const { clock } = this.deps;
    this.cancelTimer?.();
    this.cancelTimer = clock.realAt(clock.realMs() + pauseMs, () => {
      this.cancelTimer = undefined;
      this.wake();
    });
  }

  /** @returns the pause before the next turn, undefined when only something new starts one */
  private async turn(): Promise<number | undefined> {
    const { clock, store } = this.deps;
    const nowMs = clock.realMs();
    if (nowMs < this.notBeforeMs && !this.hurry) return this.notBeforeMs - nowMs;
    this.batches = this.batches.filter((batch) => batch.dueMs > nowMs);
    const suspect = this.wasTrial ? undefined : this.suspects.due(nowMs);
    this.wasTrial = suspect !== undefined; // in turn with what is under no suspicion
    if (suspect !== undefined) {
      await this.trial(suspect);
      this.notBeforeMs = nowMs + BACKLOG_PAUSE_MS;
      return BACKLOG_PAUSE_MS;
    }
    const dues = [...this.batches.map((batch) => batch.dueMs), this.suspects.nextMs()];
    const nextDueMs = Math.max(0, Math.min(...dues) - nowMs);
    const idleMs = Number.isFinite(nextDueMs) ? nextDueMs : undefined;
    if (this.batches.length >= NEWS_IN_FLIGHT) return idleMs;
    const readBytes = this.size.bytes - ENVELOPE_BYTES;
    const found = await store.readRecords(readBytes, [
      ...this.batches.flatMap((batch) => batch.ranges),
      ...rangesOf(this.suspects.records()),
    ]);
    const records = this.batches.length < BATCHES_IN_FLIGHT ? found : this.newsOf(found);
    if (records.length === 0 || !this.connected) return idleMs;
    const refusedMs = await this.sendUnsuspected(records.slice(0, RECORDS_MAX));
    if (refusedMs !== undefined) return refusedMs;
    const backlog = records.length >= RECORDS_MAX || bytesOf(records) > readBytes / 2;
    const pauseMs = this.hurry ? 0 : backlog ? BACKLOG_PAUSE_MS : LIVE_PAUSE_MS;
    this.notBeforeMs = nowMs + pauseMs;
    return pauseMs;
  }

  /** Those that came after everything that is under way. */
  private newsOf(records: readonly TelemetryRecord[]): TelemetryRecord[] {
    const ranges = this.batches.flatMap((batch) => batch.ranges);
    const isOlder = ({ epoch, seq }: TelemetryRecord): boolean =>
      ranges.some((range) => epoch < range.epoch || (epoch === range.epoch && seq < range.toSeq));
    return records.filter((record) => !isOlder(record));
  }

  /** @returns the pause after a refusal, undefined where the broker took it */
  private async sendUnsuspected(records: readonly TelemetryRecord[]): Promise<number | undefined> {
    const { clock, log } = this.deps;
    try {
      await this.send(records);
      this.refusedPauseMs = 0;
      return undefined;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (this.suspects.add(records, clock.realMs())) {
        log.warn('the broker refuses records: tried apart', { why: error.message });
        return RETRY_PAUSE_MS;
      }
      const pauseMs = Math.max(RETRY_PAUSE_MS, 2 * this.refusedPauseMs);
      this.refusedPauseMs = Math.min(RETRY_PAUSE_MAX_MS, pauseMs);
      log.warn('the broker refuses all records', { why: error.message });
      this.notBeforeMs = clock.realMs() + this.refusedPauseMs;
      return this.refusedPauseMs;
    }
  }

  /** Sends suspects alone; who is guilty leaves the outbox for good. */
  private async trial(suspect: Suspect): Promise<void> {
    const { clock, log, store } = this.deps;
    try {
      await this.send(suspect.records);
      this.suspects.cleared(suspect);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const guilty = this.suspects.refused(suspect, clock.realMs());
      if (guilty === undefined) return;
      const { epoch, seq } = guilty;
      log.error('the broker refuses a record for good: set aside', { epoch, seq });
      await store.setAside([{ epoch, fromSeq: seq, toSeq: seq }], `broker: ${error.message}`);
    }
  }

  private async send(records: readonly TelemetryRecord[]): Promise<void> {
    const { clock, pacer, topic } = this.deps;
    const batch: Batch = {
      keys: records.map(({ epoch, seq }) => ({ epoch, seq })),
      ranges: rangesOf(records),
      dueMs: Number.POSITIVE_INFINITY,
    };
    this.batches.push(batch);
    const payload = new TextEncoder().encode(JSON.stringify({ v: 1, records }));
    let sentMs = clock.realMs();
    const took = (): [number, number, number] => {
      const nowMs = clock.realMs();
      return [payload.length, nowMs - sentMs, nowMs];
    };
    try {
      await pacer.publish('bulk', topic, payload, {}, () => {
        sentMs = clock.realMs();
      });
      this.size.taken(...took());
      this.suspects.proven(clock.realMs());
      const waitMs = this.hurry ? Math.min(LAST_ACK_MS, this.ackTimeoutMs) : this.ackTimeoutMs;
      batch.dueMs = clock.realMs() + waitMs;
    } catch (error) {
      this.size.failed(...took());
      this.batches = this.batches.filter((other) => other !== batch);
      throw error;
    }
  }
}

const RECORDS_MAX = 2_000;

const bytesOf = (records: readonly TelemetryRecord[]): number =>
  records.reduce((sum, record) => sum + JSON.stringify(record).length + 1, 0);

/**
 * From the first to the last number of each epoch; the store gives them in order, so nothing else
 * lies between.
 */
function rangesOf(records: readonly TelemetryRecord[]): RecordRange[] {
  const ranges = new Map<number, { epoch: number; fromSeq: number; toSeq: number }>();
  for (const { epoch, seq } of records) {
    const range = ranges.get(epoch) ?? { epoch, fromSeq: seq, toSeq: seq };
    range.fromSeq = Math.min(range.fromSeq, seq);
    range.toSeq = Math.max(range.toSeq, seq);
    ranges.set(epoch, range);
  }
  return [...ranges.values()];
}
