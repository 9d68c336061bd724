import type { Instant } from '../../contracts/values/time.ts';
import type { Change } from './cusum.ts';

/** One quarter-hour as the detectors see it; undefined = not known. Energies Wh. */
export interface HealthQuarter {
  readonly fromMs: Instant;
  readonly dayMs: Instant; // local midnight
  readonly clearShare: number; // of rated power, under a clear sky
  readonly sources: readonly SourceQuarter[];
  readonly stores: readonly StoreQuarter[];
  readonly meters: readonly MeterQuarter[];
}

export interface SourceQuarter {
  readonly id: string;
  readonly ratedW: number;
  readonly madeWh: number | undefined; // undefined also where it was held back
  readonly temperatureC: number | undefined; // mean
}

export interface StoreQuarter {
  readonly id: string;
  readonly usableWh: number;
  readonly givenWh: number | undefined;
  readonly takenWh: number | undefined;
  readonly socPct: number | undefined; // at its end
  readonly resistanceOhm: number | undefined; // median of the load steps
}

export interface MeterQuarter {
  readonly id: string;
  readonly counterWh: number | undefined; // net, + into the node
  readonly powerWh: number | undefined; // the same from its power
}

export type FindingKind =
  | 'PV_LESS' // of a clear sky than before
  | 'PV_BEHIND' // the other inverters of the site
  | 'PV_YEAR' // less than a year ago, in the same weeks
  | 'PV_HOT' // less while it is hot
  | 'BATTERY_SMALLER'
  | 'BATTERY_LOSS' // more than before, from charge to discharge
  | 'BATTERY_RESISTANCE'
  | 'METER_DRIFT';

export interface Finding extends Change {
  readonly kind: FindingKind;
  readonly id: string;
}

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
};
