import type { Learned, LearnedMeter } from '../../contracts/values/commissioning.ts';
import type { Terminal } from '../../contracts/values/site.ts';
import { kept } from '../findings.ts';
import { medianOf } from '../series.ts';
import type { Judged } from './judge.ts';
import type { Observation } from './observe.ts';
import { carriers, phaseViews } from './phase-findings.ts';
import type { PhaseView } from './phases.ts';
import type { Pulse } from './response.ts';
import type { Seen } from './sign.ts';

/** A ramp that ends as e^-t: from 10 to 90 % takes 2.2 lags. */
const RAMP_LAGS = 2.2;

/** What the trusted witnesses measured; nothing where there are none. */
export function learn(
  terminal: Terminal,
  judged: Judged | undefined,
  observations: readonly Observation[],
  pulses: readonly Pulse[],
  factor = 1,
): Learned {
  const trusted = judged?.trusted ?? [];
  const views = phaseViews(observations, factor);
  const quick = quickest(trusted);
  const fit = quick?.observation.fit;
  const right = trusted.map((one) => views.get(one.observation)).find(isRight);
  const jumpW = medianOf(pulses.map((one) => Math.abs(one.jumpW)));
  const shares = waysOf(quick, pulses, factor);
  return {
    terminal: terminal.id,
    sign: judged?.sign ?? null,
    phases: right === undefined ? [] : carriers(right),
    delayMs: fit === undefined ? null : Math.round(fit.delayS * 1_000),
    delayErrorMs: fit === undefined ? null : Math.round(fit.delayErrorS * 1_000),
    lagMs: fit === undefined ? null : Math.round(fit.lagS * 1_000),
    lagErrorMs: fit === undefined ? null : Math.round(fit.lagErrorS * 1_000),
    rampWPerS:
      fit === undefined || !Number.isFinite(jumpW)
        ? null
        : kept((0.8 * jumpW) / (RAMP_LAGS * fit.lagS)),
    ...shares,
    limitInW: limitOf(shares.inShare, pulses, 1),
    limitOutW: limitOf(shares.outShare, pulses, -1),
    reversion: null,
    release: null,
    meters: observations
      .filter(({ fit: one }) => one !== undefined)
      .map((one) => meterOf(one, factor, views.get(one), fit?.delayS)),
  };
}

const isRight = (view: PhaseView | undefined): boolean =>
  view !== undefined &&
  view.carried !== undefined &&
  view.phases.every(({ ct }) => ct !== 'reversed' && ct !== 'other-phase');

/** The witness in which the pulse shows first; of those alike, the surer one. */
function quickest(trusted: readonly Seen[]): Seen | undefined {
  const late = ({ observation: { fit } }: Seen): number =>
    fit === undefined ? Number.POSITIVE_INFINITY : fit.delayS + 0.5 * fit.delayErrorS;
  return [...trusted].sort((a, b) => late(a) - late(b))[0];
}

/** Of what was asked, into the node and out of it, as the witness that saw it first has it. */
function waysOf(
  quick: Seen | undefined,
  pulses: readonly Pulse[],
  factor: number,
): Pick<Learned, 'inShare' | 'outShare'> {
  const { fit, witness } = quick?.observation ?? {};
  if (fit === undefined || witness === undefined) return { inShare: null, outShare: null };
  const shares = fit.perPulse.map((gain) => (gain / witness.expectedGainShare) * factor);
  const of = (way: 1 | -1): number | null => {
    const found = shares.filter((_, index) => (pulses[index]?.jumpW ?? 0) * way > 0);
    return found.length === 0 ? null : kept(medianOf(found));
  };
  return { inShare: of(1), outShare: of(-1) };
}

/** A device that stops short of what it was asked has shown its limit. */
function limitOf(share: number | null, pulses: readonly Pulse[], way: 1 | -1): number | null {
  if (share === null || share >= 0.75 || share < 0.15) return null;
  const asked = pulses.filter(({ jumpW }) => jumpW * way > 0).map(({ jumpW }) => Math.abs(jumpW));
  return asked.length === 0 ? null : Math.round(share * medianOf(asked));
}

function meterOf(
  one: Observation,
  factor: number,
  view: PhaseView | undefined,
  quickS: number | undefined,
): LearnedMeter {
  const { witness, fit, sight } = one;
  const isSeen = sight === 'seen' && fit !== undefined;
  return {
    meter: witness.id,
    device: witness.device,
    of: witness.of,
    expectedGainShare: witness.expectedGainShare,
    gainShare: kept(one.gainShare * factor),
    gainErrorShare: Number.isFinite(one.gainErrorShare) ? kept(one.gainErrorShare * factor) : 0,
    phases: (view?.phases ?? []).map((phase) => ({
      ...phase,
      gainShare: kept(phase.gainShare),
      gainErrorShare: Number.isFinite(phase.gainErrorShare) ? kept(phase.gainErrorShare) : 0,
    })),
    delayMs: isSeen ? Math.round(fit.delayS * 1_000) : null,
    latencyMs:
      isSeen && quickS !== undefined
        ? Math.max(0, Math.round((fit.delayS - quickS) * 1_000))
        : null,
    resolutionW: one.resolutionW === undefined ? null : kept(one.resolutionW),
    noiseW: Number.isFinite(one.noiseW) ? kept(one.noiseW) : null,
  };
}
