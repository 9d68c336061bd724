import type { Authority, ReasonCode } from '../../contracts/values/image.ts';
import type { Override } from '../../contracts/values/override.ts';
import type { Intent } from '../../contracts/values/plan.ts';
import type { Site } from '../../contracts/values/site.ts';
import type { Timing } from '../../contracts/values/timing.ts';
import type { Trial } from '../../contracts/values/trial.ts';
import type { SiteState } from '../site/types.ts';
import type { Connected } from './connected.ts';
import type { LastingState } from './lasting.ts';

/**
 * What a controller wants of one terminal: a narrower range, a target inside it, or both. Powers
 * + into the node; for a terminal with a production limit the range and the target are of that
 * limit.
 */
export interface Wish {
  readonly terminal: string;
  readonly authority: Authority;
  readonly code: ReasonCode;
  readonly sentence: string; // clause after the act: 'so that no more than 55.0 kW are bought'
  readonly minW?: number;
  readonly maxW?: number;
  readonly targetW?: number;
}

/** What a level of authority asks, for people; also where it asks nothing of any terminal. */
export interface Ask {
  readonly authority: Authority;
  readonly sentence: string;
}

/** What the levels above left open for one terminal, and who set each bound. */
export interface Range {
  readonly minW: number;
  readonly maxW: number;
  readonly minBy: Wish | undefined;
  readonly maxBy: Wish | undefined;
}

export type Open = Readonly<Record<string, Range>>;

/** Limits at one connection, all >= 0. */
export interface Limits {
  readonly connection: string;
  readonly importLimitW: number;
  readonly exportLimitW: number;
}

/** A grid limit in force, already chosen by time, heartbeat and kind. */
export interface GridLimit extends Limits {
  readonly authority: 'emergency' | 'grid-envelope';
  readonly code: 'EMERGENCY' | 'ENVELOPE' | undefined; // undefined = the site's default
  readonly source: string; // 'the grid agent allows no more until 20:00'
}

/** A full charge is due: with the sun and cheap hours. Overdue: by force. */
export type FillStage = 'due' | 'overdue';
/** By terminal. */
export type Filling = Readonly<Record<string, FillStage>>;

/** What a demand-response event asks, while it runs. */
export interface DemandLimit extends Limits {
  readonly source: string; // 'a demand-response event until 19:00'
}

/** Everything a controller may look at. */
export interface View {
  readonly site: SiteState;
  readonly spec: Site;
  readonly times: Timing;
  readonly connected: readonly Connected[]; // the site by connection, in the order of its file
  readonly open: Open;
  readonly gridLimits: readonly GridLimit[];
  readonly demand?: DemandLimit | undefined;
  readonly lasting?: LastingState; // what limits may count on of each battery
  readonly filling?: Filling; // batteries that are due for a full charge
  readonly overrides?: readonly Override[] | undefined; // orders of people in force
  readonly intent: Intent | undefined; // only while it is in force
  readonly sent: Readonly<Record<string, number>>; // what the kernel last allowed, by terminal
  readonly frequencyHz: number; // by the site's signal; NaN = not known
  readonly trial?: Trial | undefined; // a person proves a device
  readonly wearing?: readonly string[] | undefined; // terminals that bear few writes
}

export interface Step<State> {
  readonly state: State;
  readonly wishes: readonly Wish[];
  readonly asks?: readonly Ask[];
}

/** A pure controller: no clock, no I/O, no memory but its state. */
export interface Controller<State> {
  readonly start: State;
  step(state: State, view: View, nowMs: number): Step<State>;
}

/**
 * What goes to the kernel for one terminal. `powerW` undefined gives the terminal back to its
 * device.
 */
export interface Proposal {
  readonly terminal: string;
  readonly powerW: number | undefined;
  readonly authority: Authority;
  readonly code: ReasonCode;
  readonly sentence: string;
}
