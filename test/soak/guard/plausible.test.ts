import { expect, it } from 'vitest';
import { hour } from '../../unit/gateway/guard/site/healthy-hours.ts';

it('1,000 seeded hours of healthy sites: no meter is doubted in any turn', () => {
  const found: string[] = [];
  for (let seed = 1; seed <= 1_000; seed += 1) found.push(...hour(seed));
  expect(found).toEqual([]);
});
