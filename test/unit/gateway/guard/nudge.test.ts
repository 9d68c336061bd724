import { expect, test } from 'vitest';
import { Bench, type BenchOptions } from './bench/bench.ts';
import { site } from './bench/site.ts';

const RATED_W = 10_000;

/** A house behind a limit that is tighter than its contract, with a battery of 10 kW. */
function bench(options: BenchOptions = {}): Bench {
  const power = { ratedInW: RATED_W, ratedOutW: RATED_W };
  const limits = { defaultImportLimitW: 12_000 };
  const home = site({ battery: power, store: { usableWh: 100_000 }, connection: limits });
  const { resolutionW = 1, everyS = 1 } = options.meter ?? {};
  const latencyMs = 1_000 * (everyS - 1); // as commissioning would measure it
  const meters = home.meters.map((meter) => ({ ...meter, resolutionW, latencyMs }));
  return new Bench({ ...home, meters }, options);
}

interface Seen {
  readonly doubtS: number; // the meter is not believed, after so long; NaN = never
  readonly nudges: readonly number[]; // seconds at which a battery was moved
}

/** Turn after turn. `act` moves the world, the time is of the run. */
async function run(one: Bench, seconds: number, act: (atS: number) => void): Promise<Seen> {
  const nudges: number[] = [];
  let doubtS = Number.NaN;
  for (let atS = 1; atS <= seconds; atS += 1) {
    act(atS);
    await one.clock.advance(1_000);
    const { decisions, doubts = [] } = one.image;
    const moved = decisions.some(({ reason }) => reason.sentence.includes('a little beside'));
    if (moved) nudges.push(atS);
    if (doubts.length > 0 && Number.isNaN(doubtS)) doubtS = atS;
  }
  return { doubtS, nudges };
}

test.each<[string, BenchOptions]>([
  ['a night in which nothing moves', {}],
  ['a meter of 100 W', { meter: { resolutionW: 100, everyS: 1 } }],
  ['a meter that shows a new value each 3 s', { meter: { resolutionW: 1, everyS: 3 } }],
])('an honest still meter is believed, and asked less and less often: %s', async (_, options) => {
  const one = bench(options);
  one.world.loadW = -3_000;
  await one.start();
  const { doubtS, nudges } = await run(one, 1_200, () => undefined);
  expect(doubtS).toBeNaN();
  const begun = nudges.filter((atS, n) => atS !== (nudges[n - 1] ?? 0) + 1);
  expect(begun.length).toBeGreaterThanOrEqual(4);
  expect(begun.length).toBeLessThanOrEqual(7);
  expect(nudges.length).toBeLessThanOrEqual(6 * begun.length); // seconds in all
  expect((begun.at(-1) ?? 0) - (begun.at(-2) ?? 0)).toBeGreaterThanOrEqual(300);
  await one.guard.stop();
});

test('an empty house: nothing flows, nothing is doubted', async () => {
  const one = bench();
  await one.start();
  expect((await run(one, 900, () => undefined)).doubtS).toBeNaN();
  await one.guard.stop();
});

/** A living load, frozen after 100 s; 8 s later all else changes. @returns s from the freeze */
async function frozenFor(loadW: number, laterW: number): Promise<number> {
  const one = bench({ errors: [] });
  await one.start();
  const { doubtS } = await run(one, 300, (atS) => {
    one.world.loadW = (atS < 108 ? loadW : laterW) - (atS % 7);
    one.world.frozen = atS >= 100;
  });
  await one.guard.stop();
  return doubtS - 100;
}

test('frozen at zero exchange, the battery steady: noticed within 60 s', async () => {
  expect(await frozenFor(-6_000, -25_000)).toBeLessThanOrEqual(60);
});

test('frozen with the battery at the end of its power: noticed within 60 s', async () => {
  expect(await frozenFor(-10_200, -25_000)).toBeLessThanOrEqual(60);
});

const still = async (one: Bench): Promise<Seen> => {
  one.world.loadW = -3_000;
  await one.start();
  const seen = await run(one, 120, () => undefined);
  await one.guard.stop();
  return seen;
};

test('a setpoint in memory that wears out is not spent on it', async () => {
  expect((await still(bench())).nudges).not.toEqual([]);
  expect((await still(bench({ wears: true }))).nudges).toEqual([]);
});

test('a person who holds a battery is not crossed', async () => {
  const one = bench();
  const order = { terminal: 'battery1', act: 'discharge', powerW: 2_000, forMs: 600_000 };
  one.world.loadW = -3_000;
  await one.start();
  const { nudges } = await run(one, 120, (atS) => {
    if (atS === 5) one.guard.override({ ...order, by: 'Kim' });
  });
  expect(nudges).toEqual([]);
  await one.guard.stop();
});
