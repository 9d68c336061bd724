import type { TerminalState } from '../../site/types.ts';
import type { Controller, View, Wish } from '../types.ts';

type Bound = Pick<Wish, 'minW' | 'targetW'>;

/** Loads and chargers keep what they were told, the sun is free: nothing moves but the pulse. */
function held({ spec, id }: TerminalState, view: View): Bound | undefined {
  if (spec.control === 'limit') return { minW: spec.ratedInW };
  if (spec.control === 'setpoint') return { targetW: 0 };
  const sentW = view.sent[id];
  return sentW === undefined ? undefined : { targetW: sentW };
}

/**
 * Commissioning with a person's consent: one device gets its pulse, the others are quiet so that
 * they do not answer it. Limits above it narrow the pulse as they narrow everything.
 */
export const commission: Controller<undefined> = {
  start: undefined,
  step(state, view) {
    const { trial } = view;
    if (trial === undefined || trial.act === 'end') return { state, wishes: [] };
    const own = view.site.terminals.find(({ id }) => id === trial.terminal);
    const base = { authority: 'operator-override', code: 'COMMISSIONING' } as const;
    const wishes = view.site.terminals.flatMap((terminal): Wish[] => {
      const { id, spec } = terminal;
      if (spec.control === 'none') return [];
      const isOwn = id === trial.terminal;
      const isAsked = isOwn && (trial.act === 'pulse' || trial.act === 'letGo');
      const bound = isAsked ? { targetW: trial.powerW } : held(terminal, view);
      if (bound === undefined) return [];
      const quiet = `while ${own?.spec.name ?? trial.device} is proven`;
      const sentence = isOwn ? 'to prove what it does' : quiet;
      return [{ ...base, terminal: id, sentence, ...bound }];
    });
    const sentence = `${trial.device} is proven, everything else is quiet`;
    return { state, wishes, asks: [{ authority: 'operator-override', sentence }] };
  },
};
