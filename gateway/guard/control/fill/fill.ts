import { DAY_MS, type Instant } from '../../../contracts/values/time.ts';
import { percent } from '../../../contracts/values/words.ts';
import type { SiteState, TerminalState } from '../../site/types.ts';
import type { Ask, Controller, Filling, FillStage, View, Wish } from '../types.ts';

/** Of each battery with `fullCharge`: when it was full last, and since when it stands full. */
export type FillState = Readonly<
  Record<string, { readonly lastWallMs: Instant; readonly fullSinceMs: number | undefined }>
>;

/** From here it counts as full; from NEARLY on also where its BMS takes no more. */
const FULL_PCT = 99.5;
const NEARLY_PCT = 95;
const TAKES_SHARE = 0.01;
/** It stays full for so many cycles, so that its BMS can balance and count anew. */
const STAYS_CYCLES = 600;
/** By force: slow enough to be no peak. */
const FORCE_SHARE = 0.3;

function isFull({ spec, capability }: TerminalState): boolean {
  const { socLowPct, chargeMaxW } = capability;
  if (socLowPct >= FULL_PCT) return true;
  return socLowPct >= NEARLY_PCT && (chargeMaxW ?? Infinity) <= TAKES_SHARE * spec.ratedOutW;
}

/** Who is full, and since when. One that was never seen full counts from now. */
export function fillState(before: FillState, site: SiteState, cycleMs: number): FillState {
  const next: Record<string, FillState[string]> = {};
  for (const battery of site.terminals) {
    if (battery.store?.fullCharge === undefined || battery.spec.control !== 'setpoint') continue;
    const old = before[battery.id] ?? { lastWallMs: site.wallMs, fullSinceMs: undefined };
    const fullSinceMs = isFull(battery) ? (old.fullSinceMs ?? site.nowMs) : undefined;
    const isDone = fullSinceMs !== undefined && site.nowMs - fullSinceMs >= STAYS_CYCLES * cycleMs;
    next[battery.id] = { lastWallMs: isDone ? site.wallMs : old.lastWallMs, fullSinceMs };
  }
  return next;
}

/** Who is to be filled now. A clock that went back makes nothing due. */
export function fillingNow(state: FillState, site: SiteState): Filling {
  const found: Record<string, FillStage> = {};
  for (const { id, store } of site.terminals) {
    const own = state[id];
    if (own === undefined || store?.fullCharge === undefined) continue;
    const { everyDays, withinDays } = store.fullCharge;
    const sinceDays = (site.wallMs - own.lastWallMs) / DAY_MS;
    if (sinceDays >= everyDays) found[id] = sinceDays >= everyDays + withinDays ? 'overdue' : 'due';
  }
  return found;
}

function wishesOf(view: View, stage: FillStage): { wishes: Wish[]; asks: Ask[] } {
  const wishes: Wish[] = [];
  const asks: Ask[] = [];
  for (const { id, spec, capability } of view.site.terminals) {
    if (view.filling?.[id] !== stage) continue;
    const base = { terminal: id, authority: 'plan', code: 'FULL_CHARGE' } as const;
    const sentence = 'to fill it once, so that its charge is known again';
    const targetW = -Math.min(FORCE_SHARE * spec.ratedOutW, capability.chargeMaxW ?? Infinity);
    // While it is only due, what is nearly full is not emptied again.
    if (stage === 'overdue') wishes.push({ ...base, sentence, targetW });
    else if (capability.socLowPct >= NEARLY_PCT) wishes.push({ ...base, sentence, maxW: 0 });
    const at = percent(capability.socLowPct);
    asks.push({ authority: 'plan', sentence: `a full charge of ${spec.name}, now ${at}` });
  }
  return { wishes, asks };
}

/** By force, before market and plan: limits and peaks stay above it. */
export const fillNow: Controller<undefined> = {
  start: undefined,
  step: (state, view) => ({ state, ...wishesOf(view, 'overdue') }),
};

/** With what the sun and the plan give: nothing is bought for it by itself. */
export const fillSoon: Controller<undefined> = {
  start: undefined,
  step: (state, view) => ({ state, ...wishesOf(view, 'due') }),
};
