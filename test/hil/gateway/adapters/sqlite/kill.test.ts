import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it } from 'vitest';
import { openStore } from '../../../../../gateway/adapters/sqlite/store.ts';

it('has every confirmed record after kill -9 in mid-write, five times over', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'edgewatt-kill-'));
  const path = join(folder, 'agent.db');
  const confirmed = new Map<number, number>();
  try {
    for (let round = 1; round <= 5; round += 1) {
      const child = spawn(process.execPath, [join(import.meta.dirname, 'writer.ts'), path], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const ended = once(child, 'exit');
      let lines = 0;
      for await (const line of createInterface({ input: child.stdout })) {
        const [epoch = 0, seq = 0] = line.split(' ').map(Number);
        confirmed.set(epoch, seq);
        lines += 1;
        if (lines === 20 * round) child.kill('SIGKILL');
      }
      await ended;
    }
    const store = await openStore(path);
    expect(store.opened.state).toBe('opened');
    const seen = new Map<number, Set<number>>();
    for (const record of await store.readRecords(1e9, [])) {
      const seqs = seen.get(record.epoch) ?? new Set();
      expect(seqs.has(record.seq)).toBe(false);
      seqs.add(record.seq);
      seen.set(record.epoch, seqs);
    }
    // Five writers, five epochs, each above all before; the sixth start is ours.
    const epochs = [...confirmed.keys(), store.opened.epoch];
    expect(epochs).toHaveLength(6);
    expect(epochs).toEqual([...new Set(epochs)].sort((a, b) => a - b));
    for (const [epoch, last] of confirmed) {
      expect(last).toBeGreaterThanOrEqual(20 * 7);
      for (let seq = 1; seq <= last; seq += 1) expect(seen.get(epoch)?.has(seq)).toBe(true);
    }
    await store.close();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
