import { threeBatteries } from './cases.ts';
import { Loop, type LoopCase } from './plant.ts';

const LIMIT_W = 4_000;
export const STEP_W = 3_000;
const BEFORE_MS = 180_000;
const AFTER_MS = 90_000;
const TOLERANCE_W = 100; // 1 % of the controllable nameplate, and of 10 kW of sun

/** How long export stays beyond its limit after a step of load, ms; 0 = never. Batteries full. */
export function beyondMs(setup: LoopCase, limitMarginW: number): number {
  const limits = { contractedExportW: LIMIT_W, defaultExportLimitW: LIMIT_W, limitMarginW };
  const loop = new Loop(threeBatteries(setup, limits), setup);
  loop.socPct = [96, 96, 96];
  loop.sunW = 10_000;
  loop.loadW = -STEP_W - 1_000;
  loop.run(BEFORE_MS);
  loop.loadW += STEP_W;
  const startMs = loop.nowMs;
  let lastMs = startMs;
  loop.run(AFTER_MS, ({ gridW, nowMs }) => {
    if (-gridW > LIMIT_W + TOLERANCE_W + setup.noiseW) lastMs = nowMs;
  });
  return lastMs - startMs;
}
