import type { BusSpec } from '../../contracts/values/site.ts';
import type { Timing } from '../../contracts/values/timing.ts';
import type { Clock, Log } from '../../ports.ts';
import type { DevicePoller } from './device.ts';
import {
  admitted,
  NO_SLOTS,
  type Part,
  type Slot,
  scarcity,
  scheduleOf,
  slotsOf,
} from './schedule.ts';

/** Cycles after which the arithmetic is done again with what was measured meanwhile. */
const AGAIN_CYCLES = 60;
const PARTS: readonly Part[] = ['control', 'vital', 'rest'];

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
  private plan = NO_SLOTS;
  private readonly turns: Partial<Record<Part, number>> = {}; // last one that each was read for

  constructor(
    spec: BusSpec,
    devices: readonly DevicePoller[],
    clock: Clock,
    times: Timing,
    log: Log,
  ) {
    this.id = spec.id;
    this.spec = spec;
    this.devices = devices;
    this.clock = clock;
    this.times = { ...times };
    this.log = log;
    this.freshMs = times.freshMs.control;
  }

  /**
   * One slot of the cycle grid. Parts with slots of their own are asked for when those come.
   * @param isRunning  asked then
   */
  slot(cycle: number, isRunning: () => boolean): void {
    const readable = this.devices.filter((device) => device.slot(cycle));
    for (const part of PARTS) {
      const slot = this.plan.slots.find((one) => one.part === part);
      if (slot !== undefined) this.ahead(slot, isRunning);
      else if (part === 'rest') this.rest(readable, cycle);
      else for (const device of readable) device.read(part, cycle);
    }
  }

  private rest(devices: readonly DevicePoller[], cycle: number): void {
    const due = devices.flatMap((device) => device.due('rest', cycle));
    for (const { go } of admitted(due, this.plan.roomMs)) go();
  }

  /** Before the next turn that is far enough away; at once for one that another slot has missed. */
  private ahead({ part, leadMs }: Slot, isRunning: () => boolean): void {
    const { cycleMs } = this.times;
    const turn = Math.ceil((this.clock.monoMs() + leadMs) / cycleMs);
    const before = this.turns[part] ?? turn - 1;
    if (turn === before) return;
    this.turns[part] = turn;
    const read = (cycle: number): void => {
      if (part === 'rest')
        this.rest(
          this.devices.filter(({ known }) => known),
          cycle,
        );
      else for (const device of this.devices) device.controlSlot(cycle, part);
    };
    if (turn > before + 1) read(turn - 2);
    this.clock.at(turn * cycleMs - leadMs, () => {
      if (isRunning()) read(turn - 1);
    });
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
    const kind = this.spec.kind === 'serial' ? 'line' : 'network';
    this.plan = slotsOf(loads, kind, schedule.pace, this.times.cycleMs);
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
