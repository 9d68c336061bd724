import type { OverrideAct } from '../../gateway/contracts/values/override.ts';
import type { Site } from '../../gateway/contracts/values/site.ts';
import type { PlantConfig } from '../plant/plant.ts';

/** One scenario as it is run: a site, what happens to it, and what must be seen then. */
export interface Scenario {
  readonly name: string;
  readonly title: string;
  readonly why: string;
  readonly site: Site;
  readonly plant: PlantConfig; // with the load and the sun of the file
  readonly seed: number;
  readonly startMs: number; // UTC
  readonly untilMs: number;
  readonly acts: readonly Act[]; // in time order
  readonly anchors: Anchors;
  readonly prices: readonly PriceStep[]; // none: nobody publishes any
  /** Rules of the judges that the scenario itself breaks on purpose. */
  readonly excused: readonly string[];
  readonly expectations: readonly Expectation[];
  /** Why it fails today, where that is known. */
  readonly open: string | undefined;
}

/** Day-ahead price from an instant on, nano-currency per Wh. */
export interface PriceStep {
  readonly atMs: number;
  readonly priceNanoPerWh: number;
}

/** A named instant or span of the time line, by name. */
export type Anchors = ReadonlyMap<string, { readonly fromMs: number; readonly untilMs: number }>;

export interface Act {
  readonly line: number; // of the file
  readonly text: string; // as written
  readonly atMs: number; // UTC
  readonly untilMs: number; // where it ends by itself; else `atMs`
  readonly does: Deed;
}

export type Deed =
  | { readonly kind: 'ramp'; readonly what: 'load' | 'sun' } // already in the plant
  | { readonly kind: 'limit'; readonly order: GridOrder }
  | { readonly kind: 'heartbeat'; readonly on: boolean }
  | {
      readonly kind: 'order'; // of a person, at the site
      readonly terminal: string;
      readonly act: OverrideAct;
      readonly powerW: number;
    }
  | { readonly kind: 'fault'; readonly device: string; readonly rule: string }
  | {
      readonly kind: 'set';
      readonly device: string;
      readonly point: string;
      readonly value: number;
    }
  | {
      readonly kind: 'process';
      readonly what: 'kill-guard' | 'kill-agent' | 'hang-agent' | 'cut-power';
    }
  | { readonly kind: 'broker' }
  | { readonly kind: 'clock'; readonly byMs: number };

export interface GridOrder {
  readonly kind: 'envelope' | 'emergency' | 'demand-response';
  readonly importLimitW: number;
  readonly exportLimitW: number;
  readonly onLost: 'keep' | 'failsafe';
  readonly isForged: boolean;
}

export interface Expectation {
  readonly line: number;
  readonly when: string; // as written
  readonly text: string;
  readonly scope: Scope;
  readonly condition: Condition;
}

/** How a condition must hold in its window: at every instant, at none, or at one at least. */
export interface Scope {
  readonly hold: 'all' | 'none' | 'some';
  readonly fromMs: number;
  readonly untilMs: number;
}

export type Compare = { readonly low: number; readonly high: number };

/** Of a reading; `seen` = as the gateway has it. */
export interface SignalName {
  readonly place: string;
  readonly quantity: string;
  readonly by: 'plant' | 'device' | 'gateway';
}

export type Condition =
  | { readonly kind: 'value'; readonly signal: SignalName; readonly compare: Compare }
  | { readonly kind: 'fact'; readonly fact: Fact }
  | {
      readonly kind: 'span';
      readonly measure: 'mean' | 'most' | 'least' | 'change' | 'reversals';
      readonly signal: SignalName;
      readonly compare: Compare;
    }
  | { readonly kind: 'settles'; readonly signal: SignalName; readonly compare: Compare }
  | {
      readonly kind: 'overshoot' | 'crossings';
      readonly signal: SignalName;
      readonly goalValue: number;
      readonly compare: Compare;
    }
  | {
      readonly kind: 'writes';
      readonly device: string;
      readonly compare: Compare;
      readonly during: Fact | undefined;
    }
  | { readonly kind: 'log'; readonly text: string };

/** Something that is so or is not, at an instant. */
export type Fact =
  | { readonly kind: 'mode'; readonly any: readonly string[]; readonly not: boolean }
  | { readonly kind: 'flag'; readonly any: readonly string[]; readonly not: boolean }
  | {
      readonly kind: 'reason';
      readonly any: readonly string[];
      readonly not: boolean;
      readonly of?: string;
    }
  | {
      readonly kind: 'device';
      readonly id: string;
      readonly any: readonly string[];
      readonly not: boolean;
    }
  | {
      readonly kind: 'quality';
      readonly point: string;
      readonly any: readonly string[];
      readonly not: boolean;
    }
  | { readonly kind: 'own-mode'; readonly terminal: string; readonly not: boolean };

/** What the gateway said of itself in its newest image. */
export interface Facts {
  readonly mode: string;
  readonly flags: readonly string[];
  readonly reason: string;
  readonly reasons: Readonly<Record<string, string>>; // by terminal
  readonly devices: Readonly<Record<string, string>>; // state by id
  readonly importLimitW: number;
  readonly exportLimitW: number;
  readonly seen: Readonly<Record<string, number | undefined>>; // good points
  readonly qualities: Readonly<Record<string, string>>;
}

/** One instant of a run. */
export interface Sample {
  readonly atMs: number; // UTC by the plant
  readonly values: Readonly<Record<string, number | undefined>>; // 'battery1.powerW'
  readonly ownModes: readonly string[]; // terminals that nobody commands
  readonly facts: Facts | undefined; // none while no gateway speaks
}

export interface WireWrite {
  readonly atMs: number; // UTC
  readonly device: string;
  readonly address: number;
  readonly words: readonly number[];
  readonly exception: number; // 0 = accepted
}

export type Heard = 'inside' | 'page' | 'none';

/** Everything that a run left behind. */
export interface Recording {
  readonly samples: readonly Sample[];
  readonly writes: readonly WireWrite[];
  readonly log: readonly { readonly atMs: number; readonly text: string }[];
  readonly violations: readonly {
    readonly atMs: number;
    readonly rule: string;
    readonly what: string;
  }[];
  readonly unreachableCount: number; // alarms, as counted by the judge of limits
  /** How our gateway was heard: from inside, as its page shows it, or there is none. */
  readonly heard: Heard;
}
