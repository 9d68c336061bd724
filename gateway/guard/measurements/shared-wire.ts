import type { BusSpec } from '../../contracts/values/site.ts';
import type { Timing } from '../../contracts/values/timing.ts';
import type { Clock, Log } from '../../ports.ts';
import type { DevicePoller } from './device.ts';
import { scarcity, scheduleOf } from './schedule.ts';

/** Cycles after which the arithmetic is done again with what was measured meanwhile. */
const AGAIN_CYCLES = 60;
/**
 * Control points are read so much before a turn: longer than they take, and more. On a line that is
 * computed from its baud rate; a network has its moods.
 */
const LEAD = {
  line: { share: 1.2, moreMs: 10 },
  network: { share: 1.5, moreMs: 20 },
} as const;
/** A wire that needs more of a cycle for them reads everything in the middle of it. */
const LEAD_SHARE = 0.4;

/** The devices of one wire, and how often it can read them. */
export class SharedWire {
  /** How old a control reading from it may be, ms. */
  freshMs: number;
  readonly id: string;
  readonly devices: readonly DevicePoller[];
  private readonly clock: Clock;
  private readonly times: Timing;
  private readonly log: Log;
  private plans = 0;
  private doneAtCycle = Number.NEGATIVE_INFINITY;
  private told = '';
  private readonly spec: BusSpec;
  private readonly isLast: (device: string) => boolean;
  private leads: { readonly lastMs: number; readonly firstMs: number } | undefined;

  /** @param isLast  a device that is read after the others: it shows what all of them do */
  constructor(
    spec: BusSpec,
    devices: readonly DevicePoller[],
    isLast: (device: string) => boolean,
    clock: Clock,
    times: Timing,
    log: Log,
  ) {
    this.id = spec.id;
    this.spec = spec;
    this.isLast = isLast;
    this.devices = devices;
    this.clock = clock;
    this.times = { ...times };
    this.log = log;
    this.freshMs = times.freshMs.control;
  }

  /** How long before a turn its control points are read; undefined: with all the others. */
  leadMs(device: string): number | undefined {
    return this.isLast(device) ? this.leads?.lastMs : this.leads?.firstMs;
  }

  private leadsOf(controlMs: number): SharedWire['leads'] {
    const { share, moreMs } = LEAD[this.spec.kind === 'serial' ? 'line' : 'network'];
    const last = this.devices.filter(({ id }) => this.isLast(id));
    const takesMs = last
      .flatMap((device) => device.loads())
      .reduce((sum, { costMs, everyCycles }) => sum + (everyCycles === 1 ? costMs : 0), 0);
    const lastMs = Math.ceil(share * takesMs + moreMs);
    const firstMs = Math.ceil(share * controlMs + moreMs);
    return firstMs <= LEAD_SHARE * this.times.cycleMs ? { lastMs, firstMs } : undefined;
  }

  /**
   * Looks whether the wire carries what is asked of it, and shares it out anew where it does not.
   * An accelerated run's wires are simulated ones without a baud rate: nothing is computed there.
   */
  look(cycle: number): void {
    if (this.clock.speed !== 1) return;
    const plans = this.devices.reduce((sum, device) => sum + device.plans, 0);
    if (plans === this.plans && cycle - this.doneAtCycle < AGAIN_CYCLES) return;
    if (plans === 0) return;
    this.plans = plans;
    this.doneAtCycle = cycle;
    const loads = this.devices.flatMap((device) => device.loads());
    const latencyMs = Math.max(0, ...this.devices.map((device) => device.latencyMs));
    const schedule = scheduleOf(loads, this.times, latencyMs);
    this.freshMs = schedule.freshMs;
    this.leads = this.leadsOf(schedule.controlMs);
    const fresh = { ...this.times.freshMs, control: schedule.freshMs };
    this.devices.forEach((device, turn) => device.keepPace(schedule.pace, fresh, cycle, turn));
    this.tell(
      `${schedule.pace.controlCycles} ${schedule.pace.restFactor}`,
      scarcity(schedule, this.times),
    );
  }

  /** Each pace once. */
  private tell(pace: string, sentence: string): void {
    if (pace === this.told || (this.told === '' && sentence === '')) return;
    this.told = pace;
    if (sentence === '') this.log.info(`bus ${this.id}: everything is read as often as it should`);
    else this.log.warn(`bus ${this.id} cannot carry all that is read over it: ${sentence}`);
  }
}
