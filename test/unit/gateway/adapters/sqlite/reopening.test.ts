import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DEFAULTS } from '../../../../../gateway/adapters/sqlite/calls.ts';
import { StoreCore } from '../../../../../gateway/adapters/sqlite/core.ts';
import { Reopening } from '../../../../../gateway/adapters/sqlite/reopening.ts';
import { openDatabase } from '../../../../../gateway/adapters/sqlite/schema.ts';
import type { TelemetryRecord } from '../../../../../gateway/contracts/values/record.ts';
import type { StoreOpened } from '../../../../../gateway/ports.ts';

const event = (seq: number): TelemetryRecord => ({
  ...{ kind: 'event', epoch: 1, seq, atMs: seq, code: 'X', mode: 'safe', text: 'x' },
});
const failed = (code: string): Error => Object.assign(new Error('the disk'), { code });

let dir: string;
let connections: number;
let nowMs: number;
let told: StoreOpened[];
let base: Reopening;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'reopening-'));
  [connections, nowMs, told] = [0, 0, []];
  const open = () => {
    connections += 1;
    const { db, opened } = openDatabase(join(dir, 'agent.db'), 1_000);
    return { core: new StoreCore(db, DEFAULTS.bounds), opened };
  };
  base = new Reopening(
    open,
    (opened) => told.push(opened),
    () => nowMs,
  );
});
afterEach(() => {
  base.close();
  rmSync(dir, { recursive: true, force: true });
});

const add = (seq: number, fault?: Error): void =>
  base.use((core) =>
    core.together(() => {
      core.addRecords([event(seq)]);
      if (fault !== undefined) throw fault;
    }),
  );
const held = (): number[] => base.use((core) => core.readRecords(1e6, []).map(({ seq }) => seq));

describe('a database whose disk fails', () => {
  it('is closed, and opened anew before anything else is written to it', () => {
    add(1);
    expect(() => add(2, failed('SQLITE_IOERR_FSYNC'))).toThrow('the disk');
    expect(() => add(2)).toThrow('closed since its disk failed');
    expect(held).toThrow('closed');
    nowMs += 1_000;
    add(2);
    expect(connections).toBe(2);
    expect(told).toMatchObject([{ state: 'opened' }]);
    expect(held()).toEqual([2, 1]);
  });

  it('that is full, or a row that is refused, is no reason', () => {
    expect(() => add(1, failed('SQLITE_FULL'))).toThrow();
    expect(() => add(1, new RangeError('no'))).toThrow();
    add(1);
    expect(connections).toBe(1);
    expect(held()).toEqual([1]);
  });

  it('stays closed while it cannot be opened, and is tried again', () => {
    add(1);
    expect(() => add(2, failed('SQLITE_IOERR_WRITE'))).toThrow();
    nowMs += 1_000;
    rmSync(dir, { recursive: true });
    expect(() => add(2)).toThrow(/cannot be opened/);
    expect(() => add(2)).toThrow('closed since its disk failed');
    expect(told).toEqual([]);
  });
});
