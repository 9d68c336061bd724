import { describe, expect, it } from 'vitest';
import { timestamp } from '../../../cloud/a2a/tasks.ts';
import { canonical } from '../../../cloud/canonical.ts';

describe('canonical JSON', () => {
  it('has one form for one value', () => {
    expect(canonical({ b: [1, undefined, 2n], a: { d: undefined, c: 'x"' } })).toBe(
      '{"a":{"c":"x\\""},"b":[1,null,"2"]}',
    );
    expect(canonical({ b: 1, a: 2 })).toBe(canonical({ a: 2, b: 1 }));
    expect(canonical([Number.NaN, -0, null])).toBe('[null,0,null]');
  });
});

describe('timestamps', () => {
  it('are UTC with milliseconds', () => {
    for (const atMs of [0, 1_767_225_599_999, 1_795_337_412_034]) {
      expect(timestamp(atMs)).toBe(new Date(atMs).toISOString());
    }
  });
});
