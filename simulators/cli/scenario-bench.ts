import { profileById } from '../../devices/catalogue.ts';
import { createClock, newOrigin } from '../../gateway/adapters/clock.ts';
import { Fault } from '../../gateway/contracts/values/fault.ts';
import type { BusSpec, Site } from '../../gateway/contracts/values/site.ts';
import type { Clock } from '../../gateway/ports.ts';
import { type RunningSite, runSite } from '../demo/world.ts';
import { createFaults, type Faults } from '../devices/faults/rules.ts';
import type { FaultyStation } from '../devices/faults/session.ts';
import { createDeviceImage } from '../devices/image.ts';
import type { DeviceImage, DeviceServer, SiteDevices } from '../devices/types.ts';
import { createStream } from '../random.ts';
import { Pins } from '../scenarios/pins.ts';
import { Recorder } from '../scenarios/recorder.ts';
import type { Act, Scenario } from '../scenarios/types.ts';
import { startFaultySerial, startFaultyTcp } from '../servers/faulty-device.ts';
import { createPtyPair } from '../servers/pty.ts';
import { deviceSettings } from '../sites/bind.ts';

/**
 * The devices of a scenario on real sockets and serial lines, its plant behind them, its faults in
 * them. Whoever speaks Modbus may be at the other end.
 */
export class Bench {
  readonly scenario: Scenario;
  readonly clock: Clock;
  readonly origin: ReturnType<typeof newOrigin>;
  readonly recorder: Recorder;
  site: Site; // with the wires that came to be
  running: RunningSite | undefined;
  private readonly images: Readonly<Record<string, DeviceImage>>;
  private readonly pins = new Pins();
  private readonly faults = new Map<string, Faults>(); // by bus
  private readonly stops: (() => Promise<void>)[] = [];

  constructor(scenario: Scenario, speed: number) {
    this.scenario = scenario;
    this.site = scenario.site;
    this.origin = newOrigin(speed, scenario.startMs);
    this.clock = createClock(this.origin);
    const settings = deviceSettings(this.site);
    this.images = Object.fromEntries(
      this.site.devices.map(({ id, profile: name }) => {
        const profile = profileById(name);
        if (profile === undefined) throw new RangeError(`no profile ${name}`);
        const own = { id, settings: settings[id] ?? { ratedW: 10_000 } };
        return [id, this.pins.dress(createDeviceImage(profile, own))];
      }),
    );
    this.recorder = new Recorder(scenario, this.images);
  }

  /** @param addresses where the buses listen, in their order: '127.0.0.1:1502'; else free ports */
  async start(addresses: readonly string[]): Promise<void> {
    const buses: BusSpec[] = [];
    for (const [n, bus] of this.site.buses.entries()) {
      buses.push(await this.serve(bus, portOf(addresses[n])));
    }
    this.site = { ...this.site, buses };
    const devices: SiteDevices = {
      images: this.images,
      start: async () => buses,
      stop: async () => undefined,
    };
    const { plant, seed } = this.scenario;
    const own = { site: this.site, plant, devices, seed, drive: undefined };
    const onTruth = this.recorder.truth.bind(this.recorder);
    this.running = runSite({ ...own, onTruth }, this.clock);
  }

  /** Faults, pins and whatever `others` takes, each at its time. @returns at the scenario's end */
  async play(others: (act: Act) => void, ending: Promise<unknown>): Promise<void> {
    const { acts, startMs, untilMs } = this.scenario;
    for (const act of acts) this.clock.at(act.atMs - startMs, () => this.happen(act, others));
    const over = new Promise<void>((resolve) => {
      this.clock.at(untilMs - startMs, () => resolve());
    });
    await Promise.race([over, ending]);
  }

  async stop(): Promise<void> {
    this.running?.stop();
    for (const stop of this.stops.reverse()) await stop();
  }

  private happen(act: Act, others: (act: Act) => void): void {
    const { does, untilMs } = act;
    if (does.kind === 'fault') {
      const bus = this.site.devices.find(({ id }) => id === does.device)?.bus ?? '';
      this.faults.get(bus)?.add(does.rule, this.clock.realMs());
    } else if (does.kind === 'set') {
      const release = this.pins.set(does.device, does.point, does.value);
      const { startMs, untilMs: endMs } = this.scenario;
      if (untilMs < endMs) this.clock.at(untilMs - startMs, release);
    } else others(act);
  }

  private async serve(bus: BusSpec, port: number): Promise<BusSpec> {
    const wire = bus.kind === 'tcp' ? 'tcp' : 'rtu';
    const faults = createFaults(this.scenario.seed, wire);
    this.faults.set(bus.id, faults);
    const units = new Map<number, DeviceImage>();
    for (const { id, bus: on, unit } of this.site.devices) {
      const image = this.images[id];
      if (on === bus.id && image !== undefined) units.set(unit, image);
    }
    const station: FaultyStation = {
      bus: bus.id,
      units,
      clock: this.clock,
      wire,
      faults,
      random: createStream(this.scenario.seed, `bus ${bus.id}`),
      before: new Map(),
      frozen: new WeakMap(),
      onFrame: (frame) => {
        this.running?.frame(frame);
        this.recorder.frame(frame, this.scenario.startMs + frame.atMs);
      },
      onRequest: () => this.running?.advance(),
    };
    const keep = <T extends DeviceServer>(server: T): T => {
      this.stops.push(server.stop);
      return server;
    };
    if (bus.kind !== 'serial') {
      const server = await startFaultyTcp(station, this.clock, { port, clients: CLIENTS });
      return { ...bus, host: '127.0.0.1', port: keep(server).port };
    }
    const pair = await createPtyPair();
    if (pair === undefined) {
      throw new Fault('a serial line needs socat', `bus ${bus.id}`, 'apt install socat');
    }
    this.stops.push(pair.stop);
    keep(await startFaultySerial(station, this.clock, pair.device, bus));
    return { ...bus, path: pair.gateway };
  }
}

const CLIENTS = 8;

function portOf(address: string | undefined): number {
  if (address === undefined) return 0;
  const [, host = '', port] = /^(.*):(\d{1,5})$/.exec(address) ?? [];
  const isOurs = host === '127.0.0.1' || host === 'localhost';
  if (isOurs && Number(port) <= 65_535) return Number(port);
  const mend = 'write 127.0.0.1:PORT for each wire, in the order of the site file';
  throw new Fault(`'${address}' is no address of this machine`, '--against', mend);
}
