import { afterEach, describe, it } from 'vitest';
import { expectFound } from '../../fixtures/commissioning/found.ts';
import type { House } from '../../fixtures/commissioning/house.ts';
import { MORE } from '../../fixtures/commissioning/scenarios.ts';

let house: House | undefined;
afterEach(() => house?.clear());

describe('edgewatt devices commission finds', () => {
  it.each(MORE)('$name', async (scenario) => {
    house = scenario.open();
    await expectFound(house, scenario);
  });
});
