import type { Timing } from '../../contracts/values/timing.ts';
import type { Clock, Log } from '../../ports.ts';
import type { DevicePoller } from './device.ts';
import { scarcity, scheduleOf } from './schedule.ts';

/** Cycles after which the arithmetic is done again with what was measured meanwhile. */
const AGAIN_CYCLES = 60;

/** The devices of one wire, and how often it can read them. */
export class SharedWire {
  /** How old a control reading from it may be, ms. */
  freshMs: number;
  readonly id: string;
  private readonly devices: readonly DevicePoller[];
  private readonly clock: Clock;
  private readonly times: Timing;
  private readonly log: Log;
  private plans = 0;
  private doneAtCycle = Number.NEGATIVE_INFINITY;
  private told = '';

  constructor(id: string, devices: readonly DevicePoller[], clock: Clock, times: Timing, log: Log) {
    this.id = id;
    this.devices = devices;
    this.clock = clock;
    this.times = { ...times };
    this.log = log;
    this.freshMs = times.freshMs.control;
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
