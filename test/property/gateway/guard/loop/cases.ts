import type { Connection, Site } from '../../../../../gateway/contracts/values/site.ts';
import { type Built, site } from '../../../../unit/gateway/guard/bench/site.ts';
import { Loop, type LoopCase, type Shape, stream } from './plant.ts';

const STEP_W = 10_000;
const BATTERIES = [1, 2, 3];
const SHAPES: readonly Shape[] = ['first-order', 'dead-time', 'ramp', 'mixed'];

/** Three batteries of 5 kW, a sun of 10 kW, a load. */
export function threeBatteries(
  setup: LoopCase,
  connection: Partial<Connection> = {},
  more: Pick<Built, 'control' | 'signals'> = {},
): Site {
  const base = site({ pv: {}, connection, ...more });
  const like = site({ battery: {} });
  const battery = like.terminals.find(({ id }) => id === 'battery1');
  const store = like.stores[0];
  if (battery === undefined || store === undefined) throw new Error('no battery to copy');
  const latencyMs = Math.round(setup.latencyMs * setup.believed);
  return {
    ...base,
    devices: [
      ...base.devices,
      ...BATTERIES.map((n) => ({ id: `battery${n}`, bus: 'lan', unit: 20 + n, profile: 'test' })),
    ],
    terminals: [
      ...base.terminals,
      ...BATTERIES.map((n) => ({
        ...battery,
        id: `battery${n}`,
        name: `Battery ${n}`,
        device: `battery${n}`,
        responseMs: Math.round((setup.batteries[n - 1]?.lagMs ?? 1_000) * setup.believed),
      })),
    ],
    stores: BATTERIES.map((n) => ({
      ...store,
      id: `store${n}`,
      terminal: `battery${n}`,
      usableWh: 100_000,
    })),
    meters: base.meters.map((meter) => ({
      ...meter,
      latencyMs,
      resolutionW: setup.resolutionW,
    })),
  };
}

export const maxLagMs = (setup: LoopCase): number =>
  Math.max(...setup.batteries.map(({ lagMs }) => lagMs));

/** What the proof allows, ms. */
export const allowedMs = (setup: LoopCase): number =>
  3 * (setup.latencyMs + maxLagMs(setup)) + 2_000;

/** A case drawn over the whole space of the proof, evenly on a logarithmic scale of time. */
export function drawn(seed: number, shapes: readonly Shape[] = SHAPES, windowMs = 200): LoopCase {
  const random = stream(seed);
  for (let n = 0; n < 5; n += 1) random();
  const log = (low: number, high: number): number => low * (high / low) ** random();
  const lagMs = log(500, 8_000);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  return {
    seed,
    latencyMs: Math.round(log(200, 3_000)),
    meter: pick(['delay', 'average', 'hold'] as const),
    windowMs,
    resolutionW: pick([1, 5, 10, 50, 100]),
    noiseW: pick([0, 0, 20, 40]),
    batteries: BATTERIES.map((n) => ({
      shape: pick(shapes),
      lagMs: Math.round(n === 1 ? lagMs : Math.max(500, lagMs * (0.6 + 0.4 * random()))),
      gain: 0.99 + 0.02 * random(),
      ownLatencyMs: pick([0, 0, 200, 500]),
    })),
    pollPhaseMs: 50 * Math.floor(20 * random()),
    writeMs: 50 * (1 + Math.floor(4 * random())),
    believed: 0.5 + random(),
  };
}

export interface LoopResult {
  readonly setup: LoopCase;
  readonly settledMs: number; // Infinity = not within the ten minutes
  readonly ratio: number; // of what is allowed
  readonly overshootPct: number; // of the step
  readonly crossings: number;
  readonly swingW: number; // peak to peak in the last eight minutes
}

/** Half of the tolerance: a crossing is counted from one side of this band to the other. */
const HYSTERESIS_W = 100;
const TOLERANCE_W = 200;
const BEFORE_MS = 60_000;
const AFTER_MS = 600_000;

/** One load step of 10 kW at an instant of its own, then ten minutes. */
export function stepOnce(setup: LoopCase, afterMs = AFTER_MS): LoopResult {
  const random = stream(setup.seed + 77);
  const loop = new Loop(threeBatteries(setup), setup);
  const up = random() < 0.5;
  const lowW = -9_000 + 5_000 * random();
  loop.sunW = 9_000;
  loop.loadW = -9_000 - (up ? lowW + 3_000 : lowW + 3_000 + STEP_W);
  loop.run(BEFORE_MS + 50 * Math.floor(20 * random()));
  loop.loadW += up ? -STEP_W : STEP_W;
  const side = up ? 1 : -1; // of the grid's power just after the step
  const startMs = loop.nowMs;
  let settledMs = 0;
  let overshootW = 0;
  let crossings = 0;
  let at = side;
  let lowestW = Number.POSITIVE_INFINITY;
  let highestW = Number.NEGATIVE_INFINITY;
  loop.run(afterMs, ({ gridW, nowMs }) => {
    const sinceMs = nowMs - startMs;
    if (Math.abs(gridW) > TOLERANCE_W) settledMs = sinceMs + 50;
    overshootW = Math.max(overshootW, -side * gridW);
    if (Math.abs(gridW) > HYSTERESIS_W && Math.sign(gridW) !== at) {
      at = Math.sign(gridW);
      crossings += 1;
    }
    if (sinceMs < 120_000) return;
    lowestW = Math.min(lowestW, gridW);
    highestW = Math.max(highestW, gridW);
  });
  return {
    setup,
    settledMs: settledMs >= afterMs ? Number.POSITIVE_INFINITY : settledMs,
    ratio: settledMs / allowedMs(setup),
    overshootPct: (100 * overshootW) / STEP_W,
    crossings,
    swingW: highestW - lowestW,
  };
}

export interface CurtailResult {
  readonly setup: LoopCase;
  readonly backMs: number; // until export is back at its limit after the load went, for good
  readonly allowedMs: number;
  readonly fightWh: number; // discharged while the sun was held back
  readonly swingW: number; // of the batteries' sum in the last two minutes
  readonly limitMoves: number; // of the production limit in the last two minutes
}

/**
 * Zero export, more sun than load and batteries take: 5 kW of load come and go. What the sun may
 * give and what the batteries take must find each other.
 */
export function curtailOnce(setup: LoopCase): CurtailResult {
  const loop = new Loop(threeBatteries(setup, { defaultExportLimitW: 0 }), setup);
  loop.socPct = [96, 50, 96]; // two are full: 5 kW of charge are left
  loop.sunW = 9_500;
  loop.loadW = -1_000;
  loop.run(120_000);
  loop.loadW = -6_000;
  loop.run(120_000);
  loop.loadW = -1_000;
  const startMs = loop.nowMs;
  let backMs = 0;
  let fightWh = 0;
  let limitMoves = 0;
  let lastLimitW = loop.limitW;
  let lowestW = Number.POSITIVE_INFINITY;
  let highestW = Number.NEGATIVE_INFINITY;
  loop.run(300_000, ({ gridW, batteryW, limitW, nowMs, sunW }) => {
    const sinceMs = nowMs - startMs;
    if (gridW < -TOLERANCE_W - setup.noiseW) backMs = sinceMs + 50;
    if (sinceMs > 60_000 && limitW < sunW) fightWh += (Math.max(0, batteryW) * 50) / 3_600_000;
    if (sinceMs < 180_000) return;
    if (limitW !== lastLimitW) limitMoves += 1;
    lastLimitW = limitW;
    lowestW = Math.min(lowestW, batteryW);
    highestW = Math.max(highestW, batteryW);
  });
  return {
    setup,
    backMs,
    allowedMs: allowedMs(setup),
    fightWh,
    swingW: highestW - lowestW,
    limitMoves,
  };
}
