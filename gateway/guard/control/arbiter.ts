import type { Authority } from '../../contracts/values/image.ts';
import { act } from '../act.ts';
import type { SiteState, TerminalState } from '../site/types.ts';
import { type BiasState, biased, learn, NO_BIAS } from './bias.ts';
import { commission } from './commission/commission.ts';
import { connectedOf } from './connected.ts';
import { demand } from './demand/demand.ts';
import { type DroopState, droop } from './droop/droop.ts';
import { type EvState, ev } from './ev/ev.ts';
import { type FillState, fillingNow, fillNow, fillSoon, fillState } from './fill/fill.ts';
import { type FusesState, fuses } from './fuses/fuses.ts';
import type { InsideState } from './inside.ts';
import { type IslandState, island } from './island/island.ts';
import { type LastingState, lastingNow } from './lasting.ts';
import { type LeadState, lead, NO_LEAD } from './lead.ts';
import { gridLimits, type LimitsState, siteLimits } from './limits/limits.ts';
import { type MarketState, market } from './market/market.ts';
import { besideW, type NudgeState, nudged } from './nudge.ts';
import { origin } from './origin/origin.ts';
import { override } from './override/override.ts';
import { type PeakState, peak } from './peak/peak.ts';
import { keepPhases, type Point } from './placing.ts';
import { type PlanState, plan } from './plan/plan.ts';
import { type ProtectState, protect } from './protect/protect.ts';
import { type RampState, ramp } from './ramp/ramp.ts';
import { type SelfState, self } from './self/self.ts';
import { clamp } from './shares.ts';
import { damped, type SwingState, watchSwing } from './swing.ts';
import type { Ask, Controller, Filling, Open, Proposal, Range, View, Wish } from './types.ts';

export interface ArbiterState {
  readonly protect: ProtectState;
  readonly island: IslandState;
  readonly site: LimitsState;
  readonly fuses: FusesState;
  readonly grid: LimitsState;
  readonly droop: DroopState;
  readonly ramp: RampState;
  readonly demand: InsideState;
  readonly peak: PeakState;
  readonly market: MarketState;
  readonly plan: PlanState;
  readonly self: SelfState;
  readonly fill: FillState;
  readonly swing: SwingState;
  readonly ev: EvState;
  readonly bias: BiasState;
  readonly lead: LeadState;
  readonly nudge: NudgeState;
  readonly lasting: LastingState;
}

export const ARBITER_START: ArbiterState = {
  protect: protect.start,
  island: island.start,
  site: siteLimits.start,
  fuses: fuses.start,
  grid: gridLimits.start,
  droop: droop.start,
  ramp: ramp.start,
  demand: demand.start,
  peak: peak.start,
  market: market.start,
  plan: plan.start,
  self: self.start,
  fill: {},
  swing: {},
  ev: ev.start,
  bias: NO_BIAS,
  lead: NO_LEAD,
  nudge: {},
  lasting: {},
};

export interface Arbitration {
  readonly state: ArbiterState;
  /** In the order in which they were heard. */
  readonly wishes: readonly Wish[];
  readonly proposals: readonly Proposal[];
  readonly asks: readonly Ask[];
  readonly islanded: boolean;
  readonly filling: Filling;
}

const free = (minW: number, maxW: number): Range => ({
  minW,
  maxW,
  minBy: undefined,
  maxBy: undefined,
});

/** Nameplate: what is open before anyone has spoken. What does not follow does what it does. */
export function openAll(site: SiteState): Open {
  const open: Record<string, Range> = {};
  for (const { id, spec, capability, deaf, powerW } of site.terminals) {
    if (spec.control === 'none') continue;
    if (deaf && Number.isFinite(powerW)) {
      open[id] = free(powerW, powerW);
      continue;
    }
    const ratedW = capability.ratedW ?? Number.POSITIVE_INFINITY;
    const inW = Math.min(spec.ratedInW, Number.isFinite(ratedW) ? ratedW : spec.ratedInW);
    const outW = Math.min(spec.ratedOutW, Number.isFinite(ratedW) ? ratedW : spec.ratedOutW);
    if (spec.control === 'limit') open[id] = free(0, spec.ratedInW);
    else if (spec.control === 'setpoint') open[id] = free(-outW, inW);
    else open[id] = free(-spec.ratedOutW, 0);
  }
  return open;
}

const usable = (value: number | undefined): value is number =>
  value !== undefined && !Number.isNaN(value);

/**
 * One wish narrows one range, and never beyond what is open: a bound outside it ends at the
 * nearest edge. A target closes the range to a point, whose owner is the wish, or who held it
 * off.
 */
export function narrow(range: Range, wish: Wish): Range {
  let { minW, maxW, minBy, maxBy } = range;
  if (minW === maxW && minBy !== undefined && minBy === maxBy) return range;
  if (usable(wish.minW) && wish.minW > minW) {
    minW = Math.min(wish.minW, maxW);
    minBy = wish;
  }
  if (usable(wish.maxW) && wish.maxW < maxW) {
    maxW = Math.max(wish.maxW, minW);
    maxBy = wish;
  }
  if (!usable(wish.targetW)) return { minW, maxW, minBy, maxBy };
  const pointW = clamp(wish.targetW, minW, maxW);
  const held = wish.targetW > pointW ? maxBy : wish.targetW < pointW ? minBy : undefined;
  const owner = held ?? wish;
  return { minW: pointW, maxW: pointW, minBy: owner, maxBy: owner };
}

function narrowAll(open: Open, wishes: readonly Wish[]): Open {
  const next: Record<string, Range> = { ...open };
  for (const wish of wishes) {
    const range = next[wish.terminal];
    if (range !== undefined) next[wish.terminal] = narrow(range, wish);
  }
  return next;
}

/** Where nobody has a target: batteries rest, production is free, loads are their own. */
function resting(terminal: TerminalState, range: Range): { powerW: number | undefined; by?: Wish } {
  const { spec } = terminal;
  const bounded = { low: range.minBy, high: range.maxBy };
  if (spec.control === 'limit') {
    return range.maxW < spec.ratedInW && bounded.high
      ? { powerW: range.maxW, by: bounded.high }
      : { powerW: undefined };
  }
  if (spec.control === 'on-off') {
    return range.minW > -spec.ratedOutW && bounded.low
      ? { powerW: range.minW, by: bounded.low }
      : { powerW: undefined };
  }
  const powerW = clamp(0, range.minW, range.maxW);
  const by = powerW > 0 ? bounded.low : powerW < 0 ? bounded.high : undefined;
  return by === undefined ? { powerW } : { powerW, by };
}

interface Corrections {
  readonly bias: BiasState;
  readonly lead: LeadState;
  readonly crept: Record<string, LeadState[string]>; // filled terminal by terminal
  readonly swing: SwingState;
  readonly sent: View['sent'];
  readonly limited: Open; // what limits and people leave
  readonly nudge: NudgeState;
}

/** Whose wishes are damped where the loop swings: nobody's safety hangs on them. */
const EARNING: readonly Authority[] = ['market-position', 'plan', 'self-consumption'];

function calmed({ terminal, powerW: aimW, by }: Found, to: Corrections): number | undefined {
  const { id, spec, connection } = terminal;
  const range = to.limited[id];
  if (aimW === undefined || range === undefined || spec.control !== 'setpoint') return aimW;
  if (by !== undefined && !EARNING.includes(by.authority)) return aimW;
  const powerW = damped(to.swing[connection], to.sent[id], aimW);
  return powerW === aimW ? aimW : clamp(powerW, range.minW, range.maxW);
}

/** The setpoint with its bias and its lead, still inside what the device may do. */
function corrected(
  terminal: TerminalState,
  aimW: number,
  by: Corrections,
  may: Range | undefined,
): number {
  if (terminal.spec.control !== 'setpoint') return aimW;
  const { leadW, crept } = lead(by.lead, terminal, aimW);
  by.crept[terminal.id] = crept;
  const powerW = biased(by.bias, terminal, aimW) + leadW;
  return may === undefined ? powerW : clamp(powerW, may.minW, may.maxW);
}

const BESIDE = 'a little beside its aim, to see whether the meter still answers';

interface Found extends Point {
  readonly by?: Wish | undefined;
  readonly isBeside?: true; // moved a little: does the meter answer?
}

function pointOf(terminal: TerminalState, range: Range): Found {
  const isDecided = range.minBy !== undefined && range.minBy === range.maxBy;
  const found = isDecided ? { powerW: range.minW, by: range.minBy } : resting(terminal, range);
  return { terminal, ...found };
}

function propose(found: Found, to: Corrections, may?: Range): Proposal {
  const { terminal, by } = found;
  const aimW = calmed(found, to);
  const powerW = aimW === undefined ? undefined : corrected(terminal, aimW, to, may);
  return {
    terminal: terminal.id,
    powerW,
    authority: by?.authority ?? 'self-consumption',
    code: by?.code ?? 'IDLE',
    sentence: act(terminal.spec, aimW, found.isBeside ? BESIDE : (by?.sentence ?? '')),
  };
}

/** What each terminal is to do, once no phase carries too much. `device` is what devices can do. */
function placeAll(
  able: readonly TerminalState[],
  view: View,
  device: View['open'],
  corrections: Corrections,
): { moved: Iterable<Wish>; proposals: Proposal[]; nudge: NudgeState } {
  const { limited } = corrections;
  const aims = able.flatMap((terminal) => {
    const range = view.open[terminal.id];
    return range === undefined ? [] : [pointOf(terminal, range)];
  });
  const nudge = nudged(corrections.nudge, view, aims, limited);
  const points = aims.map((aim): Found => {
    const powerW = besideW(nudge, aim, limited);
    return powerW === undefined ? aim : { ...aim, powerW, isBeside: true };
  });
  const moved = keepPhases(points, device, view);
  const proposals = points.map((point) => {
    const { id } = point.terminal;
    const by = moved.get(id);
    const at = by === undefined ? point : { ...point, powerW: by.targetW, by };
    return propose(at, corrections, device[id]);
  });
  return { moved: moved.values(), proposals, nudge };
}

/**
 * Runs the controllers in the order of authority; each sees what those above left open and can
 * only narrow it.
 * @returns one proposal for each controllable terminal, each with its owner and its sentence
 */
export function arbitrate(
  before: ArbiterState,
  asked: Omit<View, 'open' | 'filling' | 'lasting' | 'connected'>,
  nowMs: number,
): Arbitration {
  const fill = fillState(before.fill, asked.site, asked.times.cycleMs);
  const { site, spec, times, sent, trial } = asked;
  const filling = fillingNow(fill, site);
  const connected = connectedOf(site, spec, times);
  const lasting = lastingNow(before.lasting, site);
  const known = { filling, lasting, connected };
  const view: View & { open: Open } = { ...asked, ...known, open: openAll(site) };
  const wishes: Wish[] = [];
  const asks: Ask[] = [];
  const run = <State>(controller: Controller<State>, state: State): State => {
    const step = controller.step(state, view, nowMs);
    if (step.asks !== undefined) asks.push(...step.asks);
    if (step.wishes.length > 0) {
      wishes.push(...step.wishes);
      view.open = narrowAll(view.open, step.wishes);
    }
    return step.state;
  };
  const protection = run(protect, before.protect);
  const device = view.open;
  const next = {
    protect: protection,
    island: run(island, before.island),
    site: run(siteLimits, before.site),
    fuses: run(fuses, before.fuses),
    grid: run(gridLimits, before.grid),
  };
  const drooped = run(droop, before.droop);
  const ramped = run(ramp, next.island.islanded ? ramp.start : before.ramp);
  run(commission, undefined);
  run(origin, undefined);
  run(override, undefined);
  const later = {
    demand: run(demand, before.demand),
    peak: run(peak, before.peak),
  };
  const limited = view.open;
  run(fillNow, undefined);
  const earning = { market: run(market, before.market), plan: run(plan, before.plan) };
  run(fillSoon, undefined);
  const last = { ev: run(ev, before.ev), self: run(self, before.self) };
  const able = site.terminals.filter((one) => one.spec.control !== 'none');
  // What is proven gets exactly what is asked.
  const bias = trial === undefined ? learn(before.bias, view) : NO_BIAS;
  const leadBefore = trial === undefined ? before.lead : NO_LEAD;
  const swing = watchSwing(before.swing, view);
  const running = { lead: leadBefore, crept: {}, nudge: before.nudge };
  const corrections: Corrections = { bias, ...running, swing, sent, limited };
  const { moved, proposals, nudge } = placeAll(able, view, device, corrections);
  wishes.push(...moved);
  const state: ArbiterState = {
    ...next,
    ...{ droop: drooped, ramp: ramped },
    ...later,
    ...earning,
    ...last,
    ...{ fill, bias, swing, lead: corrections.crept, nudge, lasting },
  };
  return { state, wishes, proposals, asks, islanded: next.island.islanded, filling };
}
