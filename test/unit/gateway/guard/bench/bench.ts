import type { SignedDirective } from '../../../../../gateway/contracts/values/directive.ts';
import type { DeviceView, Image } from '../../../../../gateway/contracts/values/image.ts';
import type { Reading } from '../../../../../gateway/contracts/values/reading.ts';
import type { TelemetryRecord } from '../../../../../gateway/contracts/values/record.ts';
import type { Site } from '../../../../../gateway/contracts/values/site.ts';
import { timing } from '../../../../../gateway/contracts/values/timing.ts';
import type { LeaseView, Writer } from '../../../../../gateway/guard/commands/types.ts';
import type { Poller, Snapshot } from '../../../../../gateway/guard/measurements/types.ts';
import type { Verdict } from '../../../../../gateway/guard/safety/verdict.ts';
import { createGuard, type Guard, type GuardState } from '../../../../../gateway/guard/tick.ts';
import { Trials } from '../../../../../gateway/guard/trials.ts';
import type { Clock } from '../../../../../gateway/ports.ts';
import { createVirtualClock } from '../../../../../simulators/clock.ts';
import {
  startVirtualProcess,
  type VirtualProcess,
} from '../../../../../simulators/world/process.ts';

/** The site's surroundings, as a field engineer sets them. Powers + into the node. */
export interface World {
  pvW: number; // what the sun offers
  loadW: number; // <= 0
  carW: number; // most the car takes, >= 0
  pumpW: number; // what the pump draws when it may, >= 0
  socPct: number;
  temperatureC: number;
  chargeMaxW: number;
  dischargeMaxW: number;
  fault: number; // of the battery; 0 = none
  chargeRequestW: number;
  voltageV: number;
  frequencyHz: number;
  phaseShare: readonly [number, number, number];
  setpointShare: number; // what the inverter makes of its setpoint
  silent: readonly string[]; // devices that do not answer
  frozen: boolean; // the meter shows what it showed
}

const CALM: World = {
  pvW: 0,
  loadW: 0,
  carW: 0,
  pumpW: 0,
  socPct: 50,
  temperatureC: 20,
  chargeMaxW: 50_000,
  dischargeMaxW: 50_000,
  fault: 0,
  chargeRequestW: 0,
  voltageV: 230,
  frequencyHz: 50,
  phaseShare: [1 / 3, 1 / 3, 1 / 3],
  setpointShare: 1,
  silent: [],
  frozen: false,
};

const PLANT_MS = 50;
/** Devices are asked one after the other: their readings are of different moments. */
const ASKED_MS: Readonly<Record<string, number>> = { meter1: 0, inverter2: 130, inverter1: 210 };

export interface BenchOptions {
  readonly lagMs?: number;
  readonly writeMs?: number;
  readonly wallMs?: number;
  readonly saved?: GuardState;
  readonly commissioned?: readonly string[];
  readonly speed?: number;
  readonly meter?: { readonly resolutionW: number; readonly everyS: number }; // new values
  readonly errors?: string[]; // of the guard's log: kept here; without it they fail
  readonly wears?: boolean; // setpoints are kept in flash memory
}

/** A small plant behind a poller and a writer that answer as real ones do, in virtual time. */
export class Bench {
  readonly clock;
  readonly world: World = { ...CALM };
  readonly saved: GuardState[] = [];
  readonly records: TelemetryRecord[] = [];
  readonly images: Image[] = [];
  readonly submitted: { readonly atMs: number; readonly verdicts: readonly Verdict[] }[] = [];
  guard: Guard;
  readonly told = new Map<string, Verdict>();
  released: readonly Verdict[] | undefined;
  onTold: ((verdict: Verdict, atMs: number) => void) | undefined;
  batteryW = 0;
  sunW = 0;
  private process: VirtualProcess;
  private moves = false; // the plant
  private readonly leases = new Map<string, { asked: Verdict; stands: boolean }>(); // of this guard
  private readonly readings: Record<string, Record<string, Reading>> = {};
  private readonly site: Site;
  private readonly options: BenchOptions;

  constructor(site: Site, options: BenchOptions = {}) {
    this.site = site;
    this.options = options;
    const speed = options.speed ?? 1;
    this.clock = createVirtualClock({ speed, wallMs: options.wallMs ?? 1_767_225_600_000 });
    this.process = startVirtualProcess(this.clock);
    this.guard = this.guardOf(options.saved);
  }

  /** kill -9 of the guard: what was on its way to the wire is lost; the plant goes on. */
  async killed(forMs: number): Promise<void> {
    this.process.kill();
    await this.clock.advance(forMs);
    this.process = startVirtualProcess(this.clock);
    this.leases.clear();
    this.guard = this.guardOf(this.saved.at(-1));
    await this.start();
  }

  /** From now on nobody trusts the guard's wall clock. */
  distrustClock(): void {
    Object.assign(this.process.clock, { isWallTrusted: () => false });
  }

  private guardOf(saved: GuardState | undefined): Guard {
    const { site, options } = this;
    const log = { info: () => undefined, warn: () => undefined, error: this.fail };
    const { clock } = this.process;
    const base = { site, clock, times: timing(clock.speed), poller: this.poller(clock), log };
    const guard = createGuard({
      ...base,
      trials: new Trials(base),
      writer: this.writer(clock),
      verifier: { verify: (text, signature) => signature === `signed ${text}` },
      saved,
      commissioned: new Set(options.commissioned ?? site.devices.map(({ id }) => id)),
      save: (state) => this.saved.push(state),
      bootId: 'boot-1',
      pass: async () => [0x83, 10],
    });
    guard.onImage = (image) => this.images.push(image);
    guard.onRecords = (records) => this.records.push(...records);
    return guard;
  }

  get image(): Image {
    const image = this.guard.image();
    if (image === undefined) throw new Error('no image yet');
    return image;
  }

  /** Power at the connection now, + import. */
  get gridW(): number {
    return -(this.sunW + this.batteryW + this.world.loadW - this.carW - this.pumpW);
  }

  get carW(): number {
    const told = this.told.get('ev1');
    const askedW = told?.kind === 'steps' ? -told.powerW : 11_040;
    return Math.min(this.world.carW, askedW);
  }

  get pumpW(): number {
    const told = this.told.get('pump1');
    return told?.kind === 'on-off' && told.powerW === 0 ? 0 : this.world.pumpW;
  }

  /** `directive` as the cloud would sign it. */
  sign(body: object, signature?: string): SignedDirective {
    const text = JSON.stringify(body);
    return { body: text, keyId: 'key1', signature: signature ?? `signed ${text}` };
  }

  async start(): Promise<void> {
    const started = this.guard.start();
    let open = true;
    void started.then(() => {
      open = false;
    });
    await this.clock.until(() => !open, 20_000 * this.clock.speed);
    await started;
  }

  private readonly fail = (text: string): void => {
    if (this.options.errors === undefined) throw new Error(text);
    this.options.errors.push(text);
  };

  private move(): void {
    const share = PLANT_MS / (this.options.lagMs ?? 400);
    const told = this.told.get('battery1');
    const wishW = told?.kind === 'setpoint' ? told.powerW * this.world.setpointShare : 0;
    const aimW = Math.max(-this.world.chargeMaxW, Math.min(this.world.dischargeMaxW, wishW));
    this.batteryW += (aimW - this.batteryW) * share;
    const limit = this.told.get('pv1');
    const mostW = limit?.kind === 'limit' ? limit.powerW : Number.POSITIVE_INFINITY;
    this.sunW += (Math.min(this.world.pvW, mostW) - this.sunW) * share;
  }

  private measure(device: string): Record<string, number> {
    const { world, gridW } = this;
    switch (device) {
      case 'meter1': {
        const [a, b, c] = world.phaseShare.map((share) => share * gridW) as [
          number,
          number,
          number,
        ];
        const phases = { powerL1W: a, powerL2W: b, powerL3W: c };
        const amps = Object.fromEntries(
          [a, b, c].map((w, n) => [`currentL${n + 1}A`, Math.abs(w) / 230]),
        );
        return {
          powerW: gridW,
          ...phases,
          ...amps,
          voltageL1V: world.voltageV,
          frequencyHz: world.frequencyHz,
        };
      }
      case 'inverter1':
        return { powerW: this.sunW };
      case 'inverter2': {
        const { socPct, temperatureC, chargeMaxW, dischargeMaxW, fault, chargeRequestW } = world;
        const bms = { chargeMaxW, dischargeMaxW, fault, chargeRequestW };
        return { powerW: this.batteryW, socPct, temperatureC, ...bms };
      }
      case 'wallbox1':
        return { powerW: -this.carW };
      case 'meter2':
        return { powerW: this.pumpW };
      default:
        return {};
    }
  }

  private poll(device: string): void {
    const nowMs = this.clock.monoMs();
    const before = this.readings[device] ?? {};
    if (this.world.silent.includes(device)) {
      for (const [key, reading] of Object.entries(before)) {
        if (reading.quality !== 'good') continue;
        before[key] = { quality: 'timeout', last: reading.value, atMs: reading.atMs };
      }
      return;
    }
    const { resolutionW = 0, everyS = 1 } = this.options.meter ?? {};
    const isOld = this.world.frozen || Math.floor(nowMs / 1_000) % everyS !== 0;
    if (device === 'meter1' && isOld && before['powerW'] !== undefined) {
      for (const [key, reading] of Object.entries(before))
        before[key] = { ...reading, atMs: nowMs };
      return;
    }
    const values = Object.entries(this.measure(device)).map(([key, value]) => {
      const isRound = resolutionW > 0 && device === 'meter1' && key.startsWith('power');
      return [key, isRound ? Math.round(value / resolutionW) * resolutionW : value] as const;
    });
    this.readings[device] = Object.fromEntries(
      values.map(([key, value]) => [key, { quality: 'good', value, atMs: nowMs }]),
    );
  }

  private poller(clock: Clock): Poller {
    const cycleMs = timing(clock.speed).cycleMs;
    const plant = (): void => {
      this.move();
      this.clock.at(this.clock.monoMs() + PLANT_MS * (cycleMs / 1_000), plant);
    };
    const round = (): void => {
      for (const { id } of this.site.devices) {
        const offsetMs = (ASKED_MS[id] ?? 0) * (cycleMs / 1_000);
        clock.at(clock.monoMs() + offsetMs, () => this.poll(id));
      }
      clock.at(clock.monoMs() + cycleMs, round);
    };
    return {
      start: async () => {
        if (!this.moves) plant();
        this.moves = true;
        clock.at(clock.monoMs() + cycleMs / 2, round);
        await new Promise<void>((done) => clock.at(clock.monoMs() + 0.8 * cycleMs, done));
      },
      stop: async () => undefined,
      snapshot: () => this.snapshot(),
      reading: (device, key) => this.snapshot().readings[device]?.[key],
      known: () => true,
      presumed: () => true,
      observed: () => false,
      bus: () => {
        throw new Error('no bus on the bench');
      },
      map: (device) => this.map(device),
      spans: () => [],
    };
  }

  /** What a device offers, once it was reached; nobody here looks at the rest of a map. */
  private map(device: string): ReturnType<Poller['map']> {
    const points = this.readings[device];
    if (points === undefined) return undefined;
    return { points, control: [] } as unknown as ReturnType<Poller['map']>;
  }

  private snapshot(): Snapshot {
    const devices = this.site.devices.map(
      ({ id }): DeviceView => ({
        id,
        state: this.world.silent.includes(id) ? 'silent' : 'ok',
        latencyMs: 5,
        timeouts: 0,
        exceptions: 0,
        readsGood: 0,
        readsBad: 0,
        writes: 0,
      }),
    );
    return { readings: this.readings, devices, good: 0, bad: 0 };
  }

  private writer(clock: Clock): Writer {
    const state = (): LeaseView[] =>
      [...this.leases.values()].map(({ asked: verdict, stands }) => ({
        terminal: verdict.terminal,
        device: '',
        armed: true,
        armedUntilMonoMs: 0,
        lastVerified: stands ? verdict : undefined,
        lastVerifiedAtMs: 0,
        toldW: verdict.kind === 'setpoint' ? verdict.powerW : Number.NaN,
        mismatches: 0,
        givenBack: false,
        unknownOutcome: false,
        refused: undefined,
        aside: false,
        wears: this.options.wears,
      }));
    return {
      submit: (verdicts, nowMs) => {
        this.submitted.push({ atMs: nowMs, verdicts });
        for (const asked of verdicts) {
          const stands = this.leases.get(asked.terminal)?.stands === true;
          this.leases.set(asked.terminal, { asked, stands });
        }
        clock.at(nowMs + (this.options.writeMs ?? 60), () => {
          for (const asked of verdicts) {
            this.told.set(asked.terminal, asked);
            this.leases.set(asked.terminal, { asked, stands: true });
            this.onTold?.(asked, this.clock.monoMs());
          }
        });
      },
      releaseAll: async (safe) => {
        this.released = safe;
        return { verified: true, failed: [] };
      },
      state,
      foreign: () => [],
      budget: () => ({}),
    };
  }
}
