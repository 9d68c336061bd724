import type { Profile } from '../../../devices/profile.ts';
import type { Reading } from '../../contracts/values/reading.ts';
import type { BusSpec, Site } from '../../contracts/values/site.ts';
import type { Timing } from '../../contracts/values/timing.ts';
import type { Clock, Log } from '../../ports.ts';
import type { Bus, BusHandle, UnitSettings } from '../bus/types.ts';
import { DevicePoller } from './device.ts';
import { SharedWire } from './shared-wire.ts';
import type { Poller, Snapshot } from './types.ts';

/** Real milliseconds that the first round of reads may take before the guard goes on without it. */
const FIRST_ROUND_MS = 3_000;
const CHECK_MS = 5;
/** Answers later than this after their deadline are found out by the proof read. */
const LATE_MS = 300;

/**
 * Polls happen half a cycle away from the tick, on the same absolute grid, so that writes meet a
 * wire that rests; on one that has time for it, what control needs is read just before the tick.
 */
const PHASE = 0.5;

/** @param follow told how old a control reading from a bus may be, where that changes */
export function createPoller(
  site: Site,
  profiles: (id: string) => Profile | undefined,
  buses: (bus: BusSpec) => Bus,
  clock: Clock,
  times: Timing,
  log: Log,
  follow: (bus: string, controlMs: number) => void = () => undefined,
): Poller {
  return new SitePoller(site, profiles, buses, clock, times, log, follow);
}

class SitePoller implements Poller {
  private readonly buses = new Map<string, Bus>();
  private readonly devices = new Map<string, DevicePoller>();
  private readonly clock: Clock;
  private readonly times: Timing;
  private readonly wires: SharedWire[] = [];
  private readonly follow: (bus: string, controlMs: number) => void;
  private running = false;
  private readonly isRunning = (): boolean => this.running;
  private cancel: (() => void) | undefined;

  constructor(
    site: Site,
    profiles: (id: string) => Profile | undefined,
    buses: (bus: BusSpec) => Bus,
    clock: Clock,
    times: Timing,
    log: Log,
    follow: (bus: string, controlMs: number) => void,
  ) {
    this.clock = clock;
    this.times = times;
    this.follow = follow;
    const connections = site.connections?.map(({ id }) => id) ?? [];
    const meters = (site.meters ?? [])
      .filter(({ of }) => connections.includes(of))
      .map(({ device }) => device);
    for (const spec of site.buses) {
      const own = site.devices.filter((device) => device.bus === spec.id);
      if (own.length === 0) continue;
      const bus = buses(spec);
      bus.onOpen = () => this.poll();
      this.buses.set(spec.id, bus);
      const handles = new Map<number, BusHandle>();
      for (const device of own) {
        const profile = profiles(device.profile);
        if (profile === undefined) {
          throw new RangeError(`device ${device.id}: there is no profile ${device.profile}`);
        }
        const handle = handles.get(device.unit) ?? bus.attach(settingsOf(device.unit, profile));
        handles.set(device.unit, handle);
        const varyShape = spec.kind !== 'tcp';
        const isVital = meters.includes(device.id);
        const vital = isVital ? (spec.kind === 'serial' ? 'power' : 'all') : 'none';
        const options = { device, profile, handle, clock, times, log, varyShape, vital } as const;
        this.devices.set(device.id, new DevicePoller(options));
      }
      const pollers = own.map((device) => this.device(device.id));
      this.wires.push(new SharedWire(spec, pollers, clock, times, log));
    }
  }

  async start(): Promise<void> {
    this.running = true;
    for (const bus of this.buses.values()) bus.start();
    this.next();
    const endMs = this.clock.realMs() + FIRST_ROUND_MS;
    while (this.running && this.clock.realMs() < endMs) {
      if ([...this.devices.values()].every((device) => device.settled)) return;
      await new Promise<void>((done) => this.clock.realAt(this.clock.realMs() + CHECK_MS, done));
    }
  }

  async stop(): Promise<void> {
    this.running = false;
    this.cancel?.();
    for (const bus of this.buses.values()) bus.stop();
  }

  snapshot(): Snapshot {
    const nowMs = this.clock.monoMs();
    const readings: Record<string, Readonly<Record<string, Reading>>> = {};
    let good = 0;
    let bad = 0;
    for (const [id, device] of this.devices) {
      readings[id] = device.readings(nowMs);
      good += device.good;
      bad += device.bad;
    }
    const devices = [...this.devices.values()].map((device) => device.view(nowMs));
    return { readings, devices, good, bad };
  }

  reading(deviceId: string, key: string): Reading | undefined {
    return this.device(deviceId).reading(key, this.clock.monoMs());
  }

  known(deviceId: string): boolean {
    return this.device(deviceId).known;
  }

  presumed(deviceId: string): boolean {
    return this.device(deviceId).presumed;
  }

  observed(deviceId: string): boolean {
    return this.device(deviceId).isForeign;
  }

  bus(deviceId: string): BusHandle {
    return this.device(deviceId).handle;
  }

  map(deviceId: string) {
    return this.device(deviceId).map;
  }

  spans(deviceId: string) {
    return this.devices.get(deviceId)?.mirror.all() ?? [];
  }

  private device(id: string): DevicePoller {
    const device = this.devices.get(id);
    if (device === undefined) throw new RangeError(`no device ${id} at this site`);
    return device;
  }

  private cycle(): number {
    return Math.floor(this.clock.monoMs() / this.times.cycleMs - PHASE);
  }

  private next(): void {
    const atMs = (this.cycle() + 1 + PHASE) * this.times.cycleMs;
    this.cancel = this.clock.at(atMs, () => {
      if (!this.running) return;
      this.next();
      this.poll();
    });
  }

  private poll(): void {
    if (!this.running) return;
    const cycle = this.cycle();
    for (const wire of this.wires) {
      const before = wire.freshMs;
      wire.look(cycle);
      if (wire.freshMs !== before) this.follow(wire.id, wire.freshMs);
      wire.slot(cycle, this.isRunning);
    }
  }
}

function settingsOf(unit: number, profile: Profile): UnitSettings {
  const { limits } = profile;
  return {
    unit,
    timeoutMs: limits.timeoutMs,
    pauseMs: limits.pauseMs,
    lateMs: limits.lateMs ?? Math.min(limits.timeoutMs, LATE_MS),
    connectDelayMs: limits.connectDelayMs,
    maxRegisters: limits.maxRegistersPerRead,
    ...(limits.laxTransactionId === undefined ? {} : { lax: limits.laxTransactionId }),
    ...(limits.inFlight === undefined ? {} : { depth: limits.inFlight }),
    ...(limits.settleMs === undefined ? {} : { settleMs: limits.settleMs }),
  };
}
