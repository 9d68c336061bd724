import { expect } from 'vitest';
import type { Bench } from './bench/bench.ts';
import { site } from './bench/site.ts';
import { intent, levels, spec, steps } from './bench/timeline.ts';
import { event } from './timelines/grid.ts';

const home = site({
  battery: {},
  pump: {},
  directives: { keyId: 'key1', publicKey: 'public' },
});

const buying = (bench: Bench): void =>
  intent(bench, { steps: [steps({ follow: 'fixed', powerW: -5_000 })] });

spec('a demand-response event: the plan gives way from its start to its end', home)
  .at('0s', { loadW: -3_000, pumpW: 6_000, do: buying })
  .at('20s', { do: buying })
  .expect({ batteryW: -5_000, gridW: 14_000 })
  .at('30s', { do: event(6_000, 30, 120) })
  .expect({ gridW: 14_000, code: 'PLAN' })
  .at('60s', {})
  .expect({ gridW: 5_940, code: 'DEMAND_RESPONSE', because: 'demand-response event until' }, '8s')
  .at('181s', {})
  .expect({ gridW: 14_000, code: 'PLAN' }, '9s');

/** Nothing of what is stored is to be used: it is worth more in the evening. */
const keeping = (bench: Bench): void => intent(bench, { steps: [levels({ coverToPct: 100 })] });

spec('inside a quarter-hour: it is the event that is named, and only while it runs', home)
  .at('0s', { loadW: -9_000, do: keeping })
  .at('20s', { do: event(6_000, 10, 120) })
  .expect({ gridW: 9_000, code: 'PLAN' })
  .at('40s', {})
  .expect({ gridW: 5_940, battery: 'DEMAND_RESPONSE', code: 'DEMAND_RESPONSE' }, '8s')
  .at('151s', {})
  .expect({ gridW: 9_000, battery: 'PLAN', code: 'PLAN' }, '9s');

spec('a person opts out of it by an order; the limit of the connection stays', home)
  .at('0s', { loadW: -3_000 })
  .at('20s', { do: event(0, 0, 300) })
  .expect({ gridW: 0 })
  .at('40s', {
    do: (bench) => {
      const order = { terminal: 'battery1', act: 'charge', powerW: 2_000, forMs: 60_000 };
      expect(bench.guard.override({ ...order, by: 'Kim' }).refused).toBe('');
    },
  })
  .expect({ batteryW: -2_000, gridW: 5_000, code: 'OVERRIDE' })
  .at('110s', {})
  .expect({ gridW: 0 });

spec('it is no limit: nothing of it is in what the kernel holds', home)
  .at('0s', { loadW: -3_000, socPct: 5 })
  .at('20s', { do: event(0, 0, 300) })
  .at('30s', {
    do: ({ image }) => {
      expect(image.limits.importLimitW).toBe(30_000);
      expect(image.asks.some(({ authority }) => authority === 'demand-response')).toBe(true);
    },
  })
  .expect({ gridW: 3_000, battery: 'SOC_MIN' });

const peaky = site({
  battery: {},
  control: { peakPowerLimitW: 25_000 },
  directives: { keyId: 'key1', publicKey: 'public' },
});

spec('charge that is kept for peaks is given to an event', peaky)
  .at('0s', { loadW: -14_000, socPct: 47.5 })
  .at('60s', { do: event(12_000, 0, 120) })
  .expect({ gridW: 11_880, batteryW: 2_120, code: 'DEMAND_RESPONSE' }, '40s');
