import { decodePoint, decodeText } from '../../../devices/codec.ts';
import type { DeviceMap, Profile, RegisterSpace, ResolvedPoint } from '../../../devices/profile.ts';
import { resolveProfile } from '../../../devices/resolve.ts';
import { type SunspecChain, walkChain } from '../../../devices/sunspec/chain.ts';
import { SURVEYED } from '../../../devices/sunspec/survey.ts';
import type { MirrorSpan } from '../../contracts/values/frames.ts';
import type { DeviceView } from '../../contracts/values/image.ts';
import type { Reading } from '../../contracts/values/reading.ts';
import type { Device } from '../../contracts/values/site.ts';
import type { Timing } from '../../contracts/values/timing.ts';
import type { Clock, Log } from '../../ports.ts';
import type { Request } from '../bus/pdu.ts';
import type { BusHandle, BusResult } from '../bus/types.ts';
import { ask } from './ask.ts';
import { ReadingBook } from './book.ts';
import { type Block, itemsIn, planBlocks, type Span, splitBlock } from './plan.ts';
import { isPermanent, type Polled, polledOf } from './polled.ts';
import { FULL_PACE, type Load, type Pace } from './schedule.ts';

const FUNCTION = { coil: 1, discrete: 2, holding: 3, input: 4 } as const;

export const readRequest = (space: RegisterSpace, span: Span): Request => ({
  fc: FUNCTION[space],
  at: span.at,
  count: span.count,
});

/** Cycles until a block that failed with "device failure" twice is tried again. */
const AFTER_FAILURE_CYCLES = 30;
/** Cycles until a point that the device refused for good is asked again. */
const AFTER_REFUSAL_CYCLES = 3_600;
/** Cycles until a device that could not be recognised is looked at again. */
const AGAIN_CYCLES = 10;
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
}

/** One device: finds out what it is, keeps its poll plan, and books what it answers. */
export class DevicePoller {
  map: DeviceMap | undefined;
  settled = false; // asked once, whatever came of it
  plans = 0; // made so far: another number means another load on the wire
  readonly handle: BusHandle;
  readonly id: string;
  /** The newest answer of each read, for who wants the registers as they are. */
  readonly spans = new Map<string, MirrorSpan>();
  private readonly options: DeviceOptions;
  private book: ReadingBook | undefined;
  private polled: Polled[] = [];
  private knownAtOpen = 0; // connection on which the device was recognised
  private laidOut = ''; // where the models of its chain stood
  private looking = false;
  private lookAgainCycle = 0;
  isForeign = false; // another serial number than the one bound
  private cutOff = false; // the wire was not open at the last slot
  private told = '';
  private quarter = 0;
  private missed = 0; // polls that could not even be sent
  private pace = FULL_PACE;
  private freshMs: Timing['freshMs'];

  constructor(options: DeviceOptions) {
    this.options = options;
    this.handle = options.handle;
    this.id = options.device.id;
    this.freshMs = options.times.freshMs;
  }

  get good(): number {
    return this.book?.good ?? 0;
  }

  get bad(): number {
    return this.missed + (this.book?.bad ?? 0);
  }

  /** One slot of the cycle grid. Returns at once; what is due goes into the bus's queue. */
  slot(cycle: number): void {
    if (!this.handle.connected) {
      this.fail();
      return;
    }
    if (this.book === undefined || this.knownAtOpen !== this.handle.opens) {
      if (!this.looking && cycle >= this.lookAgainCycle) this.look(cycle);
      // The addresses of a chain hold for the connection on which it was walked.
      if (this.book === undefined || this.options.profile.kind === 'sunspec') return;
    }
    this.cutOff = false;
    const boundary = this.crossedQuarter();
    for (const polled of this.polled) {
      const due = cycle - polled.lastCycle >= this.cyclesOf(polled.block);
      const counters = boundary && polled.block.class === 'slow' && polled.block.everyCycles < 100;
      if (polled.pending || !(due || counters)) continue;
      polled.lastCycle = cycle;
      void this.read(polled, cycle);
    }
  }

  /** Cycles between two reads of a block, as far as its wire can. */
  private cyclesOf({ everyCycles }: Block): number {
    if (everyCycles === 1) return this.pace.controlCycles;
    return Math.max(everyCycles * this.pace.restFactor, this.pace.controlCycles);
  }

  /** What its blocks would cost of the wire. */
  loads(): Load[] {
    const present = this.polled.filter(({ absent }) => !absent);
    return present.map(({ block }) => ({
      everyCycles: block.everyCycles,
      costMs: this.handle.costMs(readRequest(block.space, block.spans[0])),
    }));
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

  private look(cycle: number): void {
    this.looking = true;
    const opens = this.handle.opens;
    void this.recognise().then((found) => {
      this.looking = false;
      this.settled = this.settled || found !== true;
      if (found === true) {
        this.knownAtOpen = opens;
        this.slot(cycle);
      } else {
        this.fail();
        this.lookAgainCycle = cycle + (found === 'later' ? 1 : AGAIN_CYCLES);
      }
    });
  }

  /** Model chain where there is one, then identity, then the plan. */
  private async recognise(): Promise<true | 'later' | 'refused'> {
    const { profile } = this.options;
    let chain: SunspecChain | undefined;
    let { map } = this;
    if (profile.kind === 'sunspec') {
      const walked = await this.walk();
      if (walked === 'later') return 'later';
      // One that was known is asked again soon: its values are missing meanwhile.
      if (typeof walked === 'string') return map === undefined ? this.refuse(walked) : 'later';
      chain = walked;
      // Another firmware or register map may have moved everything while the wire was down.
      if (this.laidOut !== layoutOf(chain)) map = undefined;
    }
    if (map === undefined) {
      try {
        map = resolveProfile(profile, chain);
      } catch (error) {
        return this.refuse(error instanceof Error ? error.message : String(error));
      }
    }
    const known = await this.identify(map, chain);
    if (known === 'later') return 'later';
    if (this.book === undefined || this.map !== map) {
      this.map = map;
      this.told = '';
      this.meet(chain);
      this.book = new ReadingBook(map);
      this.replan(map);
    }
    return true;
  }

  private replan(map: DeviceMap): void {
    this.polled = planBlocks(map, { varyShape: this.options.varyShape }).map(polledOf);
    this.plans += 1;
  }

  private refuse(why: string): 'refused' {
    if (this.told !== why) this.options.log.error(`device ${this.id}: ${why}`);
    this.told = why;
    return 'refused';
  }

  private async walk(): Promise<SunspecChain | 'later' | string> {
    const { profile } = this.options;
    const isAuto = profile.kind === 'sunspec' && profile.auto === true;
    this.spans.clear(); // everything may have moved
    const walk = walkChain(isAuto ? SURVEYED : undefined);
    let step = walk.next();
    while ('read' in step) {
      const { at, count } = step.read;
      const result = await this.handle.request({ fc: 3, at, count }, 'control');
      if (!result.ok && result.why !== 'exception') return 'later';
      if (result.ok) this.keep('holding', at, result, CONSTANT_MS);
      step = walk.next(result.ok ? result.words : undefined);
    }
    return 'chain' in step ? step.chain : step.error;
  }

  private meet(chain: SunspecChain | undefined): void {
    if (chain === undefined) return;
    const { log } = this.options;
    this.laidOut = layoutOf(chain);
    log.info(`device ${this.id}: SunSpec models ${chain.models.map(({ id }) => id).join(', ')}`);
    for (const line of chain.odd ?? []) log.warn(`device ${this.id}: ${line}`);
  }

  /** Reads who the device is; the words are also what proves the line after a resynchronisation. */
  private async identify(map: DeviceMap, chain: SunspecChain | undefined): Promise<'later' | true> {
    const { device, profile, log } = this.options;
    let proven = false;
    if (chain !== undefined) {
      this.handle.prove({ fc: 3, at: chain.base, count: 2 }, [0x5375, 0x6e53]);
      proven = true;
    }
    for (const key of profile.identity) {
      const point = map.points[key];
      if (point === undefined) continue;
      const request = readRequest(point.space, { at: point.at, count: point.count });
      const result = await this.handle.request(request, 'control');
      if (!result.ok && result.why !== 'exception') return 'later';
      if (!result.ok) continue;
      this.keep(point.space, point.at, result, CONSTANT_MS);
      if (!proven) this.handle.prove(request, result.words);
      proven = true;
      const serial = key === 'serial' ? serialOf(map, point, result.words) : undefined;
      if (serial === undefined) continue;
      const foreign = device.serial !== undefined && device.serial !== serial;
      if (foreign && !this.isForeign) {
        const bound = `${device.serial} is bound; it is only observed until confirmed`;
        log.error(`device ${this.id}: serial ${serial} answers, ${bound}`);
      }
      this.isForeign = foreign;
    }
    if (!proven && this.map === undefined) this.proveByShape(map);
    return true;
  }

  /** No constant register is known: at least the proof looks different from what is polled. */
  private proveByShape(map: DeviceMap): void {
    const [block] = planBlocks(map, { varyShape: false });
    const item = block?.items.find((one) => one.end - one.at !== block.spans[0].count);
    if (block === undefined || item === undefined) return;
    this.handle.prove(readRequest(block.space, { at: item.at, count: item.end - item.at }));
  }

  private async read(polled: Polled, cycle: number): Promise<void> {
    const { block } = polled;
    const span = block.spans[polled.attempt % block.spans.length] ?? block.spans[0];
    const request = readRequest(block.space, span);
    const lost = (): void => this.book?.failed(itemsIn(block, span));
    const result = await ask(this.handle, request, polled, lost);
    this.settled = this.settled || this.polled.every((other) => !other.pending);
    if (result.ok) {
      polled.failures = 0;
      polled.absent = false;
      const atMs = result.sentAtMs - (this.map?.limits.latencyMs ?? 0);
      this.book?.take(itemsIn(block, span), span, result.words, atMs);
      this.keep(block.space, span.at, result, this.options.times.freshMs[block.class]);
    } else {
      this.refused(polled, span, cycle, result);
    }
  }

  private keep(
    space: RegisterSpace,
    at: number,
    { words, sentAtMs }: BusResult & { ok: true },
    freshMs: number,
  ): void {
    this.spans.set(`${space} ${at}`, { space, at, words, atMs: sentAtMs, freshMs });
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
      if (parts.length === 0) this.absent(polled, cycle, where);
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

/** As text or as a number; undefined where the device does not tell. */
const serialOf = (map: DeviceMap, point: ResolvedPoint, words: readonly number[]) =>
  point.as === 'str' ? decodeText(point, words, 0) : decodePoint(map, point, words, 0)?.toString();

const layoutOf = (chain: SunspecChain): string =>
  chain.models.map(({ id, at, length }) => `${id}@${at}+${length}`).join(' ');
