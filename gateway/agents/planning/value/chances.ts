import type { Chance, KindShares, ShownNeed, ValueStep } from './value.ts';

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
export const LOADS: readonly (readonly [number, number])[] = [
  [-1, 0.3],
  [0, 0.4],
  [1, 0.3],
];
/** Share of the days whose sky turns within an hour. */
const TURN_SHARE = 0.2;
/** Standard deviation of the load, of its band's width: what is left of a need is the sky's. */
const SPREAD_SHARE = 0.3;
const LEAST_SPREAD_WH = 1;
/** Of the most that the sun may give ahead: below it is night, and the sky is forgotten. */
const NIGHT_SHARE = 0.01;

const ANY_SKY: readonly number[] = SKIES.map(([, share]) => share);
export const SKY_SHARES: KindShares = { anyDay: ANY_SKY, thisDay: ANY_SKY };

/** @param place  0 = middle, 1 = upper end, -1 = lower end */
export const within = ({ low, mid, high }: Band, place: number): number =>
  Math.max(0, mid + place * (place > 0 ? high - mid : mid - low));

/** Steps as they may come: five kinds of sky that last, three loads that do not. */
export function chancesOf(outlook: readonly StepOutlook[], cap?: Cap): ValueStep[] {
  const brightest = outlook.reduce((most, { pv }) => Math.max(most, pv?.high ?? 0), 0);
  return outlook.map(({ hours, importNanoPerWh, exportNanoPerWh, load, pv }) => {
    const loads = LOADS.map(([place, share]) => ({ share, needWh: within(load, place) }));
    const isNight = pv === undefined || pv.high <= NIGHT_SHARE * brightest;
    return {
      hours,
      importNanoPerWh,
      exportNanoPerWh,
      keepShare: isNight ? 0 : Math.max(0, 1 - TURN_SHARE * hours),
      chances: SKIES.map(([place]) => (isNight ? loads : less(loads, pv, place))),
      ...(!isNight && { shown: shownNeeds(load, pv) }),
      ...cap,
    };
  });
}

/** What the meter shows under each sky. */
function shownNeeds(load: Band, pv: Band): ShownNeed[] {
  const spreadWh = Math.max(LEAST_SPREAD_WH, SPREAD_SHARE * (load.high - load.low));
  return SKIES.map(([place]) => ({ needWh: load.mid - within(pv, place), spreadWh }));
}

const less = (loads: readonly Chance[], pv: Band, place: number): Chance[] =>
  loads.map(({ share, needWh }) => ({ share, needWh: needWh - within(pv, place) }));
