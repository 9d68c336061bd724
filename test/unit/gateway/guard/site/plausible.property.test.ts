import { expect, it } from 'vitest';
import { hour } from './healthy-hours.ts';

const HOURS = 60; // `npm run soak` has 1,000

it('seeded hours of healthy sites: no meter is doubted in any turn', () => {
  const found: string[] = [];
  for (let seed = 1; seed <= HOURS; seed += 1) found.push(...hour(seed));
  expect(found).toEqual([]);
});
