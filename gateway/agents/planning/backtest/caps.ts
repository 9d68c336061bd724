import { DAY_MS } from '../../../contracts/values/time.ts';
import type { Cap } from '../value/chances.ts';
import type { Losses, Recording } from './recording.ts';
import type { StepStart } from './simulate.ts';

/** Days whose highest need is a usual one. */
const USUAL_DAYS = 7;

/** Need without the store as the meter showed it; NaN where it was lost. */
export function seenNeedWh({ loadWh, pvWh }: Recording, losses: Losses, index: number): number {
  if (losses.isMeterLost(index)) return Number.NaN;
  return (loadWh[index] ?? Number.NaN) - (pvWh[index] ?? Number.NaN);
}

/** Where the highest import costs nothing, but shall not rise: what the site needed of late. */
export function usualCap(recording: Recording, losses: Losses): (start: StepStart) => Cap {
  const steps = (USUAL_DAYS * DAY_MS) / recording.stepMs;
  return ({ index }) => {
    let mostImportWh = 0;
    for (let at = Math.max(0, index - steps); at < index; at += 1) {
      mostImportWh = Math.max(mostImportWh, seenNeedWh(recording, losses, at) || 0);
    }
    return { mostImportWh, overNanoPerWh: 0 };
  };
}
