import { describe, type TestContext, test } from 'vitest';
import { createClock } from '../../../../../gateway/adapters/clock.ts';
import { makeWire } from '../../../../../gateway/adapters/modbus/wire.ts';
import { createBus } from '../../../../../gateway/guard/bus/owner.ts';
import type { Request } from '../../../../../gateway/guard/bus/pdu.ts';
import { FAR, truth } from './far.ts';

/** What the owner of a wire promises, on every wire that there is. */
const QUIET = { info: () => undefined, warn: () => undefined, error: () => undefined };
const TIMEOUT_MS = 150;

const read = (at: number, count = 2): Request => ({ fc: 3, at, count });

async function rig(name: string, context: TestContext) {
  const { expect, onTestFinished } = context;
  const far = await FAR[name]?.();
  if (far === undefined) return context.skip('socat is not installed');
  onTestFinished(far.stop);
  const bus = createBus({
    bus: far.bus,
    wire: makeWire(far.bus),
    clock: createClock(),
    log: QUIET,
    stretch: 1,
    random: () => 0.1,
    unitsOnBus: 1,
  });
  const times = { timeoutMs: TIMEOUT_MS, pauseMs: 0, lateMs: 100, connectDelayMs: 0 };
  const handle = bus.attach({ unit: 1, ...times });
  handle.prove(read(999, 1), truth(999, 1));
  bus.start();
  onTestFinished(() => bus.stop());
  await expect.poll(() => bus.connected, { timeout: 20_000 }).toBe(true);
  const ask = (request: Request) => handle.request(request, 'control');
  /** Again until it succeeds: a busy machine may lose one to its time-out. */
  const surely = async (request: Request) => {
    for (let turn = 0; turn < 20; turn += 1) {
      const result = await ask(request);
      if (result.ok) return result.words;
      await expect.poll(() => bus.connected && !handle.down, { timeout: 30_000 }).toBe(true);
    }
    throw new Error('no answer in 20 tries');
  };
  return { bus, far, handle, ask, surely };
}

// At once: each has a wire of its own, and mostly waits for what does not come.
describe.concurrent.each(Object.keys(FAR))('%s', (name) => {
  test('functions 1 to 6, 15 and 16', async (context) => {
    const { expect } = context;
    const { surely } = await rig(name, context);
    expect(await surely(read(10, 125))).toEqual(truth(10, 125));
    expect(await surely({ fc: 4, at: 20, count: 3 })).toEqual(truth(20, 3));
    expect(await surely({ fc: 6, at: 5, word: 77 })).toEqual([]);
    expect(await surely({ fc: 16, at: 6, words: [1, 2] })).toEqual([]);
    expect(await surely(read(5, 3))).toEqual([77, 1, 2]);
    expect(await surely({ fc: 15, at: 3, bits: [true, false, true] })).toEqual([]);
    expect(await surely({ fc: 5, at: 4, on: true })).toEqual([]);
    expect(await surely({ fc: 1, at: 3, count: 3 })).toEqual([1, 1, 1]);
    expect(await surely({ fc: 2, at: 3, count: 9 })).toEqual([1, 1, 1, 0, 0, 0, 0, 0, 0]);
  });

  test('every 7th answer 30 ms after its time-out: no wrong value', async (context) => {
    const { expect } = context;
    const { far, handle, ask } = await rig(name, context);
    far.peer.faults.late = { every: 7, byMs: TIMEOUT_MS + 30 };
    let right = 0;
    for (let turn = 0; turn < 28; turn += 1) {
      const at = (turn * 13) % 500;
      const result = await ask(read(at)); // one shape only: the worst case
      if (!result.ok) continue;
      expect(result.words).toEqual(truth(at));
      right += 1;
    }
    expect(right).toBeGreaterThan(10);
    expect(handle.stats.timeouts).toBeGreaterThan(2);
  });

  test('exceptions keep their code', async (context) => {
    const { expect } = context;
    const { far, ask } = await rig(name, context);
    far.peer.faults.exception = 6;
    await expect
      .poll(() => ask(read(1)), { timeout: 20_000 })
      .toMatchObject({ ok: false, why: 'exception', exception: 6 });
  });

  test('what is under way settles when the wire is given up', async (context) => {
    const { expect } = context;
    const { bus, far, ask } = await rig(name, context);
    far.peer.faults.drop = true;
    const pending = [1, 2, 3].map((at) => ask(read(at)));
    bus.stop();
    const results = await Promise.all(pending);
    expect(results.every((result) => !result.ok)).toBe(true);
  });

  test('a silent device is a time-out, and the next answer is right', async (context) => {
    const { expect } = context;
    const { far, ask, surely } = await rig(name, context);
    far.peer.faults.drop = true;
    expect(await ask(read(10))).toMatchObject({ ok: false, why: 'timeout' });
    far.peer.faults.drop = false;
    expect(await surely(read(20, 3))).toEqual(truth(20, 3));
  });
});
