import type { DeviceMap, Profile } from '../../../devices/profile.ts';
import type { DeviceView } from '../../contracts/values/image.ts';
import type { Reading } from '../../contracts/values/reading.ts';
import type { Device } from '../../contracts/values/site.ts';
import type { Timing } from '../../contracts/values/timing.ts';
import type { Clock, Log } from '../../ports.ts';
import type { BusHandle, BusResult } from '../bus/types.ts';
import { ask } from './ask.ts';
import { ReadingBook } from './book.ts';
import { Mirror } from './mirror.ts';
import {
  type Block,
  itemsIn,
  planBlocks,
  powerOf,
  readRequest,
  type Span,
  splitBlock,
} from './plan.ts';
import { isPermanent, type Polled, polledOf } from './polled.ts';
import { Recognition } from './recognise.ts';
import { type Due, FULL_PACE, type Pace, type Part, type PlacedLoad } from './schedule.ts';

/** Cycles until a block that failed with "device failure" twice is tried again. */
const AFTER_FAILURE_CYCLES = 30;
/** Cycles until a point that the device refused for good is asked again. */
const AFTER_REFUSAL_CYCLES = 3_600;
/** Cycles until a device that could not be recognised is looked at again. */
const AGAIN_CYCLES = 10;
/** Away for longer than this, a device may have been given another firmware or other settings. */
const AWAY_CYCLES = 60;
/** Cycles until a chain that was only glanced at is walked for certainty, and a stranger again. */
const HELD_CYCLES = 20;
/** A read of the power alone is worth one more request where it is there so much sooner. */
const WORTH_MS = 15;
/** Identity and model headers stay as long as the device does. */
const CONSTANT_MS = 1e12;

export interface DeviceOptions {
  readonly device: Device;
  readonly profile: Profile;
  readonly handle: BusHandle;
  readonly clock: Clock;
  readonly times: Timing;
  readonly log: Log;
  readonly varyShape: boolean;
  /** What of it the next turn decides by: nothing, its power, or all that control needs. */
  readonly vital: 'none' | 'power' | 'all';
}

/** A read that is due and can wait. */
export interface Waiting extends Due {
  readonly go: () => void;
}

const PARTS: readonly Part[] = ['control', 'vital', 'rest'];
const PRIORITIES = { vital: 'vital', control: 'control', rest: 'slow' } as const;

/** One device: finds out what it is, keeps its poll plan, and books what it answers. */
export class DevicePoller {
  settled = false; // asked once, whatever came of it
  plans = 0; // made so far: another number means another load on the wire
  readonly handle: BusHandle;
  readonly id: string;
  readonly mirror = new Mirror();
  private readonly options: DeviceOptions;
  private book: ReadingBook | undefined;
  private polled: Polled[] = [];
  private power: ReturnType<typeof powerOf>; // what the next turn decides by
  private readonly who: Recognition;
  private knownInSession = 0; // of the wire, in which the device was recognised
  private knownAtMs = Number.NEGATIVE_INFINITY; // monotonic, the last slot in which it was
  private knownInOutage = 0;
  private wasDown = false;
  private looking = false;
  private lookAgainCycle = 0;
  private walkCycle = Number.POSITIVE_INFINITY; // after a glance, for certainty
  private cutOff = false; // the wire was not open at the last slot
  private quarter = 0;
  private missed = 0; // polls that could not even be sent
  private pace = FULL_PACE;
  private freshMs: Timing['freshMs'];

  constructor(options: DeviceOptions) {
    this.options = options;
    this.handle = options.handle;
    this.id = options.device.id;
    this.freshMs = options.times.freshMs;
    this.who = new Recognition({
      ...options,
      keep: (constants, moved) => {
        if (moved) this.mirror.forget();
        for (const { space, request, answer } of constants)
          this.mirror.keep(space, request.at, answer, CONSTANT_MS);
      },
    });
  }

  get map(): DeviceMap | undefined {
    return this.who.map;
  }

  /** Another serial number than the one bound, or met first. */
  get isForeign(): boolean {
    return this.who.isForeign;
  }

  /** Recognised since it may last have restarted or been exchanged: it may be written to. */
  get known(): boolean {
    return this.book !== undefined && this.knownInSession === this.handle.sessions;
  }

  /**
   * Recognised within the last minute, its wire was not away since but for moments in which we
   * replaced a silent connection, and nothing answered as another one would: it may be given its
   * safe state, whatever is lost of the answers by which it would be known again.
   */
  get presumed(): boolean {
    if (this.known) return true;
    if (this.who.isDoubted || this.knownInOutage !== this.handle.outages) return false;
    const { clock, times } = this.options;
    return clock.monoMs() - this.knownAtMs <= AWAY_CYCLES * times.cycleMs;
  }

  get good(): number {
    return this.book?.good ?? 0;
  }

  get bad(): number {
    return this.missed + (this.book?.bad ?? 0);
  }

  /** What control needs, shortly before a turn that decides by it. */
  controlSlot(cycle: number, part: Part): void {
    if (this.handle.connected && this.known) this.read(part, cycle);
  }

  /**
   * One slot of the cycle grid: looks whether it is there, and who it is. Returns at once.
   * @returns whether it may be read
   */
  slot(cycle: number): boolean {
    if (!this.handle.connected) {
      this.fail();
      return false;
    }
    // A unit that is taken for dead may be exchanged meanwhile.
    if (this.handle.down && !this.wasDown) this.knownInSession = 0;
    this.wasDown = this.handle.down;
    if (!this.known) {
      if (!this.looking && cycle >= this.lookAgainCycle) this.look(cycle);
      // The addresses of a chain hold for the device that it was walked on.
      if (this.book === undefined || this.options.profile.kind === 'sunspec') return false;
    } else {
      this.knownAtMs = this.options.clock.monoMs();
      this.knownInOutage = this.handle.outages;
      if (cycle >= this.walkCycle && !this.looking) this.look(cycle);
    }
    this.cutOff = false;
    return true;
  }

  /** Puts what is due of a part into the bus's queue. */
  read(part: Part, cycle: number): void {
    for (const { go } of this.due(part, cycle)) go();
  }

  /** What is due of a part. */
  due(part: Part, cycle: number): Waiting[] {
    const boundary = part === 'rest' && this.crossedQuarter();
    const found: Waiting[] = [];
    for (const polled of this.polled) {
      const { block } = polled;
      if (polled.pending || this.partOf(block) !== part) continue;
      const isCounter = boundary && block.class === 'slow' && block.everyCycles < 100;
      const overdueShare = (cycle - polled.lastCycle) / this.cyclesOf(block);
      if (overdueShare < 1 && !isCounter) continue;
      const go = (): void => void this.ask(polled, cycle);
      const costMs = this.costMs(block);
      found.push({ costMs, overdueShare: isCounter ? Infinity : overdueShare, go });
    }
    return found;
  }

  private partOf(block: Block): Part {
    if (block.everyCycles > 1) return 'rest';
    const { vital } = this.options;
    return vital === 'all' || block === this.power?.block ? 'vital' : 'control';
  }

  /** Cycles between two reads of a block, as far as its wire can. */
  private cyclesOf({ everyCycles }: Block): number {
    if (everyCycles === 1) return this.pace.controlCycles;
    return Math.max(everyCycles * this.pace.restFactor, this.pace.controlCycles);
  }

  /** What its blocks would cost of the wire. */
  loads(): PlacedLoad[] {
    const present = this.polled.filter(({ absent }) => !absent);
    return present.map(({ block }) => ({
      everyCycles: block.everyCycles,
      part: this.partOf(block),
      costMs: this.costMs(block),
      answerMs: this.answerMs(block),
    }));
  }

  private answerMs({ space, spans }: Block): number {
    return this.handle.answerMs(readRequest(space, spans[0]));
  }

  private costMs({ space, spans }: Block): number {
    return this.handle.costMs(readRequest(space, spans[0]));
  }

  get latencyMs(): number {
    return this.map?.limits.latencyMs ?? 0;
  }

  /**
   * How often its wire lets it read, and how old its control readings may be.
   * @param turn among the devices of the wire: they do not all read in the same cycle
   */
  keepPace(pace: Pace, freshMs: Timing['freshMs'], cycle: number, turn: number): void {
    this.freshMs = freshMs;
    if (pace.controlCycles === this.pace.controlCycles && pace.restFactor === this.pace.restFactor)
      return;
    this.pace = pace;
    for (const polled of this.polled) {
      if (polled.block.everyCycles > 1) continue;
      polled.lastCycle = Math.max(
        polled.lastCycle,
        cycle - pace.controlCycles + (turn % pace.controlCycles),
      );
    }
  }

  readings(nowMs: number): Record<string, Reading> {
    return this.book?.readings(nowMs, this.freshMs) ?? {};
  }

  reading(key: string, nowMs: number): Reading | undefined {
    return this.book?.reading(key, nowMs, this.freshMs);
  }

  view(nowMs: number): DeviceView {
    const { stats } = this.handle;
    return {
      id: this.id,
      state: this.state(nowMs),
      latencyMs: stats.latencyMs,
      timeouts: stats.timeouts,
      exceptions: stats.exceptions,
      readsGood: this.good,
      readsBad: this.bad,
      writes: stats.writes,
    };
  }

  private state(nowMs: number): DeviceView['state'] {
    if (this.isForeign) return 'observing';
    const { times } = this.options;
    const ageMs = nowMs - (this.book?.controlAtMs() ?? Number.NEGATIVE_INFINITY);
    if (ageMs > this.freshMs.control + times.safeByMs - times.freshMs.control) return 'silent';
    if (ageMs > this.freshMs.control) return 'safe';
    const failing = this.polled.some((polled) => polled.failed && polled.block.class === 'control');
    return failing || this.cutOff ? 'holding' : 'ok';
  }

  private crossedQuarter(): boolean {
    const quarter = Math.floor(this.options.clock.wallMs() / 900_000);
    const crossed = quarter !== this.quarter;
    this.quarter = quarter;
    return crossed;
  }

  private fail(): void {
    this.settled = this.settled || this.handle.connected || this.handle.failed;
    this.cutOff = true;
    if (this.book === undefined) this.missed += 1;
    for (const { block } of this.polled) {
      if (block.everyCycles === 1) this.book?.failed(block.items);
    }
  }

  /** Anew, again after a while to be certain, or with one read where it was away for moments. */
  private look(cycle: number): void {
    this.looking = true;
    const { who, known } = this;
    const { sessions } = this.handle;
    const glances = !known && who.hasCard && !this.wasAway;
    const looked = glances ? who.glance() : who.look(known ? 'slow' : 'control');
    void looked.then((found) => {
      this.looking = false;
      const isFound = found === 'new' || found === 'same';
      this.settled = this.settled || !isFound;
      const isCertain = isFound && !glances && !this.isForeign;
      this.walkCycle = cycle + (isCertain ? Number.POSITIVE_INFINITY : HELD_CYCLES);
      if (isFound) {
        if (found === 'new' && this.map !== undefined) this.replan(this.map);
        this.knownInSession = sessions;
        if (!known) this.readAll(cycle);
      } else if (!known) {
        this.fail();
        this.lookAgainCycle = cycle + (found === 'later' ? 1 : AGAIN_CYCLES);
      }
    });
  }

  private readAll(cycle: number): void {
    if (!this.slot(cycle)) return;
    for (const part of PARTS) this.read(part, cycle);
  }

  private get wasAway(): boolean {
    const { clock, times } = this.options;
    const sinceMs = clock.monoMs() - (this.book?.controlAtMs() ?? Number.NEGATIVE_INFINITY);
    return sinceMs > AWAY_CYCLES * times.cycleMs;
  }

  private replan(map: DeviceMap): void {
    this.book = new ReadingBook(map);
    const { varyShape, vital } = this.options;
    const blocks = planBlocks(map, { varyShape });
    const answerMs = (block: Block): number => this.answerMs(block);
    this.power = vital === 'power' ? powerOf(blocks, answerMs, WORTH_MS) : undefined;
    if (this.power?.isExtra === true) blocks.push(this.power.block);
    this.polled = blocks.map(polledOf);
    this.plans += 1;
  }

  private async ask(polled: Polled, cycle: number): Promise<void> {
    polled.lastCycle = cycle;
    const { block } = polled;
    const span = block.spans[polled.attempt % block.spans.length] ?? block.spans[0];
    const request = readRequest(block.space, span);
    const lost = (): void => this.book?.failed(itemsIn(block, span));
    const priority = PRIORITIES[this.partOf(block)];
    const result = await ask(this.handle, request, priority, polled, lost);
    this.settled = this.settled || this.polled.every((other) => !other.pending);
    if (result.ok) {
      polled.failures = 0;
      polled.absent = false;
      const atMs = result.sentAtMs - (this.map?.limits.latencyMs ?? 0);
      this.book?.take(block, span, result.words, atMs);
      this.mirror.keep(block.space, span.at, result, this.options.times.freshMs[block.class]);
    } else {
      this.refused(polled, span, cycle, result);
    }
  }

  /**
   * Asked again in an hour; within a minute where the device refuses all that control needs, as
   * one does that is still starting.
   */
  private absent(polled: Polled, cycle: number, where: string): void {
    const { block } = polled;
    this.book?.absent(block.items, this.options.clock.monoMs());
    const keys = block.items.map((item) => item.points[0]?.key).join(', ');
    if (!polled.told) this.options.log.warn(`device ${this.id}: does not have ${keys} (${where})`);
    Object.assign(polled, { absent: true, told: true, failed: false });
    polled.lastCycle = cycle + AFTER_REFUSAL_CYCLES - this.cyclesOf(block);
    const control = this.polled.filter((other) => other.block.class === 'control');
    if (!control.every((other) => other.absent)) return;
    for (const other of control)
      other.lastCycle = cycle + AFTER_FAILURE_CYCLES - this.pace.controlCycles;
  }

  private refused(
    polled: Polled,
    span: Span,
    cycle: number,
    result: BusResult & { ok: false },
  ): void {
    const { block } = polled;
    const where = `registers ${span.at}..${span.at + span.count - 1}`;
    if (isPermanent(result.exception)) {
      const parts = splitBlock(block);
      this.plans += 1;
      const isExtra = this.power?.isExtra === true && this.power.block === block;
      if (parts.length === 0 && !isExtra) this.absent(polled, cycle, where);
      else this.polled = [...this.polled.filter((one) => one !== polled), ...parts.map(polledOf)];
      return;
    }
    this.book?.failed(itemsIn(block, span));
    if (result.exception === 4) {
      polled.failures += 1;
      if (polled.failures === 1) {
        this.options.log.error(`device ${this.id}: reports a failure for ${where}`);
      }
      if (block.everyCycles > 1) {
        polled.lastCycle = cycle + AFTER_FAILURE_CYCLES - this.cyclesOf(block);
      }
      return;
    }
    // Again in the next cycle that has room for it.
    polled.lastCycle = cycle - this.cyclesOf(block) + this.pace.controlCycles;
  }
}
