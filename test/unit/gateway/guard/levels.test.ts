import { describe, expect } from 'vitest';
import type { PlanStep, SocLevels } from '../../../../gateway/contracts/values/plan.ts';
import type { Bench } from './bench/bench.ts';
import { site } from './bench/site.ts';
import { intent, levels, spec } from './bench/timeline.ts';

const home = site({ battery: {} });
const roof = site({ pv: {}, battery: {} });
const whys: PlanStep['whys'] = {
  buy: 'power is cheap now',
  store: 'the surplus saves more later',
  cover: 'power is dear now',
  sell: 'it earns more than it saves later',
  peak: 'so that the highest demand stays at 4 kW',
  rest: 'what is stored is kept for 18:00',
  spare: 'selling costs 2 ct now',
};

/** The plan's step from now on. @param gridW what was sold (-) for it */
const led =
  (of: Partial<SocLevels>, step: Partial<PlanStep> = {}, gridW = 0) =>
  (bench: Bench): void =>
    intent(bench, { steps: [levels(of, { gridW })], step: { whys, ...step } });

describe('a battery by levels of what it stores (10 kWh, 5 kW, 95 %)', () => {
  spec('surplus higher than expected: it is taken as it comes, up to the level', roof)
    .at('0s', { pvW: 3_000, loadW: -1_000, do: led({ storeToPct: 80, coverToPct: 70 }) })
    .expect({ batteryW: -2_000, gridW: 0, because: 'as planned: the surplus saves more later' })
    .at('20s', { pvW: 5_500 })
    .expect({ batteryW: -4_500, gridW: 0 })
    .at('40s', { socPct: 79.5 })
    .expect({ batteryW: -1_050, gridW: -3_450 }, '8s')
    .at('60s', { socPct: 80 })
    .expect({ batteryW: 0, gridW: -4_500 });

  spec('what is below a level is kept, and it says so', home)
    .at('0s', { loadW: -3_000, do: led({ coverToPct: 60 }) })
    .expect({ batteryW: 0, gridW: 3_000 })
    .at('20s', { do: led({ coverToPct: 20 }) })
    .expect({ batteryW: 3_000, gridW: 0, because: 'as planned: power is dear now' });

  spec('a charge that jumps is believed after three readings: then it covers', home)
    .at('0s', { loadW: -3_000, do: led({ coverToPct: 60 }) })
    .at('20s', { socPct: 80 })
    .expect({ batteryW: 0 }, '1s')
    .expect({ batteryW: 3_000, gridW: 0 }, '8s');

  spec('buys for the store spread over the step, and stops at its level', home)
    .at('0s', { loadW: -1_000, do: led({ buyToPct: 60, coverToPct: 60 }) })
    .expect({ batteryW: -1_053, gridW: 2_053, because: 'as planned: power is cheap now' })
    .at('600s', { socPct: 54 })
    .at('605s', { socPct: 58 })
    .expect({ batteryW: -253 }, '10s')
    .at('660s', { socPct: 60 })
    .expect({ batteryW: 0, gridW: 1_000 });

  spec('sells down to its level, and no further', home)
    .at('0s', { do: led({ sellToPct: 40 }) })
    .expect({ batteryW: 950, gridW: -950, because: 'it earns more than it saves later' })
    .at('60s', { do: led({ sellToPct: 50 }) })
    .expect({ batteryW: 0, gridW: 0 });

  spec('what was sold for the step is needed as well', home)
    .at('0s', { loadW: -1_000, do: led({}, {}, -2_000) })
    .expect({ batteryW: 3_000, gridW: -2_000 });

  spec('a charge that is not known is left to self-consumption, and so kept still', home)
    .at('0s', { loadW: -2_000, socPct: Number.NaN, do: led({ sellToPct: 0 }) })
    .expect({ batteryW: 0, battery: 'STALE', mode: 'trading' });

  spec('levels beyond any charge are those of an empty and of a full one', home)
    .at('0s', { loadW: -1_000, do: led({ buyToPct: -1e9, coverToPct: -1e9, sellToPct: 1e9 }) })
    .expect({ batteryW: 1_000, gridW: 0 });

  spec('says what is stored is worth', home)
    .at('0s', { loadW: -1_000, do: led({}) })
    .at('5s', {
      do: ({ image }) => {
        const ask = image.asks.find(({ authority }) => authority === 'plan')?.sentence;
        expect(ask?.replaceAll('\u202f', ' ')).toContain('what is stored is worth 24.1 ct');
      },
    });

  spec('ends with the plan: then rules', home)
    .at('0s', {
      loadW: -1_000,
      do: (bench) => {
        const expiresAtMs = bench.clock.wallMs() + 20_000;
        intent(bench, { expiresAtMs, steps: [levels({ coverToPct: 90 })] });
      },
    })
    .expect({ batteryW: 0, mode: 'trading' })
    .at('30s', {})
    .expect({ batteryW: 1_000, mode: 'rules' });
});

describe('levels by what the running step shows', () => {
  const NEED = { needW: [1_000, 3_000], coverToPct: [0, 100] };
  const OTHERS = { buyToPct: [0, 0], storeToPct: [100, 100], sellToPct: [100, 100] };
  const dull = { durationMs: 300_000, byNeed: { ...NEED, ...OTHERS } };

  // Half full: 3 kW all the time ask for 80 % of the step's table, so 50 % after 5 eighths.
  spec('a need that says the sky is dull keeps what is stored, as the step goes by', home)
    .at('0s', { loadW: -3_000, do: led({ mostPct: 80 }, dull) })
    .expect({ batteryW: 3_000, gridW: 0 })
    .at('170s', {})
    .expect({ batteryW: 3_000, gridW: 0 })
    .at('200s', {})
    .expect({ batteryW: 0, gridW: 3_000, because: 'what is stored is kept for 18:00' });

  let untilMs = 0;
  spec('a new plan in the midst of the step forgets nothing of it', home)
    .at('0s', {
      loadW: -3_000,
      do: (bench) => {
        untilMs = bench.clock.wallMs() + dull.durationMs;
        led({ mostPct: 80 }, dull)(bench);
      },
    })
    .at('180s', {
      do: (bench) => {
        const durationMs = untilMs - bench.clock.wallMs();
        led({ mostPct: 80 }, { ...dull, durationMs })(bench);
      },
    })
    .expect({ batteryW: 0, gridW: 3_000 }, '20s');

  spec('a need as low as on a clear day changes nothing', home)
    .at('0s', { loadW: -900, do: led({ mostPct: 80 }, dull) })
    .at('290s', {})
    .expect({ batteryW: 900, gridW: 0 });
});

describe('what a step lets the connection carry', () => {
  const cap = { mostImportW: 4_000 };

  spec('the mean of 15 minutes stays where the plan wants it, by what is stored', home)
    .at('0s', { loadW: -8_000, do: led({ coverToPct: 100 }, cap) })
    .expect({ gridW: 4_000, because: 'the highest demand stays at 4 kW', battery: 'PLAN' })
    .at('300s', { loadW: -1_000 })
    .expect({ batteryW: 0, gridW: 1_000 })
    .at('600s', { loadW: -8_000 })
    .expect({ gridW: 7_000 }, '10s');

  const rising = { ...cap, rises: [{ aboveW: 6_500, mostImportW: 6_000 }] };

  spec('it rises where the site needs so much that the store would not last', home)
    .at('0s', { loadW: -8_000, do: led({ coverToPct: 100 }, rising) })
    .expect({ gridW: 6_000, battery: 'PLAN' });

  spec('and it stays below that: the mean of the window decides, no moment of it', home)
    .at('0s', { loadW: -5_000, do: led({ coverToPct: 100 }, rising) })
    .expect({ gridW: 4_000 })
    .at('400s', { loadW: -8_500 })
    .expect({ gridW: 4_000 }, '20s')
    // 5 kW for 400 s and 8.5 kW for the rest are 6.9 kW: once that shows, the mean may be 6.
    .expect({ gridW: 8_300 }, '400s');

  spec('and nothing is bought for the store above it', home)
    .at('0s', { loadW: -1_000, do: led({ buyToPct: 100, coverToPct: 100 }, cap) })
    .expect({ gridW: 4_000, batteryW: -3_000 });

  spec('nothing is sold where that costs: the battery as planned, the sun held back', roof)
    .at('0s', {
      pvW: 6_000,
      loadW: -1_000,
      do: led({ storeToPct: 50 }, { mostExportW: 0 }),
    })
    .expect({ batteryW: 0, sunW: 1_000, gridW: 0 }, '8s')
    .at('10s', {
      do: ({ image }) => {
        const sun = image.decisions.find(({ terminal }) => terminal === 'pv1');
        expect(sun?.reason.code).toBe('PLAN');
        expect(sun?.reason.sentence).toContain('selling costs 2 ct now');
      },
    })
    .at('30s', { loadW: -3_000 })
    .expect({ sunW: 3_000, gridW: 0 }, '8s')
    .at('60s', { do: led({ storeToPct: 90 }, { mostExportW: 0 }) })
    .expect({ batteryW: -3_000, sunW: 6_000, gridW: 0 }, '25s')
    .at('90s', { do: led({ storeToPct: 50 }) })
    .expect({ batteryW: 0, sunW: 6_000, gridW: -3_000 }, '8s');
});
