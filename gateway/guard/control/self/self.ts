import { doing } from '../../../contracts/values/words.ts';
import { comingGridW, ready, slotsOf, wanted } from '../shares.ts';
import type { Controller, Wish } from '../types.ts';

/** What the batteries of each connection were last asked for together, W. */
export type SelfState = Readonly<Record<string, number>>;

/** Smaller differences are noise of a meter, not a reason to write. */
const DEADBAND_W = 50;

const why = (restingW: number): string =>
  restingW > 0
    ? 'so that as little as possible is bought'
    : "so that the sun's surplus stays on site";

/** Batteries follow the meter to zero exchange. */
export const self: Controller<SelfState> = {
  start: {},
  step(state, view) {
    const next: Record<string, number> = {};
    const wishes: Wish[] = [];
    let sumW = 0;
    for (const { id, meterW } of view.spec.connections.map((connection) => ({
      id: connection.id,
      meterW: view.spec.meters.find((meter) => meter.of === connection.id)?.resolutionW ?? 0,
    }))) {
      const restingW = comingGridW(view, id);
      if (!Number.isFinite(restingW)) continue;
      const before = state[id] ?? 0;
      const quiet = Math.abs(restingW - before) < Math.max(DEADBAND_W, 2 * meterW);
      const targetW = quiet ? before : restingW;
      next[id] = targetW;
      const parts = wanted(targetW, slotsOf(view.open, ready(view, id)));
      sumW += targetW;
      for (const [terminal, powerW] of Object.entries(parts)) {
        wishes.push({
          terminal,
          authority: 'self-consumption',
          code: 'SELF_CONSUMPTION',
          sentence: why(targetW),
          targetW: powerW,
        });
      }
    }
    if (wishes.length === 0) return { state: next, wishes };
    const sentence = `battery ${doing('battery', sumW)}`;
    return { state: next, wishes, asks: [{ authority: 'self-consumption', sentence }] };
  },
};
