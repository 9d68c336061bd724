import { expect, test } from 'vitest';
import { rig, verdict } from './rig.ts';

type Rig = Awaited<ReturnType<typeof rig>>;

const STEP_MS = 50;
const CYCLE_MS = 1_000;

/** Virtual ms until setW shows 3 kW, asked for in every cycle from now on; `fault` strikes now. */
async function untilRightMs(one: Rig, endsAfterMs: number, end: () => void): Promise<number> {
  for (let ms = 0; ms <= 60_000; ms += STEP_MS) {
    if (ms === endsAfterMs) end();
    if (ms >= endsAfterMs && one.peer.registers.get(10) === 300 && one.lease().lastVerified)
      return ms - endsAfterMs;
    if (ms % CYCLE_MS === 0) one.writer.submit([verdict(3_000)], one.clock.monoMs());
    await one.clock.advance(STEP_MS);
  }
  return Number.POSITIVE_INFINITY;
}

const commanded = async (): Promise<Rig> => {
  const one = await rig();
  await one.submit(1_000);
  return one;
};

test('a write that got lost: the right value within two cycles', async () => {
  const one = await commanded();
  one.peer.faults.drop = true;
  const tookMs = await untilRightMs(one, 100, () => {
    one.peer.faults.drop = false;
  });
  expect(tookMs).toBeLessThanOrEqual(2 * CYCLE_MS);
});

test('a connection that was reset: the right value within two cycles', async () => {
  const one = await commanded();
  one.wire.far.hangUp('reset');
  expect(await untilRightMs(one, 0, () => undefined)).toBeLessThanOrEqual(2 * CYCLE_MS);
});

test('a broken answer in the middle of a write: within two cycles, armed as it was', async () => {
  const one = await commanded();
  one.clear();
  one.peer.faults.bend = () => [Uint8Array.from([9, 9, 9, 9, 9, 9, 9])];
  const tookMs = await untilRightMs(one, 50, () => {
    one.peer.faults.bend = undefined;
  });
  expect(tookMs).toBeLessThanOrEqual(2 * CYCLE_MS);
  expect(one.writes().some(([at]) => at === 12)).toBe(false); // not armed anew
});

test('a device that restarts and forgets: within two cycles of its first connection', async () => {
  const one = await commanded();
  one.wire.far.refuse = 'it starts';
  one.wire.far.hangUp('it restarts');
  for (const at of [10, 11, 12, 13]) one.peer.registers.set(at, 0);
  await one.clock.advance(5_000);
  one.wire.far.refuse = undefined;
  await one.clock.until(() => one.wire.opened, 20_000);
  expect(await untilRightMs(one, 0, () => undefined)).toBeLessThanOrEqual(2 * CYCLE_MS);
  expect(one.lease().armed).toBe(true);
});
