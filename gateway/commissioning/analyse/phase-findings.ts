import { type Finding, PHASES, type Phase } from '../../contracts/values/commissioning.ts';
import { finding } from '../findings.ts';
import { say } from '../sentences.ts';
import type { Evidence } from './evidence.ts';
import type { Observation } from './observe.ts';
import { type PhaseView, phasesOf, withCt } from './phases.ts';
import { tenOf } from './scale.ts';

export interface PhaseFindings {
  readonly findings: readonly Finding[];
  /** Witnesses whose odd total the phases explain; their sign and scale say nothing more. */
  readonly explained: ReadonlySet<Observation>;
  readonly views: ReadonlyMap<Observation, PhaseView>;
}

/** A meter that counts ten times too much does so on each phase. */
function viewOf(one: Observation, factor: number): PhaseView {
  const most = Math.max(...one.phases.map(({ gainShare }) => Math.abs(gainShare)), 0);
  const ten = one.sight === 'seen' ? tenOf(one.gainShare * factor) : undefined;
  const scale = ten !== undefined && most > ten / 5 ? ten : 1;
  return phasesOf(one, scale / factor);
}

export function phaseViews(
  observations: readonly Observation[],
  factor: number,
): ReadonlyMap<Observation, PhaseView> {
  return new Map(
    observations
      .filter((one) => one.witness.expectedGainShare !== 0 && one.phases.length > 0)
      .map((one) => [one, viewOf(one, factor)]),
  );
}

export function judgePhases(evidence: Evidence, involved: readonly Observation[]): PhaseFindings {
  const { terminal, device, factor } = evidence;
  const views = phaseViews(involved, factor);
  const findings: Finding[] = [];
  const explained = new Set<Observation>();
  for (const [one, view] of views) {
    // Not every phase was alike in every pulse: a load moved on one of them.
    if (one.sight === 'unclear' || one.sight === 'missing') continue;
    const { witness } = one;
    const meter = witness.role === 'own' ? null : witness.id;
    const other = withCt(view, 'other-phase');
    const reversed = withCt(view, 'reversed');
    if (other.length > 0 && isExchange(view, other)) {
      explained.add(one);
      const sentence = say.otherPhase(witness, other, reversed);
      findings.push(finding('ct-phase', 'wrong', witness.device, { meter, sentence }));
    } else if (view.carried === 3 && reversed.length > 0 && reversed.length < 3) {
      explained.add(one);
      const sentence = say.phasesTurned(witness, reversed);
      findings.push(finding('ct-direction', 'wrong', witness.device, { meter, sentence }));
    } else if (
      view.carried === 1 &&
      terminal.phases === 3 &&
      [1, -1].some((sign) => Math.abs(one.gainShare * factor - sign) < 0.25)
    ) {
      const sentence = say.onePhaseOnly(terminal, carriers(view));
      findings.push(finding('phases', 'wrong', device, { meter, sentence }));
    }
  }
  findings.push(...restingPhases(evidence, views, explained));
  const learned = [...views.values()].find(
    (view) => view.carried === terminal.phases && withCt(view, 'right').length === view.carried,
  );
  if (learned !== undefined && findings.every(({ severity }) => severity !== 'wrong')) {
    const sentence = say.phasesRight(terminal, carriers(learned));
    findings.push(finding('phases', 'proven', device, { sentence }));
  }
  return { findings, explained, views };
}

/** Phases of the connection's meter that a device of one phase cannot prove. */
function restingPhases(
  { terminal, atRest }: Evidence,
  views: ReadonlyMap<Observation, PhaseView>,
  explained: ReadonlySet<Observation>,
): Finding[] {
  return [...views].flatMap(([one, view]) => {
    const { witness } = one;
    if (witness.kind !== 'connection' || view.carried !== 1 || explained.has(one)) return [];
    // A meter that is turned as a whole is named by its total.
    if (withCt(view, 'right').length === 0) return [];
    const passed = carriers(view);
    const others = atRest(one).filter(({ phase }) => !passed.includes(phase));
    const turned = others.flatMap(({ phase, way }) => (way === -1 ? [phase] : []));
    const open = others.flatMap(({ phase, way }) => (way === 0 ? [phase] : []));
    const add = (kind: 'ct-direction' | 'phases', sentence: string): Finding =>
      finding(kind, kind === 'phases' ? 'notProven' : 'wrong', witness.device, {
        meter: witness.id,
        sentence,
      });
    return [
      ...(turned.length > 0 ? [add('ct-direction', say.restTurned(witness, turned))] : []),
      ...(open.length > 0 ? [add('phases', say.restOpen(terminal, witness, open))] : []),
    ];
  });
}

/** Exchanged wires come in twos or threes; one phase alone only where one carries it all. */
function isExchange(view: PhaseView, other: readonly Phase[]): boolean {
  if (view.carried === 1) return true;
  const shares = view.phases.map(({ gainShare }) => gainShare * 3);
  // All three at plus a half is a ratio set wrongly, or turned as well: the total names it.
  const allHalf = shares.every((share) => Math.abs(share - 0.5) < 0.17);
  return other.length >= 2 && !allHalf;
}

/** Phases that carry the terminal, most first in the order of their names. */
export const carriers = (view: PhaseView): Phase[] =>
  PHASES.filter((phase) => view.phases.some((one) => one.phase === phase && one.ct !== 'unknown'));
