import type { LearnedPhase, Phase } from '../../contracts/values/commissioning.ts';
import type { Observation } from './observe.ts';

/**
 * Which phases carry a terminal's power, and whether each current transformer sits on the wire
 * whose voltage it is multiplied with. Current of one phase with the voltage of another is 120
 * degrees off: half the power, with the sign turned (cos 120 = -0.5).
 */
export interface PhaseView {
  readonly carried: 1 | 3 | undefined; // phases; undefined = not to be told
  readonly phases: readonly LearnedPhase[];
}

const NEAR_SHARE = 0.16;
const NONE_SHARE = 0.12;
const DOUBT_SHARE = 0.06;

type Ct = LearnedPhase['ct'];

/** @param relative  gain of the phase, 1 = all that it should carry */
function ctOf(relative: number): Ct {
  if (Math.abs(relative - 1) <= 0.25) return 'right';
  if (Math.abs(relative + 1) <= 0.25) return 'reversed';
  if (Math.abs(Math.abs(relative) - 0.5) <= NEAR_SHARE) return 'other-phase';
  return 'unknown';
}

/**
 * @param scale  by which the witness counts too much, so that shares are of what it could see
 */
export function phasesOf({ phases, witness }: Observation, scale: number): PhaseView {
  const expected = witness.expectedGainShare * scale;
  const unknown: PhaseView = {
    carried: undefined,
    phases: phases.map(({ phase, gainShare, gainErrorShare }) => ({
      phase,
      gainShare: gainShare / expected,
      gainErrorShare: gainErrorShare / Math.abs(scale),
      ct: 'unknown',
    })),
  };
  if (expected === 0) return { ...unknown, phases: [] };
  const shares = unknown.phases;
  const isSure = phases.every(
    (one) => one.isSteady && one.gainErrorShare < DOUBT_SHARE * Math.abs(scale),
  );
  if (shares.length < 3 || !isSure) return unknown;
  const carrying = shares.filter(({ gainShare }) => Math.abs(gainShare) > NONE_SHARE);
  const [only] = carrying;
  if (carrying.length === 1 && only !== undefined && Math.abs(only.gainShare) > 0.3) {
    return {
      carried: 1,
      phases: shares.map((one) =>
        one === only ? { ...one, ct: ctOf(one.gainShare) } : { ...one, ct: 'unknown' },
      ),
    };
  }
  if (carrying.length !== 3) return unknown;
  return {
    carried: 3,
    phases: shares.map((one) => ({ ...one, ct: ctOf(one.gainShare * 3) })),
  };
}

/** Phases by how their transformer sits. */
export const withCt = (view: PhaseView, ct: Ct): Phase[] =>
  view.phases.filter((one) => one.ct === ct).map(({ phase }) => phase);
