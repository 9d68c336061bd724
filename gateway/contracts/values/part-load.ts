/**
 * Part-load efficiency: a converter's own consumption weighs most at low power. Data sheets state
 * it at some powers (efficiency guideline for PV storage systems of BVES and BSW: 5 to 100 % of
 * nominal).
 */
export interface EfficiencyPoint {
  readonly powerW: number; // at the terminal, > 0
  readonly efficiencyPct: number; // of that power, between terminal and store
}

/**
 * A power at the terminal and what of it the store takes or gives, W each: straight lines between
 * the points, through 0; beyond the last one the last line goes on. Both rise.
 */
export interface LossCurve {
  readonly terminalW: readonly number[];
  readonly storeW: readonly number[];
}

/** Between a store and its terminal; shares 0..1, constant where there is no curve. */
export interface Conversion {
  readonly chargeShare: number; // of what is taken, reaches the store
  readonly dischargeShare: number;
  readonly chargeCurve?: LossCurve;
  readonly dischargeCurve?: LossCurve;
}

/** @param power  from one efficiency to what the store sees of a power, W */
function curveOf(
  points: readonly EfficiencyPoint[],
  power: (powerW: number, share: number) => number,
): LossCurve {
  return {
    terminalW: [0, ...points.map(({ powerW }) => powerW)],
    storeW: [0, ...points.map((one) => power(one.powerW, one.efficiencyPct / 100))],
  };
}

export const chargeCurveOf = (points: readonly EfficiencyPoint[]): LossCurve =>
  curveOf(points, (powerW, share) => powerW * share);

export const dischargeCurveOf = (points: readonly EfficiencyPoint[]): LossCurve =>
  curveOf(points, (powerW, share) => powerW / share);

/** As a site file has them; a curve, by rising power, stands in place of its one figure. */
export interface Efficiencies {
  readonly chargeEfficiencyPct: number;
  readonly dischargeEfficiencyPct: number;
  readonly chargeCurve?: readonly EfficiencyPoint[];
  readonly dischargeCurve?: readonly EfficiencyPoint[];
}

/** Of a store; with a curve the share is that of its last point. */
export function conversionOf(store: Efficiencies): Conversion {
  const { chargeCurve: into, dischargeCurve: out } = store;
  return {
    chargeShare: (into?.at(-1)?.efficiencyPct ?? store.chargeEfficiencyPct) / 100,
    dischargeShare: (out?.at(-1)?.efficiencyPct ?? store.dischargeEfficiencyPct) / 100,
    ...(into !== undefined && { chargeCurve: chargeCurveOf(into) }),
    ...(out !== undefined && { dischargeCurve: dischargeCurveOf(out) }),
  };
}

/** On the straight lines through points of rising x; the outer lines go on. */
function along(xs: readonly number[], ys: readonly number[], x: number): number {
  let n = 1;
  while (n < xs.length - 1 && x > (xs[n] ?? 0)) n += 1;
  const fromX = xs[n - 1] ?? 0;
  const fromY = ys[n - 1] ?? 0;
  const slope = ((ys[n] ?? 0) - fromY) / ((xs[n] ?? 1) - fromX);
  return fromY + (x - fromX) * slope;
}

/** What the store takes of a charging power, W. */
export const intoStoreW = (of: Conversion, terminalW: number): number =>
  of.chargeCurve === undefined
    ? terminalW * of.chargeShare
    : along(of.chargeCurve.terminalW, of.chargeCurve.storeW, terminalW);

/** What the store gives for a discharging power, W. */
export const outOfStoreW = (of: Conversion, terminalW: number): number =>
  of.dischargeCurve === undefined
    ? terminalW / of.dischargeShare
    : along(of.dischargeCurve.terminalW, of.dischargeCurve.storeW, terminalW);

/** Charging power that brings so much into the store, W. */
export const chargeForW = (of: Conversion, storeW: number): number =>
  of.chargeCurve === undefined
    ? storeW / of.chargeShare
    : along(of.chargeCurve.storeW, of.chargeCurve.terminalW, storeW);

/** Discharging power for which the store gives so much, W. */
export const dischargeForW = (of: Conversion, storeW: number): number =>
  of.dischargeCurve === undefined
    ? storeW * of.dischargeShare
    : along(of.dischargeCurve.storeW, of.dischargeCurve.terminalW, storeW);
