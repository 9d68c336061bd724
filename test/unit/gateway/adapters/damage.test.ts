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
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openStoreInProcess } from '../../../../gateway/adapters/sqlite/store.ts';
import { readSaved } from '../../../../gateway/adapters/writer/writer.ts';

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

it.each(['', '{"v":1,"epo', '\0\0\0\0'])(
  'guard.state with %j in it counts as none and is named',
  (text) => {
    const path = join(dir, 'guard.state');
    writeFileSync(path, text);
    const said: string[] = [];
    const error = (line: string): void => void said.push(line);
    const log = { info: () => undefined, warn: () => undefined, error };
    expect(readSaved(path, log)).toBeUndefined();
    expect(said.join()).toMatch(/guard\.state is damaged; the site's default limits bind/);
  },
);
