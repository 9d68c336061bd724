import type { Finding, Phase } from '../../contracts/values/commissioning.ts';
import { finding, kept } from '../findings.ts';
import { say } from '../sentences.ts';
import type { Evidence } from './evidence.ts';
import type { Observation } from './observe.ts';
import { othersOf } from './others.ts';
import { judgePhases } from './phase-findings.ts';
import { type PhaseView, withCt } from './phases.ts';
import { type ScaleView, scaleOf, tenOf } from './scale.ts';
import { type Seen, type SignView, signOf } from './sign.ts';
import { judgeUnseen } from './unseen.ts';

export interface Judged {
  readonly findings: readonly Finding[];
  readonly sign: 1 | -1 | null;
  readonly trusted: readonly Seen[]; // right in sign and scale
}

const shareOf = (observation: Observation, factor: number): number =>
  (observation.gainShare / (observation.witness.expectedGainShare || 1)) * factor;

export function judge(evidence: Evidence): Judged {
  const involved = evidence.observations.filter((one) => one.witness.expectedGainShare !== 0);
  const others = othersOf(evidence);
  if (others.isAnswered) return { findings: others.findings, sign: null, trusted: [] };
  const phases = judgePhases(evidence, involved);
  const seen = involved
    .filter((one) => one.sight === 'seen' && !phases.explained.has(one))
    .map((observation): Seen => ({ observation, share: shareOf(observation, evidence.factor) }));
  const unseen = judgeUnseen(evidence, involved, seen, phases.explained, others.exchanged);
  const findings = [...others.findings, ...phases.findings, ...unseen];
  if (seen.length === 0) return { findings, sign: null, trusted: [] };

  const own = seen.find(({ observation }) => observation.witness.role === 'own');
  const meters = seen.filter((one) => one !== own);
  const shares = new Map(seen.map((one) => [one.observation, one.share]));
  const sign = signOf(own, meters, evidence.physics(shares), evidence.areSignsSeen);
  const scale = scaleOf(evidence.terminal, seen);
  const wrong = new Set([
    ...sign.turned,
    ...sign.conflicting,
    ...scale.unsure,
    ...scale.off.map((one) => one.seen),
  ]);
  const trusted = seen.filter((one) => !wrong.has(one));
  findings.push(...signFindings(evidence, sign, phases.views), ...scaleFindings(evidence, scale));
  const isNamed = findings.some(({ severity }) => severity === 'wrong');
  findings.push(...proofs(evidence, sign, scale, trusted, isNamed));
  return { findings, sign: sign.truth === 0 ? null : sign.truth, trusted };
}

function signFindings(
  { terminal, device }: Evidence,
  sign: SignView,
  views: ReadonlyMap<Observation, PhaseView>,
): Finding[] {
  const found: Finding[] = [];
  if (sign.truth === -1) {
    found.push(finding('sign', 'wrong', device, { sentence: say.opposite(terminal) }));
  }
  for (const { observation, share } of sign.turned) {
    const { witness } = observation;
    const isOwn = witness.role === 'own';
    found.push(
      finding(isOwn ? 'sign' : 'ct-direction', 'wrong', witness.device, {
        meter: isOwn ? null : witness.id,
        sentence: isOwn
          ? say.ownTurned(terminal)
          : say.meterTurned(witness, onePhase(views.get(observation))),
        numbers: [shareNumber(share)],
      }),
    );
  }
  for (const { observation, share } of sign.conflicting) {
    const { witness } = observation;
    found.push(
      finding('ct-direction', 'wrong', witness.device, {
        meter: witness.id,
        sentence: say.conflict(terminal, witness),
        numbers: [shareNumber(share)],
      }),
    );
  }
  if (sign.truth === 0 && sign.conflicting.length === 0) {
    found.push(finding('sign', 'notProven', device, { sentence: say.signUnknown(terminal) }));
  }
  return found;
}

/** The one phase whose transformer is turned, where one phase carries it all. */
const onePhase = (view: PhaseView | undefined): Phase | undefined =>
  view?.carried === 1 ? withCt(view, 'reversed')[0] : undefined;

const shareNumber = (share: number) => ({
  name: 'share of the pulse',
  value: kept(100 * share),
  unit: '%',
});

function scaleFindings({ terminal, device }: Evidence, scale: ScaleView): Finding[] {
  const found: Finding[] = [];
  const { deviceShare } = scale;
  if (scale.isDeviceOff) {
    // A limit is cut to, never far below it: that is another scale.
    const isFar = terminal.control === 'limit' && deviceShare < 0.4;
    const isLess = deviceShare < 1 && !isFar && tenOf(deviceShare) === undefined;
    found.push(
      finding(isLess ? 'limit' : 'scale', isLess ? 'notProven' : 'wrong', device, {
        sentence: isLess
          ? say.doesLess(terminal, deviceShare)
          : say.deviceScale(terminal, deviceShare),
        numbers: [shareNumber(deviceShare)],
      }),
    );
  }
  for (const { seen, times } of scale.off) {
    const { witness } = seen.observation;
    const isOwn = witness.role === 'own';
    const sentence = scale.isTie
      ? say.scaleTie(terminal, witness, times)
      : isOwn
        ? say.ownScale(terminal, times)
        : say.meterScale(witness, times);
    found.push(
      finding('scale', 'wrong', witness.device, {
        meter: isOwn ? null : witness.id,
        sentence,
        numbers: [{ name: 'counts', value: kept(times), unit: 'times too much' }],
      }),
    );
  }
  for (const { observation, share } of scale.unsure) {
    const { witness } = observation;
    found.push(
      finding('noise', 'notProven', witness.device, {
        meter: witness.role === 'own' ? null : witness.id,
        sentence: say.scaleUnsure(witness, share),
        numbers: [shareNumber(share)],
      }),
    );
  }
  return found;
}

/** What holds. The device is only believed where somebody else saw what it did. */
function proofs(
  { terminal, device }: Evidence,
  sign: SignView,
  scale: ScaleView,
  trusted: readonly Seen[],
  isNamed: boolean, // what is wrong
): Finding[] {
  const meters = trusted.filter(({ observation }) => observation.witness.role === 'meter');
  const found: Finding[] = meters.map(({ observation, share }) =>
    finding('mapping', 'proven', observation.witness.device, {
      meter: observation.witness.id,
      sentence: say.meterRight(terminal, observation.witness, share),
      numbers: [shareNumber(share)],
    }),
  );
  if (meters.length === 0) {
    if (isNamed) return [];
    const sentence = say.nobodyElse(terminal);
    return [finding('mapping', 'notProven', device, { sentence })];
  }
  found.push(finding('write', 'proven', device, { sentence: say.obeys(terminal) }));
  if (sign.truth === 1) {
    found.push(finding('sign', 'proven', device, { sentence: say.signRight(terminal) }));
  }
  if (!scale.isDeviceOff) {
    found.push(
      finding('scale', 'proven', device, {
        sentence: say.scaleRight(terminal, scale.deviceShare),
        numbers: [shareNumber(scale.deviceShare)],
      }),
    );
  }
  return found;
}
