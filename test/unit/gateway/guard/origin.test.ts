import { describe, expect } from 'vitest';
import type { Bench } from './bench/bench.ts';
import { site } from './bench/site.ts';
import { intent, spec, steps } from './bench/timeline.ts';

const sunOnly = site({ battery: {}, pv: {}, store: { mayChargeFromGrid: false } });
const homeOnly = site({ battery: {}, pv: {}, store: { mayExport: false } });
const planned =
  (powerW: number) =>
  (bench: Bench): void =>
    intent(bench, { steps: [steps({ follow: 'fixed', powerW })] });

describe('a battery that may not be charged from the grid', () => {
  spec('takes of a planned charge what the sun leaves', sunOnly)
    .at('0s', { pvW: 3_000, loadW: -1_000, do: planned(-4_000) })
    .expect({ batteryW: -2_050, battery: 'ENERGY_ORIGIN' })
    .at('60s', { pvW: 0 })
    .expect({ batteryW: 0, because: 'it may not be charged from the grid' })
    .at('120s', { pvW: 8_000 })
    .expect({ batteryW: -4_000, code: 'PLAN' });

  spec('nor by hand; it is given what the site needs, and the surplus, without a plan', sunOnly)
    .at('0s', { pvW: 0, loadW: -1_000 })
    .expect({ batteryW: 1_000, code: 'SELF_CONSUMPTION' })
    .at('30s', {
      do: ({ guard }) => {
        const order = { terminal: 'battery1', act: 'charge', powerW: 2_000, forMs: 60_000 };
        expect(guard.override({ ...order, by: 'Kim' }).refused).toBe('');
      },
    })
    .expect({ batteryW: 0, battery: 'ENERGY_ORIGIN' })
    .at('120s', { pvW: 3_000 })
    .expect({ batteryW: -2_000, code: 'SELF_CONSUMPTION' });
});

spec('a battery that may not export gives of a planned sale what the site takes', homeOnly)
  .at('0s', { pvW: 0, loadW: -1_000, do: planned(5_000) })
  .expect({ batteryW: 1_050, battery: 'ENERGY_ORIGIN' })
  .at('60s', { pvW: 3_000 })
  .expect({ batteryW: 0, because: 'what it holds may not be sold' });
