import { expect, test } from 'vitest';
import type { Verdict } from '../../../../../gateway/guard/safety/verdict.ts';
import { rig, TIMED, UNTIMED, verdict } from './rig.ts';

/**
 * A device that is known by a register of its own, under an order of 5 kW: it goes on hearing, and
 * no answer of its arrives.
 */
const unheard = async (control = UNTIMED) => {
  const one = await rig({ control, allowed: true, profile: { identity: ['ratedW'] } });
  await one.submit(5_000);
  one.clear();
  one.peer.faults.bend = () => [];
  return one;
};

const safe = (powerW: number): Verdict => ({
  ...verdict(powerW),
  code: 'SAFE_STATE',
  protective: true,
});

test('a device that hears and is not heard is given back with the first words', async () => {
  const { writes, order, writer, clock } = await unheard();
  writer.submit([verdict(0, { kind: 'release' })], clock.monoMs());
  await clock.advance(200);
  expect(order().filter((one) => one.startsWith('write'))).toEqual(['write 21']);
  expect(writes()).toEqual([[21, 1]]);
});

test('silent until its connection is replaced: given back all the same, no order', async () => {
  const { writes, cycles, poller, clock, clear } = await unheard();
  expect(await clock.until(() => !poller.known('inverter1'), 20_000)).toBe(true);
  clear();
  await cycles(3, 2_000);
  expect(writes()).toEqual([]);
  await cycles(4, 0, { kind: 'release' });
  expect(writes()[0]).toEqual([21, 1]);
});

test('after a minute in which nobody knew it, nothing is written to it', async () => {
  const { writes, cycles, clock, clear } = await unheard();
  await clock.advance(75_000);
  clear();
  await cycles(8, 0, { kind: 'release' });
  expect(writes()).toEqual([]);
});

test('what nobody answered is written again only behind a look', async () => {
  const { order, cycles } = await unheard();
  await cycles(12, 0, { kind: 'release' });
  const all = order().join(' ');
  expect(all.match(/write 21/g)?.length).toBeGreaterThan(1);
  expect(all).not.toContain('write 21 write 21');
});

test('a safe setpoint goes out unheard where no timer ends the old one', async () => {
  const { peer, writer, clock } = await unheard();
  for (let n = 0; n < 12; n += 1) {
    writer.submit([safe(0)], clock.monoMs());
    await clock.advance(1_000);
  }
  expect(peer.registers.get(20)).toBe(0);
});

test('a timer that runs is not made to run on by writes that nobody answers', async () => {
  const { peer, writer, clock } = await unheard(TIMED);
  for (let n = 0; n < 60; n += 1) {
    writer.submit([safe(0)], clock.monoMs());
    await clock.advance(1_000);
  }
  expect(peer.asked.filter(([fc, at]) => fc >= 5 && at === 12).length).toBeLessThanOrEqual(1);
});

test('under a timer that runs a safe setpoint goes out without arming it', async () => {
  const { peer, order, submit, writer, clock, clear } = await rig({
    control: TIMED,
    allowed: true,
  });
  await submit(5_000);
  await clock.advance(25_000); // a third of its time is over: it would be armed anew
  clear();
  peer.faults.bend = () => [];
  writer.submit([safe(0)], clock.monoMs());
  await clock.advance(100);
  expect(order()).toEqual(['write 10']);
  expect(peer.registers.get(10)).toBe(0);
});

test('connection replaced, timer counts on: no arming before the safe state', async () => {
  const { peer, wire, order, submit, cycles, writer, clock, clear } = await rig({
    control: TIMED,
    allowed: true,
  });
  await submit(5_000);
  peer.faults.bend = (frame) => ((frame[7] ?? 0) >= 5 ? [] : [frame]); // only reads are answered
  writer.submit([verdict(6_000)], clock.monoMs());
  await clock.advance(100);
  wire.far.hangUp('reset');
  await cycles(3, 6_000); // a look shows that it is armed as it was
  peer.faults.bend = () => [];
  clear();
  writer.submit([safe(0)], clock.monoMs());
  await clock.advance(1_000);
  expect(order().slice(0, 2)).toEqual(['read', 'write 10']);
  expect(peer.registers.get(10)).toBe(0);
});

test('the safe state goes between two writes of an order', async () => {
  const { order, submit, writer, clock, clear, peer } = await rig({
    control: TIMED,
    allowed: true,
  });
  await submit(5_000);
  await clock.advance(25_000); // due to be armed anew
  peer.faults.delayMs = 50;
  clear();
  writer.submit([verdict(9_000)], clock.monoMs());
  await clock.advance(20);
  writer.submit([safe(0)], clock.monoMs());
  await clock.advance(400);
  expect(
    order()
      .filter((one) => one !== 'read')
      .slice(0, 2),
  ).toEqual(['write 12', 'write 10']);
  expect(peer.registers.get(10)).toBe(0);
});

test('what waits for an answer is overtaken by the safe state', async () => {
  const { peer, order, submit, writer, clock, clear } = await rig({
    control: TIMED,
    allowed: true,
  });
  await submit(5_000);
  peer.faults.bend = () => [];
  await submit(4_000); // nobody answers
  writer.submit([verdict(3_000)], clock.monoMs());
  await clock.advance(50); // looks what became of it
  clear();
  writer.submit([safe(0)], clock.monoMs());
  await clock.advance(1_000);
  expect(order()).toEqual(['write 10']); // the look before was the look
  expect(peer.registers.get(10)).toBe(0);
});
