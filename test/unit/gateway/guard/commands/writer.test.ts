import { describe, expect, test } from 'vitest';
import type { ControlSpec } from '../../../../../devices/profile.ts';
import { LIMIT, rig, UNTIMED } from './rig.ts';

describe('a device without a reversion timer', () => {
  test('is not controlled unless the site file names it', async () => {
    const { submit, writes, lease, lines } = await rig({ control: UNTIMED });
    await submit(1_000);
    expect(writes()).toEqual([]);
    expect(lease().refused).toContain('reversion');
    expect(lines.some((text) => text.includes('reversion'))).toBe(true);
  });

  test('but it may always be given back', async () => {
    const { submit, writes } = await rig({ control: UNTIMED });
    await submit(0, { kind: 'release' });
    expect(writes()).toEqual([[21, 1]]);
  });

  test('turning round goes through nothing: no size flows in the wrong direction', async () => {
    const { peer, submit, clear, writes } = await rig({ control: UNTIMED, allowed: true });
    peer.registers.set(21, 1);
    await submit(-2_000);
    clear();
    await submit(5_000);
    expect(writes()).toEqual([
      [20, 0],
      [21, 12],
      [20, 5_000],
      [21, 12],
    ]);
    clear();
    await submit(-1_000);
    expect(writes()).toEqual([
      [20, 0],
      [21, 11],
      [20, 1_000],
      [21, 11],
    ]);
  });

  test('at rest it keeps its direction: a flicker around nothing turns nothing', async () => {
    const { submit, clear, writes } = await rig({ control: UNTIMED, allowed: true });
    await submit(-2_000);
    clear();
    await submit(0);
    await submit(-2_000);
    expect(writes()).toEqual([
      [20, 0],
      [21, 11],
      [20, 2_000],
      [21, 11],
    ]);
  });
});

test('a percent limit refers to the rating of the device, not of the terminal', async () => {
  const { submit, writes, clear } = await rig({ control: LIMIT });
  clear();
  await submit(15_000, { kind: 'limit' });
  expect(writes()).toEqual([
    [12, 60],
    [16, 2_500], // 25.00 % of 60 kW
    [11, 1],
  ]);
});

test('a timer that only its own register renews is renewed all the same', async () => {
  const { submit, cycles, clear, writes } = await rig({ control: LIMIT });
  await submit(15_000, { kind: 'limit' });
  clear();
  for (let turn = 0; turn < 45; turn += 1) await cycles(1, 15_000 + 100 * turn, { kind: 'limit' });
  expect(writes().filter(([at]) => at === 12).length).toBeGreaterThanOrEqual(2);
});

test('stored registers have a daily budget that survives a restart', async () => {
  const control: ControlSpec = { ...UNTIMED, flash: 'persistent', writesPerDay: 11 };
  const first = await rig({ control, allowed: true });
  for (let turn = 1; turn <= 10; turn += 1) await first.submit(turn * 1_000);
  // Size and direction, then sizes: what stands already is not written. A tenth is kept back.
  expect(first.writes()).toHaveLength(9);
  expect(first.lease().refused).toContain('out of writes');
  await first.submit(0, { protective: true });
  expect(first.lease().lastVerified?.powerW).toBe(0);
  const budget = first.writer.budget();
  expect(Object.values(budget)).toEqual([10]);
  const second = await rig({ control, allowed: true, budget });
  await second.submit(1_000);
  expect(second.writes()).toEqual([]);
  second.clock.stepWall(86_400_000);
  await second.clock.advance(11_000);
  expect(second.writes()).toHaveLength(2);
  expect(Object.values(second.writer.budget())).toEqual([2]);
});
