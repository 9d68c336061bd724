import { describe, expect, it, type TestContext } from 'vitest';
import { createClock, newOrigin } from '../../../../gateway/adapters/clock.ts';
import { makeWire } from '../../../../gateway/adapters/modbus/wire.ts';
import { composeGuard } from '../../../../gateway/compose.ts';
import type { Directive } from '../../../../gateway/contracts/values/directive.ts';
import type { Image } from '../../../../gateway/contracts/values/image.ts';
import { timing } from '../../../../gateway/contracts/values/timing.ts';
import type { Guard } from '../../../../gateway/guard/tick.ts';
import type { Clock } from '../../../../gateway/ports.ts';
import { type RunningSite, runSite } from '../../../../simulators/demo/world.ts';
import { createSiteDevices } from '../../../../simulators/servers/site-devices.ts';
import { deviceSettings } from '../../../../simulators/sites/bind.ts';
import { demoSites, wired } from '../../../../simulators/sites/demo.ts';

const SPEED = 96;
const SEED = 7;

interface Running {
  readonly clock: Clock;
  readonly guard: Guard;
  readonly world: RunningSite;
  image(): Image;
  /** Until the condition holds; the test's own time-out is the end of patience. */
  until(condition: (image: Image) => boolean): Promise<Image>;
}

/** A demo site on real sockets and ports, its guard in front of it, its judges behind it. */
async function run(context: TestContext, index: number, hour: number): Promise<Running> {
  const demo = demoSites(SEED)[index];
  if (demo === undefined) throw new Error('no such site');
  const clock = createClock(newOrigin(SPEED, Date.UTC(2026, 5, 11, hour)));
  let world: RunningSite | undefined;
  const devices = createSiteDevices(demo.site, {
    clock,
    settings: deviceSettings(demo.site),
    onFrame: (frame) => world?.frame(frame),
  });
  const keys = { keyId: 'grid', publicKey: 'any' };
  const site = wired(demo.site, await devices.start(), keys);
  const running = runSite(
    { site, plant: demo.plant, devices, seed: SEED, drive: undefined },
    clock,
  );
  world = running;
  const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const guard = composeGuard(
    {
      site,
      times: timing(SPEED),
      saved: undefined,
      commissioned: new Set(site.devices.map(({ id }) => id)),
      bootId: 'hil',
    },
    {
      clock,
      log: silent,
      verifier: { verify: () => true },
      wire: makeWire,
      save: () => undefined,
    },
  );
  const waiting = new Set<(image: Image) => void>();
  guard.onImage = (image) => {
    for (const look of waiting) look(image);
  };
  context.onTestFinished(async () => {
    await guard.stop();
    running.stop();
    await devices.stop();
  });
  await guard.start();
  return {
    clock,
    guard,
    world: running,
    image: () => {
      const image = guard.image();
      if (image === undefined) throw new Error('no image yet');
      return image;
    },
    until: (condition) =>
      new Promise((resolve) => {
        const look = (image: Image): void => {
          if (!condition(image)) return;
          waiting.delete(look);
          resolve(image);
        };
        waiting.add(look);
      }),
  };
}

const watts = (image: Image, point: string): number => {
  const reading = image.points[point];
  return reading?.quality === 'good' ? reading.value : Number.NaN;
};

const QUIET = 'runs a quarter of an hour without a violation';

async function quarter(context: TestContext, index: number, hour: number): Promise<void> {
  const site = await run(context, index, hour);
  const { counters, points } = await site.until(
    (image) => image.counters.cycles >= 190 && image.mode === 'rules',
  );
  expect(counters.readingsGood).toBeGreaterThan(100 * counters.readingsBad);
  expect(counters.writes).toBeGreaterThan(0);
  expect(points['grid.powerW']?.quality).toBe('good');
  expect(site.world.court.violations).toEqual([]);
  expect(site.world.balanceErrorMaxW()).toBeLessThan(200);
}

// Two at once: a guard of 20 turns a second waits most of its time.
describe('a producer and a consumer under the guard, judged from outside', () => {
  it.concurrent(`Sunfield ${QUIET}`, (context) => quarter(context, 0, 9));
  it.concurrent(`Brightworks ${QUIET}`, (context) => quarter(context, 1, 5));
});

describe('a home and a limit under the guard, judged from outside', () => {
  it.concurrent(`Millhouse ${QUIET}`, (context) => quarter(context, 2, 15));

  it.concurrent('Sunfield keeps an envelope: battery first, then the sun', async (context) => {
    const site = await run(context, 0, 10);
    await site.until((image) => image.counters.cycles >= 40);
    const wallMs = site.clock.wallMs();
    const directive: Directive = {
      v: 1,
      kind: 'envelope',
      gateway: 'gw-sunfield',
      sequence: 1,
      issuedAtMs: wallMs,
      fromMs: wallMs,
      untilMs: wallMs + 3_600_000,
      importLimitW: 20_000,
      exportLimitW: 0,
      onLost: 'keep',
      why: 'transformer',
    };
    site.world.directive(directive);
    site.guard.directive({ body: JSON.stringify(directive), keyId: 'grid', signature: '' });
    const after = site.image().counters.cycles + 60;
    const image = await site.until(({ counters }) => counters.cycles >= after);
    expect(image.limits).toMatchObject({ importLimitW: 20_000, exportLimitW: 0 });
    expect(watts(image, 'grid.powerW')).toBeGreaterThan(-1_200);
    expect(watts(image, 'battery1.powerW')).toBeLessThan(-10_000);
    expect(site.world.court.violations).toEqual([]);
  });
});
