import type { PlanStep, TerminalStep } from '../../../contracts/values/plan.ts';
import { doing, power } from '../../../contracts/values/words.ts';
import type { TerminalState } from '../../site/types.ts';
import type { Connected } from '../connected.ts';
import { aimed } from '../rooms.ts';
import { clamp, comingGridW, type Slot, wishSlots } from '../shares.ts';
import type { Controller, View, Wish } from '../types.ts';

const WHY_MAX = 200;

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

/**
 * Targets of the batteries at one connection: fixed ones first, the others share what is left to
 * the meter.
 */
function batteryTargets(view: View, at: Connected, plan: PlanStep): Record<string, number> {
  const followers: Follower[] = wishSlots(view.open, at.ready).flatMap((slot) => {
    const step = plan.terminals.find(({ terminal }) => terminal === slot.id);
    return step === undefined ? [] : [{ slot: bounded(slot, step), step }];
  });
  const targets: Record<string, number> = {};
  let fixedW = 0;
  const live: Follower[] = [];
  for (const follower of followers) {
    const { slot, step } = follower;
    if (step.follow === 'self' || step.follow === 'grid') live.push(follower);
    else if (step.follow === 'fixed' && Number.isFinite(step.powerW)) {
      fixedW += clamp(step.powerW, slot.minW, slot.maxW);
      targets[slot.id] = planned(step, step.powerW);
    }
  }
  const held = live.find(({ step }) => step.follow === 'grid' && Number.isFinite(step.gridW));
  const gridW = fixedW + (held?.step.gridW ?? 0);
  const comingW = comingGridW(view, at);
  if (!Number.isFinite(comingW - gridW)) return targets;
  const slots = live.map(({ slot }) => slot);
  const parts = aimed(at, comingW, gridW, slots);
  for (const { slot, step } of live) targets[slot.id] = planned(step, parts[slot.id] ?? 0);
  return targets;
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
      return undefined; // 'self': the charger follows the sun
  }
}

/** Executes the running step of the plan against the live meter. */
export const plan: Controller<undefined> = {
  start: undefined,
  step(state, view) {
    const now = stepAt(view);
    if (now === undefined) return { state, wishes: [] };
    const base = {
      authority: 'plan' as const,
      code: 'PLAN' as const,
      sentence: `as planned: ${now.why.slice(0, WHY_MAX)}`,
    };
    const wishes: Wish[] = [];
    let batteryW = 0;
    for (const at of view.connected) {
      for (const [terminal, targetW] of Object.entries(batteryTargets(view, at, now))) {
        batteryW += targetW;
        wishes.push({ ...base, terminal, targetW });
      }
    }
    const anyBattery = wishes.length > 0;
    for (const terminal of view.site.terminals) {
      if (terminal.spec.control === 'setpoint') continue;
      const step = now.terminals.find((one) => one.terminal === terminal.id);
      const wish = step && direct(terminal, step);
      if (wish !== undefined) wishes.push({ ...base, terminal: terminal.id, ...wish });
    }
    const expects = `${now.expectGridW >= 0 ? 'buying' : 'selling'} ${power(now.expectGridW)}`;
    const sentence = anyBattery ? `battery ${doing('battery', batteryW)}` : expects;
    return { state, wishes, asks: [{ authority: 'plan', sentence }] };
  },
};
