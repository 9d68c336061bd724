import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { jsonOf } from '../../gateway/cli/backtest/report.ts';
import { backtested } from '../../gateway/cli/backtest.ts';
import { openDataset } from '../../gateway/config/dataset.ts';
import { readDispatch } from '../../gateway/config/dispatch.ts';
import { Fault } from '../../gateway/contracts/values/fault.ts';
import { isoMinute } from '../../gateway/contracts/values/stamp.ts';
import { DAY_MS } from '../../gateway/contracts/values/time.ts';
import { chargedRuns } from './charged.ts';

const ALL = ['none', 'self', 'tou', 'ours', 'fixed', 'limit'];

/**
 * Plan and control over each set of recordings below the folder BENCH_DATA that names windows and
 * batteries (BENCH_SET: only that one): sums by controller, the worst site-window, the same with
 * rows and prices lost and with the import kept, and a site's year by the hour and by the minute.
 */
export async function benchBacktest(): Promise<object> {
  const data = process.env['BENCH_DATA'] ?? '';
  if (data === '') {
    return { skipped: 'set BENCH_DATA to a folder of sets, as docs/backtest.md describes them' };
  }
  const only = process.env['BENCH_SET'] ?? '';
  const found: object[] = [];
  for (const name of foldersOf(data)) {
    if (only !== '' && name !== only) continue;
    const dir = join(data, name);
    const { windows, batteries } = readDispatch(dir);
    if (windows.length > 0 && batteries.size > 0) found.push(await setOf(dir));
  }
  if (only !== '' && found.length === 0) {
    throw new Fault('no such set with windows and batteries', only, 'name another: BENCH_SET');
  }
  return { sets: found };
}

type Json = ReturnType<typeof jsonOf>;

async function setOf(dir: string): Promise<object> {
  const isCharged = readDispatch(dir).demandPerKw > 0;
  const plain = jsonOf(await backtested(dir, { controller: ALL }));
  const lost = jsonOf(await backtested(dir, { dropRows: '5', dropPrice: '24' }));
  const kept = isCharged ? undefined : jsonOf(await backtested(dir, { keepPeak: true }));
  const above = plain.perWindow.map(({ aboveBestRulePct }) => aboveBestRulePct ?? 0);
  return {
    set: plain.set,
    siteWindows: plain.siteWindows,
    controllers: plain.controllers,
    aboveBestRulePct: plain.aboveBestRulePct,
    worstWindowAbovePct: Math.max(...above),
    captured: capturedOf(plain, 'ours'),
    capturedFixed: capturedOf(plain, 'fixed'),
    capturedByWindow: plain.perWindow.map((one) => ({
      window: `${one.site} ${one.from}`,
      pct: capturedOf(one, 'ours'),
      peakKw: { none: scoreOf(one, 'none')['peakKw'], ours: scoreOf(one, 'ours')['peakKw'] },
    })),
    peakChangePct: scoreOf(plain, 'ours')['peakChangePct'],
    msPerDecision: plain.msPerDecision,
    lost: {
      aboveSelfPct: morePct(scoreOf(lost, 'ours')['cost'], scoreOf(lost, 'self')['cost']),
      captured: capturedOf(lost, 'ours'),
      controllers: lost.controllers,
      fallbacks: lost.fallbacks,
    },
    ...(kept !== undefined && {
      peakKept: {
        peakChangePct: scoreOf(kept, 'ours')['peakChangePct'],
        costsPct: morePct(scoreOf(kept, 'ours')['cost'], scoreOf(plain, 'ours')['cost']),
        controllers: kept.controllers,
      },
    }),
    ...(isCharged ? { agent: await agentOf(dir, plain) } : { year: await yearOf(dir) }),
  };
}

/** The same windows by the agent and the guard, and what share of the possible that captures. */
async function agentOf(dir: string, plain: Json): Promise<object> {
  const windows = await chargedRuns(dir);
  const sum = (values: readonly number[]): number => values.reduce((all, one) => all + one, 0);
  const none = scoreOf(plain, 'none')['cost'] ?? Number.NaN;
  const limit = scoreOf(plain, 'limit')['cost'] ?? Number.NaN;
  const captured = (costs: readonly number[]): number =>
    (100 * (none - sum(costs))) / (none - limit);
  return {
    captured: captured(windows.map(({ cost }) => cost)),
    capturedByMinute: captured(windows.map(({ byMinute }) => byMinute.cost)),
    windows,
  };
}

type Figures = Readonly<Record<string, number | null | undefined>>;

const scoreOf = ({ controllers }: Pick<Json, 'controllers'>, name: string): Figures =>
  (controllers as Readonly<Record<string, Figures>>)[name] ?? {};

const capturedOf = (of: Pick<Json, 'controllers'>, name: string): number | null | undefined =>
  scoreOf(of, name)['capturedPct'];

/** How much a cost lies above another, percent of what that is, whatever its sign. */
function morePct(cost: number | null | undefined, than: number | null | undefined): number {
  const other = than ?? Number.NaN;
  return (100 * ((cost ?? Number.NaN) - other)) / Math.abs(other);
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
