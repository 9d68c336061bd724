import { expect, test } from 'vitest';
import { copyOf } from '../../../../simulators/world/copy.ts';

test('a copy is equal all the way down and shares nothing', () => {
  const bytes = Uint8Array.of(1, 2);
  const row = {
    n: 1,
    big: 5n,
    none: undefined,
    list: [{ a: null }, [bytes]],
    map: new Map([[1, 2]]),
  };
  const copy = copyOf(row);
  expect(copy).toEqual(structuredClone(row));
  expect(copy.list).not.toBe(row.list);
  expect(copy.list[0]).not.toBe(row.list[0]);
  bytes[0] = 9;
  row.map.set(1, 3);
  expect(copy.list[1]).toEqual([Uint8Array.of(1, 2)]);
  expect(copy.map.get(1)).toBe(2);
});
