import { expect, test } from 'vitest';
import { rig } from './rig.ts';

// The rig's battery has 50 kW: up to 500 W is rest, and steps of 50 W are not worth a write.

test('a step that is not written turns nothing', async () => {
  const { submit, lease } = await rig();
  await submit(5_000);
  expect(lease().way).toEqual({ direction: 1, turnedAtMs: undefined });
  await submit(-490);
  await submit(-510);
  expect(lease().toldW).toBe(-510);
  expect(lease().way?.direction).toBe(1);
});

test('a turn that nobody answers goes on until it is read back', async () => {
  const { peer, submit, cycles, lease, clock } = await rig();
  await submit(5_000);
  peer.faults.bend = () => [];
  await cycles(3, -5_000);
  expect(lease().way).toEqual({ direction: -1, turnedAtMs: clock.monoMs() });
  peer.faults.bend = undefined;
  await cycles(4, -5_000);
  const turned = lease().way;
  expect(turned?.direction).toBe(-1);
  await cycles(3, -5_000);
  expect(lease().way).toEqual(turned);
  expect(turned?.turnedAtMs).toBeLessThan(clock.monoMs() - 2_500);
});

test('what a rough register makes rest of is no direction', async () => {
  const { peer, submit, lease } = await rig();
  peer.registers.set(15, 3); // whole kW
  await submit(6_000);
  await submit(-900);
  expect(peer.registers.get(10)).toBe(0);
  expect(lease().way?.direction).toBe(1);
  await submit(-6_000);
  expect(lease().way?.direction).toBe(-1);
});
