import type { DecisionView, Image, Mode, ModeFlag, Reason } from '../contracts/values/image.ts';
import type { Override } from '../contracts/values/override.ts';
import type { Intent } from '../contracts/values/plan.ts';
import type { Connection, Site } from '../contracts/values/site.ts';
import type { Timing } from '../contracts/values/timing.ts';
import type { Trial } from '../contracts/values/trial.ts';
import {
  ARBITER_START,
  type ArbiterState,
  type Arbitration,
  arbitrate,
} from './control/arbiter.ts';
import { phasesAt } from './control/connected.ts';
import { frequencyOf } from './control/droop/droop.ts';
import type { FillState } from './control/fill/fill.ts';
import { fuseLimits } from './control/limits/limits.ts';
import type { Filling } from './control/types.ts';
import { type GridLimits, type GridState, limitsNow, type Moment } from './directives.ts';
import { deafDecision, decisionsOf, limitsOf } from './image.ts';
import { running } from './intents.ts';
import { kernelFacts, kernelLimits } from './kernel-facts.ts';
import { flagsOf, modeOf, reasonOf, type Standing } from './modes.ts';
import type { Facts, Memory, TerminalLimits, Told } from './safety/facts.ts';
import { type Judgement, judge, safeStates, type Verdict } from './safety/verdict.ts';
import { NO_MEMORY, type SiteMemory, siteStep } from './site/site.ts';
import type { ConnectionState, Seen, SiteState, TerminalState } from './site/types.ts';
import { type Wiring, wire } from './site/wiring.ts';

/** What stays while a guard runs. */
export interface Plant {
  readonly spec: Site;
  readonly wiring: Wiring;
  readonly limits: readonly TerminalLimits[];
  /** Devices, or `device/terminal`, with a commissioning record. */
  readonly commissioned: ReadonlySet<string>;
  readonly bootId: string;
}

export function plantOf(
  spec: Site,
  times: Timing,
  commissioned: ReadonlySet<string>,
  bootId: string,
): Plant {
  const wiring = wire(spec);
  const connections = new Map(wiring.terminals.map((one) => [one.spec.id, one.connection]));
  const limits = kernelLimits(spec, (terminal) => connections.get(terminal) ?? '', times);
  return { spec, wiring, limits, commissioned, bootId };
}

/** Everything that one turn hands to the next: plain data, so that it can be kept and replayed. */
export interface GuardMemory {
  readonly site: SiteMemory;
  readonly control: ArbiterState;
  readonly kernel: Memory;
  readonly grid: GridState;
}

export const startMemory = (
  grid: GridState,
  kernel: Memory = {},
  fill: FillState = {},
): GuardMemory => ({
  site: NO_MEMORY,
  control: { ...ARBITER_START, fill },
  kernel,
  grid,
});

/** All that a turn decides by, beside the memory. */
export interface TurnInput {
  readonly at: Moment;
  readonly times: Timing;
  readonly seen: Seen;
  readonly held: Intent | undefined; // the newest of the agent, in force or not
  readonly trial?: Trial | undefined; // a person proves a device
  readonly overrides?: readonly Override[] | undefined; // orders of people in force
  readonly isClockTrusted?: boolean | undefined; // default true
  /** Setpoint that each device was last really asked for, W; NaN = it is free. */
  readonly told?: Readonly<Record<string, number>> | undefined;
  /** Which way each battery was last really asked to go. */
  readonly ways?: Readonly<Record<string, Told>> | undefined;
  /** Terminals whose device acknowledges and does not follow. */
  readonly deaf?: readonly string[];
  /** Terminals whose setpoint is kept in memory that wears out. */
  readonly wearing?: readonly string[];
}

/** What a turn came to, from the image to the verdicts. */
export interface Turn {
  readonly memory: GuardMemory;
  readonly site: SiteState;
  readonly grid: GridLimits;
  readonly decided: Arbitration;
  readonly judged: Judgement;
  readonly verdicts: readonly Verdict[]; // to be written
  readonly mode: Mode;
  readonly flags: readonly ModeFlag[];
  readonly decisions: readonly DecisionView[];
  readonly reason: Reason;
  readonly limits: Image['limits'];
}

/**
 * One turn, top to bottom: see, decide, judge. Pure: the same memory and input give the same turn,
 * in the guard and in a replay of what it recorded.
 */
export function decide(plant: Plant, before: GuardMemory, input: TurnInput): Turn {
  const { spec } = plant;
  const { at, times, held, trial, overrides, wearing, isClockTrusted = true } = input;
  const seen = see(plant, before, input);
  const { site } = seen;
  const grid = limitsNow(before.grid, spec, times, at);
  const intent = running(held, at.wallMs, isClockTrusted);
  const sent = sentOf(before.kernel);
  const frequencyHz = frequencyOf(spec, input.seen, at.nowMs, times);
  const { limits: gridLimits, demand, limited } = grid;
  const asked = {
    site,
    spec,
    times,
    gridLimits,
    demand,
    intent,
    sent,
    frequencyHz,
    trial,
    overrides,
    wearing,
  };
  const decided = arbitrate(before.control, asked, at.nowMs);
  const { islanded, filling } = decided;
  const facts = factsOf(plant, input, site, grid, islanded, filling);
  const { bootId, agentEpoch } = facts;
  const proposals = decided.proposals.map(({ terminal, powerW, code }) => {
    return { terminal, powerW, code, bootId, agentEpoch };
  });
  const judged = judge(before.kernel, plant.limits, facts, proposals);
  const { safeAfterMs } = facts;
  const { findings } = judged;
  const now = { site, spec, times, safeAfterMs, findings, intent, limited, islanded };
  const standing = { ...now, isClockTrusted };
  const mode = modeOf(standing);
  const decisions = shownOf(standing, decided);
  return {
    memory: { site: seen.memory, control: decided.state, kernel: judged.memory, grid: grid.state },
    site,
    grid,
    decided,
    judged,
    verdicts: tried(plant, trial, judged, facts),
    mode,
    flags: flagsOf(standing),
    decisions,
    reason: reasonOf(standing, mode, decisions),
    limits: limitsOf(spec, facts.connections, gridLimits[0]?.source ?? ''),
  };
}

/** What people see of what was judged. */
function shownOf({ site, spec, findings }: Standing, { proposals, wishes }: Arbitration) {
  const decisions = decisionsOf(spec, findings, proposals);
  const deaf = site.terminals.filter((one) => one.deaf).map(({ id }) => id);
  if (deaf.length === 0) return decisions;
  return decisions.map((one) =>
    deaf.includes(one.terminal) ? deafDecision(spec, one, wishes) : one,
  );
}

/**
 * Safe states of all that may be written, with the limits in force now; what is only being proven
 * is given back.
 */
export function safeNow(plant: Plant, memory: GuardMemory, input: TurnInput): readonly Verdict[] {
  const { spec, commissioned } = plant;
  if (!spec.control.active) return [];
  const grid = limitsNow(memory.grid, spec, input.times, input.at);
  const { site } = see(plant, memory, input);
  const facts = factsOf(plant, input, site, grid, false);
  const able = site.terminals.filter((one) => mayWrite(spec, commissioned, one));
  const own = plant.limits.filter(({ terminal }) => able.some(({ id }) => id === terminal));
  const { trial } = input;
  const isProven = able.some(({ id }) => id === trial?.terminal);
  const given = trial === undefined || isProven ? [] : givenBack(plant, trial, facts);
  return [...safeStates(own, facts), ...given];
}

function see(plant: Plant, { site, kernel }: GuardMemory, input: TurnInput) {
  const { seen, at, times, trial, deaf = [] } = input;
  const sent = sentOf(kernel);
  // Nobody presumes that what is being proven obeys: a meter is not judged by it.
  if (trial !== undefined) delete sent[trial.terminal];
  const told = { ...seen, sent, deaf: deaf.filter((id) => id !== trial?.terminal) };
  return siteStep(plant.wiring, site, told, at.nowMs, at.wallMs, times);
}

function factsOf(
  { spec, commissioned, bootId }: Plant,
  { times, held, trial, told, ways }: TurnInput,
  site: SiteState,
  grid: GridLimits,
  islanded: boolean,
  filling: Filling = {},
): Facts {
  return kernelFacts({
    site,
    spec,
    times,
    bootId,
    islanded,
    told,
    ways,
    filling: new Set(Object.keys(filling)),
    agentEpoch: held?.agentEpoch ?? 0,
    mayWrite: (terminal) => mayWrite(spec, commissioned, terminal, trial),
    gridLimits: grid.limits,
    fuse: (id) => {
      const connection = spec.connections.find((one) => one.id === id);
      const state = site.connections.find((one) => one.id === id);
      return fuseOf(spec, connection, state);
    },
  });
}

function fuseOf(
  spec: Site,
  connection: Connection | undefined,
  state: ConnectionState | undefined,
) {
  if (connection === undefined || state === undefined) return { importW: 0, exportW: 0 };
  return fuseLimits(connection, state, phasesAt(spec, connection.id));
}

/** Proven at commissioning, allowed by name in the site file, or being proven now. */
function mayWrite(
  { control }: Site,
  commissioned: ReadonlySet<string>,
  { id, device }: Pick<TerminalState, 'id' | 'device'>,
  trial?: Trial,
): boolean {
  if (device === undefined) return false;
  const isProven = commissioned.has(device) || commissioned.has(`${device}/${id}`);
  return isProven || control.unprovenAllowed.includes(device) || trial?.terminal === id;
}

/**
 * What a trial changes of the verdicts: a device that is left to its own timer is not written, one
 * that is given back gets its own mode; so does one that nothing proves, when its trial is over.
 * What protects is written all the same.
 */
function tried(
  plant: Plant,
  trial: Trial | undefined,
  { verdicts }: Judgement,
  facts: Facts,
): readonly Verdict[] {
  const { spec, commissioned } = plant;
  const own = verdicts.find(({ terminal }) => terminal === trial?.terminal);
  if (trial === undefined || own === undefined || own.protective) return verdicts;
  const others = verdicts.filter((one) => one !== own);
  if (trial.act === 'letGo') return others;
  const isOver =
    trial.act === 'end' &&
    !mayWrite(spec, commissioned, { id: trial.terminal, device: trial.device });
  if (trial.act !== 'release' && !isOver) return verdicts;
  return [...others, ...givenBack(plant, trial, facts)];
}

/** Its own mode; where that would pass an export limit in force, no more than that. */
function givenBack({ limits }: Plant, { terminal }: Trial, facts: Facts): readonly Verdict[] {
  const own = limits.filter((one) => one.terminal === terminal);
  return safeStates(
    own.map((one) => ({ ...one, safe: { kind: 'own-mode' } as const })),
    facts,
  );
}

/** What the kernel last allowed, by terminal. */
function sentOf(kernel: Memory): Record<string, number> {
  const sent: Record<string, number> = {};
  for (const [terminal, { powerW }] of Object.entries(kernel)) {
    if (powerW !== undefined && Number.isFinite(powerW)) sent[terminal] = powerW;
  }
  return sent;
}
