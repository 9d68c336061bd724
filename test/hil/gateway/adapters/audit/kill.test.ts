import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it } from 'vitest';
import { readAudit } from '../../../../../gateway/adapters/audit/files.ts';
import { openBlackBox } from '../../../../../gateway/adapters/blackbox/files.ts';
import { createVerifier, hash } from '../../../../../gateway/adapters/crypto.ts';
import { type AuditHead, verifyAudit } from '../../../../../gateway/contracts/values/audit.ts';

it('kill -9 in mid-write: every told entry is in the chain, every frame whole', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'edgewatt-audit-'));
  const told: AuditHead[] = [];
  try {
    for (let round = 1; round <= 3; round++) {
      const script = join(import.meta.dirname, 'writer.ts');
      const stdio = ['ignore', 'pipe', 'inherit'] as const;
      const child = spawn(process.execPath, [script, dir], { stdio: [...stdio] });
      const ended = once(child, 'exit');
      let lines = 0;
      for await (const line of createInterface({ input: child.stdout })) {
        const [seq = '', sha256 = ''] = line.split(':');
        if (sha256.length === 64) told.push({ seq: Number(seq), hash: sha256 });
        lines += 1;
        if (lines === 60 * round) child.kill('SIGKILL');
      }
      await ended;
    }
    const crypto = { sha256: hash.sha256, verify: createVerifier().verify };
    const found = verifyAudit({ ...readAudit(join(dir, 'audit')), told }, crypto);
    expect(found.problems).toEqual([]);
    expect(found.head?.seq).toBeGreaterThanOrEqual(told.at(-1)?.seq ?? Number.NaN);
    expect(told.length).toBeGreaterThanOrEqual(60 * 6);
    const box = join(dir, 'blackbox');
    const sizes = readdirSync(box).map((name) => statSync(join(box, name)).size);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(3_000_000);
    const files = openBlackBox(box);
    expect(files.length).toBeGreaterThan(0); // who dies early has begun none
    for (const file of files) {
      const { blobs = [], end } = file.read() ?? {};
      expect(['whole', 'torn']).toContain(end);
      blobs.forEach((blob, n) => {
        expect(Buffer.from(blob).toString().startsWith(`cycle ${n} `)).toBe(true);
      });
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});
