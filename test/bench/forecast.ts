import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { benchForecastLive } from './forecast-live.ts';
import { type UnknownDays, unknownDays } from './forecast-prices.ts';
import { type ZoneFigures, zoneFigures } from './forecast-zone.ts';

const FOLDER = fileURLToPath(new URL('../../../shared/data/', import.meta.url));
const EDGEWATT = fileURLToPath(new URL('../../bin/edgewatt.mjs', import.meta.url));
const MOST_BYTES = 1_000_000;

/**
 * The forecaster of a running site, and where there are recordings beside the repository each set
 * by `edgewatt forecast` and, of several sites, as a zone by the cloud's model; a
 * market's prices also for the two days that it has not told.
 */
export async function benchForecast(): Promise<object> {
  const live = benchForecastLive();
  process.stderr.write(`forecast: a running site: ${JSON.stringify(live)}\n`);
  const sets = setsOf();
  if (sets.length === 0) {
    const notice = '../shared/data is absent: no recording to forecast';
    process.stderr.write(`${notice}\n`);
    return { live, skipped: notice };
  }
  const found: unknown[] = [];
  const zones: ZoneFigures[] = [];
  const prices: UnknownDays[] = [];
  for (const set of sets) {
    const args = [EDGEWATT, 'forecast', join(FOLDER, set), '--json'];
    const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: MOST_BYTES });
    found.push(JSON.parse(stdout));
    const zone = zoneFigures(set, join(FOLDER, set));
    if (zone !== undefined) zones.push(zone);
    const market = unknownDays(set, join(FOLDER, set));
    if (market !== undefined) prices.push(market);
    process.stderr.write(`forecast: ${set} is done\n`);
  }
  return { live, sets: found, zones, prices };
}

function setsOf(): string[] {
  try {
    const entries = readdirSync(FOLDER, { withFileTypes: true });
    return entries.flatMap((one) => (one.isDirectory() ? [one.name] : [])).sort();
  } catch {
    return [];
  }
}
