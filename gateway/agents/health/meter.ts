import type { Instant } from '../../contracts/values/time.ts';
import { type Cusum, type CusumSettings, changeOf, cusumStep } from './cusum.ts';
import type { Finding, HealthQuarter } from './types.ts';

const LEAST_WH = 2_000; // of throughput in a day
const LEAST_QUARTERS = 80;
/** A counter and a power polled each second agree better than this where both are right. */
const DRIFT: CusumSettings = { learnCount: 0, slackShare: 0.03, floorShare: 0.01, isFixed: true };

/** A day's counter against the integral of its power, as a share of what flowed. */
export function meterDay(
  before: Cusum,
  day: readonly HealthQuarter[],
  id: string,
  dayMs: Instant,
): Cusum {
  let [offWh, throughWh, count] = [0, 0, 0];
  for (const { meters } of day) {
    const one = meters.find((meter) => meter.id === id);
    if (one?.counterWh === undefined || one.powerWh === undefined) continue;
    offWh += Math.sign(one.powerWh) * (one.counterWh - one.powerWh);
    throughWh += Math.abs(one.powerWh);
    count += 1;
  }
  if (count < LEAST_QUARTERS || throughWh < LEAST_WH) return before;
  return cusumStep(before, offWh / throughWh, dayMs, DRIFT);
}

export function meterFinding(id: string, state: Cusum): Finding[] {
  const change = changeOf(state);
  return change === undefined ? [] : [{ ...change, kind: 'METER_DRIFT', id }];
}
