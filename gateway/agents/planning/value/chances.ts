import type { Chance, ValueStep } from './value.ts';

/** Energy of a step as forecast: 10 %, middle and 90 %, Wh >= 0. */
export interface Band {
  readonly low: number;
  readonly mid: number;
  readonly high: number;
}

/** What is foretold of a step. */
export interface StepOutlook {
  readonly hours: number;
  readonly importNanoPerWh: number;
  readonly exportNanoPerWh: number;
  readonly load: Band;
  readonly pv: Band | undefined;
  /** Loads of that slot on past days, Wh, where the tail counts: a highest import that costs. */
  readonly pastLoads?: readonly number[];
}

/** Import that nobody wants to go beyond, and what a Wh above it costs besides its price. */
export interface Cap {
  readonly mostImportWh: number; // of a step
  readonly overNanoPerWh: number;
}

/** Days by their sun, from dull to clear: place in the band (1 = its upper end), share of days. */
const SKIES: readonly (readonly [number, number])[] = [
  [-1.35, 0.1],
  [-0.6, 0.25],
  [0, 0.3],
  [0.6, 0.25],
  [1.35, 0.1],
];
/** The load's error is drawn anew in each step: lower end of the band, middle, upper end. */
const LOADS: readonly (readonly [number, number])[] = [
  [-1, 0.3],
  [0, 0.4],
  [1, 0.3],
];
/** Share of the steps after which a day is still as sunny as before. */
const SAME_SKY_SHARE = 0.8;
/** Of the most that the sun may give ahead: below it is night, and the sky is forgotten. */
const NIGHT_SHARE = 0.01;

export const SKY_SHARES: readonly number[] = SKIES.map(([, share]) => share);

const within = ({ low, mid, high }: Band, place: number): number =>
  Math.max(0, mid + place * (place > 0 ? high - mid : mid - low));

/** Of the chances, where past days count as well: a band says little about its outside. */
const PAST_SHARE = 0.5;

/** Steps as they may come: five kinds of sky that last, three loads that do not. */
export function chancesOf(outlook: readonly StepOutlook[], cap?: Cap): ValueStep[] {
  const brightest = outlook.reduce((most, { pv }) => Math.max(most, pv?.high ?? 0), 0);
  return outlook.map(({ hours, importNanoPerWh, exportNanoPerWh, load, pv, pastLoads }) => {
    const loads = loadsOf(load, pastLoads ?? []);
    const isNight = pv === undefined || pv.high <= NIGHT_SHARE * brightest;
    const chances = isNight
      ? SKIES.map(() => loads)
      : SKIES.map(([place]) => less(loads, pv, place));
    return {
      hours,
      importNanoPerWh,
      exportNanoPerWh,
      keepShare: isNight ? 0 : SAME_SKY_SHARE,
      chances,
      ...cap,
    };
  });
}

function loadsOf(load: Band, pastLoads: readonly number[]): Chance[] {
  const bandShare = pastLoads.length === 0 ? 1 : 1 - PAST_SHARE;
  return [
    ...LOADS.map(([place, share]) => ({ share: share * bandShare, needWh: within(load, place) })),
    ...pastLoads.map((needWh) => ({ share: PAST_SHARE / pastLoads.length, needWh })),
  ];
}

const less = (loads: readonly Chance[], pv: Band, place: number): Chance[] =>
  loads.map(({ share, needWh }) => ({ share, needWh: needWh - within(pv, place) }));
