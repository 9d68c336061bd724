import type { Bench } from '../bench/bench.ts';
import { site } from '../bench/site.ts';
import { row, type Situation } from './situation.ts';

const WALL = Date.UTC(2026, 0, 1);
const home = site({ pv: {}, battery: {} });
const zero = site({ pv: {}, battery: {}, connection: { defaultExportLimitW: 0 } });
const island = site({ pv: {}, battery: {}, store: { reservePct: 20, blackStartPct: 10 } });
const told = site({ battery: {}, directives: { keyId: 'key1', publicKey: 'public' } });
const peaks = site({ battery: {}, control: { peakLimitW: 5_000 } });

/** A demand-response event, its keys in the order in which they are signed. */
export const event = (importLimitW: number, fromS: number, forS: number) => (bench: Bench) => {
  const wallMs = bench.clock.wallMs();
  const body = {
    exportLimitW: 30_000,
    fromMs: wallMs + 1_000 * fromS,
    gateway: 'gw-bench',
    importLimitW,
    issuedAtMs: wallMs,
    kind: 'demand-response',
    onLost: 'keep',
    sequence: Math.round(bench.clock.monoMs()) + 1,
    untilMs: wallMs + 1_000 * (fromS + forS),
    v: 1,
    why: 'evening peak',
  };
  bench.guard.directive(bench.sign(body));
};

const charge = (bench: Bench): void => {
  const order = { terminal: 'battery1', act: 'charge', powerW: 3_000, forMs: 120_000, by: 'Kim' };
  bench.guard.override(order);
};

/** Meter, grid, events, orders and limits. */
export const GRID: Situation[] = [
  {
    name: 'Meter lost and back',
    site: zero,
    rows: [
      row(
        '0s',
        '2 kW too much sun, zero export',
        { pvW: 3_000, loadW: -1_000 },
        '5s',
        { batteryW: -2_000, gridW: 0 },
        'charging',
      ),
      row(
        '10s',
        'the meter falls silent',
        { silent: ['meter1'] },
        '5s',
        { batteryW: -2_000, mode: 'holding' },
        'the last orders stand',
      ),
      row(
        '10s',
        'still silent',
        {},
        '11s',
        { batteryW: 0, sunW: 0, mode: 'safe' },
        'safe states, and the limit is kept',
      ),
      row('40s', 'it answers', { silent: [] }, '10s', { mode: 'rules', gridW: 0 }, 'control again'),
    ],
  },
  {
    name: 'Islanding and return',
    site: home,
    rows: [
      row(
        '0s',
        '2 kW too much sun',
        { pvW: 3_000, loadW: -1_000 },
        '5s',
        { batteryW: -2_000 },
        'charging',
      ),
      row(
        '10s',
        'the grid is gone',
        { voltageV: 20 },
        '5s',
        { batteryW: 0, flags: ['islanded'], code: 'ISLANDED' },
        'own modes, nothing is written',
      ),
      row(
        '20s',
        'it is back',
        { voltageV: 230 },
        '30s',
        { flags: ['islanded'] },
        'waiting: 60 s and a spread of up to 60 s',
      ),
      row('20s', 'still there', {}, '130s', { flags: [], batteryW: -2_000 }, 'control again'),
    ],
  },
  {
    name: 'Black start reserve',
    site: island,
    rows: [
      row(
        '0s',
        '2 kW of load, reserve 20 % and 10 % for a restart',
        { loadW: -2_000, socPct: 31 },
        '5s',
        { batteryW: 2_000 },
        'discharging',
      ),
      row(
        '30s',
        '30 % are left',
        { socPct: 30 },
        '5s',
        { batteryW: 0, battery: 'RESERVE', because: '30 % is kept' },
        'no further while the grid is there',
      ),
      row(
        '60s',
        'the grid is gone',
        { voltageV: 20 },
        '5s',
        { flags: ['islanded'] },
        'what was kept is for the device to use',
      ),
      row(
        '90s',
        'it is back, 25 % are left, sun',
        { voltageV: 230, socPct: 25, pvW: 3_000 },
        '130s',
        { flags: [], batteryW: -1_000 },
        'the sun fills it again',
      ),
    ],
  },
  {
    name: 'Demand-response event',
    site: told,
    rows: [
      {
        ...row(
          '20s',
          'an event: no more than 1 kW in 30 s, for 1 min',
          { loadW: -4_000, socPct: 50, dischargeMaxW: 2_000 },
          '5s',
          { batteryW: 2_000, gridW: 2_000 },
          'nothing before it begins',
        ),
        act: event(1_000, 30, 60),
      },
      row(
        '55s',
        'it runs, the battery can give more',
        { dischargeMaxW: 50_000 },
        '5s',
        { gridW: 0 },
        'less is bought, and it is named',
      ),
      row('120s', 'it is over', {}, '5s', { code: 'SELF_CONSUMPTION' }, 'as before'),
    ],
  },
  {
    name: 'A person orders',
    site: home,
    rows: [
      row(
        '0s',
        '1 kW of load',
        { loadW: -1_000 },
        '5s',
        { batteryW: 1_000 },
        'the battery carries it',
      ),
      {
        ...row(
          '60s',
          'charge 3 kW for 2 min',
          {},
          '5s',
          { batteryW: -3_000, code: 'OVERRIDE' },
          'charging, with who and until when',
        ),
        act: charge,
      },
      row('181s', 'its end', {}, '5s', { batteryW: 1_000, code: 'SELF_CONSUMPTION' }, 'as before'),
    ],
  },
  {
    name: 'Peak on the 15-minute mean',
    site: peaks,
    options: { wallMs: WALL + 12 * 60_000 },
    rows: [
      row(
        '0s',
        '8 kW of load, limit 5 kW, 3 min left',
        { loadW: -8_000, socPct: 49 },
        '10s',
        { gridW: 4_900, code: 'PEAK_LIMIT' },
        'the battery gives what is above',
      ),
      row(
        '60s',
        'the load goes for a minute',
        { loadW: 0 },
        '10s',
        { batteryW: 0 },
        'the mean gains room',
      ),
      row(
        '120s',
        '9 kW of load in the last minute',
        { loadW: -9_000 },
        '10s',
        { batteryW: 0, gridW: 9_000 },
        'the room is used, not the battery',
      ),
      row(
        '182s',
        'the next quarter-hour',
        {},
        '10s',
        { gridW: 4_900, code: 'PEAK_LIMIT' },
        'the battery gives what is above',
      ),
    ],
  },
  {
    name: 'Zero export, load drop',
    site: zero,
    rows: [
      row(
        '0s',
        '9 kW of sun and load, battery full',
        { pvW: 9_000, loadW: -9_000, socPct: 96 },
        '5s',
        { sunW: 9_000, gridW: 0 },
        'the sun carries the load',
      ),
      row(
        '30s',
        '8 kW of load drop',
        { loadW: -1_000 },
        '5s',
        { sunW: 1_000, gridW: 0 },
        'the sun is held back',
      ),
    ],
  },
];
