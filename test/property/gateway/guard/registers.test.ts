import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type RegisterWrite,
  refusal,
  type Use,
} from '../../../../gateway/guard/safety/registers.ts';
import { verdictOf } from '../../../fixtures/verdicts.ts';

const word = fc.integer({ min: 0, max: 0xffff });
const uses: readonly Use[] = [
  ...(['power', 'size', 'share', 'safe-power', 'safe-share', 'time'] as const).map((is) => ({
    is,
  })),
  { is: 'fixed', value: 3 },
];
const write: fc.Arbitrary<RegisterWrite> = fc.record({
  key: fc.constant('setW'),
  words: fc.oneof(
    fc.array(word, { minLength: 1, maxLength: 1 }),
    fc.array(word, { minLength: 2, maxLength: 2 }),
    fc.array(word, { minLength: 4, maxLength: 4 }),
  ),
  form: fc.constantFrom('unsigned', 'signed'),
  lowFirst: fc.boolean(),
  countValue: fc.constantFrom(1, -1, 10, 0.1, -0.01, 0.001, 1e-10),
  offsetValue: fc.constantFrom(0, 0, 0, 500),
  use: fc.constantFrom(...uses),
});

/** What the device makes of it, reckoned another way: over the bytes, with whole numbers. */
function shown({ words, form, lowFirst, countValue, offsetValue }: RegisterWrite): number {
  const hex = (lowFirst ? words.toReversed() : words)
    .map((one) => one.toString(16).padStart(4, '0'))
    .join('');
  const bits = 4 * hex.length;
  const raw = BigInt(`0x${hex}`);
  return Number(form === 'signed' ? BigInt.asIntN(bits, raw) : raw) * countValue + offsetValue;
}

test('whatever is in the registers: what passes is no more than the verdict', () => {
  let passed = 0;
  const ratedW = 10_000;
  fc.assert(
    fc.property(
      write,
      fc.integer({ min: -9_000, max: 9_000 }),
      fc.nat(5_000),
      (one, powerW, safeW) => {
        const verdict = verdictOf('battery1', 'setpoint', powerW);
        const why = refusal(one, { verdict, ratedW, safeW, longestS: 60 });
        if (why !== undefined) return;
        passed += 1;
        const value = shown(one);
        const most = { power: powerW, size: Math.abs(powerW), share: powerW / 100 } as const;
        const safe = { 'safe-power': safeW, 'safe-share': safeW / 100, time: 60 } as const;
        const bound = { ...most, ...safe, fixed: 3.5 }[one.use.is as keyof typeof most];
        expect(Math.abs(value)).toBeLessThanOrEqual(Math.abs(bound) * 1.000_002 + 1e-9);
        if (bound !== 0 && one.use.is !== 'fixed') expect(value * bound).toBeGreaterThanOrEqual(0);
        if (one.use.is === 'time') expect(value).toBeGreaterThan(0);
      },
    ),
    { numRuns: 5_000 },
  );
  expect(passed).toBeGreaterThan(100);
});
