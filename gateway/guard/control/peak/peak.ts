import type { Connection } from '../../../contracts/values/site.ts';
import { MINUTE_MS } from '../../../contracts/values/time.ts';
import { power } from '../../../contracts/values/words.ts';
import { INSIDE_START, type InsideState, keepInside } from '../inside.ts';
import { demandWindow, leftW } from '../mean.ts';
import { type Meanwhile, NOTHING_YET } from '../meanwhile.ts';
import type { Controller, View } from '../types.ts';

export interface PeakState {
  readonly window: Meanwhile;
  readonly inside: InsideState;
}

interface Room {
  readonly window: Meanwhile;
  readonly limitW: number; // import that it leaves now
  readonly why: string; // 'the mean of these 15 min stays at 92 kW'
}

/** What the running window leaves of the mean; everything where no mean is to be held. */
function meanRoom(state: PeakState, view: View, connection: Connection, nowMs: number): Room {
  const limitW = view.spec.control.peakLimitW;
  if (limitW === undefined) {
    return { window: NOTHING_YET, limitW: Number.POSITIVE_INFINITY, why: '' };
  }
  const window = demandWindow(state.window, view, connection, nowMs);
  const minutes = Math.round(connection.demandWindowMs / MINUTE_MS);
  return {
    window,
    limitW: leftW(window, view, connection, limitW),
    why: `the mean of these ${minutes} min stays at ${power(limitW)}`,
  };
}

/**
 * Peak shaving: the mean import of the running demand window, not each second of it, and the power
 * of each moment where that is what costs.
 */
export const peak: Controller<PeakState> = {
  start: { window: NOTHING_YET, inside: INSIDE_START },
  step(state, view, nowMs) {
    const connection = view.spec.connections[0];
    const { peakLimitW, peakPowerLimitW = Number.POSITIVE_INFINITY } = view.spec.control;
    const isAsked = peakLimitW !== undefined || Number.isFinite(peakPowerLimitW);
    if (connection === undefined || !isAsked) return { state, wishes: [] };
    const room = meanRoom(state, view, connection, nowMs);
    const isByPower = peakPowerLimitW < room.limitW;
    const why = isByPower ? `peaks stay at ${power(peakPowerLimitW)}` : room.why;
    const importLimitW = Math.min(room.limitW, peakPowerLimitW, connection.contractedImportW);
    const found = keepInside(state.inside, view, {
      connection: connection.id,
      authority: 'peak-limit',
      importLimitW,
      exportLimitW: Number.POSITIVE_INFINITY,
      importCode: 'PEAK_LIMIT',
      exportCode: 'PEAK_LIMIT',
      importWhy: why,
      exportWhy: '',
      marginW: 0,
    });
    const sentence = `buying up to ${power(importLimitW)}, so that ${why}`;
    return {
      state: { window: room.window, inside: found.state },
      wishes: found.wishes,
      asks: [{ authority: 'peak-limit', sentence }],
    };
  },
};
