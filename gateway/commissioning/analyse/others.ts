import type { Finding } from '../../contracts/values/commissioning.ts';
import { finding, kept } from '../findings.ts';
import { say } from '../sentences.ts';
import type { Evidence } from './evidence.ts';
import type { Observation } from './observe.ts';

export interface OthersView {
  readonly findings: readonly Finding[];
  /** Another device worked against the pulse: nothing that was seen proves anything. */
  readonly isAnswered: boolean;
  /** Meters that only were exchanged with one that should not see the pulse. */
  readonly exchanged: ReadonlySet<Observation>;
}

const MOVES_SHARE = 0.3;

const numbersOf = ({ gainShare }: Observation) => [
  { name: 'share of the pulse', value: kept(100 * Math.abs(gainShare)), unit: '%' },
];

/** Those that should not see the pulse, and do. */
export function othersOf({ terminal, device, observations, factor }: Evidence): OthersView {
  const moved = observations.filter(
    ({ witness, sight, gainShare }) =>
      witness.expectedGainShare === 0 &&
      sight === 'seen' &&
      Math.abs(gainShare * factor) > MOVES_SHARE,
  );
  const findings: Finding[] = [];
  const exchanged = new Set<Observation>();
  const answered = moved.filter(
    ({ witness, gainShare }) => witness.role === 'other' && gainShare < 0,
  );
  for (const one of answered) {
    const sentence = say.answered(terminal, one.witness, one.gainShare);
    const numbers = numbersOf(one);
    findings.push(finding('other-control', 'notProven', one.witness.device, { sentence, numbers }));
  }
  if (findings.length > 0) return { findings, isAnswered: true, exchanged };
  const blind = observations.filter(
    ({ witness, sight }) =>
      witness.expectedGainShare !== 0 && (sight === 'unseen' || sight === 'stuck'),
  );
  const ownIsBlind = blind.some(({ witness }) => witness.role === 'own');
  for (const one of moved) {
    const { witness } = one;
    const numbers = numbersOf(one);
    if (witness.role === 'other') {
      const sentence = ownIsBlind
        ? say.addressExchanged(terminal, witness)
        : say.twoAnswer(terminal, witness);
      findings.push(finding('mapping', 'wrong', device, { sentence, numbers }));
      continue;
    }
    // Its terminal moved as well: then the meter is right about it.
    if (moved.some((other) => other.witness.role === 'other' && other.witness.of === witness.of)) {
      continue;
    }
    const partner = blind.find(
      (other) =>
        other.witness.role === 'meter' && other.witness.expectedGainShare * one.gainShare > 0,
    );
    if (partner !== undefined) exchanged.add(partner);
    findings.push(
      finding('mapping', 'wrong', witness.device, {
        meter: witness.id,
        sentence:
          partner === undefined
            ? say.seesToo(terminal, witness, one.gainShare)
            : say.metersExchanged(witness, partner.witness),
        numbers,
      }),
    );
  }
  return { findings, isAnswered: false, exchanged };
}
