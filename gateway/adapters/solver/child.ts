import process from 'node:process';
import type {
  Basis,
  LinearModel,
  Solution,
  SolveEffort,
} from '../../contracts/values/linear-model.ts';
import { boundsOf, loadHighs, solveWith } from './highs.ts';

/** The planner child: one model in, one solution out, then it ends. Killing it is the time-out. */
process.once('message', (message: Asked) => {
  void answer(message);
});

interface Asked {
  readonly model: LinearModel;
  readonly timeLimitMs: number;
  readonly effort?: SolveEffort;
  readonly start?: Basis;
}

async function answer({ model, timeLimitMs, effort, start }: Asked): Promise<void> {
  let solution: Solution;
  try {
    const bounds = { time_limit: timeLimitMs / 1_000, ...boundsOf(effort) };
    solution = solveWith(await loadHighs(), model, bounds, start);
  } catch (error) {
    solution = { status: 'failed', detail: String(error) };
  }
  process.send?.(solution, () => process.disconnect());
}
