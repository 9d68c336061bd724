import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { createClock } from '../../../gateway/adapters/clock.ts';
import { makeWire } from '../../../gateway/adapters/modbus/wire.ts';
import { createBus } from '../../../gateway/guard/bus/owner.ts';
import { createPeer } from '../../../simulators/wires/peer.ts';

/** A namespace behind a pair of links, with addresses that nobody routes. */
const NAME = `ew${process.pid}`;
const HERE = '10.231.77.1';
const THERE = '10.231.77.2';
const PORT = 1502;
const TIMEOUT_MS = 500; // of most profiles
const NOTICED_MS = 5_000;
const LIMIT = { timeout: 60_000 };
const QUIET = { info: () => undefined, warn: () => undefined, error: () => undefined };
const READ = { fc: 3, at: 10, count: 2 } as const;

const why =
  process.getuid?.() !== 0
    ? 'needs root for a network namespace'
    : ['/usr/sbin/ip', '/usr/bin/socat'].find((tool) => !existsSync(tool));
if (why !== undefined) process.stdout.write(`No connection is left half open: ${why}\n`);

const ends: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const ip = (...args: readonly string[]): void => void execFileSync('ip', args);
const inside = (...args: readonly string[]): void => ip('netns', 'exec', NAME, 'ip', ...args);

function makeNetwork(): void {
  ip('netns', 'add', NAME);
  ends.push(() => ip('netns', 'del', NAME));
  ip('link', 'add', `${NAME}a`, 'type', 'veth', 'peer', 'name', `${NAME}b`, 'netns', NAME);
  ends.push(() => ip('link', 'del', `${NAME}a`)); // and its other end
  ip('addr', 'add', `${HERE}/24`, 'dev', `${NAME}a`);
  ip('link', 'set', `${NAME}a`, 'up');
  inside('addr', 'add', `${THERE}/24`, 'dev', `${NAME}b`);
  inside('link', 'set', `${NAME}b`, 'up');
}

/** Our peer answers here; what listens in the namespace only passes bytes on. */
async function serve(): Promise<void> {
  const peer = createPeer('tcp', [1]);
  for (let at = 0; at < 100; at += 1) peer.registers.set(at, at * 7);
  const dir = mkdtempSync(join(tmpdir(), 'edgewatt-half-'));
  const path = join(dir, 'peer');
  const server = createServer((socket) => {
    peer.reset();
    socket.on('data', (bytes) => peer.heard(bytes, (out) => void socket.write(out)));
    socket.on('error', () => undefined);
  });
  await new Promise<void>((done) => server.listen(path, done));
  const listen = `TCP-LISTEN:${PORT},fork,reuseaddr`;
  const args = ['netns', 'exec', NAME, 'socat', '-d', '-d', listen, `UNIX-CONNECT:${path}`];
  const socat = spawn('ip', args, { stdio: ['ignore', 'ignore', 'pipe'], detached: true });
  let said = '';
  socat.stderr.on('data', (text) => {
    said += text;
  });
  ends.push(async () => {
    const gone = once(socat, 'exit');
    if (socat.pid !== undefined) process.kill(-socat.pid, 'SIGTERM'); // and what it forked
    server.close();
    await gone;
    rmSync(dir, { recursive: true, force: true });
  });
  await expect.poll(() => said, LIMIT).toContain('listening on');
}

test.skipIf(why !== undefined)(
  'a device whose packets vanish is noticed, and read again',
  async () => {
    makeNetwork();
    await serve();
    const bus = { id: 'far', kind: 'tcp', host: THERE, port: PORT } as const;
    const own = createBus({
      ...{ bus, wire: makeWire(bus), clock: createClock(), log: QUIET },
      ...{ stretch: 1, random: () => 0.1, unitsOnBus: 1 },
    });
    const limits = { timeoutMs: TIMEOUT_MS, pauseMs: 0, lateMs: 100, connectDelayMs: 0 };
    const device = own.attach({ unit: 1, ...limits });
    own.start();
    ends.push(() => own.stop());
    await expect.poll(() => own.connected, LIMIT).toBe(true);
    expect(await device.request(READ, 'control')).toMatchObject({ ok: true });

    inside('route', 'add', 'blackhole', `${HERE}/32`);
    const fromMs = performance.now();
    while (own.connected) expect((await device.request(READ, 'control')).ok).toBe(false);
    expect(performance.now() - fromMs).toBeLessThan(NOTICED_MS);

    inside('route', 'del', 'blackhole', `${HERE}/32`);
    await expect.poll(async () => (await device.request(READ, 'control')).ok, LIMIT).toBe(true);
    expect(own.opens).toBeGreaterThanOrEqual(2);
  },
);
