import type { Clock } from '../../ports.ts';
import { newProbing } from './breaker.ts';
import { Connection } from './connection.ts';
import { Flights } from './flights.ts';
import { SinceAnswer } from './half-open.ts';
import { type Host, handleOf } from './handle.ts';
import { type Hearer, type Line, lineOf } from './line.ts';
import { checkRequest, isWrite, type PduAnswer, type Request, registersOf } from './pdu.ts';
import { isProof } from './proof.ts';
import { type Priority, RequestQueue } from './queue.ts';
import { Silence } from './silence.ts';
import {
  type Bus,
  type BusFailure,
  type BusHandle,
  type BusOptions,
  type BusResult,
  DEPTH_MAX,
  failure,
  type UnitSettings,
  unsent,
} from './types.ts';
import { type Asking, type Flight, longest, newUnit, trustOf, type Unit } from './unit.ts';
import { Watch } from './watch.ts';
import { WireTime } from './wire-time.ts';

const PATIENCE_MS = 2_000; // real; nobody is passed over for longer
/** Between two attempts to open a wire, at most (real ms). */
const CAP_MS = { serial: 5_000, network: 15_000 } as const;
const STRAY_BYTES = 5; // this many unasked bytes are an answer, not noise

/**
 * The one owner of a wire: every request goes through its queue, one is in flight unless a device
 * allows more, each has its own deadline, and whatever happens every request settles. Results are
 * data; nothing here rejects.
 */
export function createBus(options: BusOptions): Bus {
  return new Owner(options);
}

class Owner implements Bus, Host, Hearer<Flight> {
  late = 0;
  onOpen: (() => void) | undefined;
  private readonly clock: Clock;
  private readonly line: Line<Flight>;
  private readonly options: BusOptions;
  private readonly units = new Map<number, Unit>();
  private readonly queue: RequestQueue<Asking>;
  readonly connection: Connection;
  readonly wireTime: WireTime;
  private readonly silence: Silence;
  private readonly watch: Watch;
  private readonly flights = new Flights();
  private readonly probing = newProbing();
  private wake: (() => void) | undefined;
  private readonly sinceAnswer = new SinceAnswer();
  private strayBytes = 0;
  private lastUnit: Unit | undefined;
  private held: Asking | undefined; // waits for its unit's proof

  constructor(options: BusOptions) {
    this.options = options;
    this.clock = options.clock;
    this.line = lineOf(options.bus, this);
    this.wireTime = new WireTime(options.bus, this.line.gapMs);
    this.silence = new Silence(this.line.gapMs);
    this.watch = new Watch(options.clock, (nowMs) => this.overdue(nowMs));
    this.queue = new RequestQueue(PATIENCE_MS, this.line.needsResync);
    this.connection = new Connection({
      wire: options.wire,
      clock: options.clock,
      log: options.log,
      random: options.random,
      delayMs: () => longest(this.units, (settings) => settings.connectDelayMs),
      capMs: options.bus.kind === 'serial' ? CAP_MS.serial : CAP_MS.network,
      idle: () => this.flights.count === 0,
      opened: () => this.opened(),
      closed: () => this.settleAll(),
    });
    options.wire.onBytes = (bytes) => this.heard(bytes);
  }

  get connected(): boolean {
    return this.connection.open;
  }
  get opens(): number {
    return this.connection.opens;
  }
  start(): void {
    this.connection.start();
  }
  stop(): void {
    this.connection.stop();
    this.settleAll();
  }

  /** @throws RangeError for a depth that no device should be asked for */
  attach(settings: UnitSettings): BusHandle {
    const { depth = 1 } = settings;
    if (!Number.isInteger(depth) || depth < 1 || depth > DEPTH_MAX) {
      throw new RangeError(`unit ${settings.unit}: ${depth} requests in flight`);
    }
    const alone = this.options.unitsOnBus < 2;
    const unit = newUnit(settings, this.options.stretch, alone, this.probing);
    this.units.set(settings.unit, unit);
    return handleOf(unit, this);
  }

  request(unit: Unit, request: Request, priority: Priority): Promise<BusResult> {
    checkRequest(request);
    const { settings, breaker, standing } = unit;
    if (registersOf(request) > (settings.maxRegisters ?? 125)) {
      return Promise.resolve(unsent('exception', 'more registers than the unit takes at once'));
    }
    if (!this.connected) return Promise.resolve(unsent('closed', this.connection.why));
    const isEnd = priority === 'end';
    if (breaker.open && !breaker.allows(this.clock.monoMs(), isEnd || priority === 'write')) {
      return Promise.resolve(unsent('unit-down', 'did not answer and is asked again later'));
    }
    return new Promise((settle) => {
      const queuedAtMs = this.clock.realMs();
      const item = { unit: settings.unit, request, queuedAtMs, standing, of: unit, isEnd, settle };
      this.queue.push(item, priority);
      // Others that are asked in the same turn go before a unit that fails.
      if (standing.failing && this.queue.size === 1) this.wake ??= this.wakeAt(queuedAtMs);
      else this.pump(queuedAtMs);
    });
  }

  /** Sends what may be sent now. */
  private pump(nowMs: number = this.clock.realMs()): void {
    while (this.queue.size > 0 && this.wake === undefined && this.connected) {
      if (!this.sendNext(nowMs)) return;
    }
    if (this.queue.size === 0) this.silence.unneeded();
  }

  /** False when the next request has to wait: for an answer, for silence, for a unit at rest. */
  private sendNext(nowMs: number): boolean {
    const flying = this.flights.count;
    if (flying > 0 && flying >= this.flights.depth()) return false;
    const readyMs = this.silence.readyMs(this.lastUnit?.settings.pauseMs ?? 0);
    if (readyMs > nowMs) {
      // Someone talks all the time: nothing can be asked, and whoever waits is told so.
      const hopeless = this.silence.hopeless(nowMs, PATIENCE_MS);
      if (hopeless) this.settleWaiting('bad-frame', 'line never silent');
      else this.wake = this.wakeAt(readyMs);
      return false;
    }
    this.silence.kept();
    const item = this.queue.next(nowMs, flying);
    if (item === undefined) {
      const restMs = this.queue.restUntilMs();
      if (flying === 0 && restMs > nowMs) this.wake = this.wakeAt(restMs);
      return false;
    }
    const unit = item.of;
    if (unit.doubted && unit.proof !== undefined && !item.isEnd) {
      this.held = item;
      this.send(unit, unit.proof.request, undefined, nowMs);
    } else if (item.answer !== undefined) {
      item.settle(item.answer);
    } else {
      this.send(unit, item.request, item, nowMs);
    }
    return true;
  }

  private wakeAt(atMs: number): () => void {
    return this.clock.realAt(atMs, () => this.woken(), this.line.needsResync);
  }

  private woken(): void {
    this.wake = undefined;
    this.pump();
  }

  private send(unit: Unit, request: Request, item: Asking | undefined, nowMs: number): void {
    const { settings, stats } = unit;
    const flight: Flight = {
      unitId: settings.unit,
      request,
      lax: settings.lax === true,
      tid: 0,
      unit,
      item,
      sentRealMs: nowMs,
      sentMonoMs: this.clock.monoMs(),
      deadlineMs: nowMs + this.wireTime.timeoutMs(unit, request),
    };
    const bytes = this.line.ask(flight);
    this.queue.note(settings.unit, request);
    this.lastUnit = unit;
    this.strayBytes = 0;
    stats.requests += 1;
    if (isWrite(request)) stats.writes += 1;
    this.flights.add(flight);
    this.watch.until(flight.deadlineMs);
    this.options.wire.send(bytes);
  }

  private overdue(nowMs: number): void {
    for (const flight of this.flights.over(nowMs)) {
      if (this.flights.has(flight)) this.timedOut(flight, nowMs);
    }
    if (this.flights.count > 0) this.watch.until(this.flights.nextDeadlineMs());
  }

  private heard(bytes: Uint8Array): void {
    this.silence.heard(this.clock.realMs());
    this.line.push(bytes);
  }

  broken(detail: string): void {
    this.connection.garbled(detail);
  }

  /**
   * An answer that nobody waits for any more. With ids its unit is done with the old request; on
   * RTU one to an older request may be on its way, so the unit is doubted.
   */
  stray(count: number, unitId: number | undefined): void {
    if (!this.line.needsResync) {
      this.late += 1;
      const unit = this.units.get(unitId ?? -1);
      if (unit !== undefined) this.rested(unit);
      return;
    }
    if (this.lastUnit === undefined) return;
    this.strayBytes += count;
    if (this.strayBytes < STRAY_BYTES) return;
    if (this.strayBytes - count < STRAY_BYTES) this.late += 1;
    this.lastUnit.patience.surprised();
    this.lastUnit.writing.surprised();
    this.doubt(this.lastUnit, this.clock.realMs());
  }

  private rested(unit: Unit): void {
    unit.standing.restUntilMs = Number.NEGATIVE_INFINITY;
    if (this.flights.count > 0) return;
    this.wake?.();
    this.woken();
  }

  /**
   * After a failure: an answer may still come. Without ids the line has to be silent and the unit
   * proven; with ids only the unit is left alone for as long, since some queue what they are asked
   * and answer all of it in a burst.
   */
  private doubt(unit: Unit, nowMs: number): void {
    const { lateMs } = unit.settings;
    unit.doubted = this.line.needsResync;
    if (unit.doubted) this.silence.need(nowMs, unit.patience.lateMs(lateMs));
    else unit.standing.restUntilMs = nowMs + lateMs;
  }

  answered(flight: Flight, answer: PduAnswer): void {
    const nowMs = this.clock.realMs();
    this.flights.land(flight);
    this.silence.done(nowMs);
    const { unit } = flight;
    if (!answer.ok && answer.why === 'bad-frame') {
      unit.stats.badFrames += 1;
      this.lost(flight, failure('bad-frame', answer.detail), nowMs);
      return;
    }
    const tookMs = nowMs - flight.sentRealMs;
    this.sinceAnswer.answered();
    unit.stats.latencyMs = tookMs;
    this.connection.proven(nowMs);
    if (flight.item === undefined) return this.proven(flight, answer, nowMs);
    unit.standing.failing = false;
    if (answer.ok) {
      unit.breaker.answered();
      this.wireTime.observe(unit, flight.request, tookMs);
      const { words } = answer;
      const result = { ok: true, words, sentAtMs: flight.sentMonoMs, tookMs } as const;
      const trust = trustOf(flight, nowMs);
      if (trust === 'none') flight.item.settle(failure('bad-frame', 'not proven'));
      else if (trust === 'later') this.prove(flight.item, result);
      else flight.item.settle(result);
    } else {
      this.refused(unit, flight.item, answer.exception);
    }
    this.pump(nowMs);
  }

  /** Believed when the proof comes behind it: behind another's answer its own would come. */
  private prove(item: Asking, answer: BusResult): void {
    item.of.doubted = true;
    this.queue.push({ ...item, answer }, 'control');
  }

  private refused(unit: Unit, item: Asking, exception: number): void {
    unit.stats.exceptions += 1;
    // A gateway's way to say that it could not reach the unit; the connection is fine.
    const down = exception === 0x0a || exception === 0x0b;
    unit.standing.failing = down;
    if (down) unit.breaker.failed(this.clock.monoMs(), true);
    else unit.breaker.answered();
    item.settle({ ...failure('exception', `exception ${exception}`), exception });
    if (unit.breaker.open) this.settleWaiting('unit-down', 'did not answer', unit);
  }

  /**
   * The proof read after a resynchronisation: its words are known, or at least its shape is
   * another.
   */
  private proven(flight: Flight, answer: PduAnswer, nowMs: number): void {
    const { unit } = flight;
    if (!isProof(unit.proof?.words, answer)) {
      unit.stats.badFrames += 1;
      this.lost(flight, failure('bad-frame', 'another answer than the unit gives here'), nowMs);
      return;
    }
    unit.doubted = false;
    unit.standing.failing = false;
    unit.breaker.answered();
    unit.patience.proven();
    const item = this.held;
    this.held = undefined;
    if (item?.answer !== undefined) item.settle(item.answer);
    else if (item !== undefined) this.queue.push(item, isWrite(item.request) ? 'write' : 'control');
    this.pump(nowMs);
  }

  private timedOut(flight: Flight, nowMs: number): void {
    this.flights.land(flight);
    this.silence.done(nowMs);
    this.line.forget(flight);
    flight.unit.stats.timeouts += 1;
    const waitedMs = Math.round(flight.deadlineMs - flight.sentRealMs);
    this.lost(flight, failure('timeout', `no answer within ${waitedMs} ms`), nowMs);
  }

  private lost(flight: Flight, result: BusResult & { ok: false }, nowMs: number): void {
    const { unit } = flight;
    this.sinceAnswer.failed(unit);
    unit.standing.failing = true;
    unit.breaker.failed(this.clock.monoMs());
    unit.patience.failed();
    if (isWrite(flight.request)) unit.writing.failed();
    if (this.line.needsResync) unit.outstanding.note(flight.request, nowMs);
    this.doubt(unit, nowMs);
    const item = flight.item ?? this.held;
    if (flight.item === undefined) this.held = undefined;
    if (item !== undefined) {
      item.settle(flight.item === undefined ? { ...result, sent: false } : result);
    }
    if (unit.breaker.open) this.settleWaiting('unit-down', 'did not answer', unit);
    if (this.hopeless(unit)) this.connection.lost(this.sinceAnswer.why(result.detail));
    this.pump(nowMs);
  }

  /**
   * A connection is replaced in case it is half open; a serial port is not opened again for a
   * silent unit.
   */
  private hopeless(unit: Unit): boolean {
    if (this.options.bus.kind === 'serial') return false;
    return unit.settings.lax === true || this.sinceAnswer.isHalfOpen(this.units.values());
  }

  private opened(): void {
    this.line.reset();
    this.sinceAnswer.reopened();
    const again = this.line.needsResync && this.connection.opens > 1;
    for (const unit of this.units.values()) {
      unit.standing.restUntilMs = Number.NEGATIVE_INFINITY;
      if (again) unit.doubted = true;
    }
    const settleMs = longest(this.units, (settings) => settings.settleMs ?? 0);
    const lateMs = again ? longest(this.units, (settings) => settings.lateMs) : 0;
    this.silence.need(this.clock.realMs(), Math.max(settleMs, lateMs));
    this.onOpen?.();
    this.pump();
  }

  /** The wire is gone: whatever waits is told at once. */
  private settleAll(): void {
    this.wake?.();
    this.wake = undefined;
    this.watch.stop();
    this.line.reset();
    const why = this.connection.why;
    const { held } = this;
    this.held = undefined;
    for (const flight of this.flights.takeAll()) flight.item?.settle(failure('closed', why));
    held?.settle(unsent('closed', why));
    this.settleWaiting('closed', why);
  }

  /** Of one unit or of all: none of them was sent. */
  private settleWaiting(why: BusFailure, detail: string, unit?: Unit): void {
    for (const item of this.queue.drain(unit?.settings.unit)) item.settle(unsent(why, detail));
  }
}
