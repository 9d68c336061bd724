import { expect, it } from 'vitest';
import { abnormal, PHASE_NAMES } from '../../../../../gateway/contracts/values/phases.ts';
import { type VoltageTracks, voltageStep } from '../../../../../gateway/guard/site/voltage.ts';
import { site } from '../bench/site.ts';
import { spec } from '../bench/timeline.ts';

/** What is told after so many minutes of readings a second. */
function after(minutes: number, volts: (second: number) => readonly number[]) {
  let tracks: VoltageTracks = {};
  for (let second = 0; second <= 60 * minutes; second += 1) {
    const shown = volts(second);
    const phases = PHASE_NAMES.map((name, n) => {
      return { name, powerW: 0, currentA: 0, voltageV: shown[n] ?? Number.NaN };
    });
    tracks = voltageStep(tracks, phases, 1_000 * second);
  }
  return abnormal(tracks);
}

it('each phase has its own mean of ten minutes', () => {
  expect(after(11, () => [230, 256, 231])).toEqual([{ name: 'L2', meanV: 256 }]);
  expect(after(11, () => [230, 231, 200])).toEqual([{ name: 'L3', meanV: 200 }]);
  expect(after(11, () => [207, 253, 230])).toEqual([]);
});

it('a minute beyond is none, nor is a phase that nobody measures', () => {
  expect(after(11, (second) => [second < 60 ? 260 : 230])).toEqual([]);
  expect(after(11, () => [230, Number.NaN])).toEqual([]);
});

it('nothing is told before ten minutes are over, nor when they were normal again', () => {
  expect(after(9, () => [260])).toEqual([]);
  expect(after(21, (second) => [second < 600 ? 260 : 235])).toEqual([]);
});

spec('a voltage beyond the norm is told by its phase', site({ battery: {} }))
  .at('0s', { voltageV: 257 })
  .at('601s', {
    do: ({ image }) => {
      expect(image.concerns).toMatchObject([
        {
          code: 'VOLTAGE:grid.L1',
          text: 'L1 at grid had 257 V for ten minutes, 207 to 253 V are normal',
        },
      ]);
    },
  });
