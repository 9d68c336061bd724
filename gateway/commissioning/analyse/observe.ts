import { type LearnedPhase, PHASES, type Trace } from '../../contracts/values/commissioning.ts';
import { between, medianOf, noiseOf, powerSeries, resolutionOf, type Series } from '../series.ts';
import { phaseKey, type Witness } from '../witnesses.ts';
import type { Excitation } from './pulses.ts';
import { type Fit, fitAt, fitPulses, isConstant, type Responses } from './response.ts';

/**
 * missing: said too little. stuck: never changed. unseen: certainly did not see the pulse. unclear:
 * too much noise, or the pulses do not agree with each other. seen: saw each of them alike.
 */
export type Sight = 'missing' | 'stuck' | 'unseen' | 'unclear' | 'seen';

export interface Observation {
  readonly witness: Witness;
  readonly sight: Sight;
  readonly fit: Fit | undefined;
  readonly gainShare: number; // in the witness's own sign; 0 where nothing is known
  readonly gainErrorShare: number;
  readonly series: Series;
  readonly resolutionW: number | undefined;
  readonly noiseW: number; // of the quiet phase
  readonly phases: readonly PhaseGain[];
}

export interface PhaseGain extends Omit<LearnedPhase, 'ct'> {
  readonly isSteady: boolean; // alike in every pulse
}

const COUNT_MIN = 20;
/** Standard deviations by which a gain must stand out: the search over delays favours chance. */
const STANDS_OUT = 7;
const UNSEEN_SHARE = 0.3;
/** Below it a gain is only believed where it is far out of noise: a factor of ten or a thousand. */
const FAINT_SHARE = 0.2;
const FAINT_STANDS_OUT = 9;
/** By how much each pulse may differ from all of them. */
const ALIKE_SHARE = 0.3;
const DOUBT_SHARE = 0.2;
const PHASE_ALIKE_SHARE = 0.12;

/** Whether each pulse was seen like the others; a load that moves with one of them shows here. */
function isAlike(fit: Fit): boolean {
  const size = Math.abs(fit.gainShare);
  if (fit.perPulseErrorShare > DOUBT_SHARE * size) return false;
  const allowed = ALIKE_SHARE * size;
  return fit.perPulse.every((gain) => Math.abs(gain - fit.gainShare) <= allowed);
}

function sightOf(series: Series, fit: Fit | undefined): Sight {
  if (series.value.length < COUNT_MIN || fit === undefined) return 'missing';
  if (isConstant(series)) return 'stuck';
  const size = Math.abs(fit.gainShare);
  const sigma = fit.gainErrorShare;
  if (!Number.isFinite(sigma)) return 'unclear';
  const isFaint = size < FAINT_SHARE;
  const doesStandOut = size >= (isFaint ? FAINT_STANDS_OUT : STANDS_OUT) * sigma;
  if (doesStandOut) return isAlike(fit) ? 'seen' : 'unclear';
  // Each pulse for itself, too: two that a load hid must not pass for none.
  const most = Math.max(size, ...fit.perPulse.map(Math.abs)) + 3 * fit.perPulseErrorShare;
  return most < UNSEEN_SHARE ? 'unseen' : 'unclear';
}

export function observe(
  trace: Trace,
  witness: Witness,
  excitation: Excitation,
  responses: Responses,
  delayMaxS: number,
): Observation {
  const all = withPhases(trace, witness);
  const series = between(all.total, 0, excitation.endS);
  const whole = fitPulses(series, responses, delayMaxS);
  const sight = sightOf(series, whole);
  const fit = sight === 'unclear' ? (oneWay(series, responses, delayMaxS) ?? whole) : whole;
  const firstS = excitation.pulses[0]?.parts[0]?.fromS ?? 0;
  const phases: PhaseGain[] = [];
  for (const [index, phase] of PHASES.entries()) {
    const one = between(all.phases[index] ?? { atS: [], value: [] }, 0, excitation.endS);
    const found = fit && fitAt(one, responses, strongest(fit, one, responses, delayMaxS));
    if (found === undefined) continue;
    const { gainShare, gainErrorShare } = found;
    const allowed = Math.max(ALIKE_SHARE * Math.abs(gainShare), PHASE_ALIKE_SHARE);
    const isSteady = found.perPulse.every((gain) => Math.abs(gain - gainShare) <= allowed);
    phases.push({ phase, gainShare, gainErrorShare, isSteady });
  }
  return {
    ...{ witness, sight, fit, series, phases },
    gainShare: fit?.gainShare ?? 0,
    gainErrorShare: fit?.gainErrorShare ?? Number.NaN,
    resolutionW: resolutionOf(series),
    noiseW: noiseOf(between(series, 0, firstS)),
  };
}

/** All pulses at the dead time and lag that those of one way show: the other may do nothing. */
function oneWay(series: Series, responses: Responses, delayMaxS: number): Fit | undefined {
  const standOut = ({ gainShare, gainErrorShare }: Fit): number =>
    Math.abs(gainShare) / gainErrorShare;
  const [best] = responses.ways
    .flatMap((way) => fitPulses(series, way, delayMaxS) ?? [])
    .sort((a, b) => standOut(b) - standOut(a));
  return best && fitAt(series, responses, best);
}

/** Dead time and lag of the total; where it shows nothing (phases cancel), of the phase itself. */
function strongest(total: Fit, phase: Series, responses: Responses, delayMaxS: number): Fit {
  if (Math.abs(total.gainShare) >= STANDS_OUT * total.gainErrorShare) return total;
  return fitPulses(phase, responses, delayMaxS) ?? total;
}

/** A meter that gives no total: its phases make it. */
function withPhases(trace: Trace, witness: Witness): { total: Series; phases: readonly Series[] } {
  const phases = PHASES.map((phase) => powerSeries(trace, witness, phaseKey(phase)));
  const total = powerSeries(trace, witness);
  const lengths = phases.map(({ value }) => value.length);
  if (total.value.length > 0 || medianOf(lengths) === 0) return { total, phases };
  const count = Math.min(...lengths);
  const value = Array.from({ length: count }, (_, index) =>
    phases.reduce((sum, one) => sum + (one.value[index] ?? 0), 0),
  );
  return { total: { atS: (phases[0]?.atS ?? []).slice(0, count), value }, phases };
}
