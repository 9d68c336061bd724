import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { benchForecastLive } from './forecast-live.ts';

const FOLDER = fileURLToPath(new URL('../../../shared/data/', import.meta.url));
const EDGEWATT = fileURLToPath(new URL('../../bin/edgewatt.mjs', import.meta.url));
const MOST_BYTES = 1_000_000;

/**
 * The forecaster of a running site, and each recorded set beside the repository by `edgewatt
 * forecast`, where there is any.
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
  for (const set of sets) {
    const args = [EDGEWATT, 'forecast', join(FOLDER, set), '--json'];
    const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: MOST_BYTES });
    found.push(JSON.parse(stdout));
    process.stderr.write(`forecast: ${set} is done\n`);
  }
  return { live, sets: found };
}

function setsOf(): string[] {
  try {
    const entries = readdirSync(FOLDER, { withFileTypes: true });
    return entries.flatMap((one) => (one.isDirectory() ? [one.name] : [])).sort();
  } catch {
    return [];
  }
}
