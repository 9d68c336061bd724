import { createSolverInProcess } from '../../gateway/adapters/solver/solver.ts';
import {
  COLUMNS,
  lossesOf,
  recordingOf,
  rulesOf,
  spanOf,
} from '../../gateway/cli/backtest/recorded.ts';
import { ForecastWalk } from '../../gateway/cli/backtest/walk.ts';
import { openDataset } from '../../gateway/config/dataset.ts';
import { readDispatch } from '../../gateway/config/dispatch.ts';
import { worksRun } from '../fixtures/planning/works.ts';

/** A window of a site whose highest import is paid, by the gateway's own two halves. */
export interface ChargedRun {
  readonly site: string;
  readonly cost: number; // in the currency
  readonly peakKw: number;
  readonly byMinute: { readonly cost: number; readonly peakKw: number };
}

/** In the order of `edgewatt backtest`. */
export async function chargedRuns(dir: string): Promise<ChargedRun[]> {
  const dispatch = readDispatch(dir);
  const solver = await createSolverInProcess();
  const found: ChargedRun[] = [];
  for (const site of openDataset(dir, (name) => COLUMNS.some((one) => one === name)).sites) {
    const battery = dispatch.batteries.get(site.id);
    if (battery === undefined) continue;
    const rows = site.read();
    const recording = recordingOf(rows);
    const spans = dispatch.windows
      .map((window) => spanOf(recording, window, rows.name))
      .sort((a, b) => a.fromIndex - b.fromIndex);
    const losses = lossesOf(recording, spans, 0, 0);
    const walk = new ForecastWalk(recording, losses);
    const foretell = (index: number) => walk.at(index);
    const works = { recording, rules: rulesOf(battery, dispatch), losses, foretell };
    for (const span of spans) {
      const run = async (isByMinute: boolean) => {
        const { costNano, peakW } = await worksRun(works, span, solver, isByMinute);
        return { cost: costNano / 1e9, peakKw: peakW / 1_000 };
      };
      found.push({ site: site.id, ...(await run(false)), byMinute: await run(true) });
      process.stderr.write(`agent: ${site.id}, window ${found.length}\n`);
    }
  }
  return found;
}
