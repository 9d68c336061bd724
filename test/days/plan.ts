import { numberFrom } from '../fixtures/environment.ts';
import type { SeedRun } from '../fixtures/world/site-days.ts';

/** Site-days with faults of a run of `npm test`; `.ci/run` has more. */
const USUAL_SITE_DAYS = 4;

/** A seed and a site each; a part of a day where it is less than one. */
export function plannedRuns(): SeedRun[] {
  const range = { usual: USUAL_SITE_DAYS, least: 0.02, most: 10_000 };
  const siteDays = numberFrom('EDGEWATT_SITE_DAYS', range);
  const seeds = Math.ceil(siteDays);
  return Array.from({ length: seeds }, (_, n) => ({
    seed: n + 1,
    days: siteDays / seeds,
    sites: 1,
  }));
}
