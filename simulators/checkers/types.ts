import type { Decoder } from '../../devices/decoder.ts';
import type { DeviceMap, ResolvedPoint } from '../../devices/profile.ts';
import type { Site } from '../../gateway/contracts/values/site.ts';
import type { Timing } from '../../gateway/contracts/values/timing.ts';
import type { LimitBook } from './limits.ts';

/**
 * What a judge sees of the world. Nothing here comes from the gateway: truth, registers, and frames
 * on the wire.
 */

/** Truth of one place, powers + into the node, counters in Wh. */
export interface TruthPlace {
  readonly kind: 'grid' | 'pv' | 'battery' | 'load' | 'ev' | 'converter';
  readonly powerW: number;
  readonly inWh: number;
  readonly outWh: number;
  readonly dc?: boolean;
  readonly availableW?: number;
  readonly temperatureC?: number;
  readonly chargeMaxW?: number;
  readonly dischargeMaxW?: number;
}

export interface Truth {
  readonly atMs: number; // UTC, end of the sub-step
  readonly places: Readonly<Record<string, TruthPlace>>;
  /** The connection with no battery and no limit, + import. */
  readonly withoutBattery: { readonly inWh: number; readonly outWh: number };
}

/** What a device is told to do, as it understands it itself. */
export interface Told {
  readonly ownMode: boolean;
  readonly setpointW?: number;
  readonly limitW?: number;
  readonly currentA?: number;
  readonly enabled?: boolean;
}

/** A device seen from outside: its address map, its registers decoded, what it obeys. */
export interface DeviceFace {
  readonly map: DeviceMap;
  take(key: string): number | undefined;
  control(): Told;
}

/**
 * One answered request; `values` are the written words of a write, the answered words of a read.
 */
export interface WireFrame {
  readonly atMs: number; // simulated monotonic clock
  readonly device: string;
  readonly fc: number;
  readonly address: number;
  readonly count: number;
  readonly values: readonly number[];
  readonly write: boolean;
  readonly exception: number; // 0 = accepted
}

/** A stretch of a device's registers that frames name: what lies in it is worked out once. */
export interface Span {
  /** Points that lie wholly inside. */
  readonly points: readonly SpanPoint[];
  readonly hasControl: boolean; // a point of class control
  readonly hasState: boolean; // what decides how a store may be used
}

export interface SpanPoint {
  readonly point: ResolvedPoint;
  readonly offset: number; // from the first register
  readonly decode: Decoder;
}

/** A frame with what it names. */
export interface Heard {
  readonly frame: WireFrame;
  readonly face: DeviceFace;
  readonly span: Span;
}

/**
 * How fast the gateway's turns come to the wire. A rule counts in cycles; in an accelerated run a
 * cycle is 50 ms of real time, so that a machine busy with something else is late by many of them.
 * What is read every turn tells how many turns the site really had: time without turns is the
 * machine's, not the gateway's. In real time every millisecond counts.
 */
export interface Pace {
  frame(frame: WireFrame): void;
  /** Time between two instants (UTC) as far as turns filled it, ms. */
  elapsedMs(fromMs: number, untilMs: number): number;
}

export type Rule = 'S1' | 'S2' | 'S3' | 'S4' | 'S5' | 'S9';

/** Rules that are judged on a gateway's images, records and answers, in the virtual world. */
export type WorldRule =
  | 'S6'
  | 'S7'
  | 'S8'
  | 'S10'
  | 'S11'
  | 'S12'
  | 'S13'
  | 'S14'
  | 'S16'
  | 'L1'
  | 'L2'
  | 'L3'
  | 'L5'
  | 'L6';
export type Reporter = (rule: WorldRule, what: string) => void;

export interface Violation {
  readonly rule: Rule;
  readonly site: string;
  readonly atMs: number; // UTC
  readonly what: string;
}

/** What every judge of a site works from. */
export interface Case {
  readonly site: Site;
  readonly times: Timing;
  readonly devices: Readonly<Record<string, DeviceFace>>;
  readonly limits: LimitBook;
  /** UTC of a frame's monotonic instant. */
  wallOf(monoMs: number): number;
  readonly pace: Pace;
  /** Until when the connection's power is not asked: its meters had lied. UTC. */
  excusedUntilMs(): number;
  report(rule: Rule, atMs: number, what: string): void;
}

/**
 * A judge hears every frame, sees every sub-step of truth, and looks at the devices once a turn.
 */
export interface Judge {
  frame?(heard: Heard): void;
  /** The frame before was heard by the device, and its answer went lost. */
  unanswered?(): void;
  seen?(truth: Truth): void;
  turn?(truth: Truth): void;
}
