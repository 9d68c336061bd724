import type { KeptImport, NeedLevels } from './levels.ts';
import type { SocLevels } from './plan.ts';
import type { Instant } from './time.ts';

/** Likely range of a power, W >= 0: 10, 50 and 90 % of what may come. */
export interface Band {
  readonly lowW: number;
  readonly midW: number;
  readonly highW: number;
}

/**
 * A site's own forecast as issued: mean powers of quarter-hours, production and uncontrolled load
 * both >= 0.
 */
export interface SiteForecast {
  readonly issuedAtMs: Instant;
  readonly fromMs: Instant;
  readonly stepMs: number;
  readonly sky: 'forecast' | 'clear-sky'; // what the production rests on
  readonly pv: readonly Band[];
  readonly load: readonly Band[];
}

/** How far the forecasts of a day were off at one lead: errors over what came, in percent. */
export interface HorizonScore {
  readonly what: 'pv' | 'load' | 'price';
  readonly aheadMs: number; // to the end of the quarter-hour, from the start of the running one
  readonly errorPct: number;
  readonly inBandPct?: number; // within the 80 % band, calm quarter-hours left out
  readonly quarters: number;
}

/** What a plan expects of one step. Powers in W + into the node, energies Wh. */
export interface OutlookStep extends KeptImport {
  readonly fromMs: Instant;
  readonly durationMs: number;
  readonly pvW: number; // after any curtailment
  readonly curtailedW: number; // >= 0
  readonly loadW: number; // uncontrolled, <= 0
  readonly flexW: number; // controlled loads and cars, <= 0
  readonly batteryW: number;
  readonly gridW: number;
  readonly terminals: Readonly<Record<string, number>>; // each controlled one
  readonly socWh: Readonly<Record<string, number>>; // at the end of the step, by storage terminal
  /** Of one Wh more in the store; absent = not known. */
  readonly worthNanoPerWh: Readonly<Record<string, number>>;
  /** What each battery is led by; absent = it follows the meter. */
  readonly levels?: Readonly<Record<string, SocLevels>>;
  /** Instead of them once the step's need shows; absent = they stay. */
  readonly byNeed?: NeedLevels;
  readonly importNanoPerWh: number;
  readonly exportNanoPerWh: number;
  readonly isPriceForecast?: boolean; // the market has not told them
}

/** A checked plan. Costs are estimates of the whole horizon, what is
 * left in the store and wear included. */
export interface Outlook {
  readonly issuedAtMs: Instant;
  /** levels: without the solver, loads by rules and batteries by what stored energy is worth. */
  readonly source: 'optimal' | 'levels' | 'rules';
  readonly detail: string; // why it is not the optimal plan
  readonly costNano: number;
  readonly rulesNano: number;
  /** No plan costs less, as the solver proves: costNano less this is the gap. */
  readonly boundNano?: number;
  readonly peakW: number; // highest mean import it expects, what was before included
  readonly steps: readonly OutlookStep[];
}

/** What of a plan may be chosen inside its site's bounds. */
export interface PlanParameters {
  readonly reservePct: number; // of each store's usable energy, kept back by the plan
  readonly marginPct: number; // of the load, kept for what may come beyond it
  readonly sellMarginNanoPerWh: number; // >= 0, beyond the least price at which an offer pays
  readonly buyMarginNanoPerWh: number; // >= 0, below the most that a bid may pay
}

/** What the program uses by itself; the site's own reserve counts in any case. */
export const STANDARD: PlanParameters = {
  reservePct: 0,
  marginPct: 0,
  sellMarginNanoPerWh: 0,
  buyMarginNanoPerWh: 0,
};

/** A plan as it is kept: each step with its reason. */
export interface PlannedDay extends Outlook {
  readonly whys: readonly string[];
}

/** What a site could do in an interval beside its plan, for offers and bids. All >= 0. */
export interface Room {
  readonly fromMs: Instant;
  readonly durationMs: number;
  readonly plannedGridW: number; // signed, + import
  readonly uncertainW: number; // how far load and sun together may fall behind
  readonly moreDischargeW: number; // beyond the plan, energy and inverter allowing
  readonly moreChargeW: number;
  readonly storedWh: number; // that may be given without missing it later, at the terminal
  readonly freeWh: number; // that may be taken without overflowing later, at the terminal
  readonly importLimitW: number;
  readonly exportLimitW: number;
  readonly mostExportW: number; // everything that could be delivered at best
  readonly mostImportW: number; // everything that could be taken at best
  readonly importNanoPerWh: number; // tariff
  readonly exportNanoPerWh: number;
  readonly giveNanoPerWh: number | undefined; // least price at which a stored Wh is worth giving
  readonly takeNanoPerWh: number | undefined; // most a Wh is worth to the store
}

/** An order without its id. */
export interface OrderDraft {
  readonly fromMs: Instant;
  readonly durationMs: number;
  readonly side: 'buy' | 'sell';
  readonly energyWh: number; // integer, > 0
  readonly priceMicroPerKwh: number; // integer
  readonly fromStore: boolean; // beyond the plan: out of the store, or into it
  readonly why: string;
}
