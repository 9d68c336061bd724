import { afterEach, expect, test } from 'vitest';
import { createClock } from '../../../gateway/adapters/clock.ts';
import { makeWire } from '../../../gateway/adapters/modbus/wire.ts';
import { createBus } from '../../../gateway/guard/bus/owner.ts';
import { FAR, truth } from '../../hil/gateway/adapters/modbus/far.ts';

const QUIET = { info: () => undefined, warn: () => undefined, error: () => undefined };
const TIMEOUT_MS = 60;
const ends: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** On real wires: the same experiment as in virtual time, with the machine's own delays in it. */
test.each([
  ['Modbus TCP, ours', 20_000],
  ['RTU, ours', 2_000],
] as const)('%s: %i reads, every 7th answer late: none is wrong', async (name, reads) => {
  const far = await FAR[name]?.();
  if (far === undefined) throw new Error('this needs socat');
  ends.push(far.stop);
  far.peer.faults.late = { every: 7, byMs: TIMEOUT_MS + 30 };
  const bus = createBus({
    bus: far.bus,
    wire: makeWire(far.bus),
    clock: createClock(),
    log: QUIET,
    stretch: 1,
    random: () => 0.1,
    unitsOnBus: 1,
  });
  const times = { timeoutMs: TIMEOUT_MS, pauseMs: 0, lateMs: 60, connectDelayMs: 0 };
  const handle = bus.attach({ unit: 1, ...times });
  handle.prove({ fc: 3, at: 999, count: 1 }, truth(999, 1));
  bus.start();
  ends.push(() => bus.stop());
  await expect.poll(() => bus.connected, { timeout: 20_000 }).toBe(true);
  const counts = { right: 0, wrong: 0, failed: 0 };
  for (let turn = 0; turn < reads; turn += 1) {
    const at = (turn * 13) % 500;
    const result = await handle.request({ fc: 3, at, count: 2 }, 'control');
    if (!result.ok) counts.failed += 1;
    else if (result.words.join() === truth(at).join()) counts.right += 1;
    else counts.wrong += 1;
    if (handle.down || !bus.connected) {
      await expect.poll(() => bus.connected && !handle.down, { timeout: 60_000 }).toBe(true);
    }
  }
  process.stdout.write(`${name}: ${JSON.stringify({ ...counts, late: bus.late })}\n`);
  expect(counts.wrong).toBe(0);
  expect(counts.right).toBeGreaterThan(reads / 2);
});
