import { DAY_MS } from '../../../../../gateway/contracts/values/time.ts';
import type { BenchOptions } from '../bench/bench.ts';
import { site } from '../bench/site.ts';
import { row, type Situation } from './situation.ts';

const WALL = Date.UTC(2026, 0, 1);
const home = site({ pv: {}, battery: {} });
const filled = site({
  pv: {},
  battery: {},
  store: { fullCharge: { everyDays: 14, withinDays: 7 } },
});
const fullSince = (days: number): BenchOptions => ({
  wallMs: WALL,
  saved: {
    ...{ v: 1, epoch: 1, highestSequence: 0, envelopes: [], mode: 'rules', budget: {} },
    fullAtWallMs: { battery1: WALL - days * DAY_MS },
  },
});

/** Starts and sunrise. */
export const STARTS: Situation[] = [
  {
    name: 'Cold start',
    site: home,
    rows: [
      row(
        '0s',
        'neither meter nor battery answers',
        { loadW: -2_000, silent: ['meter1', 'inverter2'] },
        '5s',
        { batteryW: 0, mode: 'safe' },
        'every device in its safe state',
      ),
      row(
        '10s',
        'the meter answers',
        { silent: ['inverter2'] },
        '5s',
        { batteryW: 0, mode: 'rules' },
        'the battery alone stays in its safe state',
      ),
      row(
        '20s',
        'the battery answers',
        { silent: [] },
        '5s',
        { batteryW: 2_000, gridW: 0 },
        'it follows the meter',
      ),
    ],
  },
  {
    name: 'Sunrise',
    site: home,
    rows: [
      row(
        '0s',
        'dark, 1 kW of load',
        { loadW: -1_000 },
        '5s',
        { batteryW: 1_000 },
        'the battery carries it',
      ),
      row(
        '60s',
        'the sun gives 800 W',
        { pvW: 800 },
        '5s',
        { batteryW: 200, gridW: 0 },
        'the battery gives the rest',
      ),
      row(
        '120s',
        'the sun gives 3 kW',
        { pvW: 3_000 },
        '5s',
        { batteryW: -2_000, gridW: 0 },
        'the battery takes what is left',
      ),
    ],
  },
];

/** What a battery can and cannot. */
export const BATTERIES: Situation[] = [
  {
    name: 'Battery full',
    site: home,
    rows: [
      row(
        '0s',
        '2 kW too much sun',
        { pvW: 3_000, loadW: -1_000, socPct: 94 },
        '5s',
        { batteryW: -2_000 },
        'charging',
      ),
      row(
        '30s',
        'socMaxPct is reached',
        { socPct: 95 },
        '5s',
        { batteryW: 0, gridW: -2_000, battery: 'SOC_MAX' },
        'resting, the rest is sold',
      ),
    ],
  },
  {
    name: 'Battery empty',
    site: home,
    rows: [
      row(
        '0s',
        '2 kW of load',
        { loadW: -2_000, socPct: 6 },
        '5s',
        { batteryW: 2_000 },
        'discharging',
      ),
      row(
        '30s',
        'socMinPct is reached',
        { socPct: 5 },
        '5s',
        { batteryW: 0, gridW: 2_000, battery: 'SOC_MIN' },
        'resting, the rest is bought',
      ),
    ],
  },
  {
    name: 'Too cold',
    site: home,
    rows: [
      row(
        '0s',
        '2 kW too much sun',
        { pvW: 3_000, loadW: -1_000, temperatureC: 5 },
        '5s',
        { batteryW: -2_000 },
        'charging',
      ),
      row(
        '30s',
        'the cells are below chargeMinC',
        { temperatureC: -1 },
        '5s',
        { batteryW: 0, battery: 'TOO_COLD' },
        'no charge',
      ),
      row(
        '90s',
        'the sun goes',
        { pvW: 0 },
        '5s',
        { batteryW: 1_000, gridW: 0 },
        'discharging is not barred',
      ),
    ],
  },
  {
    name: 'Battery lost and back',
    site: home,
    rows: [
      row('0s', '2 kW of load', { loadW: -2_000 }, '5s', { batteryW: 2_000 }, 'discharging'),
      row(
        '10s',
        'the battery falls silent',
        { silent: ['inverter2'] },
        '15s',
        { batteryW: 0, mode: 'rules' },
        'its safe state, the others go on',
      ),
      row(
        '40s',
        'it answers',
        { silent: [] },
        '10s',
        { batteryW: 2_000, gridW: 0 },
        'control again',
      ),
    ],
  },
  {
    name: 'Full-charge day',
    site: filled,
    options: fullSince(15),
    rows: [
      row(
        '0s',
        'full last 15 days ago, due after 14; sun',
        { pvW: 3_000, loadW: -1_000, socPct: 96 },
        '5s',
        { batteryW: -2_000, gridW: 0 },
        'charging beyond socMaxPct',
      ),
      row(
        '60s',
        'the sun goes',
        { pvW: 0 },
        '10s',
        { batteryW: 0, gridW: 1_000, battery: 'FULL_CHARGE' },
        'nearly full, it is not emptied',
      ),
    ],
  },
  {
    name: 'Full charge overdue',
    site: filled,
    options: fullSince(22),
    rows: [
      row(
        '0s',
        'full last 22 days ago, forced after 21; no sun',
        { loadW: -1_000, socPct: 60 },
        '5s',
        { batteryW: -1_500, gridW: 2_500, code: 'FULL_CHARGE' },
        'charging from the grid at 30 % of nameplate',
      ),
    ],
  },
];
