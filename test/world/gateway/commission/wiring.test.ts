import { afterEach, describe, expect, it } from 'vitest';
import { expectFound } from '../../../fixtures/commissioning/found.ts';
import type { House } from '../../../fixtures/commissioning/house.ts';
import { SCENARIOS, sunfield } from '../../../fixtures/commissioning/scenarios.ts';

let house: House | undefined;
afterEach(() => house?.clear());

const reasons = (site: House): Record<string, string> =>
  Object.fromEntries(
    site.guard?.image()?.decisions.map(({ terminal, reason }) => [terminal, reason.code]) ?? [],
  );

describe('edgewatt devices commission finds', () => {
  it.each(SCENARIOS)('$name', async (scenario) => {
    house = scenario.open();
    await expectFound(house, scenario);
    // The next start of the gateway controls what is proven, and nothing else.
    await house.boot();
    await house.clock.advance(5_000);
    const battery = scenario.isProven ? 'SELF_CONSUMPTION' : 'NOT_COMMISSIONED';
    expect(reasons(house)).toEqual({ pv1: 'NOT_COMMISSIONED', battery1: battery });
  });
});

describe('a commissioning that ends early', () => {
  const told = (site: House) => site.world.images['inverter2']?.control();

  /** Until the battery stands at its first pulse. */
  async function pulsing(site: House, isStopped: () => boolean) {
    let said: Awaited<ReturnType<House['commission']>> | undefined;
    // Time goes on only where the test lets it.
    void site
      .commission('inverter2', isStopped, (promise) => promise)
      .then((result) => {
        said = result;
      });
    const isPulsing = (): boolean => Math.abs(told(site)?.setpointW ?? 0) > 5_000;
    expect(await site.clock.until(isPulsing, 120_000)).toBe(true);
    return () => said;
  }

  it('killed in mid-pulse: the device is given back within 10 s', async () => {
    house = sunfield();
    const said = await pulsing(house, () => false);
    house.isKilled = true;
    const given = house;
    expect(await house.clock.until(() => told(given)?.ownMode === true, 10_000)).toBe(true);
    await house.clock.advance(3_000);
    expect(said()).toBeUndefined();
    expect([...house.admitted().commissioned]).toEqual([]);
  });

  it('ended by hand: given back at once, exit code 130, and no record', async () => {
    house = sunfield();
    let isStopped = false;
    const said = await pulsing(house, () => isStopped);
    isStopped = true;
    const given = house;
    expect(await house.clock.until(() => told(given)?.ownMode === true, 5_000)).toBe(true);
    expect(await house.clock.until(() => said() !== undefined, 10_000)).toBe(true);
    expect(said()).toMatchObject({ code: 130, records: [] });
    expect(house.admitted().stands.map(({ kept }) => kept.state)).toEqual(['none', 'none']);
  });
});
