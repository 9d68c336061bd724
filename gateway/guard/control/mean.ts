import type { Connection } from '../../contracts/values/site.ts';
import { HOUR_MS } from '../../contracts/values/time.ts';
import { type Meanwhile, meanwhile } from './meanwhile.ts';
import type { View } from './types.ts';

/**
 * The mean is steered to this share of the limit, so that meter and clock need not agree to the
 * second.
 */
const AIM = 0.98;
/** At the end of a window the room is spread over at least so many cycles. */
const LAST_CYCLES = 5;

/**
 * Import that the rest of the window may have so that its mean stays at the limit. What is
 * unknown of the window counts as having been at the limit.
 * @returns W >= 0
 */
function allowedW(window: Meanwhile, limitW: number, leftMs: number, windowMs: number): number {
  const usedWh = window.importWh + (limitW * window.unknownMs) / HOUR_MS;
  return Math.max(0, ((limitW * windowMs) / HOUR_MS - usedWh) / (leftMs / HOUR_MS));
}

/** The running demand window of a connection. */
export function demandWindow(
  before: Meanwhile,
  view: View,
  connection: Connection,
  nowMs: number,
): Meanwhile {
  const now = view.site.connections.find(({ id }) => id === connection.id);
  const fresh = now !== undefined && now.ageMs <= view.times.freshMs.control;
  return meanwhile(before, {
    nowMs,
    wallMs: view.site.wallMs,
    lengthMs: connection.demandWindowMs,
    gridW: fresh ? now.powerW : Number.NaN,
  });
}

/** Import that the running window leaves now, so that its mean stays at a limit; W >= 0. */
export function leftW(
  window: Meanwhile,
  { site, times }: View,
  { demandWindowMs }: Connection,
  limitW: number,
  aimShare = AIM,
): number {
  const endMs = window.fromMs + demandWindowMs;
  const leftMs = Math.max(endMs - site.wallMs, LAST_CYCLES * times.cycleMs);
  return allowedW(window, aimShare * limitW, leftMs, demandWindowMs);
}
