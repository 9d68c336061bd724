import { expect, test } from 'vitest';
import { pulseSteps, quietStep, type Room } from '../../../../gateway/commissioning/program.ts';
import type { ProgramStep, Trace } from '../../../../gateway/contracts/values/commissioning.ts';
import type { Site } from '../../../../gateway/contracts/values/site.ts';
import { createStream } from '../../../../simulators/random.ts';
import { site } from '../guard/bench/site.ts';

interface Rest {
  readonly site?: Site;
  readonly terminal?: string;
  readonly gridW?: number;
  readonly noiseW?: number;
  readonly sunW?: number;
  readonly room?: Partial<Room>;
  readonly seed?: number;
}

const home = site({ pv: {}, battery: {}, ev: {}, pump: {} });

/** Half a minute in which nothing is asked; the noise goes up and down by itself. */
function rest({ gridW = 2_000, noiseW = 20, sunW = 0 }: Rest): Trace {
  const samples = Array.from({ length: 36 }, (_, index) => {
    const atMs = index * 1_000;
    const up = index % 2 === 0 ? 1 : -1;
    const good = (value: number) => ({ quality: 'good', value, atMs }) as const;
    return {
      ...{ atMs, step: 0, commandedW: {}, readBackW: {} },
      readings: {
        meter1: { powerW: good(gridW + up * noiseW) },
        inverter1: { powerW: good(sunW) },
        inverter2: { powerW: good(0), socPct: good(50) },
      },
    };
  });
  return { startedAtMs: 0, samples, ended: 'complete', why: '' };
}

const asked = (one: Rest) =>
  pulseSteps({
    ...{ site: one.site ?? home, terminal: one.terminal ?? 'battery1', quiet: rest(one) },
    room: { importLimitW: 30_000, exportLimitW: 30_000, socPct: 50, ...one.room },
    ...{ reversionMs: 60_000, directionRestMs: 30_000 },
    random: createStream(one.seed ?? 1, 'pulses'),
  });

const pulses = (steps: readonly ProgramStep[]): number[] =>
  steps.filter(({ kind }) => kind === 'pulse').map(({ powerW }) => powerW);
const said = (one: Rest): string[] =>
  asked(one).findings.map(({ kind, severity, sentence }) => `${kind} ${severity}: ${sentence}`);

test('a battery is charged and discharged, left to its timer, and released', () => {
  const { steps, findings } = asked({});
  expect(findings).toEqual([]);
  const kinds = ['pulse', 'quiet', 'pulse', 'quiet', 'pulse', 'quiet'];
  expect(steps.map(({ kind }) => kind)).toEqual([
    ...kinds,
    ...['pulse', 'letGo', 'quiet', 'pulse', 'release'],
  ]);
  expect(new Set(pulses(steps).slice(0, 3))).toEqual(new Set([750, -750]));
  // It buys 2 kW: its own mode would discharge, so it is left alone while it charges.
  expect(pulses(steps).slice(3)).toEqual([-750, -750]);
  expect(steps.find(({ kind }) => kind === 'letGo')?.durationMs).toBeGreaterThan(75_000);
});

test('lengths are random, and the same for the same seed', () => {
  const lengths = (seed: number) => asked({ seed }).steps.map(({ durationMs }) => durationMs);
  expect(lengths(1)).toEqual(lengths(1));
  expect(lengths(1)).not.toEqual(lengths(2));
  const rests = asked({}).steps.filter(({ kind }) => kind === 'quiet');
  for (const { durationMs } of rests) expect(durationMs).toBeGreaterThanOrEqual(32_000);
});

test('a pulse is at least five times the noise of every meter', () => {
  const [first = 0] = pulses(asked({ noiseW: 250 }).steps);
  expect(Math.abs(first)).toBeGreaterThanOrEqual(5 * 250);
  expect(Math.abs(first)).toBeLessThanOrEqual(3_000);
});

test.each([
  [
    'too noisy',
    { noiseW: 900 },
    /^noise notProven: m1 swings by 925 W: Battery would need a pulse of 5\.6 kW/,
  ],
  ['a full battery', { room: { socPct: 95 } }, /^conditions notProven: Battery is 95 % full/],
  ['an empty battery', { room: { socPct: 6 } }, /^conditions notProven: Battery is 6 % full/],
  ['charge unknown', { room: { socPct: undefined } }, /^conditions notProven: How full Battery is/],
  [
    'a site that may not export',
    { gridW: 100, room: { exportLimitW: 0 } },
    /^conditions notProven: Battery could not discharge 200 W: the limits of the connection leave/,
  ],
  [
    'a battery that allows nothing',
    { room: { chargeMaxW: 0 } },
    /^conditions notProven: Battery may charge 0 W now/,
  ],
  ['night', { terminal: 'pv1' }, /^conditions notProven: Sun produces 0 W, too little to curtail/],
  [
    'a dim sun',
    { terminal: 'pv1', sunW: 800, noiseW: 150 },
    /^noise notProven: Sun produces 800 W; a pulse of 925 W is needed/,
  ],
  [
    'a nameplate a thousand times too large',
    { room: { ratedW: 5 } },
    /^nameplate wrong: The site file rates Battery at 5\.0 kW, the device itself at 5 W/,
  ],
  [
    'words in the wrong order',
    { gridW: 2_000 * 65_536 },
    /^scale wrong: The meter m1 shows 131,072\.0 kW where 43\.5 kW can flow/,
  ],
  [
    'no meter at the connection',
    { site: { ...home, meters: [] } },
    /^missing notProven: No meter measures the connection/,
  ],
] as const)('%s: said, and asked for again', (_, one, sentence) => {
  const plain = said(one).map((text) => text.replaceAll('\u202f', ' '));
  expect(plain).toEqual([expect.stringMatching(sentence)]);
});

test('where one way is closed, all three pulses go the other', () => {
  const { steps } = asked({ room: { socPct: 95 } });
  expect(pulses(steps)).toEqual([750, 750, 750, 750, 750]);
});

test('PV is curtailed to half of what it gives', () => {
  const { steps } = asked({ terminal: 'pv1', sunW: 6_000 });
  expect(new Set(pulses(steps))).toEqual(new Set([3_000]));
  expect(quietStep(home, 'pv1').powerW).toBe(10_000);
});

test('an EV takes its smallest current, a pump is switched on', () => {
  expect(pulses(asked({ terminal: 'ev1' }).steps)[0]).toBe(-4_140);
  expect(pulses(asked({ terminal: 'pump1' }).steps)[0]).toBe(-6_000);
  expect(said({ terminal: 'pump1', room: { importLimitW: 6_000 } })).toEqual([
    expect.stringMatching(/^conditions notProven: Pump could not draw/),
  ]);
});
