import type { DecisionView, Mode, ModeFlag, Reason } from '../contracts/values/image.ts';
import { AUTHORITY } from '../contracts/values/image.ts';
import type { Intent } from '../contracts/values/plan.ts';
import type { Site } from '../contracts/values/site.ts';
import type { Timing } from '../contracts/values/timing.ts';
import { age } from '../contracts/values/words.ts';
import { doubtSentence } from './doubts.ts';
import type { Finding } from './safety/verdict.ts';
import type { SiteState } from './site/types.ts';

/** What decides the mode of a cycle. */
export interface Standing {
  readonly site: SiteState;
  readonly spec: Site;
  readonly times: Timing;
  readonly safeAfterMs: number;
  readonly findings: readonly Finding[];
  readonly intent: Intent | undefined; // in force
  readonly limited: boolean;
  readonly islanded: boolean;
  readonly isClockTrusted: boolean;
}

/** A single lost answer is no state of the site; reads that keep failing are. */
const FAILING_CYCLES = 2;

/** Of terminals that may be written; what does not follow says nothing of the site. */
function judgedOf({ site, findings }: Standing): Finding[] {
  const isDeaf = (terminal: string) =>
    site.terminals.some((one) => one.deaf && one.id === terminal);
  return findings.filter(({ terminal, state }) => state !== 'silenced' && !isDeaf(terminal));
}

function lost(standing: Standing): boolean {
  const { site, safeAfterMs } = standing;
  if (site.connections.some(({ ageMs }) => !(ageMs <= safeAfterMs))) return true;
  const judged = judgedOf(standing);
  return judged.length > 0 && judged.every(({ state }) => state === 'safe');
}

function failing(standing: Standing): boolean {
  const { site, times } = standing;
  const slowMs = FAILING_CYCLES * times.cycleMs;
  if (site.connections.some((one) => one.failing && one.ageMs > slowMs)) return true;
  if (site.connections.some(({ ageMs }) => ageMs > times.freshMs.control)) return true;
  const judged = judgedOf(standing);
  return judged.length > 0 && judged.every(({ state }) => state !== 'fresh');
}

/** The ladder, from the bottom up: what is missing decides. */
export function modeOf(standing: Standing): Mode {
  const { intent, islanded, spec } = standing;
  if (!islanded) {
    if (lost(standing)) return 'safe';
    if (failing(standing)) return 'holding';
  }
  if (intent === undefined || intent.plan.length === 0 || islanded) return 'rules';
  const trades = spec.control.marketEnabled && intent.cloudConnected && intent.clockTrusted;
  return trades ? 'trading' : 'planning';
}

export function flagsOf(standing: Standing): ModeFlag[] {
  const flags: ModeFlag[] = [];
  if (standing.limited) flags.push('limited');
  const silenced = standing.findings.filter(({ state }) => state === 'silenced').length;
  if (!standing.spec.control.active || (silenced > 0 && silenced === standing.findings.length)) {
    flags.push('observing');
  }
  if (standing.islanded) flags.push('islanded');
  if (!standing.isClockTrusted) flags.push('untimed');
  return flags;
}

/** The connection that was heard least lately, in words. */
function silence({ site }: Standing): string {
  const worst = [...site.connections].sort((a, b) => b.ageMs - a.ageMs)[0];
  if (worst === undefined) return 'Nothing measures the connection';
  if (worst.doubt !== undefined) return doubtSentence(worst.id, worst.doubt);
  if (!Number.isFinite(worst.ageMs)) return `The meter of ${worst.id} was never heard`;
  return `The meter of ${worst.id} was last heard ${age(worst.ageMs)} ago`;
}

/** Batteries decide first; others only where a limit decides for them. */
function binding(standing: Standing, decisions: readonly DecisionView[]): Reason | undefined {
  const peak = AUTHORITY.indexOf('peak-limit');
  const rank = ({ reason }: DecisionView): number => AUTHORITY.indexOf(reason.authority);
  const counts = decisions.filter((decision) => {
    const spec = standing.spec.terminals.find(({ id }) => id === decision.terminal);
    if (decision.reason.code === 'IDLE') return false;
    return spec?.control === 'setpoint' || rank(decision) <= peak;
  });
  const first = [...counts].sort((a, b) => rank(a) - rank(b))[0] ?? decisions[0];
  return first?.reason;
}

/**
 * Why this cycle decided as it did: the state of the site where it binds, otherwise the highest
 * decision.
 */
export function reasonOf(
  standing: Standing,
  mode: Mode,
  decisions: readonly DecisionView[],
): Reason {
  const site = (code: Reason['code'], sentence: string): Reason => ({
    authority: 'site-safety',
    code,
    sentence,
  });
  if (!standing.spec.control.active) {
    return site('OBSERVING', 'Edgewatt only watches: control is switched off in the site file');
  }
  if (standing.islanded)
    return site('ISLANDED', 'The grid is gone: every device is in its own mode');
  if (mode === 'safe') {
    return site('SAFE_STATE', `${silence(standing)}: every device is in its safe state`);
  }
  if (mode === 'holding') return site('HOLDING', `${silence(standing)}: the last orders stand`);
  return binding(standing, decisions) ?? site('IDLE', 'There is nothing to control');
}
