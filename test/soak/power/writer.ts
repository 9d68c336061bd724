import { writeSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { openStore as openCloud } from '../../../cloud/adapters/sqlite.ts';
import { AuditBook } from '../../../gateway/adapters/audit/log.ts';
import { createClock } from '../../../gateway/adapters/clock.ts';
import { openStore } from '../../../gateway/adapters/sqlite/store.ts';
import { readEither } from '../../../gateway/adapters/writer/writer.ts';
import { FILES, GATEWAY } from './files.ts';

/**
 * One life of everything that a gateway and its cloud keep on disk, as fast as the disk takes it.
 * Each line it writes is said after the product has said that it is stored:
 *   o EPOCH SEQ   records of the outbox, up to and with this one
 *   c EPOCH SEQ   one record, stored by the cloud
 *   a SEQ HASH    the audit log, up to and with this entry
 *   s NUMBER      guard.state
 *   b EPOCH COUNT cycles of the black box
 */
const dir = process.argv[2] ?? '';
const BATCH_ROWS = 7;
const PASSED_BYTES = 16_384;
const GROUP_MS = 8;
const say = (line: string): void => void writeSync(1, `${line}\n`);
const log = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** The guard's own writer thread; each job is answered in its order. */
class Thread {
  private readonly worker = new Worker(
    new URL('../../../gateway/adapters/writer/thread.ts', import.meta.url),
  );
  private readonly open: ((failed: string | undefined) => void)[] = [];

  constructor() {
    this.worker.on('message', ({ failed }: { failed?: string }) => this.open.shift()?.(failed));
  }

  /** @throws what the disk refused */
  async job(job: object): Promise<void> {
    const failed = await new Promise<string | undefined>((resolve) => {
      this.open.push(resolve);
      this.worker.postMessage(job);
    });
    if (failed !== undefined) throw new Error(failed);
  }
}

async function fill(store: Awaited<ReturnType<typeof openStore>>): Promise<never> {
  const { epoch } = store.opened;
  for (let first = 1; ; first += BATCH_ROWS) {
    const records = Array.from({ length: BATCH_ROWS }, (_, n) => ({
      ...{ epoch, seq: first + n, kind: 'event' as const, atMs: first + n },
      ...{ code: 'TEST', mode: 'rules' as const, text: 'x'.repeat(200) },
    }));
    await store.addRecords(records);
    say(`o ${epoch} ${first + BATCH_ROWS - 1}`);
  }
}

/** As the link does it: the cloud stores, says so, and then the record leaves the outbox. */
async function pass(store: Awaited<ReturnType<typeof openStore>>): Promise<never> {
  const cloud = openCloud(join(dir, FILES.cloud));
  for (;;) {
    const records = await store.readRecords(PASSED_BYTES, []);
    cloud.transaction(() => {
      for (const record of records) cloud.storeRecord(GATEWAY, record, 0);
    });
    for (const { epoch, seq } of records) say(`c ${epoch} ${seq}`);
    const ranges = records.map(({ epoch, seq }) => ({ epoch, fromSeq: seq, toSeq: seq }));
    await store.removeRecords(ranges);
  }
}

async function noteAll(epoch: number): Promise<never> {
  const { book } = await AuditBook.open({ dir: join(dir, FILES.audit), clock: createClock(), log });
  for (let seq = 1; ; seq += 1) {
    const text = `note ${seq}`;
    await book.note({ kind: 'event', what: 'test', text, guard: { epoch, seq } });
    say(`a ${book.head().seq} ${book.head().hash}`);
  }
}

async function saveAll(thread: Thread, epoch: number): Promise<never> {
  const state = join(dir, FILES.state);
  const saved = readEither(state, (raw) => raw as { number: number }, log);
  const bounds = { bytes: 3_000_000, days: 1 };
  await thread.job({ kind: 'ring', dir: join(dir, FILES.box), bounds });
  let number = saved?.number ?? 0;
  for (let cycle = 0; ; cycle += 1) {
    const text = JSON.stringify({ number: ++number, padding: 'x'.repeat(1_500) });
    await thread.job({ kind: 'replace', file: state, text });
    say(`s ${number}`);
    await thread.job({ kind: 'replace', file: `${state}.copy`, text });
    const blob = Buffer.alloc(2_000, `cycle ${epoch} ${cycle} `);
    await thread.job({ kind: 'cycle', blob, begins: cycle === 0 });
    await thread.job({ kind: 'flush', id: cycle + 1 });
    say(`b ${epoch} ${cycle + 1}`);
  }
}

await new Promise((go) => process.stdin.once('data', go));
await mkdir(dir, { recursive: true });
const store = await openStore(join(dir, FILES.outbox), { groupMs: GROUP_MS });
const { epoch } = store.opened;
await Promise.all([fill(store), pass(store), noteAll(epoch), saveAll(new Thread(), epoch)]);
