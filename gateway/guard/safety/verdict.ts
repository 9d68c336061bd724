import { type Bounds, bounds } from './bounds.ts';
import { keepCircuit, keepConnection } from './connection.ts';
import {
  clamp,
  type Facts,
  type Freshness,
  type Memory,
  NEW_MEMORY,
  type Proposal,
  type Ruling,
  type TerminalFacts,
  type TerminalLimits,
  type TerminalMemory,
} from './facts.ts';
import { directionOf, drawn, type Eased, rest, runAndRest, slew, turnedAs } from './rules.ts';
import { safeRuling } from './safe.ts';

/** Not exported: nobody else can write the key, so nobody else can make a verdict. */
const minted: unique symbol = Symbol('verdict');

/**
 * The only thing `commands/` accepts. Minted here and nowhere else, so a write cannot be spelled
 * without the kernel. `powerW` is + into the node: setpoint for 'setpoint', production limit (>=
 * 0) for 'limit', the power of the chosen current for 'steps', 0 or the rated draw for 'on-off'.
 * 'release' gives the terminal back to its device.
 */
export interface Verdict {
  readonly terminal: string;
  readonly kind: 'setpoint' | 'limit' | 'steps' | 'on-off' | 'release';
  readonly powerW: number;
  readonly currentA: number; // for 'steps', otherwise 0
  readonly code: string; // ReasonCode of what bound it
  readonly protective: boolean; // slew, rest and direction rules do not hold it back
  readonly [minted]: true;
}

export interface Judgement {
  readonly memory: Memory;
  /** Empty for terminals that may not be written: not commissioned, or the site only observes. */
  readonly verdicts: readonly Verdict[];
  /**
   * What became of each terminal: the kernel's own code where it changed the proposal, and how
   * fresh it was.
   */
  readonly findings: readonly Finding[];
}

export interface Finding {
  readonly terminal: string;
  readonly state: 'fresh' | 'holding' | 'safe' | 'silenced';
  readonly code: string;
  readonly changed: boolean; // not what was proposed
  readonly powerW: number; // NaN = released
}

/** The older of connection and terminal decides; an age that is not a number is too old. */
function freshness(facts: Facts, limits: TerminalLimits, terminal: TerminalFacts): Freshness {
  const connectionMs = facts.connections[limits.connection]?.ageMs ?? Number.NaN;
  if (!(connectionMs <= facts.safeAfterMs) || !(terminal.ageMs <= facts.safeAfterMs)) return 'safe';
  // A battery whose newest read failed keeps its order: what it does now cannot be reckoned with.
  if (limits.kind === 'setpoint' && !Number.isFinite(terminal.alignedW)) return 'holding';
  return connectionMs <= facts.freshMs && terminal.ageMs <= facts.freshMs ? 'fresh' : 'holding';
}

/**
 * A proposal counts when it is of this boot, of no older agent than known, and a number or a
 * release.
 */
function accepted(facts: Facts, proposal: Proposal | undefined): proposal is Proposal {
  if (proposal === undefined || proposal.bootId !== facts.bootId) return false;
  if (!(proposal.agentEpoch >= facts.agentEpoch)) return false;
  return proposal.powerW === undefined || Number.isFinite(proposal.powerW);
}

/** What is asked for, in the terminal's own terms; NaN = release. */
function asked(limits: TerminalLimits, proposal: Proposal): Eased {
  const { powerW, code } = proposal;
  switch (limits.kind) {
    case 'setpoint':
      return { powerW: powerW ?? 0, code };
    case 'limit':
      return { powerW: clamp(powerW ?? limits.ratedInW, 0, limits.ratedInW), code };
    default: {
      if (powerW === undefined) return { powerW: Number.NaN, code };
      const draw = drawn(limits, Math.max(0, -powerW));
      return { powerW: -draw, code };
    }
  }
}

function eased(
  limits: TerminalLimits,
  memory: TerminalMemory,
  wish: Eased,
  facts: Facts,
  terminal: TerminalFacts,
): Eased {
  if (limits.kind === 'setpoint') {
    const rested = rest(limits, memory, wish, facts.nowMs);
    const slewed = slew(limits, memory, rested, facts.nowMs, terminal.toldW, terminal.alignedW);
    return Math.abs(slewed.powerW) < limits.minPowerW ? { ...slewed, powerW: 0 } : slewed;
  }
  if (limits.kind === 'limit') {
    return slew(limits, memory, wish, facts.nowMs, terminal.toldW, terminal.alignedW);
  }
  return runAndRest(limits, memory, wish, facts.nowMs);
}

/** Device protection after the wish rules: only a setpoint has bounds that move. */
function guarded(
  limits: TerminalLimits,
  wish: Eased,
  terminal: TerminalFacts,
): Omit<Ruling, 'state' | 'past'> {
  const limit: Bounds =
    limits.kind === 'setpoint'
      ? bounds(limits, terminal)
      : {
          lowW: -limits.ratedOutW,
          highW: limits.ratedInW,
          lowCode: 'BMS_LIMIT',
          highCode: 'BMS_LIMIT',
        };
  const powerW = clamp(wish.powerW, limit.lowW, limit.highW);
  const changed = powerW < wish.powerW || powerW > wish.powerW;
  return {
    limits,
    powerW: powerW === 0 ? 0 : powerW,
    lowW: limit.lowW,
    highW: limit.highW,
    alignedW: terminal.alignedW,
    code: changed ? (powerW < wish.powerW ? limit.highCode : limit.lowCode) : wish.code,
    protective: changed,
    movable: Number.isFinite(terminal.alignedW),
  };
}

/** The last verdict again, if there was one. */
const held = (memory: TerminalMemory): Eased | undefined =>
  memory.powerW === undefined ? undefined : { powerW: memory.powerW, code: 'HOLDING' };

function rule(
  limits: TerminalLimits,
  past: TerminalMemory,
  facts: Facts,
  terminal: TerminalFacts,
  proposal: Proposal | undefined,
): Ruling | undefined {
  const state = freshness(facts, limits, terminal);
  if (state === 'safe') return undefined;
  if (state === 'holding') {
    const again = held(past);
    return again && { ...guarded(limits, again, terminal), state, past };
  }
  if (!accepted(facts, proposal)) return undefined;
  const wish = eased(limits, past, asked(limits, proposal), facts, terminal);
  return { ...guarded(limits, wish, terminal), state, past };
}

function remember(ruling: Ruling, nowMs: number): TerminalMemory {
  const { powerW, limits, past: before } = ruling;
  const direction = limits.kind === 'setpoint' ? directionOf(limits, powerW) : 0;
  const turned = direction !== 0 && direction !== before.direction;
  const on = !(powerW === 0);
  return {
    powerW,
    atMs: nowMs,
    direction: direction === 0 ? before.direction : direction,
    turnedAtMs: turned ? nowMs : before.turnedAtMs,
    on,
    switchedAtMs: on === before.on ? before.switchedAtMs : nowMs,
  };
}

/** Current of the step that draws exactly this. */
function currentOf(limits: TerminalLimits, powerW: number): number {
  const step = limits.steps.find((one) => one.powerW === Math.abs(powerW));
  return step === undefined ? 0 : step.currentA;
}

/** A production limit at nameplate is no limit: the device gets its terminal back. */
function mint(ruling: Ruling): Verdict {
  const { limits, powerW, code, protective } = ruling;
  const free = Number.isNaN(powerW) || (limits.kind === 'limit' && powerW >= limits.ratedInW);
  return {
    terminal: limits.terminal,
    kind: free ? 'release' : limits.kind,
    powerW: free ? 0 : powerW,
    currentA: free ? 0 : currentOf(limits, powerW),
    code,
    protective,
    [minted]: true,
  };
}

/**
 * The safety kernel: whatever is proposed, what comes out is inside nameplate, BMS limits, charge
 * bounds, connection limits and the rules that spare the equipment; and where it cannot know, the
 * safe state.
 */
export function judge(
  before: Memory,
  limits: readonly TerminalLimits[],
  facts: Facts,
  proposals: readonly Proposal[],
): Judgement {
  const memory: Record<string, TerminalMemory> = {};
  const findings: Finding[] = [];
  const ruled: Ruling[] = [];
  for (const own of limits) {
    const terminal = facts.terminals[own.terminal];
    const past = turnedAs(before[own.terminal] ?? NEW_MEMORY, terminal?.way);
    memory[own.terminal] = past;
    if (facts.observing || terminal === undefined || !terminal.commissioned) {
      findings.push(silenced(own, facts.observing ? 'OBSERVING' : 'NOT_COMMISSIONED'));
      continue;
    }
    const proposal = proposals.find((one) => one.terminal === own.terminal);
    const ruling = facts.islanded
      ? islandRuling(own, past)
      : rule(own, past, facts, terminal, proposal);
    ruled.push(ruling ?? safeRuling(own, limits, facts, past));
  }
  const rulings = keepInside(ruled, facts);
  for (const ruling of rulings) {
    const { code, state, powerW } = ruling;
    const { terminal } = ruling.limits;
    memory[terminal] = remember(ruling, facts.nowMs);
    const wished = proposals.find((one) => one.terminal === terminal)?.code;
    findings.push({ terminal, state, code, changed: code !== wished, powerW });
  }
  return { memory, verdicts: rulings.map(mint), findings };
}

/** Circuits, then connections, and circuits again: a fuse has the last word. */
function keepInside(rulings: readonly Ruling[], facts: Facts): readonly Ruling[] {
  let now = facts.circuits.reduce(keepCircuit, rulings);
  for (const [connection, seen] of Object.entries(facts.connections)) {
    const here = now.filter((ruling) => ruling.limits.connection === connection);
    const kept = new Map(keepConnection(here, seen).map((one) => [one.limits.terminal, one]));
    now = now.map((ruling) => kept.get(ruling.limits.terminal) ?? ruling);
  }
  return facts.circuits.reduce(keepCircuit, now);
}

function silenced({ terminal }: TerminalLimits, code: string): Finding {
  return { terminal, state: 'silenced', code, changed: true, powerW: Number.NaN };
}

function islandRuling(limits: TerminalLimits, past: TerminalMemory): Ruling {
  return {
    limits,
    powerW: Number.NaN,
    lowW: 0,
    highW: 0,
    alignedW: Number.NaN,
    code: 'ISLANDED',
    protective: true,
    movable: false,
    state: 'safe',
    past,
  };
}

/** Safe states as the site file names them, for start and stop; limits in force still bind. */
export function safeStates(
  limits: readonly TerminalLimits[],
  facts: Pick<Facts, 'connections'>,
): readonly Verdict[] {
  return limits.map((own) => mint(safeRuling(own, limits, facts, NEW_MEMORY)));
}
