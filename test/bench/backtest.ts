import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { jsonOf } from '../../gateway/cli/backtest/report.ts';
import { backtested } from '../../gateway/cli/backtest.ts';
import { readDispatch } from '../../gateway/config/dispatch.ts';
import { Fault } from '../../gateway/contracts/values/fault.ts';

/**
 * Plan and control over each set of recordings below the folder BENCH_DATA that names windows and
 * batteries: sums by controller, the worst site-window, and the same with rows and prices lost.
 */
export async function benchBacktest(): Promise<object> {
  const data = process.env['BENCH_DATA'] ?? '';
  if (data === '') {
    return { skipped: 'set BENCH_DATA to a folder of sets, as docs/backtest.md describes them' };
  }
  const found: object[] = [];
  for (const name of foldersOf(data)) {
    const dir = join(data, name);
    const { windows, batteries } = readDispatch(dir);
    if (windows.length === 0 || batteries.size === 0) continue;
    const plain = jsonOf(await backtested(dir, {}));
    const kept = jsonOf(await backtested(dir, { keepPeak: true, controller: ['ours'] }));
    const lost = jsonOf(await backtested(dir, { dropRows: '5', dropPrice: '24' }));
    const above = plain.perWindow.map(({ aboveBestRulePct }) => aboveBestRulePct ?? 0);
    found.push({
      set: plain.set,
      siteWindows: plain.siteWindows,
      controllers: plain.controllers,
      aboveBestRulePct: plain.aboveBestRulePct,
      worstWindowAbovePct: Math.max(...above),
      msPerDecision: plain.msPerDecision,
      peakKept: kept.controllers,
      lost: { controllers: lost.controllers, fallbacks: lost.fallbacks },
    });
  }
  return { sets: found };
}

function foldersOf(dir: string): string[] {
  try {
    const entries = readdirSync(dir, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  } catch {
    throw new Fault('cannot be read', dir, 'let BENCH_DATA name an existing folder');
  }
}
