import { PROMPT_METER_MS } from '../../../contracts/values/site.ts';
import { doing, REST_W } from '../../../contracts/values/words.ts';
import type { TerminalState } from '../../site/types.ts';
import type { Connected } from '../connected.ts';
import { aimed } from '../rooms.ts';
import { clamp, comingGridW, type Slot, wishSlots } from '../shares.ts';
import type { Controller, Step, View, Wish } from '../types.ts';

/** What the batteries of each connection were last asked for together, W. */
export type SelfState = Readonly<Record<string, number>>;

/** Smaller differences are noise of a meter, not a reason to write. */
const DEADBAND_W = 50;
/** Where peaks cost money, half of the charge is for them; below this it is gently refilled. */
const KEPT_PCT = 50;
const REFILL_PCT = 48;
const REFILL_SHARE = 0.1;
/** Refilled only while this share of the peak limit is not bought anyway. */
const CALM_SHARE = 0.8;

function why(restingW: number): string {
  if (Math.abs(restingW) < REST_W) return 'because what is made is what is used';
  return restingW > 0
    ? 'so that as little as possible is bought'
    : "so that the sun's surplus stays on site";
}

/** Most that a battery may give that keeps charge for the next peak, W; below 0 it fills. */
function keeping(view: View, battery: TerminalState, restingW: number): number | undefined {
  const { peakLimitW = Infinity, peakPowerLimitW = Infinity } = view.spec.control;
  const limitW = Math.min(peakLimitW, peakPowerLimitW);
  const { socLowPct, socHighPct } = battery.capability;
  if (!Number.isFinite(limitW) || !(socLowPct < KEPT_PCT)) return undefined;
  const refill = socHighPct < REFILL_PCT && restingW < CALM_SHARE * limitW;
  return refill ? -REFILL_SHARE * battery.spec.ratedOutW : 0;
}

interface Share {
  readonly targetW: number;
  readonly wishes: readonly Wish[];
}

function share(view: View, at: Connected, comingW: number, targetW: number): Share {
  const keeps = new Map(at.ready.map((one) => [one.id, keeping(view, one, targetW)]));
  const slots = wishSlots(view.open, at.ready).map((slot): Slot => {
    const mostW = keeps.get(slot.id) ?? slot.maxW;
    return { ...slot, maxW: clamp(mostW, slot.minW, slot.maxW) };
  });
  const parts = aimed(at, comingW, comingW - targetW, slots);
  let sumW = 0;
  const wishes = slots.map(({ id }): Wish => {
    const mostW = keeps.get(id);
    const partW = parts[id] ?? 0;
    const held = mostW !== undefined && partW > mostW;
    const powerW = held ? mostW : partW;
    sumW += powerW;
    return {
      terminal: id,
      authority: 'self-consumption',
      code: 'SELF_CONSUMPTION',
      sentence: held ? 'to keep half of its charge for the next peak' : why(targetW),
      targetW: powerW,
    };
  });
  return { targetW: sumW, wishes };
}

/** Batteries follow the meter to zero exchange; where peaks cost, they keep half their charge. */
export const self: Controller<SelfState> = {
  start: {},
  step(state, view): Step<SelfState> {
    const next: Record<string, number> = {};
    const wishes: Wish[] = [];
    let sumW = 0;
    for (const at of view.connected) {
      const { id } = at.spec;
      const restingW = comingGridW(view, at);
      if (!Number.isFinite(restingW)) continue;
      const before = state[id] ?? 0;
      const meter = view.spec.meters.find(({ of }) => of === id);
      // The latency of a meter known, its resolution is reckoned with already.
      const noiseW = (meter?.latencyMs ?? 0) >= PROMPT_METER_MS ? 0 : 2 * (meter?.resolutionW ?? 0);
      const quiet = Math.abs(restingW - before) < Math.max(DEADBAND_W, noiseW);
      const targetW = quiet ? before : restingW;
      next[id] = targetW;
      const shared = share(view, at, restingW, targetW);
      sumW += shared.targetW;
      wishes.push(...shared.wishes);
    }
    if (wishes.length === 0) return { state: next, wishes };
    const sentence = `battery ${doing('battery', sumW)}`;
    return { state: next, wishes, asks: [{ authority: 'self-consumption', sentence }] };
  },
};
