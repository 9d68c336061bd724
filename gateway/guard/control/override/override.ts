import type { Override } from '../../../contracts/values/override.ts';
import { clockTime } from '../../../contracts/values/words.ts';
import type { Controller, View, Wish } from '../types.ts';

/** What the order asks of its terminal. W, + into the node; off is a limit of 0 W for the sun. */
function bound(override: Override, isLimit: boolean): Pick<Wish, 'maxW' | 'targetW'> {
  switch (override.act) {
    case 'charge':
      return { targetW: -override.powerW };
    case 'discharge':
      return { targetW: override.powerW };
    case 'off':
      return isLimit ? { maxW: 0 } : { targetW: 0 };
    case 'hold':
      return { targetW: 0 };
  }
}

function wishOf(override: Override, view: View): Wish | undefined {
  const own = view.site.terminals.find(({ id }) => id === override.terminal);
  if (own === undefined) return undefined;
  const until = clockTime(override.untilWallMs, view.spec.place.timeZone);
  return {
    terminal: own.id,
    authority: 'operator-override',
    code: 'OVERRIDE',
    sentence: `as ${override.by} ordered until ${until}`,
    ...bound(override, own.spec.control === 'limit'),
  };
}

/**
 * A person's order: below every limit, above everything that earns money. What a limit does not
 * leave is not given, and the limit is named.
 */
export const override: Controller<undefined> = {
  start: undefined,
  step(state, view) {
    const wishes = (view.overrides ?? []).flatMap((one) => wishOf(one, view) ?? []);
    if (wishes.length === 0) return { state, wishes };
    const names = (view.overrides ?? []).map((one) => {
      const own = view.spec.terminals.find(({ id }) => id === one.terminal);
      return `${own?.name ?? one.terminal} ${one.act}`;
    });
    return {
      state,
      wishes,
      asks: [{ authority: 'operator-override', sentence: names.join(', ') }],
    };
  },
};
