import type { DeviceMap, Profile, RegisterSpace } from '../../devices/profile.ts';
import type { BusSpec, Device } from '../../gateway/contracts/values/site.ts';
import type { Clock } from '../../gateway/ports.ts';

/**
 * How simulated devices are made and spoken to. The plant puts its truth into a device's registers
 * (`put`) and asks what the device is told to do (`control`); the gateway sees nothing but the
 * registers.
 *
 *   const devices = createSiteDevices(site, { clock, settings, onFrame });
 *   const buses = await devices.start();   // the site's, with the ports and paths that came to be
 *   each plant step:                       // simulated time
 *     for (const image of Object.values(devices.images)) image.step(clock.monoMs());
 *     const told = devices.images.inverter1.control();
 *     devices.images.inverter1.put('powerW', 41_200);
 *   await devices.stop();
 *
 * `createSiteDevices`, the servers and `createPtyPair` are in simulators/servers;
 * `createDeviceImage` is in image.ts.
 */

/**
 * What a device is told to do at this moment. Powers in W, + into the busbar as the device stands.
 */
export interface Commanded {
  /**
   * Nobody commands: the device follows its own rules (full power, self-consumption, its machine's
   * need).
   */
  readonly ownMode: boolean;
  /**
   * Power of the terminal that the profile's control binds: '' the device, 'battery' on a hybrid.
   */
  readonly setpointW?: number;
  /** Production at most this, >= 0. */
  readonly limitW?: number;
  /** Charging current a phase, A: 0 or 6..16. */
  readonly currentA?: number;
  /** Contactor of an on-off load: true = run, false = do not. */
  readonly enabled?: boolean;
  /** Simulated time until the device's own timer ends this; undefined = it never does. */
  readonly leftMs?: number;
}

/** Nameplate of one simulated device. */
export interface DeviceSettings {
  /**
   * AC nameplate W; percent limits refer to it, and scale factors of SunSpec powers are chosen so
   * that 1.5 times it fits.
   */
  readonly ratedW: number;
  readonly chargeMaxW?: number; // battery: default ratedW
  readonly dischargeMaxW?: number; // battery: default ratedW
  readonly capacityWh?: number; // battery: default 2 h at ratedW
  readonly serial?: string; // default: the device id
  readonly model?: string;
  /** PV strings of model 160, default 2. */
  readonly strings?: number;
  /** SunSpec models in the order of their chain, and the register of its marker. */
  readonly chain?: { readonly base: number; readonly models: readonly number[] };
  /**
   * Every energy counter starts here, Wh (a counter of 0 reads as unavailable in SunSpec); default
   * 10_000.
   */
  readonly counterStartWh?: number;
  /** SunSpec scale factors where the choice from `ratedW` does not fit: 'm103.W_SF' -> 1. */
  readonly exponents?: Readonly<Record<string, number>>;
}

/**
 * What a device does by itself: its timers, what it refuses, what its registers tell it to do. Pure
 * steps on the device's own registers, in canonical units.
 */
export interface Behaviour {
  /** Asked before anything is stored. @param values the write, by point */
  accepts(values: ReadonlyMap<string, number>): ExceptionCode;
  written(keys: ReadonlySet<string>, nowMs: number): void;
  step(nowMs: number): void;
  control(nowMs: number): Commanded;
}

/** Modbus exception codes that a device answers with; 0 = accepted. */
export type ExceptionCode = 0 | 1 | 2 | 3 | 4 | 6 | 11;

export type Setter = (value: number | undefined) => void;

/**
 * Registers of one device, with the device's own behaviour: timers, reversions, heartbeats,
 * refusals.
 */
export interface DeviceImage {
  readonly id: string;
  readonly profile: Profile;
  readonly map: DeviceMap;
  readonly settings: DeviceSettings;
  /** Whether `put` knows the key. */
  has(key: string): boolean;
  /**
   * Sets a reading in the point's canonical unit and busbar sign, and what follows from it in a
   * balanced three-phase device: `powerW` sets powers and currents of the phases, apparent power
   * and power factor; a derived sum (`pv.powerW` of a hybrid) its parts; `battery.chargeMaxW` a
   * limit in A. Put phases or strings afterwards to make them uneven. `undefined` writes the type's
   * "not available". Energy counters are Wh since the start of the run.
   * @param later keys that are put right after it: what would follow for them is left out
   * @throws RangeError when the value does not fit the register: widen the exponent in the settings
   */
  put(key: string, value: number | undefined, later?: ReadonlySet<string>): void;
  /**
   * Lets a reading follow a plant: from the next `renew` on, `put` is called when somebody looks at
   * a register that `put(key, value, later)` sets, and not before; `set` does as that would. What
   * is followed later counts where two set the same register.
   */
  follow(key: string, put: (set: Setter) => void, later?: ReadonlySet<string>): void;
  /** What is followed may have changed. */
  renew(): void;
  /** Sets a text point (maker, model, serial, firmware). */
  putText(key: string, text: string): void;
  /**
   * The value that a client would decode now, a counter with its start; undefined = not available.
   */
  take(key: string): number | undefined;
  /** Raw registers, for faults; a write here asks nobody. */
  readonly raw: Readonly<Record<RegisterSpace, Uint16Array>>;
  /** One read request of 1..125 registers (or bits 0/1 of a bit space); its words may change. */
  read(
    space: RegisterSpace,
    at: number,
    count: number,
  ): { words: number[]; exception: ExceptionCode };
  /** What a write request would set, by point, or why it is refused; nothing is stored. */
  judge(
    space: 'holding' | 'coil',
    at: number,
    words: ArrayLike<number>,
  ): ReadonlyMap<string, number> | ExceptionCode;
  /** One write request: whole writable points only, values within the point's range. */
  write(space: 'holding' | 'coil', at: number, words: ArrayLike<number>): ExceptionCode;
  /**
   * Brings timers, reversions and heartbeats to this instant of the simulated monotonic clock;
   * never back.
   */
  step(nowMs: number): void;
  /** Power was gone: what is not stored starts anew, and writes are refused until it is ready. */
  restart(nowMs: number): void;
  /** What the device is told to do; call after `step`. */
  control(): Commanded;
}

/** One request and its answer as they were on the wire. */
export interface Frame {
  readonly atMs: number; // simulated monotonic clock, when the answer was made
  readonly bus: string;
  readonly device: string; // '' when no device has that unit
  readonly unit: number;
  readonly fc: number;
  readonly address: number;
  readonly count: number; // registers or bits
  /** Written words of a write, answered words of a read; empty with an exception. */
  readonly values: readonly number[];
  readonly write: boolean;
  readonly exception: ExceptionCode;
}

/** Units of one wire and who hears of each request. */
export interface Station {
  readonly bus: string;
  readonly units: ReadonlyMap<number, DeviceImage>;
  readonly clock: Pick<Clock, 'monoMs' | 'realMs'>;
  readonly onFrame?: ((frame: Frame) => void) | undefined;
  /** Hears of requests of somebody else, in place of `onFrame`. */
  readonly onForeign?: ((frame: Frame) => void) | undefined;
  /** Before a request is answered: brings the plant to this instant, so that a device shows now. */
  readonly onRequest?: (() => void) | undefined;
}

/** A listening device server. `label` is for people: 'tcp 127.0.0.1:40213', 'serial /dev/pts/7'. */
export interface DeviceServer {
  readonly label: string;
  stop(): Promise<void>;
}

export interface SiteDevicesOptions {
  readonly clock: Clock;
  /** Beside the catalogue: the site's own. */
  readonly ownProfiles?: readonly Profile[] | undefined;
  /** By device id; `ratedW` defaults to 10 kW. */
  readonly settings: Readonly<Record<string, DeviceSettings>>;
  readonly onFrame?: ((frame: Frame) => void) | undefined;
  readonly onRequest?: (() => void) | undefined; // as in Station
  /**
   * Where a serial bus cannot be a pty pair (socat missing) it becomes RTU over TCP; called with
   * one line saying so.
   */
  readonly onNotice?: ((line: string) => void) | undefined;
}

/**
 * All device servers of a site. TCP buses listen on 127.0.0.1: port 0 in the site means a free one.
 */
export interface SiteDevices {
  readonly images: Readonly<Record<string, DeviceImage>>;
  /** @returns the site's buses as they came to be: real ports, pty paths for the gateway's side */
  start(): Promise<readonly BusSpec[]>;
  stop(): Promise<void>;
}

/** The part of a site file that device servers need. */
export interface WiredSite {
  readonly buses: readonly BusSpec[];
  readonly devices: readonly Device[];
}
