import { describe, expect, it } from 'vitest';
import { ageFreshness, freshness } from '../../../../../../gateway/ui/src/parts/freshness.ts';

describe('freshness', () => {
  it('is fresh up to five cycles, late while it is held, stale when nobody renews it', () => {
    expect(ageFreshness(5_000, 1_000, true)).toBe('fresh');
    expect(ageFreshness(5_001, 1_000, true)).toBe('late');
    expect(ageFreshness(15_001, 1_000, true)).toBe('stale');
    expect(ageFreshness(1_000, 1_000, false)).toBe('late');
  });

  it('counts in cycles, so that a faster clock makes nothing late', () => {
    expect(ageFreshness(24_000, 4_800, true)).toBe('fresh');
  });

  it('parts what was from what never was', () => {
    expect(freshness({ quality: 'timeout', powerW: null, lastW: 5 }, 9, 1_000)).toBe('stale');
    expect(freshness({ quality: 'unavailable', powerW: null, lastW: null }, 9, 1_000)).toBe(
      'unknown',
    );
    expect(freshness({ quality: 'good', powerW: 0, lastW: 0 }, 9, 1_000)).toBe('fresh');
  });
});
