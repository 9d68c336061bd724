import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { z } from 'zod';
import { ROOT } from '../architecture/source.ts';

/** A summer's morning without faults: the same work in every run. */
const PLAIN = ['--start', '2027-06-17T04:30:00Z', '--faults', ''];
/** Seeds whose only site is one of the three kinds; the sites of a larger world follow in turn. */
const KINDS = [3, 1, 2];
const SITES = [2, 4, 8];
/** Of a day, for each number of sites; with the first solves the start weighs little by then. */
const DAYS = 0.25;
/** What a site-day may cost more or less in company than the same sites cost alone. */
const LINEAR_PCT = 15;

const outcome = z.object({
  siteDays: z.number(),
  wallSeconds: z.number(),
  cpuSeconds: z.number(),
  timesRealTime: z.number(),
  violations: z.array(z.unknown()),
  commit: z.string(),
});

/** `npm run bench -- world`: times real time of one site, and CPU of a site-day in company. */
export async function benchWorld(minutes?: number): Promise<object> {
  const days = minutes === undefined ? DAYS : minutes / 1_440;
  const alone = KINDS.map((seed) => measure(seed, 1, days));
  const company = SITES.map((sites) => {
    const kinds = Array.from({ length: sites }, (_, n) => alone[n % KINDS.length]?.cpuSeconds ?? 0);
    const aloneS = kinds.reduce((sum, cpuSeconds) => sum + cpuSeconds, 0);
    const measured = measure(KINDS[0] ?? 0, sites, days);
    return { ...measured, ofAlonePct: Math.round((100 * measured.cpuSeconds) / aloneS) };
  });
  const offPct = Math.max(...company.map(({ ofAlonePct }) => Math.abs(ofAlonePct - 100)));
  return { days, alone, company, isLinear: offPct <= LINEAR_PCT };
}

function measure(seed: number, sites: number, days: number) {
  const { cpuSeconds, siteDays, timesRealTime, violations, commit } = run(seed, sites, days);
  const ofSiteDayS = Math.round((100 * cpuSeconds) / siteDays) / 100;
  const found = { violations: violations.length, commit };
  return { seed, sites, cpuSeconds, ofSiteDayS, timesRealTime, ...found };
}

function run(seed: number, sites: number, days: number): z.infer<typeof outcome> {
  const program = ['--disable-warning=ExperimentalWarning', join(ROOT, 'simulators/main.ts')];
  const size = ['--seeds', String(seed), '--days', String(days), '--sites', String(sites)];
  const args = [...program, 'world', ...size, ...PLAIN, '--json'];
  const done = spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' });
  if (done.stdout === '') throw new Error(done.stderr);
  return outcome.parse(JSON.parse(done.stdout));
}
