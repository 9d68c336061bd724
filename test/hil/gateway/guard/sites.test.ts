import { afterAll, describe, expect, it } from 'vitest';
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

const cleanUps: (() => Promise<void>)[] = [];
afterAll(async () => {
  await Promise.all(cleanUps.map((cleanUp) => cleanUp()));
});

/** A demo site on real sockets and ports, its guard in front of it, its judges behind it. */
async function run(index: number, hour: number): Promise<Running> {
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
  cleanUps.push(async () => {
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

// At once: a guard of 20 turns a second waits most of its time.
describe.concurrent('the demo sites under the guard, judged from outside', () => {
  it.each([
    ['Sunfield', 0, 9],
    ['Brightworks', 1, 5],
    ['Millhouse', 2, 15],
  ])('%s runs a quarter of an hour without a violation', async (_name, index, hour) => {
    const site = await run(index, hour);
    const { counters, mode, points } = await site.until((image) => image.counters.cycles >= 190);
    expect(mode).toBe('rules');
    expect(counters.readingsGood).toBeGreaterThan(100 * counters.readingsBad);
    expect(counters.writes).toBeGreaterThan(0);
    expect(points['grid.powerW']?.quality).toBe('good');
    expect(site.world.court.violations).toEqual([]);
    expect(site.world.balanceErrorMaxW()).toBeLessThan(200);
  });

  it('Sunfield keeps a tighter envelope: first the battery, then the sun', async () => {
    const site = await run(0, 10);
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
