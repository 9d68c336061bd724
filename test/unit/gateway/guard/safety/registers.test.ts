import { describe, expect, it } from 'vitest';
import { mayStore } from '../../../../../gateway/guard/safety/budget.ts';
import {
  type Permit,
  type RegisterWrite,
  refusal,
} from '../../../../../gateway/guard/safety/registers.ts';
import { verdictOf } from '../../../../fixtures/verdicts.ts';

/** A setpoint in tens of watts, one signed register. */
const write = (more: Partial<RegisterWrite> = {}): RegisterWrite => ({
  key: 'setW',
  words: [500],
  form: 'signed',
  lowFirst: false,
  countValue: 10,
  offsetValue: 0,
  use: { is: 'power' },
  ...more,
});
const permit = (powerW: number, more: Partial<Permit> = {}): Permit => ({
  verdict: verdictOf('battery1', 'setpoint', powerW),
  ratedW: 10_000,
  safeW: 0,
  longestS: 60,
  ...more,
});
const passes = (one: RegisterWrite, under: Permit): boolean => refusal(one, under) === undefined;
const minus = (count: number): number => 0x1_0000 - count;

describe('the second look at registers', () => {
  it('lets through what the verdict allows, up to the last count, and says what it refuses', () => {
    expect(passes(write(), permit(5_000))).toBe(true);
    expect(passes(write({ words: [499] }), permit(5_000))).toBe(true);
    expect(passes(write({ words: [0] }), permit(5_000))).toBe(true);
    expect(refusal(write({ words: [501] }), permit(5_000))).toBe(
      'setW would show 5010, which is more than was allowed',
    );
  });

  it('never takes the other direction', () => {
    expect(passes(write({ words: [minus(500)] }), permit(-5_000))).toBe(true);
    expect(passes(write({ words: [minus(501)] }), permit(-5_000))).toBe(false);
    expect(passes(write({ words: [1] }), permit(-5_000))).toBe(false);
    expect(passes(write({ words: [0] }), permit(-5_000))).toBe(true);
    expect(passes(write({ words: [minus(1)] }), permit(5_000))).toBe(false);
    expect(passes(write({ words: [1] }), permit(0))).toBe(false);
    expect(passes(write({ words: [0] }), permit(0))).toBe(true);
  });

  it.each<[string, Partial<RegisterWrite>, number]>([
    ['a word without a sign', { form: 'unsigned', words: [0xfff0], countValue: 1 }, 65_520],
    ['two words', { form: 'unsigned', words: [1, 2], countValue: 1 }, 65_538],
    [
      'two words, low first',
      { form: 'unsigned', words: [2, 1], lowFirst: true, countValue: 1 },
      65_538,
    ],
    ['two words with a sign', { words: [0xffff, 0xec78], countValue: 1 }, -5_000],
    ['least of a sign', { words: [0x8000], countValue: 1 }, -32_768],
    ['a turned sign', { words: [minus(500)], countValue: -10 }, 5_000],
    ['a float', { form: 'float', words: [0x459c, 0x4000], countValue: 1 }, 5_000],
    ['a double', { form: 'float', words: [0xc0b3, 0x8800, 0, 0], countValue: 1 }, -5_000],
    ['an offset', { words: [300], countValue: 10, offsetValue: 2_000 }, 5_000],
  ])('reads %s as the device does', (_, more, powerW) => {
    expect(passes(write(more), permit(powerW))).toBe(true);
    expect(passes(write(more), permit(powerW - Math.sign(powerW) * 50))).toBe(false);
    expect(passes(write(more), permit(-powerW))).toBe(false);
  });

  it('refuses what is no number', () => {
    const endless = write({ form: 'float', words: [0x7f80, 0], countValue: 1 });
    expect(passes(endless, permit(5_000))).toBe(false);
    expect(passes(write({ countValue: Number.NaN }), permit(5_000))).toBe(false);
  });

  it('allows arithmetic a millionth, no more', () => {
    const exact = (count: number) => write({ words: [count], countValue: 1.0000001 });
    expect(passes(exact(5_000), permit(5_000))).toBe(true);
    expect(passes(write({ words: [500], countValue: 10.0001 }), permit(5_000))).toBe(false);
    expect(passes(write({ words: [minus(500)], countValue: 10.000001 }), permit(-5_000))).toBe(
      true,
    );
    expect(passes(write({ words: [minus(500)], countValue: 10.0001 }), permit(-5_000))).toBe(false);
  });

  it('knows a size without direction, and a share of the rated power', () => {
    const size = (count: number) => write({ use: { is: 'size' }, words: [count] });
    expect(passes(size(500), permit(-5_000))).toBe(true);
    expect(passes(size(501), permit(-5_000))).toBe(false);
    const share = (count: number) =>
      write({ use: { is: 'share' }, words: [count], countValue: 0.01 });
    expect(passes(share(5_000), permit(5_000))).toBe(true);
    expect(passes(share(5_001), permit(5_000))).toBe(false);
    expect(passes(share(minus(5_000)), permit(5_000))).toBe(false);
    // A device that says less than it is would be asked for more than all.
    expect(passes(share(10_000), permit(5_000, { ratedW: 2_000 }))).toBe(true);
    expect(passes(share(10_001), permit(5_000, { ratedW: 2_000 }))).toBe(false);
  });

  it('knows a current, and a switch', () => {
    const under = (currentA: number): Permit => ({
      ...permit(0),
      verdict: verdictOf('ev1', 'steps', -690 * currentA, { currentA }),
    });
    const current = (count: number) =>
      write({ use: { is: 'current' }, words: [count], countValue: 0.1 });
    expect(passes(current(160), under(16))).toBe(true);
    expect(passes(current(161), under(16))).toBe(false);
    const on = (count: number) => write({ use: { is: 'on' }, words: [count], countValue: 1 });
    expect(passes(on(1), { ...permit(0), verdict: verdictOf('p', 'on-off', -3_000) })).toBe(true);
    expect(passes(on(1), permit(0))).toBe(false);
    expect(passes(on(0), permit(5_000))).toBe(true);
    expect(passes(on(2), permit(5_000))).toBe(false);
  });

  it('keeps the lease short and never endless, and its value at the safe one', () => {
    const time = (count: number) => write({ use: { is: 'time' }, words: [count], countValue: 1 });
    expect([0, 1, 60, 61].map((s) => passes(time(s), permit(0)))).toEqual([
      false,
      true,
      true,
      false,
    ]);
    const safe = (count: number) => write({ use: { is: 'safe-power' }, words: [count] });
    expect(passes(safe(0), permit(5_000))).toBe(true);
    expect(passes(safe(1), permit(5_000))).toBe(false);
    expect(passes(safe(100), permit(5_000, { safeW: 1_000 }))).toBe(true);
    const share = (count: number) =>
      write({ use: { is: 'safe-share' }, words: [count], countValue: 1 });
    expect(passes(share(10), permit(0, { safeW: 1_000 }))).toBe(true);
    expect(passes(share(11), permit(0, { safeW: 1_000 }))).toBe(false);
    expect(passes(share(101), permit(0, { safeW: 90_000 }))).toBe(false);
    expect(passes(share(100), permit(0, { safeW: 90_000 }))).toBe(true);
    const on = (count: number) => write({ use: { is: 'safe-on' }, words: [count], countValue: 1 });
    expect([0, 1, 2].map((n) => passes(on(n), permit(0)))).toEqual([true, true, false]);
  });

  it('takes a fixed word as the profile names it', () => {
    const fixed = (value: number, words: readonly number[], countValue = 1) =>
      write({ use: { is: 'fixed', value }, words, countValue });
    expect(passes(fixed(11, [11]), permit(0))).toBe(true);
    expect(passes(fixed(11, [12]), permit(0))).toBe(false);
    expect(passes(fixed(12, [11]), permit(0))).toBe(false);
    expect(passes(fixed(55, [5], 10), permit(0))).toBe(true); // rounded to its register
    expect(passes(fixed(56, [5], 10), permit(0))).toBe(false);
    expect(passes(fixed(-55, [5], -10), permit(0))).toBe(true);
  });
});

it('the last tenth of a day of stored writes is for what protects', () => {
  expect(mayStore(88, 2, 100, false)).toBe(true);
  expect(mayStore(89, 2, 100, false)).toBe(false);
  expect(mayStore(98, 2, 100, true)).toBe(true);
  expect(mayStore(99, 2, 100, true)).toBe(false);
});
