import { NOMINAL_V } from '../../../contracts/values/phases.ts';
import { HOUR_MS, localTime, MINUTE_MS } from '../../../contracts/values/time.ts';
import { power, timeOfDay } from '../../../contracts/values/words.ts';
import type { TerminalState } from '../../site/types.ts';
import type { Controller, View, Wish } from '../types.ts';

/** For each charger: since when a larger step would fit. */
export interface EvState {
  readonly roomSinceMs: Readonly<Record<string, number>>;
}

/** More current only after the sun has carried it for so many cycles; less at once. */
const PATIENCE_CYCLES = 10;

/** W that a current draws. */
export const stepW = (currentA: number, phases: 1 | 3): number => currentA * NOMINAL_V * phases;

/** Largest step that `roomW` carries, W >= 0. */
function stepWithin(charger: TerminalState, roomW: number): number {
  return (charger.spec.stepsA ?? [])
    .map((currentA) => stepW(currentA, charger.spec.phases))
    .reduce((best, powerW) => (powerW <= roomW && powerW > best ? powerW : best), 0);
}

/** What the sun leaves for the charger: after the battery where the battery is more important. */
function surplusW(view: View, charger: TerminalState, drawW: number): number {
  const at = view.connected.find(({ spec }) => spec.id === charger.connection);
  if (at === undefined) return Number.NaN;
  const before = at.ready
    .filter(({ spec }) => spec.priority <= charger.spec.priority)
    .reduce((sum, { id }) => sum - Math.min(0, view.open[id]?.minW ?? 0), 0);
  return drawW - at.restingGridW - before;
}

/**
 * Whether the deadline asks for full current now. Without the car's own charge, all of what is
 * wanted counts as missing: the car stops by itself when it is full.
 */
function mustHurry(view: View, charger: TerminalState): boolean {
  const ready = charger.store?.ready;
  if (ready === undefined || charger.store === undefined) return false;
  const { minuteOfDay } = localTime(view.site.wallMs, view.spec.place.timeZone);
  const leftMs = ((ready.minuteOfDay - minuteOfDay + 1_440) % 1_440) * MINUTE_MS;
  const { socLowPct } = charger.capability;
  const missingPct = Math.max(0, ready.socPct - (Number.isFinite(socLowPct) ? socLowPct : 0));
  const inputWh =
    (missingPct * charger.store.usableWh) / Math.max(1, charger.store.chargeEfficiencyPct);
  const neededMs = (inputWh / Math.max(1, charger.spec.ratedOutW)) * HOUR_MS;
  return neededMs > 0 && leftMs <= neededMs * 1.1 && leftMs > 0;
}

/**
 * Chargers take the sun's surplus in steps, and all they can once the deadline leaves no choice.
 */
export const ev: Controller<EvState> = {
  start: { roomSinceMs: {} },
  step(state, view, nowMs) {
    const roomSinceMs: Record<string, number> = {};
    const wishes: Wish[] = [];
    for (const charger of view.site.terminals) {
      if (charger.spec.control !== 'steps') continue;
      const base = {
        terminal: charger.id,
        authority: 'self-consumption' as const,
        code: 'SELF_CONSUMPTION' as const,
      };
      if (mustHurry(view, charger)) {
        const at = charger.store?.ready?.minuteOfDay ?? 0;
        const sentence = `so that the car is ready at ${timeOfDay(at)}`;
        wishes.push({ ...base, sentence, targetW: -charger.spec.ratedOutW });
        continue;
      }
      const drawW = Number.isFinite(charger.powerW) ? Math.max(0, -charger.powerW) : 0;
      const freeW = surplusW(view, charger, drawW);
      const fitsW = Number.isFinite(freeW) ? stepWithin(charger, freeW) : 0;
      const hasW = Math.max(0, -(view.sent[charger.id] ?? 0));
      let targetW = Math.min(fitsW, hasW);
      if (fitsW > hasW) {
        const sinceMs = state.roomSinceMs[charger.id] ?? nowMs;
        if (nowMs - sinceMs >= PATIENCE_CYCLES * view.times.cycleMs) targetW = fitsW;
        else roomSinceMs[charger.id] = sinceMs;
      }
      const sentence = `because the sun leaves ${power(Math.max(0, freeW))} for the car`;
      wishes.push({ ...base, sentence, targetW: targetW === 0 ? 0 : -targetW });
    }
    return { state: { roomSinceMs }, wishes };
  },
};
