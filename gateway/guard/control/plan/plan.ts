import { keptImportW, type StoreAct } from '../../../contracts/values/levels.ts';
import type { PlanStep, TerminalStep } from '../../../contracts/values/plan.ts';
import { doing, power, price } from '../../../contracts/values/words.ts';
import type { TerminalState } from '../../site/types.ts';
import type { Connected } from '../connected.ts';
import { INSIDE_START, type InsideState, keepInside } from '../inside.ts';
import { demandWindow, leftW } from '../mean.ts';
import { type Meanwhile, NOTHING_YET } from '../meanwhile.ts';
import { aimed } from '../rooms.ts';
import { clamp, comingGridW, type Slot, wishSlots } from '../shares.ts';
import type { Controller, Open, View, Wish } from '../types.ts';
import { byLevels, type MostImport, type Shown, type Stored, storedOf } from './led.ts';
import {
  meanNeedW,
  type NeedState,
  NO_NEED,
  NO_STEP,
  NOTHING_SEEN,
  needSeen,
  type StepNeed,
  seenOf,
  stepSeen,
} from './need.ts';

export interface PlanState {
  readonly window: Meanwhile; // of the demand charge
  readonly need: NeedState; // in the same window
  readonly step: StepNeed; // in the running step
  readonly inside: InsideState; // of what is not to be sold
}

const WHY_MAX = 200;
const HOUR_MS = 3_600_000;
/** At the end of a step what its levels ask is spread over at least so long. */
const LAST_MS = 180_000;

/**
 * What a plan keeps is money and no limit: below what was reached already it saves nothing, and it
 * costs energy again and again.
 */
const PLAN_AIM = 1;

/** The step of the plan that covers an instant of the wall clock. */
export function stepAt(view: View): PlanStep | undefined {
  const { wallMs } = view.site;
  return view.intent?.plan.find(
    ({ fromMs, durationMs }) => fromMs <= wallMs && wallMs < fromMs + durationMs,
  );
}

interface Follower {
  readonly slot: Slot;
  readonly step: TerminalStep;
}

/** Range that the plan leaves inside what is open; a plan that asks beyond it ends at the bound. */
function bounded(slot: Slot, step: TerminalStep): Slot {
  const low = Math.min(step.minW, step.maxW);
  const high = Math.max(step.minW, step.maxW);
  const minW = clamp(Number.isFinite(low) ? low : slot.minW, slot.minW, slot.maxW);
  const maxW = clamp(Number.isFinite(high) ? high : slot.maxW, minW, Math.max(minW, slot.maxW));
  return { ...slot, minW, maxW };
}

/** A figure inside the plan's own range. */
const planned = ({ minW, maxW }: TerminalStep, powerW: number): number =>
  clamp(powerW, Math.min(minW, maxW), Math.max(minW, maxW));

interface Led extends Follower {
  readonly stored: Stored;
}

/** What batteries are told, and which act of theirs it is, for people. */
interface Told {
  readonly targets: Readonly<Record<string, number>>;
  readonly act?: StoreAct;
}

/** Who follows what. */
function followers(view: View, at: Connected, plan: PlanStep, shown: Shown) {
  const fixed: Follower[] = [];
  const live: Follower[] = [];
  const led: Led[] = [];
  for (const slot of wishSlots(view.open, at.ready)) {
    const step = plan.terminals.find(({ terminal }) => terminal === slot.id);
    const terminal = at.ready.find(({ id }) => id === slot.id);
    if (step === undefined || terminal === undefined) continue;
    const follower = { slot: bounded(slot, step), step };
    const stored = storedOf(terminal, step, shown);
    if (stored !== undefined) led.push({ ...follower, stored });
    else if (step.follow === 'self') live.push(follower);
    else if (step.follow === 'fixed' && Number.isFinite(step.powerW)) fixed.push(follower);
  }
  return { fixed, live, led };
}

/**
 * Targets of the batteries at one connection: fixed ones first; the others by the levels of what
 * they store, or what is left to the meter.
 */
function batteryTargets(view: View, at: Connected, plan: PlanStep, state: PlanState): Told {
  const most = mostImport(view, at, plan, state);
  const { fixed, live, led } = followers(view, at, plan, shownAt(view, at, plan, state));
  const targets: Record<string, number> = {};
  let fixedW = 0;
  for (const { slot, step } of fixed) {
    fixedW += clamp(step.powerW, slot.minW, slot.maxW);
    targets[slot.id] = planned(step, step.powerW);
  }
  const comingW = comingGridW(view, at);
  if (!Number.isFinite(comingW)) return { targets };
  const share = (totalW: number, over: readonly Follower[]): void => {
    const slots = over.map(({ slot }) => slot);
    const parts = aimed(at, comingW, comingW - totalW, slots);
    for (const { slot, step } of over) targets[slot.id] = planned(step, parts[slot.id] ?? 0);
  };
  const [first] = led;
  if (first === undefined) {
    share(comingW - fixedW, live);
    return { targets };
  }
  const zeroW = first.step.gridW; // what was sold or bought is no need and no surplus
  const needW = comingW - fixedW - zeroW;
  const stored = led.map((one) => one.stored);
  const leftMs = plan.fromMs + plan.durationMs - view.site.wallMs;
  const hours = Math.max(LAST_MS, leftMs) / HOUR_MS;
  const { givesW, act } = byLevels(
    stored,
    needW,
    { nowW: most.nowW - zeroW, meanW: most.meanW - zeroW },
    hours,
  );
  share(givesW, led);
  return { targets, act };
}

/** Production limits and loads take the plan's figure as it is. */
function direct(
  terminal: TerminalState,
  step: TerminalStep,
): Pick<Wish, 'maxW' | 'targetW'> | undefined {
  const { spec } = terminal;
  switch (step.follow) {
    case 'on':
      return { targetW: -spec.ratedOutW };
    case 'off':
      return spec.control === 'limit' ? { maxW: 0 } : { targetW: 0 };
    case 'limit':
      return Number.isFinite(step.powerW) ? { maxW: Math.max(0, step.powerW) } : undefined;
    case 'fixed':
      return spec.control !== 'limit' && Number.isFinite(step.powerW)
        ? { targetW: clamp(step.powerW, Math.min(step.minW, 0), Math.max(step.maxW, 0)) }
        : undefined;
    default:
      return undefined; // 'self': the charger follows the sun; 'levels': a battery
  }
}

/** The plan counts with one connection: the one that is billed. */
const isBilled = (view: View, { spec }: Connected): boolean =>
  spec.id === view.spec.connections[0]?.id;

function shownAt(view: View, at: Connected, { byNeed }: PlanStep, { step }: PlanState): Shown {
  const isSeen = byNeed !== undefined && isBilled(view, at);
  return { byNeed, seen: isSeen ? seenOf(step, view) : NOTHING_SEEN };
}

/** What may be bought, so that the mean of the demand window stays where the plan wants it. */
function mostImport(
  view: View,
  at: Connected,
  step: PlanStep,
  { window, need }: PlanState,
): MostImport {
  if (!isBilled(view, at) || step.mostImportW === undefined) {
    return { nowW: Infinity, meanW: Infinity };
  }
  const meanW = Math.max(0, keptImportW(step, meanNeedW(need, view, at.spec)));
  return { meanW, nowW: leftW(window, view, at.spec, meanW, PLAN_AIM) };
}

/** What came so far, at the billed connection: of its demand window, and of the running step. */
function counted(
  before: PlanState,
  view: View,
  now: PlanStep | undefined,
  nowMs: number,
): Omit<PlanState, 'inside'> {
  const [billed] = view.spec.connections;
  if (billed === undefined) return before;
  const at = view.connected.find(({ spec }) => spec.id === billed.id);
  const needW = at === undefined ? Number.NaN : comingGridW(view, at);
  return {
    window: demandWindow(before.window, view, billed, nowMs),
    need: needSeen(before.need, view, billed, needW, nowMs),
    step: stepSeen(before.step, now, view, needW, nowMs),
  };
}

/** Production that is not to be sold: what batteries leave of it, as they were just told. */
function held(
  state: InsideState,
  view: View,
  { mostExportW, why, whys }: PlanStep,
  batteries: readonly Wish[],
): { readonly state: InsideState; readonly wishes: readonly Wish[] } {
  const connection = view.spec.connections[0]?.id;
  if (mostExportW === undefined || connection === undefined) {
    return { state: INSIDE_START, wishes: [] };
  }
  const open: Record<string, Open[string]> = { ...view.open };
  for (const { terminal, targetW } of batteries) {
    const range = open[terminal];
    if (range === undefined || targetW === undefined) continue;
    const powerW = clamp(targetW, range.minW, range.maxW);
    open[terminal] = { ...range, minW: powerW, maxW: powerW };
  }
  const found = keepInside(
    state,
    { ...view, open },
    {
      connection,
      authority: 'plan',
      importLimitW: Number.POSITIVE_INFINITY,
      exportLimitW: Math.max(0, mostExportW),
      importCode: 'PLAN',
      exportCode: 'PLAN',
      importWhy: '',
      exportWhy: (whys?.spare ?? why).slice(0, WHY_MAX),
      marginW: 0,
    },
  );
  const sun = view.site.terminals.filter(({ spec }) => spec.control === 'limit');
  const wishes = found.wishes.filter(({ terminal }) => sun.some(({ id }) => id === terminal));
  return { state: found.state, wishes };
}

function askOf(view: View, now: PlanStep, batteries: readonly Wish[]): string {
  if (batteries.length === 0) {
    return `${now.expectGridW >= 0 ? 'buying' : 'selling'} ${power(now.expectGridW)}`;
  }
  const batteryW = batteries.reduce((sum, { targetW = 0 }) => sum + targetW, 0);
  const does = `battery ${doing('battery', batteryW)}`;
  const levels = now.terminals.find((one) => one.levels !== undefined)?.levels;
  if (levels === undefined) return does;
  return `${does}; what is stored is worth ${price(levels.worthNanoPerWh, view.spec.currency)}`;
}

/** Executes the running step of the plan against the live meter and the live charge. */
export const plan: Controller<PlanState> = {
  start: { window: NOTHING_YET, need: NO_NEED, step: NO_STEP, inside: INSIDE_START },
  step(before, view, nowMs) {
    const now = stepAt(view);
    const state = { ...counted(before, view, now, nowMs), inside: before.inside };
    if (now === undefined) return { state: { ...state, inside: INSIDE_START }, wishes: [] };
    const base = { authority: 'plan', code: 'PLAN' } as const;
    const because = (act?: StoreAct): string => {
      const why = (act === undefined ? undefined : now.whys?.[act]) ?? now.why;
      return `as planned: ${why.slice(0, WHY_MAX)}`;
    };
    const batteries: Wish[] = [];
    for (const at of view.connected) {
      const { targets, act } = batteryTargets(view, at, now, state);
      const sentence = because(act);
      for (const [terminal, targetW] of Object.entries(targets)) {
        batteries.push({ ...base, sentence, terminal, targetW });
      }
    }
    const others = view.site.terminals.flatMap((terminal): Wish[] => {
      if (terminal.spec.control === 'setpoint') return [];
      const step = now.terminals.find((one) => one.terminal === terminal.id);
      const wish = step && direct(terminal, step);
      return wish ? [{ ...base, sentence: because(), terminal: terminal.id, ...wish }] : [];
    });
    const sun = held(state.inside, view, now, batteries);
    return {
      state: { ...state, inside: sun.state },
      wishes: [...batteries, ...sun.wishes, ...others],
      asks: [{ authority: 'plan', sentence: askOf(view, now, batteries) }],
    };
  },
};
