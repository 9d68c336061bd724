import type { TerminalState } from '../../site/types.ts';
import type { Connected } from '../connected.ts';
import { comingGridW, split, wishSlots } from '../shares.ts';
import type { Controller, View, Wish } from '../types.ts';

/** What a meter's noise moves: a battery that follows it is not held for that. */
const NOISE_W = 50;

const RULES = {
  charge: {
    binds: ({ store }: TerminalState) => store?.mayChargeFromGrid === false,
    roomW: (comingW: number) => Math.min(0, comingW),
    bound: (powerW: number) => ({ minW: Math.min(0, powerW) }),
    sentence: 'because it may not be charged from the grid',
  },
  discharge: {
    binds: ({ store }: TerminalState) => store?.mayExport === false,
    roomW: (comingW: number) => Math.max(0, comingW),
    bound: (powerW: number) => ({ maxW: Math.max(0, powerW) }),
    sentence: 'because what it holds may not be sold',
  },
} as const;

/** Each such battery its part of what the site leaves, or lacks, while all rest. */
function wishesOf(view: View, at: Connected, rule: (typeof RULES)['charge' | 'discharge']): Wish[] {
  const own = at.batteries.filter(rule.binds);
  if (own.length === 0) return [];
  const roomW = rule.roomW(comingGridW(view, at));
  const freeW = roomW + Math.sign(roomW) * NOISE_W;
  // Where nobody knows what flows, nothing may: whence it would come is not known either.
  const parts = Number.isFinite(freeW) ? split(freeW, wishSlots(view.open, own)) : {};
  return own.map(({ id }) => ({
    ...{ terminal: id, authority: 'grid-envelope', code: 'ENERGY_ORIGIN' },
    sentence: rule.sentence,
    ...rule.bound(parts[id] ?? 0),
  }));
}

/**
 * Whose energy a battery may hold and give: only the site's own production, or only to the site
 * (EEG 2023 section 19: support is lost where energy of both origins leaves one store). Binds
 * plans, the market and orders by hand alike; limits and frequency stay above it.
 */
export const origin: Controller<undefined> = {
  start: undefined,
  step: (state, view) => ({
    state,
    wishes: view.connected.flatMap((at) => [
      ...wishesOf(view, at, RULES.charge),
      ...wishesOf(view, at, RULES.discharge),
    ]),
  }),
};
