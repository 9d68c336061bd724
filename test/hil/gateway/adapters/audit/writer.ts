import { join } from 'node:path';
import { AuditBook } from '../../../../../gateway/adapters/audit/log.ts';
import { createClock } from '../../../../../gateway/adapters/clock.ts';
import { DiskWriter } from '../../../../../gateway/adapters/writer/writer.ts';

/** Notes and cycles as fast as the disk takes them, until it is killed. */
const dir = process.argv[2] ?? '';
const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
const { book } = await AuditBook.open({ dir: join(dir, 'audit'), clock: createClock(), log });
const put = new DiskWriter().blackBox(join(dir, 'blackbox'), { bytes: 3_000_000, days: 1 });
for (let n = 0; ; n++) {
  put(Buffer.alloc(n === 0 ? 100 : 20_000, `cycle ${n} `), n === 0);
  await book.note({ kind: 'event', what: 'test', text: `note ${n}` });
  process.stdout.write(`${book.head().seq}:${book.head().hash}\n`);
}
