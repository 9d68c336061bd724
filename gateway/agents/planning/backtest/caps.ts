import { DAY_MS, HOUR_MS } from '../../../contracts/values/time.ts';
import { lowestCapW } from '../value/cap.ts';
import type { Cap } from '../value/chances.ts';
import type { Losses, Recording, SiteRules } from './recording.ts';
import type { StepStart } from './simulate.ts';

/** Days whose peaks say which import can be kept. */
const PAST_DAYS = 28;
/** Days whose highest need is a usual one. */
const USUAL_DAYS = 7;

/** Need without the store as the meter showed it; NaN where it was lost. */
export function seenNeedWh({ loadWh, pvWh }: Recording, losses: Losses, index: number): number {
  if (losses.isMeterLost(index)) return Number.NaN;
  return (loadWh[index] ?? Number.NaN) - (pvWh[index] ?? Number.NaN);
}

/** Where the highest import costs: what the last days would have allowed, or what it is by now. */
export function demandCap(
  recording: Recording,
  { demandNanoPerW, store }: SiteRules,
  losses: Losses,
): (start: StepStart) => Cap {
  const hours = recording.stepMs / HOUR_MS;
  const steps = (PAST_DAYS * DAY_MS) / recording.stepMs;
  let ofDay = { day: Number.NaN, lowestW: 0 };
  return ({ index, peakW }) => {
    const day = Math.floor((recording.clockMs[index] ?? 0) / DAY_MS);
    if (ofDay.day !== day) {
      const count = Math.min(index, steps);
      const needsWh = Array.from({ length: count }, (_, n) =>
        seenNeedWh(recording, losses, index - count + n),
      );
      ofDay = { day, lowestW: lowestCapW(needsWh, hours, store) };
    }
    const mostW = Math.max(peakW, ofDay.lowestW);
    return { mostImportWh: mostW * hours, overNanoPerWh: demandNanoPerW / hours };
  };
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
