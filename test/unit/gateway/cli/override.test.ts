import { expect, it } from 'vitest';
import { durationOf, powerOf, untilOf } from '../../../../gateway/cli/override.ts';

const NOON = Date.UTC(2026, 0, 15, 11, 0, 30); // 12:00:30 in Berlin

it('powers and times as people write them', () => {
  expect(['3000', '3kW', '2.5 kw', '800W'].map(powerOf)).toEqual([3_000, 3_000, 2_500, 800]);
  expect(['90min', '2h', '1.5h', '1d'].map(durationOf)).toEqual([
    ...[5_400_000, 7_200_000, 5_400_000, 86_400_000],
  ]);
  expect(untilOf('18:00', NOON, 'Europe/Berlin')).toBe(6 * 3_600_000 - 30_000);
  expect(untilOf('11:00', NOON, 'Europe/Berlin')).toBe(23 * 3_600_000 - 30_000);
  expect(untilOf('12:00', NOON, 'Europe/Berlin')).toBe(24 * 3_600_000 - 30_000);
});

it('anything else is refused in one line', () => {
  expect(() => powerOf('-3kW')).toThrow(/is no power/);
  expect(() => durationOf('2')).toThrow(/no length of time/);
  expect(() => untilOf('25:00', NOON, 'UTC')).toThrow(/no time of day/);
});
