import { power } from '../../../contracts/values/words.ts';
import { INSIDE_START, type InsideState, keepInside } from '../inside.ts';
import type { Controller } from '../types.ts';

/**
 * A demand-response event of the grid agent: less is bought while it runs, below a person's order
 * and above all that earns money. It is a promise, no limit: the kernel does not know it.
 */
export const demand: Controller<InsideState> = {
  start: INSIDE_START,
  step(state, view) {
    const event = view.demand;
    if (event === undefined) return { state: INSIDE_START, wishes: [] };
    const found = keepInside(state, view, {
      ...event,
      authority: 'demand-response',
      importCode: 'DEMAND_RESPONSE',
      exportCode: 'DEMAND_RESPONSE',
      importWhy: event.source,
      exportWhy: event.source,
      marginW: 0,
    });
    const asked = `buying up to ${power(event.importLimitW)}: ${event.source}`;
    const sentence = found.lacking ? `${asked}; out of reach now` : asked;
    return {
      state: found.state,
      wishes: found.wishes,
      asks: [{ authority: 'demand-response', sentence }],
    };
  },
};
