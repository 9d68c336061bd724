import { DAY_MS, HOUR_MS } from '../../../contracts/values/time.ts';
import {
  knownSteps,
  type Losses,
  meanImportNano,
  type Recording,
  type SiteRules,
  type Span,
} from './recording.ts';

/** What a controller knows as a step begins: all that came before, the store, the peak so far. */
export interface StepStart {
  readonly index: number;
  readonly nowWh: number;
  readonly peakW: number;
  readonly daysLeft: number; // of the window, after today: its highest import is paid once
}

/** A stretch of a step within which the meter is not looked at again: its mean is followed. */
export interface Part {
  readonly loadWh: number;
  readonly pvWh: number;
}

/** The store as a part begins, and how much of its step the part is. */
export interface PartStart {
  readonly nowWh: number;
  readonly share: number; // 0..1 of the step's time
  readonly before: Before;
}

/** What a step has shown before a part of it. */
export interface Before {
  readonly needWh: number;
  readonly share: number; // 0..1 of the step's time
}

export const NOTHING_BEFORE: Before = { needWh: 0, share: 0 };

/**
 * Energy that the store shall give (+) or take (-) at the ac side in a part, Wh, as the meter
 * shows what the site needs without it (+ deficit, - surplus): a rule that follows the meter.
 */
export type Answer = (needWh: number, part: PartStart) => number;

export type Controller = (start: StepStart) => Answer;

/** What a window cost under one controller, as metered. */
export interface WindowRun {
  readonly costNano: number;
  readonly grossNano: number; // of the load alone: no sun, no battery
  readonly peakW: number; // highest import, mean of a step
  readonly throughputWh: number; // into the store
  readonly storedWh: readonly number[]; // after each known step
  readonly gridWh: readonly number[]; // + import
}

/**
 * One window, from the start's energy to its end; a meter that is lost moves nothing.
 * @param partsOf  a step as the meter sees it: its mean, or minute by minute
 */
export function simulate(
  recording: Recording,
  rules: SiteRules,
  span: Span,
  losses: Losses,
  controller: Controller,
  partsOf = wholeSteps(recording),
): WindowRun {
  const { store, demandNanoPerW } = rules;
  const hours = recording.stepMs / HOUR_MS;
  let nowWh = rules.startWh;
  let costNano = 0;
  let grossNano = 0;
  let peakW = 0;
  let throughputWh = 0;
  const storedWh: number[] = [];
  const gridWh: number[] = [];
  for (const index of knownSteps(recording, span)) {
    const answer = controller({ index, nowWh, peakW, daysLeft: daysLeft(recording, span, index) });
    const importNano = recording.importNanoPerWh[index] ?? 0;
    const exportNano = recording.exportNanoPerWh[index] ?? 0;
    const parts = partsOf(index);
    const share = 1 / parts.length;
    let stepWh = 0;
    let before = NOTHING_BEFORE;
    for (const { loadWh, pvWh } of parts) {
      const needWh = loadWh - pvWh;
      const askedWh = losses.isMeterLost(index) ? 0 : answer(needWh, { nowWh, share, before });
      const { givesWh, afterWh } = moved(askedWh, nowWh, store, hours * share);
      throughputWh += Math.max(0, afterWh - nowWh);
      nowWh = afterWh;
      const netWh = needWh - givesWh;
      costNano += netWh * (netWh > 0 ? importNano : exportNano);
      stepWh += netWh;
      before = { needWh: before.needWh + needWh, share: before.share + share };
    }
    grossNano += (recording.loadWh[index] ?? 0) * importNano;
    peakW = Math.max(peakW, stepWh / hours);
    storedWh.push(nowWh);
    gridWh.push(stepWh);
  }
  const shortWh = Math.max(0, rules.endWh - nowWh);
  costNano += (shortWh * meanImportNano(recording, span)) / store.chargeShare;
  costNano += demandNanoPerW * peakW;
  return { costNano, grossNano, peakW, throughputWh, storedWh, gridWh };
}

function daysLeft({ clockMs }: Recording, { untilIndex }: Span, index: number): number {
  const dayOf = (at: number): number => Math.floor((clockMs[at] ?? 0) / DAY_MS);
  return dayOf(untilIndex - 1) - dayOf(index);
}

const wholeSteps =
  ({ loadWh, pvWh }: Recording) =>
  (index: number): readonly Part[] => [{ loadWh: loadWh[index] ?? 0, pvWh: pvWh[index] ?? 0 }];

/** What the battery does of what it is asked: within its power, and what it holds. */
function moved(askedWh: number, nowWh: number, store: SiteRules['store'], hours: number) {
  if (askedWh < 0) {
    const takesWh = Math.min(-askedWh, store.chargeMaxW * hours);
    const inWh = Math.min(takesWh * store.chargeShare, store.maxWh - nowWh);
    return { givesWh: -inWh / store.chargeShare, afterWh: nowWh + inWh };
  }
  const mostWh = Math.min(askedWh, store.dischargeMaxW * hours);
  const outWh = Math.min(mostWh / store.dischargeShare, nowWh - store.minWh);
  return { givesWh: outWh * store.dischargeShare, afterWh: nowWh - outWh };
}
