/**
 * What a device is: pure data, no functions. The same profile decodes (gateway), encodes
 * (simulator) and documents. A profile is resolved into a flat `DeviceMap` of absolute addresses:
 * at once for a fixed register map, after the walk of the model chain for SunSpec.
 */
export type RegisterSpace = 'holding' | 'input' | 'coil' | 'discrete';

/**
 * `acc` types count up and read 0 as unavailable in SunSpec; `sf` is a run-time scale factor (int16
 * exponent).
 */
export type WireType =
  | 'u16'
  | 'i16'
  | 'u32'
  | 'i32'
  | 'u64'
  | 'i64'
  | 'f32'
  | 'f64'
  | 'acc32'
  | 'acc64'
  | 'enum16'
  | 'bits16'
  | 'bits32'
  | 'sf'
  | 'str';

/** Canonical units; a point's scale brings the raw value to them. */
export type Unit =
  | 'W'
  | 'VA'
  | 'var'
  | 'A'
  | 'V'
  | 'Hz'
  | 'Wh'
  | 'varh'
  | 'pct'
  | 'degC'
  | 's'
  | 'none';

export type PointClass = 'control' | 'state' | 'slow';

/** value = sign * raw * scale * 10^(value of scaleFrom), in `unit`, + into the busbar. */
export interface PointSpec {
  // absolute 0-based address, or offset from the model id register in a SunSpec profile
  readonly at: number;
  readonly model?: number; // SunSpec model the offset belongs to
  readonly space: RegisterSpace;
  readonly as: WireType;
  readonly words?: number; // only for str
  readonly wordOrder?: 'big' | 'little'; // where it differs from the device's
  readonly unit: Unit;
  readonly scale?: number; // default 1
  readonly scaleFrom?: string; // key of the sf point, read in the same request
  readonly sign?: 1 | -1; // default 1; brings the vendor's sign to the busbar's
  readonly notAvailable?: readonly number[]; // raw values beyond the type's own sentinel
  readonly class: PointClass;
  readonly writable?: boolean;
  readonly min?: number; // plausible range in `unit`
  readonly max?: number;
  readonly states?: Readonly<Record<string, number>>; // names of enum values
}

/**
 * One register write of a control sequence. Values are in the point's unit after its sign and
 * scale.
 */
export interface WriteStep {
  readonly point: string;
  readonly value:
    | { readonly const: number }
    | {
        /**
         * powerW: setpoint, + into the busbar; absPowerW its magnitude; powerPct: 100 * powerW /
         * ratedW, same sign; timeoutS reversion time; currentA per phase; safeW the reversion
         * value; on: 1 or 0.
         */
        readonly from:
          | 'powerW'
          | 'absPowerW'
          | 'powerPct'
          | 'timeoutS'
          | 'currentA'
          | 'safeW'
          | 'on';
      };
  // only for that direction of powerW
  readonly when?: 'charging' | 'discharging';
}

/** How a setpoint is given to a terminal of the device, in order, and how it ends. */
export interface ControlSpec {
  readonly binds: string; // part of the profile ('' = the device itself, 'battery', 'pv', ...)
  readonly kind: 'limit' | 'setpoint' | 'steps' | 'on-off';
  readonly arm: readonly WriteStep[]; // reversion timer and value, read back before any setpoint
  readonly set: readonly WriteStep[]; // power first, enable last
  readonly release: readonly WriteStep[];
  readonly reversion: {
    readonly to: 'value' | 'full-power' | 'own-mode' | 'none';
    readonly minS: number;
    readonly maxS: number;
    readonly remaining?: string; // point that counts the time left
    readonly renewedBy: 'any-write' | 'timer-write' | 'none';
  };
  readonly flash: 'volatile' | 'persistent';
  readonly writesPerDay?: number; // budget where persistent
  readonly source: string;
}

interface ProfileHead {
  readonly id: string; // 'eastron/sdm630'
  readonly maker: string;
  readonly title: string;
  readonly role: 'meter' | 'pv-inverter' | 'battery-inverter' | 'hybrid' | 'ev-charger' | 'relay';
  readonly source: readonly string[];
  readonly wordOrder: 'big' | 'little';
  readonly limits: {
    readonly maxRegistersPerRead: number;
    readonly pauseMs: number; // between requests
    readonly timeoutMs: number;
    readonly latencyMs: number; // age of a value inside the device
    readonly connectDelayMs: number;
    // how long after the time-out an answer may still come; RTU waits it out
    readonly lateMs?: number;
    readonly laxTransactionId?: boolean; // its gateway answers with another transaction id
  };
  readonly control: readonly ControlSpec[];
  readonly points: Readonly<Record<string, PointSpec>>; // 'powerW', 'battery.socPct', ...
  /** Points without a register of their own: the sum of others, known only when all of them are. */
  readonly sums?: Readonly<Record<string, readonly string[]>>;
  readonly identity: readonly string[]; // points that name maker, model, serial, firmware
  readonly quirks: readonly string[];
}

export type Profile =
  | (ProfileHead & {
      readonly kind: 'registers';
      readonly unreadable?: readonly {
        readonly space: RegisterSpace;
        readonly at: number;
        readonly words: number;
      }[];
      readonly examples: readonly {
        // of the registers; default 'input', or 'holding' where the profile has no input
        readonly space?: RegisterSpace;
        readonly registers: Readonly<Record<number, readonly number[]>>;
        readonly reads: Readonly<Record<string, number>>;
      }[];
    })
  | (ProfileHead & {
      readonly kind: 'sunspec';
      // chain that this profile needs, in the order a simulator lays out
      readonly models: readonly number[];
      readonly examples: readonly {
        readonly model: number;
        readonly registers: Readonly<Record<number, readonly number[]>>; // offset -> words
        readonly reads: Readonly<Record<string, number>>;
      }[];
    });

/**
 * A profile with every address absolute: what the poll plan, the decoder, the writer and the
 * simulator use.
 */
export interface DeviceMap {
  readonly profile: string;
  readonly wordOrder: 'big' | 'little';
  readonly limits: ProfileHead['limits'];
  readonly points: Readonly<Record<string, ResolvedPoint>>;
  readonly unreadable: readonly {
    readonly space: RegisterSpace;
    readonly at: number;
    readonly words: number;
  }[];
  readonly control: readonly ControlSpec[];
  /**
   * Derived points, as in the profile: key -> keys to add; readings of these exist like any other.
   */
  readonly sums?: Readonly<Record<string, readonly string[]>>;
}

export interface ResolvedPoint extends PointSpec {
  readonly key: string;
  readonly count: number; // registers
}
