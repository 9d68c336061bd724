import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { stringify } from 'yaml';
import { openFileLake } from '../../../cloud/adapters/files.ts';
import { openStore } from '../../../cloud/adapters/sqlite.ts';
import { compose } from '../../../cloud/compose.ts';
import { cloudConfig, parseCloudFile } from '../../../cloud/config/load.ts';
import { bundleKeeper } from '../../../cloud/fleet/diagnostics.ts';
import type { Cloud } from '../../../cloud/ports.ts';
import { createSigner, hash } from '../../../gateway/adapters/crypto.ts';
import { createMemoryBroker } from '../../../simulators/broker-memory.ts';
import { createVirtualClock } from '../../../simulators/clock.ts';
import { CONFIG, Gateway, keys, T0 } from '../../world/cloud/fixture.ts';

const MAIN = new URL('../../../cloud/main.ts', import.meta.url).pathname;
const quiet = { info: () => {}, warn: () => {}, error: () => {} };

let folder = '';
const noSource = () => Promise.reject(new Error('no source'));
let cloud: Cloud;
const hub = createMemoryBroker();

/** `edgewatt-cloud fleet diagnostics` over the lake that the cloud wrote. */
async function command(...args: string[]): Promise<{ out: string; err: string; code: number }> {
  const words = [MAIN, 'fleet', 'diagnostics', ...args, '--config', join(folder, 'cloud.yaml')];
  try {
    const { stdout: out, stderr: err } = await promisify(execFile)(process.execPath, words);
    return { out, err, code: 0 };
  } catch (error) {
    const {
      stdout: out,
      stderr: err,
      code,
    } = error as Record<'stdout' | 'stderr', string> & {
      code: number;
    };
    return { out, err, code };
  }
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'diagnostics-'));
  writeFileSync(join(folder, 'cloud.yaml'), stringify(CONFIG));
  const config = cloudConfig(parseCloudFile(JSON.stringify(CONFIG), 'cloud.json'));
  const clock = createVirtualClock({ wallMs: T0 });
  const lake = openFileLake(join(folder, 'lake'));
  cloud = compose(config, {
    clock,
    broker: hub.client(),
    store: openStore(':memory:'),
    http: { get: noSource, post: noSource },
    signer: createSigner('grid-1', keys.privateKey),
    hash,
    log: quiet,
    keepBundle: bundleKeeper(config.tenant, { lake, clock, hash, log: quiet }),
    fatal: (error) => {
      throw error;
    },
  });
  cloud.start();
});
afterAll(async () => {
  await cloud.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe('diagnostics that gateways send', () => {
  it('are kept in the lake, and listed and read by a command', async () => {
    expect((await command()).out).toBe('no gateway has sent diagnostics yet\n');
    const [sun, works] = [new Gateway('gw-sun', hub), new Gateway('gw-works', hub)];
    const topic = (who: string) => `ew/v1/demo/${who}/diagnostics`;
    const bundle = { v: 1, jobId: 'look-1', version: '0.1.0', log: ['a line', 'ü'] };
    await sun.say(topic('gw-sun'), bundle);
    await sun.say(topic('gw-sun'), bundle); // once more, as a broker may
    await works.say(topic('gw-works'), { v: 1, jobId: 'look-1', live: { mode: 'rules' } });
    await works.say(topic('gw-works'), { v: 1, jobId: '../up' });
    await works.say(topic('gw-unknown'), bundle);
    await vi.waitUntil(() => cloud.status().messagesRefused === 2);
    const list = async () => JSON.parse((await command('--json')).out).bundles;
    await vi.waitUntil(async () => (await list()).length === 2, { timeout: 20_000 });
    expect(await list()).toEqual([
      { gateway: 'gw-sun', jobId: 'look-1', atMs: expect.any(Number), version: '0.1.0' },
      { gateway: 'gw-works', jobId: 'look-1', atMs: expect.any(Number), version: '' },
    ]);
    const { out } = await command('--gateway', 'gw-sun');
    expect(out).toMatch(
      /^came \(UTC\) +gateway +job +release\n2026-\S+ +gw-sun +look-1 +0\.1\.0\n$/,
    );
    const read = await command('look-1', '--gateway', 'gw-sun');
    expect(JSON.parse(read.out)).toMatchObject({ gateway: 'gw-sun', log: ['a line', 'ü'] });
  }, 60_000);

  it('what is not there, or not clear, is one line and exit code 2', async () => {
    const none = await command('look-2');
    expect(none).toMatchObject({ out: '', code: 2 });
    expect(none.err).toMatch(/^edgewatt-cloud: look-2: no such bundle; .*lists what is there\n$/);
    const two = await command('look-1');
    expect(two).toMatchObject({ out: '', code: 2 });
    expect(two.err).toMatch(/2 gateways sent one; add --gateway, as gw-sun\n$/);
  }, 60_000);
});
