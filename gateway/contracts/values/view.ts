import type { Image, Reason } from './image.ts';
import type { BadQuality } from './reading.ts';
import type { Instant } from './time.ts';

/**
 * What the page shows, made by the agent process and pushed by server-sent events: `event: live`
 * with LiveView at most once a real second, `event: day` with DayView when it changes. No figure is
 * computed in the page.
 */
export interface LiveView {
  readonly v: 1;
  readonly site: {
    readonly id: string;
    readonly name: string;
    readonly timeZone: string;
    readonly currency: string;
  };
  /** The demo's site switcher. */
  readonly peers: readonly { readonly id: string; readonly name: string; readonly url: string }[];
  readonly atMs: Instant; // wall clock of the image
  readonly speed: number; // simulated seconds per real second
  readonly cycleMs: number;
  readonly mode: Image['mode'];
  readonly flags: Image['flags'];
  readonly modeSinceMs: Instant;
  readonly headline: string; // one sentence: what is true now
  readonly subline?: string; // the figures behind it, and what is silent
  /** Title of 'Now doing': what + to what end, 'Discharging 9.0 kW to hold the purchase'. */
  readonly doing?: string;
  readonly doingSinceMs?: Instant;
  /** The last write and what a silent gateway would do; '' or absent = not known. */
  readonly written?: string;
  readonly reason: Reason; // what binds
  readonly ladder: readonly LadderRow[];
  readonly flows: readonly Flow[];
  readonly unexplainedW: number | null;
  /** All load: 'Factory', W >= 0; null = a part is silent. */
  readonly uses?: { readonly name: string; readonly powerW: number | null };
  readonly devices: readonly DeviceRow[];
  readonly cloud: {
    readonly connected: boolean;
    readonly sinceMs: Instant;
    readonly backlog: number;
  };
  readonly guard: Image['counters'];
  readonly alarms: readonly {
    readonly code: string;
    readonly text: string;
    readonly mend: string;
    readonly sinceMs: Instant;
  }[];
  /** Under the devices: 'Clock', 'in step, 3 ms'. */
  readonly links?: readonly { readonly name: string; readonly text: string }[];
  /** Orders of people in force, in words; none where nothing can be ordered. */
  readonly orders?: readonly OrderRow[];
  readonly version?: string;
  readonly startedAtMs?: Instant;
}

/** 'Battery charge 3.0 kW, until 18:00, by the page'. */
export interface OrderRow {
  readonly terminal: string;
  readonly text: string;
}

/** One step of the order of authority and what it asks; exactly one decides. */
export interface LadderRow {
  readonly authority: string; // in words: 'Grid limit'
  readonly asks: string; // '' = nothing
  readonly decides: boolean;
}

/** A figure with its age. `powerW` + into the node; null when there is none, with what it was. */
export interface Flow {
  readonly id: string;
  readonly name: string;
  readonly kind: 'pv' | 'battery' | 'grid' | 'load' | 'ev' | 'rest' | 'loss';
  readonly powerW: number | null;
  readonly lastW: number | null;
  readonly quality: 'good' | BadQuality;
  readonly ageMs: number;
  readonly derived: boolean; // a residual
  readonly socPct?: number | null;
  readonly doing: string; // 'charging 3.0 kW'
  readonly source?: string; // where the figure comes from: 'own meter', 'two inverters'
  readonly energyWh?: number | null; // battery: what it holds now
  readonly reservePct?: number; // battery: what is kept back
}

export interface DeviceRow {
  readonly id: string;
  readonly name: string; // maker and model
  readonly state: string;
  readonly doing: string;
  readonly ageMs: number;
  readonly latencyMs: number;
  readonly errorPct: number;
  readonly writes: number;
  readonly detail?: string; // where it is: 'RS-485 bus 2, unit 4'
  readonly reads?: 'only'; // never written to
  readonly lastDoing?: string; // silent: 'was 19.6 kW'
}

/** The day on one axis: measured and planned quarter-hours, prices, orders and awards, money. */
export interface DayView {
  readonly v: 1;
  readonly atMs: Instant;
  readonly fromMs: Instant; // local midnight
  readonly untilMs: Instant; // 24 or 48 h later
  readonly stepMs: number;
  readonly measured: readonly DaySlot[];
  readonly planned: readonly DaySlot[];
  readonly prices: readonly {
    readonly fromMs: Instant;
    readonly importNanoPerWh: number | null;
    readonly exportNanoPerWh: number | null;
    /** What the plan expects where the price is not known. */
    readonly importForecastNanoPerWh?: number;
  }[];
  readonly market: readonly MarketRow[];
  readonly events: readonly DayEvent[]; // oldest first
  readonly limits?: readonly {
    readonly fromMs: Instant;
    readonly untilMs: Instant;
    readonly text: string;
  }[]; // grid envelopes
  readonly reservePct?: number;
  readonly next: readonly { readonly atMs: Instant; readonly act: string; readonly why: string }[];
  readonly money: {
    readonly currency: string;
    readonly costNano: string; // today so far, + is paid
    readonly withoutBatteryNano: string;
    readonly savedNano: string;
    readonly tradesNano: string; // + is received
    readonly sinceMs: Instant;
    readonly rulesNano?: string; // cost by the inverter's own rule
    readonly possibleNano?: string; // cost with perfect foresight
    /** Of the bill, + is paid. */
    readonly lines?: readonly { readonly label: string; readonly nano: string }[];
    readonly note?: string;
    /** Closed days, in words: 'Yesterday', '€ 3.10 less than with no battery'. */
    readonly past?: readonly { readonly name: string; readonly text: string }[];
  };
}

/** `text` is the first line; an alarm carries its triangle. */
export interface DayEvent {
  readonly atMs: Instant;
  readonly text: string;
  readonly detail?: string;
  readonly kind?: 'note' | 'alarm';
}

/**
 * Mean powers of a quarter-hour, W, + into the node; null = not known. Quantiles only where
 * planned.
 */
export interface DaySlot {
  readonly fromMs: Instant;
  readonly pvW: number | null;
  readonly loadW: number | null;
  readonly batteryW: number | null;
  readonly gridW: number | null;
  readonly socPct: number | null;
  readonly pvLowW?: number;
  readonly pvHighW?: number;
  readonly loadLowW?: number;
  readonly loadHighW?: number;
  readonly why?: string; // planned: 'because it is the dearest hour of the day'
}

export interface MarketRow {
  readonly fromMs: Instant;
  readonly side: 'buy' | 'sell';
  readonly orderWh: number;
  readonly limitMicroPerKwh: number;
  readonly awardedWh: number | null; // null = not cleared yet
  readonly priceMicroPerKwh: number | null;
}
