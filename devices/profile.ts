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

/**
 * value = sign * raw * scale * 10^(value of scaleFrom) + offset, in `unit`, + into the busbar; at a
 * part named `meter` + is import.
 */
export interface PointSpec {
  // absolute 0-based address as on the wire, or offset from the model id register where `model` is
  // named
  readonly at: number;
  readonly model?: number; // SunSpec model the offset belongs to
  readonly position?: number; // which of several such models in the chain; default 1
  readonly space: RegisterSpace;
  readonly as: WireType;
  readonly words?: number; // only for str
  /**
   * Offsets of its words from `at`, rising, where they do not stand side by side (Deye: 0 and 65).
   * They are read in one request.
   */
  readonly wordOffsets?: readonly number[];
  readonly wordOrder?: 'big' | 'little'; // where it differs from the device's
  readonly unit: Unit;
  readonly scale?: number; // default 1
  readonly offset?: number; // added after scale and sign; default 0
  readonly scaleFrom?: string; // key of the sf point, read in the same request
  readonly sign?: 1 | -1; // default 1; brings the vendor's sign to the busbar's
  readonly notAvailable?: readonly number[]; // raw values beyond the type's own sentinel
  readonly class: PointClass;
  readonly writable?: boolean;
  readonly writeOnly?: true; // cannot be read, neither polled nor read back; then writable too
  readonly writeAt?: number; // where it is written, if that is not where it is read
  /**
   * Kept in flash or EEPROM: written only when it shows something else, and counted against the
   * control's `writesPerDay`.
   */
  readonly stored?: true;
  readonly only?: string; // which models or firmware have it; elsewhere it is unavailable
  readonly unproven?: true; // address, type, scale or sign not confirmed by the source
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
         * value and safePct its share of ratedW; safeOn: 0 where the safe state is the device's own
         * mode, otherwise 1; on: 1 or 0.
         */
        readonly from:
          | 'powerW'
          | 'absPowerW'
          | 'powerPct'
          | 'timeoutS'
          | 'currentA'
          | 'safeW'
          | 'safePct'
          | 'safeOn'
          | 'on';
      };
  // only for that direction of powerW
  readonly when?: 'charging' | 'discharging';
  // in one frame with the step before, whose registers end where these begin
  readonly together?: true;
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
    // none: only the whole sequence, written again. Without `arm` the time is fixed: minS = maxS.
    readonly renewedBy: 'any-write' | 'timer-write' | 'none';
    /** No source proves it: the site file has to allow the device by name, as without one. */
    readonly unproven?: true;
  };
  /** A word that must count on, or the device ends the setpoint by itself. */
  readonly heartbeat?: { readonly point: string; readonly everyS: number };
  readonly flash: 'volatile' | 'persistent'; // persistent: every register of the sequence is stored
  readonly writesPerDay?: number; // budget of writes to stored registers
  /** What has to be done before the device takes these writes. */
  readonly unlock?: {
    readonly by: 'setting' | 'login' | 'code';
    readonly how: string; // what a person does at the device
    /**
     * Where the site names a file with the code, the gateway writes it there: before the first
     * write of each connection, and again after `everyS` where the device forgets it.
     */
    readonly write?: { readonly point: string; readonly everyS?: number };
  };
  readonly minPowerW?: number; // below it the device does nothing, or refuses
  readonly stepW?: number; // where the device resolves less than its register does
  readonly responseMs?: number; // from the write until the power begins to follow
  readonly restartMs?: number; // from power-up until writes are taken
  readonly source: string;
}

interface ProfileHead {
  readonly id: string; // 'eastron/sdm630'
  readonly maker: string;
  readonly title: string;
  readonly role: 'meter' | 'pv-inverter' | 'battery-inverter' | 'hybrid' | 'ev-charger' | 'relay';
  readonly source: readonly string[];
  /** Models and firmware that the facts are about, as far as a source says so. */
  readonly covers?: string;
  /** Where it is found, as delivered. */
  readonly connect?: {
    readonly tcpPort?: number;
    readonly baud?: number; // RS-485
    readonly units: readonly number[]; // usual first; none where each site has its own
  };
  /** seen: a source states or inverts the signs; assumed: usual for the maker, to be proven. */
  readonly signs?: 'seen' | 'assumed';
  readonly wordOrder: 'big' | 'little';
  /** Raw values that mean "not available", beyond the types' own, for every point of that type. */
  readonly notAvailable?: Readonly<Partial<Record<WireType, readonly number[]>>>;
  readonly writeFunction?: 16; // single registers, too, are written by function 16
  readonly limits: {
    readonly maxRegistersPerRead: number;
    readonly pauseMs: number; // between requests
    readonly timeoutMs: number;
    readonly latencyMs: number; // age of a value inside the device
    readonly connectDelayMs: number;
    // how long after the time-out an answer may still come; RTU waits it out
    readonly lateMs?: number;
    readonly laxTransactionId?: boolean; // its gateway answers with another transaction id
    readonly clients?: number; // TCP connections that it serves at a time
    readonly settleMs?: number; // from a new connection until it answers
    readonly inFlight?: number; // requests that it takes at once over TCP; default 1
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
        readonly unavailable?: readonly string[]; // points that these registers say are not
      }[];
    })
  | (ProfileHead & {
      readonly kind: 'sunspec';
      /** Points and controls are put together from what the walk of the chain finds. */
      readonly auto?: true;
      // chain that this profile needs, in the order a simulator lays out
      readonly models: readonly number[];
      readonly examples: readonly {
        readonly model?: number; // none: addresses are absolute
        readonly registers: Readonly<Record<number, readonly number[]>>; // offset -> words
        readonly reads: Readonly<Record<string, number>>;
        readonly unavailable?: readonly string[];
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
  readonly writeFunction?: 16;
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
  readonly count: number; // registers from the first word to the last
}

/**
 * A device without a map of its own: another one speaks for it, by that one's profile.
 */
export interface ThroughDevice {
  readonly id: string;
  readonly maker: string;
  readonly title: string;
  readonly through: readonly string[]; // profiles that show it
  readonly note: string;
}
