import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { jsonOf } from '../../gateway/cli/backtest/report.ts';
import { backtested } from '../../gateway/cli/backtest.ts';
import { openDataset } from '../../gateway/config/dataset.ts';
import { readDispatch } from '../../gateway/config/dispatch.ts';
import { Fault } from '../../gateway/contracts/values/fault.ts';
import { isoMinute } from '../../gateway/contracts/values/stamp.ts';
import { DAY_MS } from '../../gateway/contracts/values/time.ts';

const ALL = ['none', 'self', 'tou', 'ours', 'fixed', 'limit'];

/**
 * Plan and control over each set of recordings below the folder BENCH_DATA that names windows and
 * batteries: sums by controller, the worst site-window, the same with rows and prices lost and with
 * the import kept, and a site's year by the hour and by the minute.
 */
export async function benchBacktest(): Promise<object> {
  const data = process.env['BENCH_DATA'] ?? '';
  if (data === '') {
    return { skipped: 'set BENCH_DATA to a folder of sets, as docs/backtest.md describes them' };
  }
  const found: object[] = [];
  for (const name of foldersOf(data)) {
    const dir = join(data, name);
    const { windows, batteries, demandPerKw } = readDispatch(dir);
    if (windows.length === 0 || batteries.size === 0) continue;
    const plain = jsonOf(await backtested(dir, { controller: ALL }));
    const lost = jsonOf(await backtested(dir, { dropRows: '5', dropPrice: '24' }));
    const isCharged = demandPerKw > 0;
    const kept = isCharged ? undefined : await backtested(dir, { keepPeak: true });
    const above = plain.perWindow.map(({ aboveBestRulePct }) => aboveBestRulePct ?? 0);
    found.push({
      set: plain.set,
      siteWindows: plain.siteWindows,
      controllers: plain.controllers,
      aboveBestRulePct: plain.aboveBestRulePct,
      worstWindowAbovePct: Math.max(...above),
      msPerDecision: plain.msPerDecision,
      lost: { controllers: lost.controllers, fallbacks: lost.fallbacks },
      ...(kept !== undefined && { peakKept: jsonOf(kept).controllers }),
      ...(!isCharged && { year: await yearOf(dir) }),
    });
  }
  return { sets: found };
}

const LEARNT_DAYS = 10;
const YEAR_DAYS = 365;

/** The first site's year, by its rows and by their minutes; processor time of the first. */
async function yearOf(dir: string): Promise<object> {
  const [site] = openDataset(dir, (column) => column === 'load_kwh').sites;
  if (site === undefined) return {};
  const { clockMs } = site.read();
  const fromMs = (clockMs[0] ?? 0) + LEARNT_DAYS * DAY_MS;
  const untilMs = Math.min(clockMs.at(-1) ?? fromMs, fromMs + YEAR_DAYS * DAY_MS);
  const day = (atMs: number): string => isoMinute(atMs).slice(0, 10);
  const options = {
    site: [site.id],
    windows: `${day(fromMs)}..${day(untilMs)}`,
    controller: ALL,
  };
  const before = process.cpuUsage();
  const hourly = jsonOf(await backtested(dir, options));
  const used = process.cpuUsage(before);
  const byMinute = jsonOf(await backtested(dir, { ...options, byMinute: true }));
  return {
    site: site.id,
    windows: options.windows,
    cpuSeconds: (used.user + used.system) / 1e6,
    hourly: hourly.controllers,
    byMinute: byMinute.controllers,
  };
}

function foldersOf(dir: string): string[] {
  try {
    const entries = readdirSync(dir, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  } catch {
    throw new Fault('cannot be read', dir, 'let BENCH_DATA name an existing folder');
  }
}
