import type { RecordKey, TelemetryRecord } from '../../gateway/contracts/values/record.ts';
import type { AgentStore, Clock } from '../../gateway/ports.ts';
import { copyOf } from './copy.ts';
import type { VirtualProcess } from './process.ts';

/** Real ms until a group of writes is on disk; what was asked since is gone with its process. */
const COMMIT_MS = 250;
const URGENT_MS = 15;
const READ_MS = 2;
const SLOW_MS = 5_000;

/** What is wrong with a disk, until when (real ms of the world, not of its gateway's clock). */
export interface DiskTrouble {
  readonly kind: 'full' | 'error' | 'slow';
  readonly untilMs: number;
}

/** A gateway's disk: it outlives every process. */
export interface VirtualDisk {
  /** The store as one life of the agent opens it. */
  open(process: VirtualProcess): AgentStore;
  /** Keys of records that were confirmed as stored, `epoch/seq`. */
  readonly confirmed: ReadonlySet<string>;
  /** What the guard's two files hold, JSON text; '' where there is none. */
  readonly guardState: { file: string; copy: string };
  trouble: DiskTrouble | undefined;
  /** Records that wait in the database. */
  waiting(): Promise<number>;
  /** The database is damaged beyond reading; what was only there is gone. */
  lose(other: AgentStore): void;
  /** Why a write fails now; undefined when it does not. */
  refusal(): string | undefined;
  /** Whether a write takes long now. */
  isSlow(): boolean;
}

interface Asked {
  readonly run: () => Promise<void>;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

/** Writes come to the disk in groups, in their order, and resolve when they are on it. */
class Group {
  private asked: Asked[] = [];
  private cancel: (() => void) | undefined;
  private dueMs = Number.POSITIVE_INFINITY;
  private readonly process: VirtualProcess;
  private readonly disk: Pick<VirtualDisk, 'refusal' | 'isSlow'>;

  constructor(process: VirtualProcess, disk: Pick<VirtualDisk, 'refusal' | 'isSlow'>) {
    this.process = process;
    this.disk = disk;
  }

  write(run: () => Promise<void>, urgent = false): Promise<void> {
    const { clock } = this.process;
    return new Promise((done, failed) => {
      this.asked.push({ run, done, failed });
      const takesMs = this.disk.isSlow() ? SLOW_MS : urgent ? URGENT_MS : COMMIT_MS;
      const dueMs = clock.realMs() + takesMs;
      if (dueMs >= this.dueMs) return;
      this.cancel?.();
      this.dueMs = dueMs;
      this.cancel = clock.realAt(dueMs, () => void this.commit());
    });
  }

  private async commit(): Promise<void> {
    const group = this.asked;
    this.asked = [];
    this.dueMs = Number.POSITIVE_INFINITY;
    const refusal = this.disk.refusal();
    for (const { run, done, failed } of group) {
      if (refusal !== undefined) failed(new Error(refusal));
      else await run().then(done, failed);
    }
  }
}

const keyOf = ({ epoch, seq }: RecordKey): string => `${epoch}/${seq}`;

/** @param world the world's clock */
export function createVirtualDisk(first: AgentStore, world: Pick<Clock, 'realMs'>): VirtualDisk {
  let kept = first;
  let isReplaced = false; // and nobody has opened it yet
  const confirmed = new Set<string>();
  let lives = 0;
  const troubleNow = (): DiskTrouble['kind'] | undefined => {
    const { trouble } = disk;
    return trouble && world.realMs() < trouble.untilMs ? trouble.kind : undefined;
  };
  const disk: VirtualDisk = {
    confirmed,
    guardState: { file: '', copy: '' },
    trouble: undefined,
    waiting: async () => (await kept.outbox()).rows,
    lose: (other) => {
      void kept.close();
      kept = other;
      isReplaced = true;
      confirmed.clear();
    },
    isSlow: () => troubleNow() === 'slow',
    refusal: () => {
      const kind = troubleNow();
      if (kind === undefined || kind === 'slow') return undefined;
      return kind === 'full' ? 'database or disk is full' : 'disk I/O error';
    },
    open: (process) => {
      lives += 1;
      const state = isReplaced ? 'replaced' : lives === 1 ? 'new' : 'opened';
      isReplaced = false;
      const group = new Group(process, disk);
      const read = <T>(run: () => Promise<T>): Promise<T> =>
        process.guard(
          new Promise<T>((resolve, reject) => {
            const { clock } = process;
            clock.realAt(clock.realMs() + READ_MS, () => void run().then(resolve, reject));
          }),
        );
      const add = async (records: readonly TelemetryRecord[]): Promise<void> => {
        await kept.addRecords(records);
        for (const record of records) confirmed.add(keyOf(record));
      };
      return {
        opened: { state, detail: '', epoch: lives },
        addRecords: (records) => group.write(() => add(records)),
        readRecords: (maxBytes, without) => read(() => kept.readRecords(maxBytes, without)),
        setAside: (...args) => group.write(() => kept.setAside(...copyOf(args))),
        removeRecords: (ranges) => group.write(() => kept.removeRecords(ranges)),
        outbox: () => read(() => kept.outbox()),
        addHistory: (rows) => group.write(() => kept.addHistory(rows)),
        history: (fromMs, untilMs) => read(() => kept.history(fromMs, untilMs)),
        put: (kind, documents, urgent) => {
          const copy = copyOf(documents);
          return group.write(() => kept.put(kind, copy, true), urgent);
        },
        get: (kind, key) => read(() => kept.get(kind, key)),
        list: (kind, fromMs, untilMs) => read(() => kept.list(kind, fromMs, untilMs)),
        forget: (kind, beforeMs) => group.write(() => kept.forget(kind, beforeMs)),
        close: () => group.write(async () => undefined, true),
      };
    },
  };
  return disk;
}
