import { describe, expect, it } from 'vitest';
import { Bench } from './bench/bench.ts';
import { site } from './bench/site.ts';
import { intent, spec, steps } from './bench/timeline.ts';

const home = site({ pv: {}, battery: {} });

describe('self-consumption', () => {
  spec('stores what the sun leaves, and gives it back when it is needed', home)
    .at('0s', { pvW: 3_000, loadW: -1_000 })
    .expect({ batteryW: -2_000, gridW: 0, mode: 'rules', code: 'SELF_CONSUMPTION' })
    .at('60s', { pvW: 0, loadW: -2_500 })
    .expect({ batteryW: 2_500, gridW: 0, because: 'Battery discharging 2.5 kW' });

  spec('buys what the battery cannot give', home)
    .at('0s', { loadW: -8_000 })
    .expect({ batteryW: 5_000, gridW: 3_000 });

  spec('does not flicker around zero', home)
    .at('0s', { pvW: 1_000, loadW: -1_020 })
    .expect({ batteryW: 0, gridW: 20 });

  spec('makes good what the inverter leaves out of its setpoint', home)
    .at('0s', { loadW: -4_000, setpointShare: 0.97 })
    .expect({ gridW: 0 }, '60s');

  spec('leaves a full battery alone, then a bit of charge later takes from it again', home)
    .at('0s', { pvW: 3_000, socPct: 95 })
    .expect({ batteryW: 0, battery: 'SOC_MAX', because: 'because it is 95 % full' })
    .at('10s', { socPct: 94.5 })
    .expect({ batteryW: 0, battery: 'SOC_MAX' })
    .at('20s', { socPct: 93.9 })
    .expect({ batteryW: -3_000 });

  spec('keeps the reserve for a blackout', site({ battery: {}, store: { reservePct: 30 } }))
    .at('0s', { loadW: -2_000, socPct: 29 })
    .expect({ batteryW: 0, gridW: 2_000, battery: 'RESERVE' });

  spec('follows the BMS down', home)
    .at('0s', { pvW: 5_000, chargeMaxW: 1_200 })
    .expect({ batteryW: -1_200, battery: 'BMS_LIMIT' });
});

describe('limits at the connection', () => {
  const zero = site({ pv: {}, battery: {}, connection: { defaultExportLimitW: 0 } });

  spec('holds export at zero when the sun comes out: the battery first', zero)
    .at('0s', { pvW: 3_000, loadW: -1_000 })
    .expect({ batteryW: -2_000, gridW: 0, pvLimitW: 'none' });

  spec('then the sun is held back', zero)
    .at('0s', { pvW: 9_000, loadW: -1_000 })
    .expect({ batteryW: -5_000, gridW: 0, sunW: 6_000, pvLimitW: 6_000 })
    .at('30s', { loadW: -6_000 })
    .expect({ sunW: 9_000, gridW: 0 }, '10s');

  spec('a full battery leaves the whole of it to the sun', zero)
    .at('0s', { pvW: 9_000, loadW: -1_000, socPct: 96 })
    .expect({ batteryW: 0, sunW: 1_000, gridW: 0 });

  spec(
    'holds the import limit with the battery, against the plan',
    site({
      battery: {},
      connection: { defaultImportLimitW: 6_000 },
    }),
  )
    .at('0s', { loadW: -3_000, do: (bench) => charge(bench, -5_000) })
    .expect({ batteryW: -2_940, gridW: 5_940, battery: 'IMPORT_LIMIT', mode: 'trading' })
    .at('30s', { loadW: -9_000 })
    .expect({ batteryW: 3_060, gridW: 5_940, because: 'no more than 6.0 kW are bought' });

  spec(
    'then with what can wait',
    site({
      battery: {},
      pump: {},
      connection: { defaultImportLimitW: 6_000 },
    }),
  )
    .at('0s', { loadW: -6_000, pumpW: 6_000, socPct: 4 })
    .expect({ batteryW: 0, pumpW: 0, gridW: 6_000 });

  spec('a fuse is held per phase', site({ battery: {}, connection: { fuseA: 20 } }))
    .at('0s', { loadW: -12_000, phaseShare: [0.5, 0.25, 0.25], do: (b) => charge(b, -5_000) })
    .expect({ gridW: 9_100, battery: 'FUSE_LIMIT' }, '20s');

  spec(
    'says when a limit is out of reach',
    site({
      battery: {},
      connection: { defaultImportLimitW: 6_000 },
    }),
  )
    .at('0s', { loadW: -20_000 })
    .expect({ batteryW: 5_000, battery: 'LIMIT_UNREACHABLE' });

  spec('changes of a load find it back inside within five cycles', zero)
    .at('0s', { pvW: 5_000, loadW: -5_000 })
    .at('20s', { loadW: -200 })
    .expect({ gridW: 0 })
    .at('40s', { loadW: -5_000 })
    .expect({ gridW: 0 })
    .at('60s', { loadW: 0, pvW: 10_000 })
    .expect({ gridW: 0 });
});

const charge = (bench: Bench, powerW: number): void =>
  intent(bench, { steps: [steps({ follow: 'fixed', powerW })] });

describe('the plan and the market', () => {
  spec('follows a fixed step, and says whose it is', home)
    .at('0s', { loadW: -1_000, do: (bench) => charge(bench, 3_000) })
    .expect({ batteryW: 3_000, mode: 'trading', because: 'as planned: the evening is dearer' });

  spec('keeps inside the plan’s range', home)
    .at('0s', { loadW: -4_000, do: (b) => intent(b, { steps: [steps({ minW: 0, maxW: 1_000 })] }) })
    .expect({ batteryW: 1_000, gridW: 3_000 });

  spec('ends with the plan: then rules', home)
    .at('0s', {
      loadW: -1_000,
      do: (b) => {
        const expiresAtMs = b.clock.wallMs() + 20_000;
        intent(b, { expiresAtMs, steps: [steps({ follow: 'fixed', powerW: 3_000 })] });
      },
    })
    .expect({ batteryW: 3_000, mode: 'trading' })
    .at('30s', {})
    .expect({ batteryW: 1_000, mode: 'rules' });

  spec('without the cloud it goes on planning', home)
    .at('0s', { do: (b) => intent(b, { cloudConnected: false, steps: [steps({})] }) })
    .expect({ mode: 'planning' });

  const sold = (bench: Bench, soldWh: number): void =>
    intent(bench, {
      steps: [steps({})],
      positions: [{ fromMs: bench.clock.wallMs(), durationMs: 900_000, soldWh }],
    });

  spec('delivers what was sold, above the plan', home)
    .at('0s', { loadW: -1_000, do: (bench) => sold(bench, 500) })
    .expect({ gridW: -2_000, battery: 'MARKET_POSITION', because: '0.5 kWh were sold for' }, '20s');

  spec('an interval of a clock that nobody trusts is not delivered', home)
    .at('0s', {
      loadW: -1_000,
      do: (bench) =>
        intent(bench, {
          clockTrusted: false,
          steps: [steps({})],
          positions: [{ fromMs: bench.clock.wallMs(), durationMs: 900_000, soldWh: 500 }],
        }),
    })
    .expect({ gridW: 0, mode: 'planning', battery: 'PLAN' });

  spec('corrects over the rest what it could not deliver', home)
    .at('0s', { loadW: -4_500, do: (bench) => sold(bench, 500) })
    .expect({ batteryW: 5_000, gridW: -500 }, '20s')
    .at('450s', { loadW: -500 })
    .expect({ gridW: -3_540 }, '10s');
});

describe('peaks', () => {
  const factory = site({ battery: {}, control: { peakLimitW: 6_000 } });

  spec('holds the mean of the window, not each second of it', factory)
    .at('0s', { loadW: -8_000, do: (b) => intent(b, { steps: [steps({ follow: 'fixed' })] }) })
    .expect({ gridW: 5_880, battery: 'PEAK_LIMIT' })
    .at('300s', { loadW: -2_000 })
    .expect({ batteryW: 0 })
    .at('600s', { loadW: -9_000 })
    .expect({ batteryW: 0, gridW: 9_000 });

  spec('without a plan, half of the charge is kept for them', factory)
    .at('0s', { loadW: -3_000, socPct: 60 })
    .expect({ batteryW: 3_000 })
    .at('60s', { socPct: 57 })
    .at('61s', { socPct: 53 })
    .at('62s', { socPct: 49 })
    .expect({ batteryW: 0, because: 'to keep half of its charge for the next peak' })
    .at('100s', { socPct: 46 })
    .expect({ batteryW: -500 })
    .at('140s', { loadW: -9_000 })
    .expect({ battery: 'PEAK_LIMIT' }, '40s');
});

describe('flexible loads', () => {
  const street = site({ pv: { ratedInW: 20_000 }, ev: {}, battery: {} });

  spec('the car takes what the sun leaves after the battery, in steps', street)
    .at('0s', { pvW: 11_000, loadW: -1_000 })
    .at('5s', { carW: 11_040 })
    .expect({ batteryW: -5_000, carW: 4_140, gridW: 140 - 1_000 }, '25s')
    .at('60s', { pvW: 5_000 })
    .expect({ carW: 0, batteryW: -4_000 }, '10s');

  spec(
    'and all it can when it has to be ready',
    site({
      pv: {},
      ev: {},
      car: { usableWh: 60_000, ready: { minuteOfDay: 7 * 60, socPct: 80 } },
    }),
    { wallMs: Date.UTC(2026, 0, 2, 1, 30) },
  )
    .at('0s', { carW: 11_040 })
    .expect({ carW: 11_040 });

  spec('a plan switches the pump', site({ pump: {} }))
    .at('0s', {
      pumpW: 6_000,
      do: (b) => intent(b, { steps: [steps({ terminal: 'pump1', follow: 'off' })] }),
    })
    .expect({ pumpW: 0 })
    .at('10s', { do: (b) => intent(b, { steps: [steps({ terminal: 'pump1', follow: 'on' })] }) })
    .expect({ pumpW: 6_000 });
});

describe('when readings fail', () => {
  const zero = site({ pv: {}, battery: {}, connection: { defaultExportLimitW: 0 } });

  spec('late: the last orders stand; lost: safe states, and the limit is kept', zero)
    .at('0s', { pvW: 3_000, loadW: -1_000 })
    .at('10s', { silent: ['meter1'] })
    .expect({ batteryW: -2_000, mode: 'rules' }, '2s')
    .expect({ batteryW: -2_000, mode: 'holding', because: 'the last orders stand' }, '5s')
    .expect({ batteryW: 0, sunW: 0, pvLimitW: 0, mode: 'safe', code: 'SAFE_STATE' }, '11s')
    .at('40s', { silent: [] })
    .expect({ mode: 'rules', gridW: 0 }, '10s');

  spec('one silent inverter is not the site: it alone goes to its safe state', home)
    .at('0s', { pvW: 3_000, loadW: -1_000 })
    .at('10s', { silent: ['inverter1'] })
    .expect({ mode: 'rules', batteryW: -2_000, gridW: 0 }, '20s');

  spec('charge unknown for too long: neither in nor out', home)
    .at('0s', { loadW: -2_000, socPct: Number.NaN })
    .expect({ batteryW: 0, battery: 'STALE' });

  spec('the grid is gone: every device in its own mode, nothing is traded', home)
    .at('0s', { pvW: 3_000, loadW: -1_000 })
    .at('10s', { voltageV: 20 })
    .expect({ flags: ['islanded'], code: 'ISLANDED', mode: 'rules', batteryW: 0 })
    .at('20s', { voltageV: 230 })
    .expect({ flags: ['islanded'] }, '30s')
    .expect({ flags: [], batteryW: -2_000 }, '130s');

  spec('not commissioned: it watches', home, { commissioned: ['meter1'] })
    .at('0s', { pvW: 3_000, loadW: -1_000 })
    .expect({ batteryW: 0, flags: ['observing'], battery: 'NOT_COMMISSIONED' });

  spec(
    'switched off in the site file: it watches',
    site({
      battery: {},
      control: { active: false },
    }),
  )
    .at('0s', { loadW: -1_000 })
    .expect({ batteryW: 0, flags: ['observing'], code: 'OBSERVING' });
});

describe('accelerated', () => {
  spec('the same number of cycles, stretched together', home, { speed: 96 })
    .at('0s', { pvW: 3_000, loadW: -1_000 })
    .expect({ batteryW: -2_000, gridW: 0, mode: 'rules' }, '48s')
    .at('60s', { silent: ['meter1'] })
    .expect({ batteryW: -2_000, mode: 'holding' }, '24s')
    .expect({ batteryW: 0, mode: 'safe' }, '50s');
});

it('an intent of an older agent is told, for the audit log', async () => {
  const bench = new Bench(home);
  await bench.start();
  await bench.clock.advance(2_000);
  for (const agentEpoch of [5, 4, 4]) intent(bench, { agentEpoch });
  const told = bench.records.filter((one) => one.kind === 'event' && one.code === 'INTENT_REFUSED');
  expect(told).toHaveLength(1);
  expect(told[0]).toMatchObject({ text: expect.stringContaining('an agent of epoch 5 runs') });
  await bench.guard.stop();
});
