import type { Finding, Learned, ProgramStep, Trace } from '../../contracts/values/commissioning.ts';
import type { Terminal } from '../../contracts/values/site.ts';
import { finding, kept } from '../findings.ts';
import { restW } from '../program.ts';
import { say } from '../sentences.ts';
import { between, meanOf, noiseOf, powerSeries, type Series } from '../series.ts';
import type { Seen } from './sign.ts';

/**
 * Whether the device gave up what it was told: by its own timer, or because it was released. Only
 * a witness at the terminal itself is asked; upstream a load may move at any moment.
 */
export interface LetGoAsk {
  readonly terminal: Terminal;
  readonly device: string;
  readonly steps: readonly ProgramStep[];
  readonly stepS: readonly number[];
  readonly trace: Trace;
  readonly trusted: readonly Seen[];
  readonly reversionMs: number | undefined; // undefined = it has no timer
  readonly isAllowedWithout: boolean; // control by name although it has none
  /** Import at rest, which a store's own mode would cover; undefined where it has no such mode. */
  readonly ownModeW: number | undefined;
  readonly lateS: number; // from a command until it stands, as the pulses showed
}

export interface LetGoView {
  readonly findings: readonly Finding[];
  readonly reversion: Learned['reversion'];
  readonly release: Learned['release'];
}

interface Change {
  readonly afterS: number;
  readonly fromW: number;
  readonly toW: number;
  readonly kind: 'gone' | 'held' | 'unclear';
}

const GONE_SHARE = 0.3;
const HELD_SHARE = 0.15;
const WINDOW = 5;

/** The instant at which two means explain a series best. */
function breakOf({ atS, value }: Series, levelW: number): number {
  let best = atS.at(-1) ?? 0;
  let least = Number.POSITIVE_INFINITY;
  let held = 0;
  for (let index = 0; index <= value.length - WINDOW; index += 1) {
    const after = value.slice(index);
    const mean = meanOf(after);
    let squares = held;
    for (const one of after) squares += (one - mean) * (one - mean);
    if (squares < least) {
      least = squares;
      best = atS[index] ?? best;
    }
    const rest = (value[index] ?? 0) - levelW;
    held += rest * rest;
  }
  return best;
}

const endOf = ({ atS }: Series): number => atS.at(-1) ?? 0;

/**
 * @param settleS  after the begin of the pulse, before its level counts
 */
function changeOf(
  series: Series,
  [pulseS, stepS, endS]: readonly [number, number, number],
  settleS: number,
  ownModeW: number | undefined,
): Change | undefined {
  const before = between(series, 0, pulseS).value.slice(-8);
  const plateau = between(series, Math.min(pulseS + settleS, stepS - 4), stepS);
  const during = between(series, stepS, endS + 1e-6);
  if (before.length < 3 || plateau.value.length < 3 || during.value.length < 2 * WINDOW) {
    return undefined;
  }
  const restLevelW = meanOf(before);
  const fromW = meanOf(plateau.value);
  const jumpW = Math.abs(fromW - restLevelW);
  const toW = meanOf(during.value.slice(-WINDOW));
  const noiseW = noiseOf(plateau);
  const movedW = Math.abs(toW - fromW);
  const doubtW = Number.isFinite(noiseW) ? 4 * noiseW : 0;
  const at = { afterS: breakOf(during, fromW) - stepS, fromW, toW };
  if (jumpW < Math.max(50, doubtW)) return { ...at, kind: 'unclear' };
  if (movedW >= Math.max(GONE_SHARE * jumpW, doubtW)) return { ...at, kind: 'gone' };
  // Its own mode may have taken it to the same power: then it follows the loads, and moves.
  const restlessW = noiseOf(between(series, endOf(during) - 20, endS + 1e-6));
  const isStill =
    !(restlessW > 3 * noiseW + 0.02 * jumpW) &&
    (ownModeW === undefined || Math.abs(fromW - ownModeW) > GONE_SHARE * jumpW);
  return { ...at, kind: isStill && movedW <= HELD_SHARE * jumpW ? 'held' : 'unclear' };
}

export function lettingGo(ask: LetGoAsk): LetGoView {
  const { terminal, device } = ask;
  const witness = ask.trusted.find((one) => one.observation.witness.of === terminal.id);
  const findings: Finding[] = [];
  const series =
    witness === undefined ? undefined : powerSeries(ask.trace, witness.observation.witness);
  const learned = { reversion: null as Learned['reversion'], release: null as Learned['release'] };
  for (const kind of ['letGo', 'release'] as const) {
    const name = kind === 'letGo' ? 'reversion' : 'release';
    const step = ask.steps.findIndex((one) => one.kind === kind);
    if (kind === 'letGo' && ask.reversionMs === undefined) {
      findings.push(...withoutTimer(ask));
      continue;
    }
    const change = series && stepChange(ask, series, step);
    if (change === undefined || change.kind === 'unclear') {
      const sentence = say.letGoUnknown(terminal, kind, series !== undefined);
      findings.push(finding(name, 'notProven', device, { sentence }));
      continue;
    }
    const afterS = Math.max(0, change.afterS - (kind === 'letGo' ? ask.lateS / 2 : 0));
    const isLate = kind === 'letGo' && afterS * 1_000 > (ask.reversionMs ?? 0) * 1.2 + 5_000;
    const isGone = change.kind === 'gone';
    const numbers = [
      { name: 'after', value: kept(afterS), unit: 's' },
      { name: 'from', value: kept(change.fromW), unit: 'W' },
      { name: 'to', value: kept(change.toW), unit: 'W' },
    ];
    if (isGone) learned[name] = { afterMs: Math.round(afterS * 1_000), toW: kept(change.toW) };
    const sentence = isGone
      ? say.letGo(terminal, kind, afterS, change.toW, isLate)
      : say.held(terminal, kind, change.fromW, waitedS(ask, step));
    findings.push(
      finding(name, isGone && !isLate ? 'proven' : 'wrong', device, { sentence, numbers }),
    );
  }
  return { findings, ...learned };
}

function withoutTimer({ terminal, device, isAllowedWithout }: LetGoAsk): Finding[] {
  if (isAllowedWithout) return [];
  const sentence = say.noTimer(terminal);
  return [finding('reversion', 'notProven', device, { sentence })];
}

const waitedS = ({ steps }: LetGoAsk, step: number): number =>
  (steps[step]?.durationMs ?? 0) / 1_000;

function stepChange(ask: LetGoAsk, series: Series, step: number): Change | undefined {
  const { stepS, steps } = ask;
  const pulseS = stepS[step - 1];
  const startS = stepS[step];
  if (step < 1 || pulseS === undefined || startS === undefined || !Number.isFinite(startS)) {
    return undefined;
  }
  const next = stepS[step + 1];
  const endS = next !== undefined && Number.isFinite(next) ? next : Number.POSITIVE_INFINITY;
  const seenS = (series.atS.at(-1) ?? 0) - startS;
  // Cut short: that it still holds proves nothing.
  if (endS === Number.POSITIVE_INFINITY && seenS * 1_000 < 0.8 * (steps[step]?.durationMs ?? 0)) {
    return undefined;
  }
  // What was produced is only cut where it was more than the limit.
  const asked = steps[step]?.powerW ?? 0;
  if (ask.terminal.control === 'limit' && asked >= restW(ask.terminal)) return undefined;
  return changeOf(series, [pulseS, startS, endS], ask.lateS, ask.ownModeW);
}
