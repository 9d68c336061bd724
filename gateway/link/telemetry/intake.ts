import type { TelemetryRecord } from '../../contracts/values/record.ts';
import type { AgentStore, Clock, Log } from '../../ports.ts';

const RETRY_MS = 1_000;

/**
 * Takes the guard's records to disk, in order, and only then tells the guard that it may forget
 * them. A write that fails is tried again, and nothing behind it is acknowledged first.
 */
export class Intake {
  private readonly store: Pick<AgentStore, 'addRecords'>;
  private readonly clock: Clock;
  private readonly log: Log;
  private readonly stored: (epoch: number, seq: number) => void;
  private waiting: TelemetryRecord[][] = [];
  private working = false;
  private idle: (() => void)[] = [];

  constructor(
    store: Pick<AgentStore, 'addRecords'>,
    clock: Clock,
    log: Log,
    stored: (epoch: number, seq: number) => void,
  ) {
    this.store = store;
    this.clock = clock;
    this.log = log;
    this.stored = stored;
  }

  take(records: readonly TelemetryRecord[]): void {
    if (records.length === 0) return;
    this.waiting.push([...records]);
    if (!this.working) void this.work();
  }

  /** Resolves when everything taken so far is on disk. */
  settled(): Promise<void> {
    if (!this.working) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.idle.push(resolve);
    return promise;
  }

  private async work(): Promise<void> {
    this.working = true;
    while (this.waiting.length > 0) {
      const batch = this.waiting.flat();
      this.waiting = [];
      await this.write(batch);
    }
    this.working = false;
    for (const tell of this.idle.splice(0)) tell();
  }

  private async write(batch: readonly TelemetryRecord[]): Promise<void> {
    for (;;) {
      try {
        await this.store.addRecords(batch);
        break;
      } catch (error) {
        this.log.error('telemetry is not on disk; tried again', { why: String(error) });
        const { promise, resolve } = Promise.withResolvers<void>();
        this.clock.realAt(this.clock.realMs() + RETRY_MS, resolve);
        await promise;
      }
    }
    const highest = new Map<number, number>();
    for (const { epoch, seq } of batch) highest.set(epoch, Math.max(seq, highest.get(epoch) ?? 0));
    for (const [epoch, seq] of [...highest].sort((a, b) => a[0] - b[0])) this.stored(epoch, seq);
  }
}
