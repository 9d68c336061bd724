import { expect, test } from 'vitest';
import { rig, UNTIMED, verdict } from './rig.ts';

test('a device that hears and is not heard is given back with the first words', async () => {
  const { peer, submit, clear, writes, order, writer, clock } = await rig({
    control: UNTIMED,
    allowed: true,
  });
  await submit(5_000);
  clear();
  peer.faults.bend = () => [];
  writer.submit([verdict(0, { kind: 'release' })], clock.monoMs());
  await clock.advance(200);
  expect(order().filter((one) => one.startsWith('write'))).toEqual(['write 21']);
  expect(writes()).toEqual([[21, 1]]);
});
