import type { KeptImport, NeedLevels } from '../contracts/values/levels.ts';
import type { Intent, PlanStep, SocLevels, TerminalStep } from '../contracts/values/plan.ts';
import type { Instant } from '../contracts/values/time.ts';

const STEPS_MAX = 400;
const RISES_MAX = 64; // of a step
const NEEDS_MAX = 64; // in the table of a step

const finite = (...values: readonly unknown[]): boolean => values.every(Number.isFinite);

/** Of what may be absent: a number where it is there. */
const finiteIfAny = (...values: readonly unknown[]): boolean =>
  values.every((value) => value === undefined || Number.isFinite(value));

function soundLevels(levels: SocLevels | undefined | null): boolean {
  if (levels === undefined) return true;
  const { leastPct, buyToPct, storeToPct, coverToPct, sellToPct, worthNanoPerWh } = levels ?? {};
  return (
    finite(leastPct, buyToPct, storeToPct, coverToPct, sellToPct, worthNanoPerWh) &&
    finiteIfAny(levels?.mostPct)
  );
}

function soundWhys(whys: PlanStep['whys'] | null): boolean {
  if (whys === undefined) return true;
  if (typeof whys !== 'object' || whys === null) return false;
  return Object.values(whys).every((why) => typeof why === 'string');
}

const soundRises = (rises: KeptImport['rises'] | null): boolean =>
  rises === undefined ||
  (Array.isArray(rises) &&
    rises.length <= RISES_MAX &&
    rises.every((one) => finite(one?.aboveW, one?.mostImportW)));

/** Columns of one length: a need, and the four levels at it. */
function soundNeeds(byNeed: NeedLevels | undefined | null): boolean {
  if (byNeed === undefined) return true;
  const { needW, buyToPct, storeToPct, coverToPct, sellToPct } = byNeed ?? {};
  return [needW, buyToPct, storeToPct, coverToPct, sellToPct].every(
    (column) =>
      Array.isArray(column) &&
      column.length <= NEEDS_MAX &&
      column.length === needW?.length &&
      finite(...column),
  );
}

const soundTerminal = (one: TerminalStep | null): boolean =>
  typeof one?.terminal === 'string' &&
  finite(one.powerW, one.gridW, one.minW, one.maxW) &&
  soundLevels(one.levels);

/** Everything that a controller counts with must be a number; text only has to be text. */
function soundPlan(intent: Intent): boolean {
  if (!Array.isArray(intent.plan) || intent.plan.length > STEPS_MAX) return false;
  return intent.plan.every(
    (step) =>
      finite(step?.fromMs, step?.durationMs, step?.expectGridW) &&
      finiteIfAny(step.mostImportW, step.mostExportW) &&
      soundRises(step.rises) &&
      soundNeeds(step.byNeed) &&
      typeof step.why === 'string' &&
      soundWhys(step.whys) &&
      Array.isArray(step.terminals) &&
      step.terminals.every(soundTerminal),
  );
}

function soundPositions(intent: Intent): boolean {
  if (!Array.isArray(intent.positions) || intent.positions.length > STEPS_MAX) return false;
  return intent.positions.every((one) => finite(one?.fromMs, one?.durationMs, one?.soldWh));
}

/**
 * Whether a message of the agent process is an intent that may be looked at: it came over a pipe.
 */
export function isIntent(raw: unknown): raw is Intent {
  if (typeof raw !== 'object' || raw === null) return false;
  const intent = raw as Intent;
  return (
    intent.v === 1 &&
    finite(intent.agentEpoch, intent.sequence, intent.issuedAtMs, intent.expiresAtMs) &&
    typeof intent.cloudConnected === 'boolean' &&
    typeof intent.clockTrusted === 'boolean' &&
    soundPlan(intent) &&
    soundPositions(intent)
  );
}

/** Newer than what is held: never an older agent, never an older message of the same agent. */
export function supersedes(intent: Intent, held: Intent | undefined): boolean {
  if (held === undefined) return true;
  if (intent.agentEpoch !== held.agentEpoch) return intent.agentEpoch > held.agentEpoch;
  return intent.sequence > held.sequence;
}

const TOLD_MAX = 64;

/** Holds the newest intent. */
export class Intents {
  held: Intent | undefined;
  private readonly told = new Set<string>();

  /** @returns why it is refused, one sentence; the same of the same agent is said once */
  take(raw: unknown): string | undefined {
    if (!isIntent(raw)) return this.once('', 'An intent was refused: it is malformed');
    const { held } = this;
    if (supersedes(raw, held)) {
      this.held = raw;
      return undefined;
    }
    const { agentEpoch, sequence } = raw;
    const isOlder = agentEpoch !== held?.agentEpoch;
    const what = isOlder
      ? `an agent of epoch ${held?.agentEpoch} runs, it is of epoch ${agentEpoch}`
      : `number ${held.sequence} was there before number ${sequence}`;
    return this.once(
      `${isOlder ? 'epoch' : 'number'} ${agentEpoch}`,
      `An intent was refused: ${what}`,
    );
  }

  /** Who repeats itself must not fill the audit log. */
  private once(key: string, text: string): string | undefined {
    if (this.told.has(key) || this.told.size >= TOLD_MAX) return undefined;
    this.told.add(key);
    return text;
  }
}

/**
 * Silence ends an intent: it counts until its own expiry and not a moment longer. With a clock that
 * nobody trusts it goes on, without what was sold for an instant.
 */
export function running(
  intent: Intent | undefined,
  wallMs: Instant,
  isClockTrusted = true,
): Intent | undefined {
  const counts = intent !== undefined && wallMs < intent.expiresAtMs ? intent : undefined;
  return counts === undefined || isClockTrusted ? counts : { ...counts, clockTrusted: false };
}
