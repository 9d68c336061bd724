import { HOUR_MS, MINUTE_MS } from '../../gateway/contracts/values/time.ts';
import type { Random } from '../../gateway/ports.ts';
import { createStream } from '../random.ts';

/** One fault of a run. `line` is what the wire's devices do, as in docs/simulated-devices.md. */
export interface PlannedFault {
  readonly atMs: number; // since the start of the run
  readonly kind: FaultKind;
  readonly siteIndex: number;
  readonly pickPct: number; // of the site's wires, which
  readonly line: string;
  readonly forMs: number;
}

type Draw = (random: Random) => { readonly line: string; readonly forMs: number };

const between = (random: Random, least: number, most: number): number =>
  least + (most - least) * random.next();
const wire =
  (line: (random: Random) => string, leastS: number, mostS: number): Draw =>
  (random) => {
    const forMs = Math.round(between(random, leastS, mostS) * 1_000);
    return { line: `${line(random)} for ${forMs}ms`, forMs };
  };
const span =
  (leastS: number, mostS: number): Draw =>
  (random) => ({ line: '', forMs: Math.round(between(random, leastS, mostS) * 1_000) });
const chance = (random: Random): string => `chance ${(0.05 + 0.6 * random.next()).toFixed(2)}`;

/** What can happen, with its weight. */
const KINDS = {
  'wire-drop': [6, wire((r) => `drop ${chance(r)}`, 5, 180)],
  'wire-silent': [4, wire(() => 'drop', 5, 120)],
  'wire-late': [
    5,
    wire((r) => `late ${Math.round(between(r, 100, 1_500))}ms ${chance(r)}`, 5, 300),
  ],
  'wire-garbage': [4, wire((r) => `garbage ${chance(r)}`, 5, 120)],
  'wire-short': [2, wire((r) => `short ${chance(r)}`, 5, 60)],
  'wire-truncate': [2, wire((r) => `truncate 3 ${chance(r)}`, 5, 60)],
  'wire-wrong-id': [2, wire((r) => `wrong-id ${chance(r)}`, 5, 60)],
  'wire-shifted': [2, wire((r) => `shifted ${chance(r)}`, 5, 60)],
  'device-busy': [3, wire((r) => `exception 6 ${chance(r)}`, 5, 120)],
  'device-fails': [3, wire((r) => `exception 4 ${chance(r)}`, 5, 120)],
  'device-refuses-writes': [3, wire(() => 'exception 4 on writes', 5, 120)],
  'device-sentinel': [3, wire(() => 'sentinel', 5, 120)],
  'device-reboot': [3, span(3, 60)],
  'wire-close': [3, span(0, 0)],
  'agent-kill': [3, span(0, 0)],
  'agent-hang': [2, span(5, 120)],
  'guard-kill': [2, span(2, 90)],
  'power-cut': [2, span(10, 300)],
  'broker-down': [3, span(10, 1_800)],
  'cloud-kill': [2, span(5, 600)],
  'weather-away': [1, span(600, 7_200)],
  'price-away': [1, span(600, 7_200)],
} as const satisfies Readonly<Record<string, readonly [number, Draw]>>;

export type FaultKind = keyof typeof KINDS;
export const FAULT_KINDS = Object.keys(KINDS) as readonly FaultKind[];

/** The first minutes are without faults, so that every run has begun. */
const CALM_MS = 5 * MINUTE_MS;
/** The last ones as well: every fault has ended, and what waited has come through. */
const DRAIN_MS = 10 * MINUTE_MS;
const MEAN_GAP_MS = HOUR_MS / 3; // a site

/** The faults of one seed, in order. */
export function planFaults(seed: number, sites: number, durationMs: number): PlannedFault[] {
  const random = createStream(seed, 'faults');
  const weights = FAULT_KINDS.map((kind) => KINDS[kind][0]);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const faults: PlannedFault[] = [];
  let atMs = CALM_MS;
  for (;;) {
    atMs += Math.round((2 * MEAN_GAP_MS * random.next()) / sites);
    if (atMs > durationMs - DRAIN_MS) return faults;
    let left = total * random.next();
    const index = weights.findIndex((weight) => {
      left -= weight;
      return left < 0;
    });
    const kind = FAULT_KINDS[Math.max(0, index)] ?? 'wire-drop';
    const siteIndex = Math.floor(sites * random.next());
    const pickPct = 100 * random.next();
    const { line, forMs } = KINDS[kind][1](random);
    const mostMs = durationMs - DRAIN_MS - atMs;
    faults.push({ atMs, kind, siteIndex, pickPct, line, forMs: Math.min(forMs, mostMs) });
  }
}
