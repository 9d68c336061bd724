import { expect } from 'vitest';
import { createClock } from '../../../../../gateway/adapters/clock.ts';
import { makeWire } from '../../../../../gateway/adapters/modbus/wire.ts';
import type { BusSpec } from '../../../../../gateway/contracts/values/site.ts';
import { createBus } from '../../../../../gateway/guard/bus/owner.ts';
import type { Request } from '../../../../../gateway/guard/bus/pdu.ts';
import type { Log } from '../../../../../gateway/ports.ts';

const QUIET: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };

/**
 * Every function of the read and write of registers and bits. Holding register n holds 3 n, input
 * register n 5 n, coil n is set when 3 divides n, discrete input n when 2 does.
 * @param ends what has to be stopped afterwards
 */
export async function exercise(
  bus: BusSpec,
  ends: (() => Promise<unknown> | undefined)[],
): Promise<void> {
  const clock = createClock();
  const wire = makeWire(bus);
  const own = createBus({
    bus,
    wire,
    clock,
    log: QUIET,
    stretch: 1,
    random: () => 0.1,
    unitsOnBus: 1,
  });
  const handle = own.attach({
    unit: 1,
    timeoutMs: 1_000,
    pauseMs: 0,
    lateMs: 100,
    connectDelayMs: 0,
  });
  own.start();
  ends.push(() => {
    own.stop();
    return undefined;
  });
  await expect.poll(() => own.connected, { timeout: 20_000 }).toBe(true);
  /** Again while the other program is still starting, or the machine is busy. */
  const ask = async (request: Request) => {
    for (let turn = 0; ; turn += 1) {
      const result = await handle.request(request, 'write');
      if (result.ok || turn === 40) return result;
      await expect.poll(() => own.connected && !handle.down, { timeout: 60_000 }).toBe(true);
    }
  };
  const list = (from: number, count: number, of: (at: number) => number): number[] =>
    Array.from({ length: count }, (_, index) => of(from + index));
  expect(await ask({ fc: 3, at: 100, count: 125 })).toMatchObject({
    ok: true,
    words: list(100, 125, (at) => (at * 3) & 0xffff),
  });
  expect(await ask({ fc: 4, at: 7, count: 2 })).toMatchObject({
    ok: true,
    words: list(7, 2, (at) => (at * 5) & 0xffff),
  });
  expect(await ask({ fc: 1, at: 1, count: 19 })).toMatchObject({
    ok: true,
    words: list(1, 19, (at) => (at % 3 === 0 ? 1 : 0)),
  });
  expect(await ask({ fc: 2, at: 1, count: 9 })).toMatchObject({
    ok: true,
    words: list(1, 9, (at) => (at % 2 === 0 ? 1 : 0)),
  });
  expect(await ask({ fc: 6, at: 4, word: 0xfffe })).toMatchObject({ ok: true });
  expect(await ask({ fc: 16, at: 5, words: [1, 2, 3] })).toMatchObject({ ok: true });
  expect(await ask({ fc: 5, at: 1, on: true })).toMatchObject({ ok: true });
  expect(await ask({ fc: 15, at: 2, bits: [true, false, true] })).toMatchObject({ ok: true });
  expect(await ask({ fc: 3, at: 4, count: 4 })).toMatchObject({ words: [0xfffe, 1, 2, 3] });
  expect(await ask({ fc: 1, at: 1, count: 4 })).toMatchObject({ words: [1, 1, 0, 1] });
}
