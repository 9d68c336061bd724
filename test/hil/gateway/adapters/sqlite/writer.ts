import { openStore } from '../../../../../gateway/adapters/sqlite/store.ts';

/** Writes as fast as it can and tells each number that is confirmed, until it is killed. */
const store = await openStore(process.argv[2] ?? '');
for (let seq = 1; ; seq += 7) {
  const records = Array.from({ length: 7 }, (_, i) => ({
    epoch: store.opened.epoch,
    seq: seq + i,
    kind: 'event' as const,
    atMs: seq + i,
    code: 'TEST',
    mode: 'rules' as const,
    text: 'x'.repeat(200),
  }));
  const write = store.addRecords(records);
  await store.put('event', [{ key: String(seq), atMs: seq, body: {} }], true);
  await write;
  process.stdout.write(`${store.opened.epoch} ${seq + 6}\n`);
}
