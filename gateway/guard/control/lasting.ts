import { HOUR_MS } from '../../contracts/values/time.ts';
import type { SiteState, TerminalState } from '../site/types.ts';

/**
 * What a limit may count on of a battery. One that is nearly empty still gives all it can, but who
 * takes over needs seconds: a car, a load, the sun. So what counts shrinks with the energy that is
 * left, and the others are asked before it is gone. The same for one that is nearly full.
 */
export interface Lasting {
  readonly giveW: number; // Infinity = all it can do
  readonly takeW: number;
}

/** By terminal. */
export type LastingState = Readonly<Record<string, Lasting>>;

/** What is left counts as what lasts so long: a wallbox takes 5 s, and this fades much slower. */
const LASTS_MS = 40_000;
/** What has shrunk stays so until so much is there again, so that nothing flutters. */
const AGAIN_PCT = 1;

function lasts(beforeW: number, leftWh: number, againWh: number, ratedW: number): number {
  const powerW = Math.max(0, (leftWh * HOUR_MS) / LASTS_MS);
  if (!(powerW < ratedW) && !(leftWh < againWh && beforeW < ratedW)) return Infinity;
  return Math.min(beforeW, powerW);
}

function lastingOf(before: Lasting | undefined, terminal: TerminalState): Lasting {
  const { store, spec, capability } = terminal;
  const { fine } = capability;
  if (store === undefined || fine === undefined) return { giveW: Infinity, takeW: Infinity };
  const { usableWh, socMinPct, socMaxPct, reservePct } = store;
  const wh = (pct: number): number => (pct / 100) * usableWh;
  const again = (ratedW: number): number => wh(AGAIN_PCT) + (ratedW * LASTS_MS) / HOUR_MS;
  const giveWh = wh(fine.lowPct - Math.max(socMinPct, reservePct));
  const takeWh = wh(socMaxPct - fine.highPct);
  const { giveW = Infinity, takeW = Infinity } = before ?? {};
  return {
    giveW: lasts(giveW, giveWh, again(spec.ratedInW), spec.ratedInW),
    takeW: lasts(takeW, takeWh, again(spec.ratedOutW), spec.ratedOutW),
  };
}

/** One cycle on. */
export function lastingNow(before: LastingState, { terminals }: SiteState): LastingState {
  const next: Record<string, Lasting> = {};
  for (const one of terminals) {
    if (one.spec.control === 'setpoint') next[one.id] = lastingOf(before[one.id], one);
  }
  return next;
}
