import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { openDatabase } from '../../../../../gateway/adapters/sqlite/schema.ts';

const folder = mkdtempSync(join(tmpdir(), 'edgewatt-durable-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** What SQLite promises of a power cut hangs on these two (sqlite.org/pragma.html). */
test('a commit of the gateway waits for the disk', () => {
  const { db } = openDatabase(join(folder, 'agent.db'), 0);
  expect(db.pragma('synchronous', { simple: true })).toBe(2);
  expect(db.pragma('journal_mode', { simple: true })).toBe('wal');
  db.close();
});
