import process from 'node:process';
import type { LinearModel, Solution } from '../../ports.ts';
import { loadHighs, solveWith } from './highs.ts';

/** The planner child: one model in, one solution out, then it ends. Killing it is the time-out. */
process.once('message', (message: { model: LinearModel; timeLimitMs: number }) => {
  void answer(message.model, message.timeLimitMs);
});

async function answer(model: LinearModel, timeLimitMs: number): Promise<void> {
  let solution: Solution;
  try {
    solution = solveWith(await loadHighs(), model, { time_limit: timeLimitMs / 1_000 });
  } catch (error) {
    solution = { status: 'failed', detail: String(error) };
  }
  process.send?.(solution, () => process.disconnect());
}
