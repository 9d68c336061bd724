import type { Site } from '../../../../../gateway/contracts/values/site.ts';
import { allowedMs, threeBatteries } from './cases.ts';
import { Loop, type LoopCase } from './plant.ts';

/** What else goes on beside self-consumption: fuses of single phases, droop. */
const PHASES = ['L1', 'L2', 'L3'] as const;
const PHASE_V = 230;
const FUSE_A = 20;
const BEFORE_MS = 60_000;
const AFTER_MS = 240_000;
const LATE_MS = 120_000;
const TOLERANCE_W = 200;

/** Each battery on a phase of its own. */
function onPhases(site: Site): Site {
  return {
    ...site,
    terminals: site.terminals.map((one) => {
      const phase = PHASES[Number(one.id.replace('battery', '')) - 1];
      return one.kind === 'battery' && phase ? { ...one, phases: 1, phase } : one;
    }),
  };
}

export interface PhaseResult {
  readonly setup: LoopCase;
  readonly fuseRatio: number; // until the phase stays inside, of what is allowed
  readonly sumRatio: number; // until the sum stays within 200 W, of what is allowed
  readonly swingW: number; // of the batteries' sum in the last two minutes
}

/**
 * Three single-phase batteries behind 20 A; the sun covers two phases, L1 steps from 3 to 11.5 kW.
 * Its battery must give 4 kW, more than its part of the sum.
 */
export function phaseOnce(setup: LoopCase): PhaseResult {
  const site = onPhases(threeBatteries(setup, { fuseA: FUSE_A }));
  const loop = new Loop(site, setup);
  loop.sunW = 9_000;
  loop.phaseLoadsW = [-3_000, -1_500, -1_500];
  loop.run(BEFORE_MS + 50 * (setup.seed % 20));
  loop.phaseLoadsW = [-11_500, -1_500, -1_500];
  const startMs = loop.nowMs;
  let fuseMs = 0;
  let sumMs = 0;
  let lowestW = Number.POSITIVE_INFINITY;
  let highestW = Number.NEGATIVE_INFINITY;
  loop.run(AFTER_MS, ({ phasesW, gridW, batteryW, nowMs }) => {
    const sinceMs = nowMs - startMs;
    const mostW = Math.max(...phasesW.map(Math.abs));
    if (mostW > FUSE_A * PHASE_V + 100 + setup.noiseW / 3) fuseMs = sinceMs + 50;
    if (Math.abs(gridW) > TOLERANCE_W + setup.noiseW) sumMs = sinceMs + 50;
    if (sinceMs < LATE_MS) return;
    lowestW = Math.min(lowestW, batteryW);
    highestW = Math.max(highestW, batteryW);
  });
  return {
    setup,
    fuseRatio: fuseMs / allowedMs(setup),
    sumRatio: sumMs / allowedMs(setup),
    swingW: highestW - lowestW,
  };
}

export interface DroopResult {
  readonly setup: LoopCase;
  readonly backedW: number; // of 2,000 W, at the connection, in the last two minutes on average
  readonly swingW: number; // of the connection meanwhile
}

/**
 * 49.3 Hz, of which 0.5 Hz lie beyond the dead band: at 40 % a hertz one battery of three owes
 * 1 kW of its 5 kW. The others follow the meter to zero, and must not take back what it gives.
 */
export function droopOnce(setup: LoopCase): DroopResult {
  const droop = { nominalHz: 50, deadbandHz: 0.2, droopPct: 5, terminals: ['battery1'] };
  const f = { id: 'f', device: 'meter1', point: 'frequencyHz', safeValue: 50 } as const;
  const signals = [{ ...f, meaning: 'frequency' as const }];
  const loop = new Loop(threeBatteries(setup, {}, { control: { droop }, signals }), setup);
  loop.loadW = -3_000;
  loop.run(BEFORE_MS);
  loop.frequencyHz = 49.3;
  const startMs = loop.nowMs;
  let sumW = 0;
  let count = 0;
  let lowestW = Number.POSITIVE_INFINITY;
  let highestW = Number.NEGATIVE_INFINITY;
  loop.run(AFTER_MS, ({ gridW, nowMs }) => {
    if (nowMs - startMs < LATE_MS) return;
    sumW -= gridW;
    count += 1;
    lowestW = Math.min(lowestW, gridW);
    highestW = Math.max(highestW, gridW);
  });
  return { setup, backedW: sumW / count, swingW: highestW - lowestW };
}
