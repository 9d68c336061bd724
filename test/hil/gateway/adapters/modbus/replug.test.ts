import { mkdtempSync, rmSync, symlinkSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SerialPort } from 'serialport';
import { afterEach, expect, test } from 'vitest';
import { createClock } from '../../../../../gateway/adapters/clock.ts';
import { makeWire } from '../../../../../gateway/adapters/modbus/wire.ts';
import { createBus } from '../../../../../gateway/guard/bus/owner.ts';
import { createPtyPair } from '../../../../../simulators/servers/pty.ts';
import { createPeer, type Peer } from '../../../../../simulators/wires/peer.ts';

const BAUD = 115_200;
const BACK_WITHIN_MS = 10_000;
const ends: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** An adapter under a name that survives replugging, as /dev/serial/by-id gives it. */
async function plugIn(link: string, peer: Peer) {
  const pair = await createPtyPair();
  if (pair === undefined) return undefined;
  const port = new SerialPort({ path: pair.device, baudRate: BAUD, autoOpen: false });
  await new Promise<void>((done, fail) => port.open((error) => (error ? fail(error) : done())));
  port.on('error', () => undefined);
  port.on('data', (bytes: Buffer) =>
    peer.heard(bytes, (reply) => port.isOpen && port.write(Buffer.from(reply))),
  );
  symlinkSync(pair.gateway, link);
  const pullOut = async (): Promise<void> => {
    unlinkSync(link);
    await new Promise<void>((done) => (port.isOpen ? port.close(() => done()) : done()));
    await pair.stop();
  };
  return { pullOut };
}

test('unplugged and plugged in again under its name: back within 10 s', async (context) => {
  const dir = mkdtempSync(join(tmpdir(), 'replug-'));
  ends.push(() => rmSync(dir, { recursive: true }));
  const path = join(dir, 'usb-adapter');
  const peer = createPeer('rtu', [1]);
  peer.registers.set(5, 4_711);
  const first = await plugIn(path, peer);
  if (first === undefined) return context.skip('socat is not installed');
  const lines: string[] = [];
  const line = (text: string): void => {
    lines.push(text);
  };
  const spec = { id: 'b', kind: 'serial', path, baud: BAUD, parity: 'none', stopBits: 1 } as const;
  const bus = createBus({
    bus: spec,
    wire: makeWire(spec),
    clock: createClock(),
    log: { info: line, warn: line, error: line },
    stretch: 1,
    random: Math.random,
    unitsOnBus: 1,
  });
  const times = { timeoutMs: 300, pauseMs: 0, lateMs: 100, connectDelayMs: 0 };
  const handle = bus.attach({ unit: 1, ...times });
  const reads = async () => (await handle.request({ fc: 3, at: 5, count: 1 }, 'control')).ok;
  bus.start();
  ends.push(() => bus.stop());
  await expect.poll(reads, { timeout: 20_000 }).toBe(true);
  await first.pullOut();
  await expect.poll(() => bus.connected, { timeout: 20_000 }).toBe(false);
  const missing = (): string[] => lines.filter((text) => text.includes('there is no'));
  await expect.poll(() => missing().length, { timeout: 20_000 }).toBeGreaterThan(0);
  const again = await plugIn(path, peer);
  const fromMs = performance.now();
  await expect.poll(reads, { timeout: 30_000 }).toBe(true);
  expect(performance.now() - fromMs).toBeLessThan(BACK_WITHIN_MS);
  expect(bus.opens).toBe(2);
  expect(missing()).toHaveLength(1);
  bus.stop();
  await again?.pullOut();
});
