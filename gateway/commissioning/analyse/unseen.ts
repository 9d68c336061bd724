import type { Finding } from '../../contracts/values/commissioning.ts';
import { finding, kept } from '../findings.ts';
import { say } from '../sentences.ts';
import type { Evidence } from './evidence.ts';
import type { Observation } from './observe.ts';
import type { Seen } from './sign.ts';

/** Witnesses that should have seen the pulses and did not, or not well enough. */
export function judgeUnseen(
  evidence: Evidence,
  involved: readonly Observation[],
  seen: readonly Seen[],
  explained: ReadonlySet<Observation>,
  exchanged: ReadonlySet<Observation>,
): Finding[] {
  const open = involved.filter((one) => one.sight !== 'seen' && !explained.has(one));
  const isAnySeen = seen.length > 0 || explained.size > 0 || exchanged.size > 0;
  const jumpW = Math.max(...evidence.pulses.map((one) => Math.abs(one.jumpW)));
  const faint = open.filter((one) => one.sight !== 'missing' && isFaint(one, jumpW));
  const unclear = open.filter((one) => one.sight === 'unclear' && !faint.includes(one));
  const oneSided = oneSidedLimit(evidence, unclear);
  if (oneSided !== undefined) return [oneSided];
  const found: Finding[] = [];
  const blind = open.filter(({ sight }) => sight === 'unseen' || sight === 'stuck');
  const isIgnored =
    !isAnySeen && unclear.length === 0 && blind.some(({ sight }) => sight === 'unseen');
  if (isIgnored) return [ignored(evidence)];
  for (const one of open) {
    const { witness, sight } = one;
    if (exchanged.has(one)) continue;
    const meter = witness.role === 'own' ? null : witness.id;
    const add = (kind: Finding['kind'], severity: Finding['severity'], sentence: string): void => {
      found.push(finding(kind, severity, witness.device, { meter, sentence }));
    };
    if (unclear.includes(one)) add('noise', 'notProven', say.unclear(evidence.terminal, witness));
    else if (sight === 'missing') {
      // A device that shows no power of its own has meters to speak for it.
      if (witness.role === 'meter' || one.series.value.length > 0) {
        add('missing', 'notProven', say.missing(witness));
      }
    } else if (!isAnySeen) add('noise', 'notProven', say.unclear(evidence.terminal, witness));
    else if (sight === 'stuck') add('stuck', 'wrong', say.stuck(witness, one.series.value[0]));
    else if (witness.role === 'own') add('mapping', 'wrong', say.ownBlind(evidence.terminal));
    else if (faint.includes(one)) add('scale', 'wrong', say.meterFaint(witness));
    else add('mapping', 'wrong', say.meterBlind(evidence.terminal, witness));
  }
  return found;
}

/** It never showed a twentieth of the pulse, not even of the loads: kW are read as W. */
const isFaint = ({ series }: Observation, jumpW: number): boolean =>
  series.value.every((powerW) => Math.abs(powerW) < jumpW / 20);

function ignored({ terminal, device, isObeyed }: Evidence): Finding {
  const needsCar = terminal.kind === 'ev' && isObeyed === true;
  return needsCar
    ? finding('conditions', 'notProven', device, { sentence: say.noCar(terminal) })
    : finding('write', 'wrong', device, { sentence: say.ignored(terminal, isObeyed) });
}

/** All see the same: one way it does what it is told, the other way less. */
function oneSidedLimit(
  { terminal, device, factor }: Evidence,
  unclear: readonly Observation[],
): Finding | undefined {
  const [first, second] = unclear;
  if (first?.fit === undefined || second?.fit === undefined) return undefined;
  const sharesOf = ({ fit, witness }: Observation): number[] =>
    (fit?.perPulse ?? []).map((gain) => (gain / witness.expectedGainShare) * factor);
  const all = unclear.map(sharesOf);
  const [own = []] = all;
  const doAgree = all.every((one) =>
    one.every((share, pulse) => Math.abs(share - (own[pulse] ?? Number.NaN)) < 0.3),
  );
  const least = Math.min(...own);
  const most = Math.max(...own);
  if (!doAgree || most > 1.3 || most < 0.7 || least < -0.25) return undefined;
  const numbers = [{ name: 'least share of a pulse', value: kept(100 * least), unit: '%' }];
  return least < 0.2
    ? finding('write', 'wrong', device, { sentence: say.oneWayIgnored(terminal), numbers })
    : finding('limit', 'notProven', device, { sentence: say.oneWayLess(terminal, least), numbers });
}
