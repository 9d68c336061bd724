import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as later } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startProcess } from '../../../simulators/demo/processes.ts';
import { ROOT, Stage } from '../../hil/demo/started.ts';
import { until } from './one-site.ts';

const FAKETIME = [
  '/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1',
  '/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1',
].find((file) => existsSync(file));
if (FAKETIME === undefined) process.stdout.write('No clock jumps: needs libfaketime (faketime)\n');

const STANDS_MS = 12_000;
const HOUR_S = 3_600;
const CYCLE_MS = 1_000;
/** Of the turns: the machine is busy. */
const MISSED_SHARE = 0.1;

interface Cycle {
  readonly atMs: number;
  readonly flags: readonly string[];
}

let stage: Stage;
const before = { ...process.env };

beforeAll(() => {
  stage = new Stage();
  stage.mark();
});

afterAll(async () => {
  for (const name of ['LD_PRELOAD', 'FAKETIME_TIMESTAMP_FILE']) {
    if (before[name] === undefined) delete process.env[name];
  }
  await stage?.clear();
}, 60_000);

it.skipIf(FAKETIME === undefined)(
  'the clock of the machine jumps by an hour and by days: no turn notices, and it is told',
  async () => {
    const { dir } = stage;
    const clock = join(dir, 'clock');
    const set = (offsetS: number): void => {
      writeFileSync(`${clock}.new`, `${offsetS < 0 ? '' : '+'}${offsetS}\n`);
      renameSync(`${clock}.new`, clock);
    };
    set(0);
    mkdirSync(join(dir, 'logs'));
    const house = readFileSync(join(ROOT, 'docs/examples/house.yaml'), 'utf8')
      .replace('/dev/serial/by-id/usb-rs485', '/dev/serial/by-id/usb-none')
      .replaceAll('192.168.1.', '127.0.0.');
    writeFileSync(join(dir, 'site.yaml'), house);
    writeFileSync(join(dir, 'gateway.yaml'), 'version: 1\npage: { port: 0 }\n');
    Object.assign(process.env, {
      LD_PRELOAD: FAKETIME,
      FAKETIME_TIMESTAMP_FILE: clock,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    });
    const program = join(ROOT, 'gateway/main.ts');
    const gateway = startProcess('gateway', [program, 'run', dir], join(dir, 'logs'));
    delete process.env['LD_PRELOAD'];
    await until(() => existsSync(join(dir, 'data', 'guard.state')), 60_000);
    const fromMs = performance.now();
    for (const offsetS of [HOUR_S, -24 * HOUR_S, 10 * 365 * 24 * HOUR_S, 0]) {
      await later(STANDS_MS);
      set(offsetS);
    }
    await later(STANDS_MS);
    const ranMs = performance.now() - fromMs;
    gateway.stop();
    expect(await gateway.exited).toBe(0);
    const said = JSON.parse(readFileSync(join(dir, 'data', 'guard.summary.json'), 'utf8'));
    expect(said.cycles).toBeGreaterThan(((1 - MISSED_SHARE) * ranMs) / CYCLE_MS - 2);
    expect(said.missedCycles).toBeLessThan((MISSED_SHARE * ranMs) / CYCLE_MS);
    expect(said.agentRestarts).toBe(0);

    const args = [program, 'replay', dir, '--json'];
    const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 1e9 });
    const recorded = JSON.parse(stdout).recorded as Cycle[];
    const isTimed = recorded.map(({ flags }) => !flags.includes('untimed'));
    expect(isTimed.filter((timed) => !timed).length).toBeGreaterThan((2 * STANDS_MS) / CYCLE_MS);
    expect(isTimed[0]).toBe(true);
    expect(isTimed.at(-1)).toBe(true); // back at the right time, at once
    const steps = recorded.slice(1).map(({ atMs }, n) => atMs - (recorded[n]?.atMs ?? 0));
    // What is believed goes on by its own line: no instant comes twice, none is left out.
    expect(Math.min(...steps)).toBeGreaterThan(0);
    expect(Math.max(...steps)).toBeLessThan(10 * CYCLE_MS);
  },
  300_000,
);
