import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStoreInProcess } from '../../../../gateway/adapters/sqlite/store.ts';
import { DiskWriter, readEither } from '../../../../gateway/adapters/writer/writer.ts';
import { checkSaved } from '../../../../gateway/compose.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'edgewatt-damage-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** Changes bytes of a file where a part of it begins. */
function overwrite(path: string, at: number, bytes: number): void {
  const content = readFileSync(path);
  content.fill(0xa5, at, at + bytes);
  writeFileSync(path, content);
}

const PAGE_BYTES = 4_096;
const damages: readonly [string, (path: string) => void][] = [
  ['a damaged header', (path) => overwrite(path, 0, 100)],
  ['a damaged page of records', (path) => overwrite(path, PAGE_BYTES, 12 * PAGE_BYTES)],
  ['half of it gone', (path) => truncateSync(path, 9 * PAGE_BYTES)],
];

it.each(damages)(
  'a database with %s is set aside and named, and a new one begins',
  async (_, hurt) => {
    const path = join(dir, 'agent.db');
    const before = openStoreInProcess(path, 1_000);
    const text = 'x'.repeat(1_000);
    const event = { kind: 'event' as const, code: 'TEST', mode: 'rules' as const, text };
    const records = Array.from({ length: 100 }, (_none, n) => ({
      epoch: 1,
      seq: n + 1,
      atMs: n,
      ...event,
    }));
    await before.addRecords(records);
    await before.close();
    hurt(path);
    const after = openStoreInProcess(path, Date.parse('2026-06-17T09:00:00Z'));
    expect(after.opened.state).toBe('replaced');
    expect(after.opened.detail).toMatch(
      /agent\.db\.damaged-2026-06-17T090000000Z and a new one began/,
    );
    expect(after.opened.epoch).toBeGreaterThan(before.opened.epoch);
    expect(await after.outbox()).toMatchObject({ rows: 0 });
    await after.close();
    expect(readdirSync(dir).filter((name) => name.includes('.damaged-')).length).toBeGreaterThan(0);
  },
);

const log = (said: string[]) => ({
  info: () => undefined,
  warn: () => undefined,
  error: (line: string) => void said.push(line),
});
const STATE = { v: 1, epoch: 3, highestSequence: 7, envelopes: [], mode: 'optimised', budget: {} };

describe.each(['', '{"v":1,"epo', '\0\0\0\0', '{"v":1,"epoch":"x"}'])(
  'guard.state with %j',
  (text) => {
    it('counts as none and is named', () => {
      const path = join(dir, 'guard.state');
      writeFileSync(path, text);
      const said: string[] = [];
      expect(readEither(path, checkSaved, log(said))).toBeUndefined();
      expect(said.join()).toMatch(/guard\.state is damaged; the site's default limits bind/);
    });

    it('costs nothing where its copy is whole, or is itself the copy', async () => {
      const path = join(dir, 'guard.state');
      const disk = new DiskWriter();
      disk.replaceTwice(path, STATE);
      await disk.close();
      const said: string[] = [];
      writeFileSync(path, text);
      expect(readEither(path, checkSaved, log(said))).toEqual(STATE);
      expect(said).toEqual([`${path} is damaged; its copy is read`]);
      rmSync(path);
      expect(readEither(path, checkSaved, log(said))).toEqual(STATE);
      writeFileSync(path, JSON.stringify(STATE));
      writeFileSync(`${path}.copy`, text);
      expect(readEither(path, checkSaved, log(said))).toEqual(STATE);
      expect(said).toHaveLength(1);
      writeFileSync(path, text);
      expect(readEither(path, checkSaved, log(said))).toBeUndefined();
    });
  },
);
