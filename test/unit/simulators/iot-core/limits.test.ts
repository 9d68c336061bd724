import { expect, test } from 'vitest';
import { DOCUMENTED, limitsOf } from '../../../../simulators/iot-core/limits.ts';

test('all as documented, all off, or one by one', () => {
  expect(limitsOf('documented')).toBe(DOCUMENTED);
  const off = limitsOf('off');
  expect([off.publishesPerS, off.payloadBytes]).toEqual([Number.POSITIVE_INFINITY, 131_072]);
  const some = limitsOf({ publishesPerS: 3, subscriptions: 'off' });
  expect(some).toEqual({
    ...DOCUMENTED,
    publishesPerS: 3,
    subscriptions: Number.POSITIVE_INFINITY,
  });
});
