import type { Position } from '../../../contracts/values/plan.ts';
import { HOUR_MS } from '../../../contracts/values/time.ts';
import { clockTime, energy, power } from '../../../contracts/values/words.ts';
import { type Meanwhile, meanwhile, NOTHING_YET } from '../meanwhile.ts';
import { comingGridW, wanted, wishSlots } from '../shares.ts';
import type { Controller, View } from '../types.ts';

export interface MarketState {
  readonly interval: Meanwhile;
}

/** At the end of an interval the rest is spread over at least so many cycles. */
const LAST_CYCLES = 8;

/** The position of the running interval; nothing sold and nothing bought leaves it to the plan. */
function running(view: View): Position | undefined {
  const { wallMs } = view.site;
  return view.intent?.positions.find(
    ({ fromMs, durationMs, soldWh }) =>
      fromMs <= wallMs && wallMs < fromMs + durationMs && Number.isFinite(soldWh) && soldWh !== 0,
  );
}

/**
 * Power at the connection that brings the interval's net energy to the position, spread over what
 * is left. What is unknown of the interval counts as having been on the position.
 * @returns W, + import
 */
export function dueGridW(position: Position, interval: Meanwhile, leftMs: number): number {
  const wantedWh = -position.soldWh; // + import
  const unknownWh = (wantedWh * interval.unknownMs) / position.durationMs;
  return (wantedWh - interval.netWh - unknownWh) / (leftMs / HOUR_MS);
}

function words(position: Position, gridW: number, zone: string): { ask: string; why: string } {
  const bought = position.soldWh < 0;
  const from = clockTime(position.fromMs, zone);
  const until = clockTime(position.fromMs + position.durationMs, zone);
  const act = gridW >= 0 ? 'buying' : 'selling';
  return {
    ask: `${act} ${power(gridW)}`,
    why:
      `to hold the ${gridW >= 0 ? 'purchase' : 'sale'} at ${power(gridW)}: ` +
      `${energy(position.soldWh)} were ${bought ? 'bought' : 'sold'} for ${from} to ${until}`,
  };
}

/** Holds the interval's net energy at the position that was sold or bought. */
export const market: Controller<MarketState> = {
  start: { interval: NOTHING_YET },
  step(state, view, nowMs) {
    const [first] = view.connected;
    if (first === undefined) return { state, wishes: [] };
    const { spec: connection, state: now } = first;
    const fresh = now.ageMs <= view.times.freshMs.control;
    const interval = meanwhile(state.interval, {
      nowMs,
      wallMs: view.site.wallMs,
      lengthMs: connection.settlementMs,
      gridW: fresh ? now.powerW : Number.NaN,
    });
    const next = { interval };
    const trades = view.spec.control.marketEnabled && view.intent?.clockTrusted === true;
    const position = trades ? running(view) : undefined;
    if (position === undefined) return { state: next, wishes: [] };
    const restingW = comingGridW(view, first);
    if (!Number.isFinite(restingW)) return { state: next, wishes: [] };
    const endMs = position.fromMs + position.durationMs;
    const leftMs = Math.max(endMs - view.site.wallMs, LAST_CYCLES * view.times.cycleMs);
    const gridW = dueGridW(position, interval, leftMs);
    const targets = wanted(restingW - gridW, wishSlots(view.open, first.ready));
    const { ask, why } = words(position, gridW, view.spec.place.timeZone);
    return {
      state: next,
      wishes: Object.entries(targets).map(([terminal, targetW]) => ({
        terminal,
        authority: 'market-position',
        code: 'MARKET_POSITION',
        sentence: why,
        targetW,
      })),
      asks: [{ authority: 'market-position', sentence: ask }],
    };
  },
};
