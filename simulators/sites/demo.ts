import type { BusSpec, Site } from '../../gateway/contracts/values/site.ts';
import type { PlantConfig } from '../plant/plant.ts';
import type { Climate } from '../plant/weather.ts';
import { BRIGHTWORKS } from './brightworks.ts';
import { MILLHOUSE } from './millhouse.ts';
import { plantFromSite } from './plant.ts';
import { SUNFIELD } from './sunfield.ts';
import { siteYaml } from './yaml.ts';

/**
 * The three sites of the demo. How a run is put together:
 *
 *   const demo = demoSites(seed)[0];                            // { site, plant, comment }
 *   const settings = deviceSettings(demo.site);
 *   const devices = createSiteDevices(demo.site, { clock, settings, onFrame });
 *   const site = wired(demo.site, await devices.start(), { keyId, publicKey });
 *   write('site.yaml', siteYaml(site, demo.comment));
 *   keepSimulatedRecords(dataDir, site, wallMs);
 *   write('history.csv', historyCsv(demo.plant, intervalStart(wallMs)));
 *   const bound = bindSite(site, devices.images, seed);   // then turn after turn, see bind.ts
 */
export interface DemoSite {
  readonly site: Site; // ports still 0, no directive key
  readonly plant: PlantConfig;
  readonly comment: string;
}

/** The sites stand under one sky: the zone's, which the weather source forecasts. */
export const demoClimate = (seed: number): Climate => ({
  seed,
  latitudeDeg: 52.39,
  longitudeDeg: 13.07,
});

export function demoSites(seed: number): [DemoSite, DemoSite, DemoSite] {
  const climate = demoClimate(seed);
  const plant = (site: Site, startSocPct: number): PlantConfig =>
    plantFromSite(site, { seed, climate, startSocPct });
  return [
    {
      site: SUNFIELD,
      plant: plant(SUNFIELD, 45),
      comment: 'Sunfield: 60 kW of PV and a 100 kWh battery, a producer.',
    },
    {
      site: BRIGHTWORKS,
      plant: plant(BRIGHTWORKS, 60),
      comment: 'Brightworks: a two-shift factory, 80 kWh battery, demand charge.',
    },
    {
      site: MILLHOUSE,
      plant: plant(MILLHOUSE, 40),
      comment: 'Millhouse: a house with an 8 kW hybrid, 20 kWh and a car.',
    },
  ];
}

/** The site with the wires that came to be and the key that signs its directives. */
export function wired(
  site: Site,
  buses: readonly BusSpec[],
  directives: { readonly keyId: string; readonly publicKey: string } | undefined,
): Site {
  return { ...site, buses, directives };
}

/** Text of a demo site's file. */
export const demoSiteText = (site: Site, comment: string): string =>
  siteYaml(site, `${comment}\nMade by the simulator; docs/formats.md explains every key.`);
