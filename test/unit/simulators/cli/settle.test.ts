import { expect, test } from 'vitest';
import { worldPorts } from '../../../../simulators/cli/world.ts';
import { createVirtualClock } from '../../../../simulators/clock.ts';

const { settled, settle } = await worldPorts();

/** Three events, the first with a chain of promises behind it that sets another event. */
async function order(options: Parameters<typeof createVirtualClock>[0]): Promise<string[]> {
  const clock = createVirtualClock(options);
  const seen: string[] = [];
  const chain = async (): Promise<void> => {
    for (let turn = 0; turn < 300; turn += 1) await undefined;
    seen.push('chain');
    clock.realAt(15, () => seen.push('inner'));
  };
  clock.realAt(10, () => void chain().then(() => seen.push('after')));
  clock.realAt(10, () => seen.push('same instant'));
  clock.realAt(20, () => seen.push('last'));
  await clock.advance(30);
  return seen;
}

test('every promise of an event settles before the next event, at once or by ticks', async () => {
  const wanted = ['chain', 'after', 'same instant', 'inner', 'last'];
  expect(await order({ settled })).toEqual(wanted);
  expect(await order({ settled, settle })).toEqual(wanted);
});

test('this Node settles at once', () => {
  expect(settle).toBeTypeOf('function');
});
