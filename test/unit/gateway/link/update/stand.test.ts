import { describe, expect, it } from 'vitest';
import {
  kept,
  localStand,
  rolledBack,
  type SiteStand,
  startWith,
  taken,
} from '../../../../../gateway/link/update/stand.ts';

const LOCAL = 'local';
const starts = (stand: SiteStand, count: number): SiteStand =>
  Array.from({ length: count }).reduce<SiteStand>((now) => startWith(now, LOCAL), stand);

describe('a site document on trial', () => {
  const tried = taken(localStand(LOCAL), 5, false);

  it('is what the next three starts run, and what stays when it is kept', () => {
    expect(starts(tried, 3)).toMatchObject({
      currentSequence: 5,
      previousSequence: 0,
      trial: { starts: 3 },
    });
    expect(starts(kept(starts(tried, 1)), 9)).toMatchObject({ currentSequence: 5, trial: null });
  });

  it('is left for what ran before it at the fourth start, with the reason', () => {
    expect(starts(tried, 4)).toEqual({
      ...localStand(LOCAL),
      highestSequence: 5,
      failed: { sequence: 5, why: 'not healthy after 3 starts' },
    });
    const second = taken(kept(starts(tried, 1)), 6, true);
    const failed = { sequence: 6, why: 'safe mode' };
    expect(rolledBack(second, 'safe mode')).toMatchObject({
      currentSequence: 5,
      highestSequence: 6,
      failed,
    });
  });
});

describe('the local file', () => {
  it('wins over a document when it was changed since; no older document comes back', () => {
    const stand = kept(taken(localStand(LOCAL), 5, false));
    expect(startWith(stand, 'changed')).toEqual({
      ...localStand('changed'),
      highestSequence: 5,
      failed: { sequence: 5, why: 'the site file was changed at the site: local wins' },
    });
  });

  it('may change as it likes while no document counts', () => {
    expect(startWith(localStand(LOCAL), 'changed')).toEqual(localStand('changed'));
  });
});
