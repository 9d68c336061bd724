import { expect, test } from 'vitest';
import { rig, TIMED } from './rig.ts';

/** The least value of this register is 60: whoever asks for less would get more. */
const coarse = {
  ...TIMED,
  arm: [],
  reversion: { ...TIMED.reversion, minS: 60, maxS: 60 },
  set: [{ point: 'minutesS', value: { from: 'powerW' } as const }],
  release: [],
};

test('a register that would ask for more than the verdict is not written', async () => {
  const { submit, writes, lease } = await rig({ control: coarse });
  await submit(30);
  expect(writes()).toEqual([]);
  expect(lease().refused).toBe('minutesS would show 60, which is more than was allowed');
});

test('and one that does not is', async () => {
  const { submit, writes } = await rig({ control: coarse });
  await submit(120);
  expect(writes()).toEqual([[42, 2]]);
});
