import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadGateway } from '../../../../gateway/config/gateway-file.ts';
import { Degraded } from '../../../../gateway/processes/degraded.ts';
import { sourcesOf } from '../../../../gateway/processes/sources.ts';
import { createVirtualClock } from '../../../../simulators/clock.ts';

it('a key that cannot be used is an alarm until its file is mended: no restart', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'sources-'));
  try {
    const source = 'source: entsoe, area: 10Y1001A1001A82H, keyFile: entsoe.key';
    writeFileSync(join(dir, 'gateway.yaml'), `version: 1\nsources:\n  prices: {${source}}\n`);
    const errors: string[] = [];
    const log = { info: () => {}, warn: () => {}, error: (text: string) => errors.push(text) };
    const degraded = new Degraded(log);
    const clock = createVirtualClock({ wallMs: 0 });
    const { sources } = await sourcesOf(loadGateway(dir), clock, degraded);
    const secret = () => sources?.ports.files?.secret('entsoe.key');
    expect(degraded.problems).toMatchObject([{ code: 'SOURCES:entsoe.key' }]);
    expect(degraded.problems[0]?.text).toMatch(/entsoe\.key: cannot be read \(ENOENT\)\.$/);
    writeFileSync(join(dir, 'entsoe.key'), 'a key', { mode: 0o600 });
    await expect(secret()).rejects.toThrow('no key');
    expect(degraded.problems).toMatchObject([{ mend: 'Write the key alone.' }]);
    expect(errors).toHaveLength(1); // once, not at each try
    writeFileSync(join(dir, 'entsoe.key'), 'abc');
    expect(await secret()).toBe('abc');
    expect(degraded.problems).toEqual([]);
  } finally {
    rmSync(dir, { recursive: true });
  }
});
