import { expect, it } from 'vitest';
import { CATALOGUE } from '../../../../devices/catalogue.ts';
import { dressed } from '../../../../simulators/devices/dressed.ts';
import type { Setter } from '../../../../simulators/devices/types.ts';
import { fresh } from './written.ts';

const [profile] = CATALOGUE.filter(({ role }) => role === 'meter');

/** A meter with its current transformers turned round. */
function turned(change: (key: string, set: Setter) => Setter) {
  if (profile === undefined) throw new Error('no meter in the catalogue');
  return dressed(fresh(profile), change);
}

it('changes what is put and what follows a plant alike', () => {
  const image = turned(
    (key, set) =>
      (value = 0) =>
        set(key === 'powerW' ? -value : value),
  );
  image.put('powerW', 1_200);
  expect(image.take('powerW')).toBe(-1_200);
  let plantW = 600;
  image.follow('powerW', (set) => set(plantW));
  image.renew();
  expect(image.take('powerW')).toBe(-600);
  plantW = -300;
  image.renew();
  expect(image.take('powerW')).toBe(300);
  image.put('frequencyHz', 50);
  expect(image.take('frequencyHz')).toBe(50);
});

it('keeps what a register cannot hold off it, whichever way it comes', () => {
  const refused: string[] = [];
  const image = turned((key, set) => (value) => {
    try {
      set(value);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      refused.push(key);
    }
  });
  image.put('powerW', 1_200);
  image.put('powerW', 1e30);
  image.follow('powerW', (set) => set(-1e30));
  image.renew();
  expect(image.take('powerW')).toBe(1_200);
  expect(refused).toEqual(['powerW', 'powerW']);
});
