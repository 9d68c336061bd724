import { setTimeout as pause } from 'node:timers/promises';
import type { Run } from '../../simulators/demo/run.ts';
import { houseRun } from './house.ts';

const LOW_W = 1_000;
const HIGH_W = 4_000;
const EVERY_MS = 10_000;
const STEPS = 20;
const SETTLE_MS = 15_000;

interface Step {
  readonly atMs: number; // simulated = real, wall clock
  commandMs?: number; // to the first setpoint on the wire
  halfMs?: number; // to half of the step in the battery's own power
  settledMs?: number; // to within 5 % of the step, staying there
}

const quantile = (values: readonly number[], q: number): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0);
};

/**
 * A house at 1 Hz whose load jumps between 1 and 4 kW at instants that drift through the cycle: how
 * long until a setpoint is on the wire, and until the battery carries the step.
 */
export async function benchStep(): Promise<object> {
  const steps: Step[] = [];
  const startMs = Date.parse('2026-01-15T15:00:00Z'); // dear hours: the battery follows the load
  const loadW = (atMs: number): number =>
    steps.filter((step) => step.atMs <= atMs).length % 2 === 1 ? HIGH_W : LOW_W;
  const run = houseRun(1, startMs, loadW);
  try {
    await run.start();
    await run.ready();
    const gateway = run.gateways[0];
    if (!gateway) throw new Error('no gateway');
    watch(gateway, steps, run);
    await pause(SETTLE_MS);
    for (let n = 0; n < STEPS; n++) {
      steps.push({ atMs: run.clock.wallMs() });
      await pause(EVERY_MS + n * 37);
    }
    const clean = await run.stop();
    const of = (key: 'commandMs' | 'halfMs' | 'settledMs'): object => {
      const values = steps.flatMap((step) => step[key] ?? []);
      return { n: values.length, p50Ms: quantile(values, 0.5), p95Ms: quantile(values, 0.95) };
    };
    return {
      steps: steps.length,
      stepW: HIGH_W - LOW_W,
      clean,
      violations: gateway.court.count(),
      toSetpointOnWire: of('commandMs'),
      toHalfOfStep: of('halfMs'),
      toWithin5Pct: of('settledMs'),
    };
  } finally {
    await run.stop();
    run.remove();
  }
}

/** Times each step from the plant's truth and the wire; wraps what the judges hear. */
function watch(gateway: Run['gateways'][number], steps: Step[], run: Run): void {
  const { court } = gateway;
  const { frame, seen } = court;
  const now = (): { step: Step | undefined; sinceMs: number } => {
    const step = steps.at(-1);
    return { step, sinceMs: step === undefined ? 0 : run.clock.wallMs() - step.atMs };
  };
  Object.assign(court, {
    frame: (one: Parameters<typeof frame>[0]) => {
      const { step, sinceMs } = now();
      if (one.write && one.device === 'inverter2' && step) step.commandMs ??= sinceMs;
      frame(one);
    },
    seen: (truth: Parameters<typeof seen>[0]) => {
      const { step } = now();
      const sinceMs = step === undefined ? 0 : truth.atMs - step.atMs;
      const gridW = Math.abs(truth.places['grid']?.powerW ?? 0);
      const half = (HIGH_W - LOW_W) / 2;
      if (step && sinceMs > 0) {
        if (gridW <= half) step.halfMs ??= sinceMs;
        else delete step.halfMs;
        if (gridW <= 0.05 * (HIGH_W - LOW_W)) step.settledMs ??= sinceMs;
        else delete step.settledMs;
      }
      seen(truth);
    },
  });
}
