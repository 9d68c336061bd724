import type { BusSpec } from '../../contracts/values/site.ts';
import type { Clock, Log, Wire } from '../../ports.ts';
import { Connection } from './connection.ts';
import { type Line, lineOf } from './line.ts';
import { encodeRequest, isWrite, type PduAnswer, type Request } from './pdu.ts';
import { type Priority, RequestQueue } from './queue.ts';
import {
  type Bus,
  type BusHandle,
  type BusResult,
  failure,
  type UnitSettings,
  unsent,
} from './types.ts';
import { type Asking, type Flight, newUnit, type Unit } from './unit.ts';

/** Time-outs or broken answers in a row before a connection is given up. */
const GIVE_UP = 3;
/** A slow request that has waited this long (real ms) goes with the control requests. */
const PATIENCE_MS = 2_000;
/** This many unasked bytes are an answer, not noise. */
const STRAY_BYTES = 5;

export interface BusOptions {
  readonly bus: BusSpec;
  readonly wire: Wire;
  readonly clock: Clock;
  readonly log: Log;
  readonly stretch: number;
  /** Uniform in [0, 1), for jitter. */
  readonly random: () => number;
  readonly unitsOnBus: number;
}

/**
 * The one owner of a wire: every request of every consumer goes through its queue, one is in
 * flight, each has its own deadline, and whatever happens every request settles. Results are data;
 * nothing here rejects.
 */
export function createBus(options: BusOptions): Bus {
  return new Owner(options);
}

class Owner implements Bus {
  late = 0;
  onOpen: (() => void) | undefined;
  private readonly clock: Clock;
  private readonly line: Line;
  private readonly options: BusOptions;
  private readonly units = new Map<number, Unit>();
  private readonly queue: RequestQueue<Asking>;
  private readonly connection: Connection;
  private flight: Flight | undefined;
  private wake: (() => void) | undefined;
  private failuresInRow = 0;
  private readonly failing = new Set<Unit>(); // since the last answer
  private strayBytes = 0;
  private lastByteMs = Number.NEGATIVE_INFINITY;
  private lastDoneMs = Number.NEGATIVE_INFINITY;
  private silenceMs = 0; // asked of the line since `silentFromMs`
  private silentFromMs = Number.NEGATIVE_INFINITY;
  private lastUnit: Unit | undefined;
  private held: Asking | undefined; // waits for its unit's proof
  private waitingFromMs: number | undefined; // for a silent line

  constructor(options: BusOptions) {
    this.options = options;
    this.clock = options.clock;
    this.line = lineOf(options.bus);
    this.queue = new RequestQueue(PATIENCE_MS, this.line.needsResync);
    this.connection = new Connection({
      wire: options.wire,
      clock: options.clock,
      log: options.log,
      random: options.random,
      delayMs: () => this.longest((settings) => settings.connectDelayMs),
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

  attach(settings: UnitSettings): BusHandle {
    const unit = newUnit(settings, this.options.stretch, this.options.unitsOnBus < 2);
    this.units.set(settings.unit, unit);
    const owner = this;
    return {
      unit: settings.unit,
      request: (request, priority) => owner.request(unit, request, priority),
      prove: (request, words) => {
        unit.proof = { request, ...(words === undefined ? {} : { words }) };
      },
      stats: unit.stats,
      get connected() {
        return owner.connected;
      },
      get opens() {
        return owner.opens;
      },
      get failed() {
        return owner.connection.failed;
      },
      get down() {
        return unit.breaker.open;
      },
    };
  }

  /** @throws RangeError for a request outside of the protocol, which is a fault of the caller */
  private request(unit: Unit, request: Request, priority: Priority): Promise<BusResult> {
    encodeRequest(request);
    if (!this.connected) return Promise.resolve(unsent('closed', this.connection.why));
    if (!unit.breaker.allows(this.clock.monoMs(), priority === 'write')) {
      return Promise.resolve(unsent('unit-down', 'did not answer and is asked again later'));
    }
    return new Promise((settle) => {
      const queuedAtMs = this.clock.realMs();
      this.queue.push({ unit: unit.settings.unit, request, queuedAtMs, settle }, priority);
      this.pump();
    });
  }

  /** Sends the next request when the line is free and has been silent for long enough. */
  private pump(): void {
    if (this.flight !== undefined || this.wake !== undefined || !this.connected) return;
    if (this.queue.size === 0) {
      this.waitingFromMs = undefined;
      return;
    }
    const nowMs = this.clock.realMs();
    const readyMs = this.readyMs();
    if (readyMs > nowMs) {
      if (this.neverSilent(nowMs)) return;
      const cancel = this.clock.realAt(readyMs, () => {
        this.wake = undefined;
        this.pump();
      });
      this.wake = cancel;
      return;
    }
    this.silenceMs = 0;
    this.waitingFromMs = undefined;
    const item = this.queue.next(nowMs);
    const unit = item === undefined ? undefined : this.units.get(item.unit);
    if (item === undefined || unit === undefined) return;
    if (unit.doubted && unit.proof !== undefined) {
      this.held = item;
      this.send(unit, unit.proof.request, undefined);
    } else {
      this.send(unit, item.request, item);
    }
  }

  /** Someone talks all the time: nothing can be asked, and whoever waits is told so. */
  private neverSilent(nowMs: number): boolean {
    this.waitingFromMs ??= nowMs;
    if (nowMs - this.waitingFromMs < PATIENCE_MS + this.silenceMs) return false;
    this.waitingFromMs = undefined;
    for (const item of this.queue.drain()) item.settle(unsent('bad-frame', 'line never silent'));
    return true;
  }

  private readyMs(): number {
    const pauseMs = this.lastUnit?.settings.pauseMs ?? 0;
    const silentMs = Math.max(this.lastByteMs, this.silentFromMs) + this.silenceMs;
    return Math.max(this.lastByteMs + this.line.gapMs, this.lastDoneMs + pauseMs, silentMs);
  }

  private send(unit: Unit, request: Request, item: Asking | undefined): void {
    const bytes = this.line.ask(unit.settings.unit, request, unit.settings.lax === true);
    this.queue.note(unit.settings.unit, request);
    this.lastUnit = unit;
    this.strayBytes = 0;
    unit.stats.requests += 1;
    if (isWrite(request)) unit.stats.writes += 1;
    const sentRealMs = this.clock.realMs();
    this.flight = {
      unit,
      request,
      item,
      sentRealMs,
      sentMonoMs: this.clock.monoMs(),
      cancel: this.clock.realAt(sentRealMs + unit.settings.timeoutMs, () => this.timedOut()),
    };
    this.options.wire.send(bytes);
  }

  private heard(bytes: Uint8Array): void {
    this.lastByteMs = this.clock.realMs();
    for (const step of this.line.push(bytes)) {
      if (step.is === 'fatal') this.connection.lost(step.detail);
      else if (step.is === 'late') this.stray(bytes.length);
      else this.answered(step.answer);
    }
  }

  /**
   * Bytes that nobody asked for: on RTU an answer to an older request may be on its way, so doubt
   * the unit.
   */
  private stray(count: number): void {
    this.late += 1;
    if (!this.line.needsResync || this.lastUnit === undefined) return;
    this.strayBytes += count;
    if (this.strayBytes >= STRAY_BYTES) this.doubt(this.lastUnit);
  }

  private doubt(unit: Unit): void {
    if (!this.line.needsResync) return;
    unit.doubted = true;
    this.silentFromMs = this.clock.realMs();
    this.silenceMs = Math.max(this.line.gapMs, unit.settings.lateMs);
  }

  private landed(): Flight | undefined {
    const flight = this.flight;
    this.flight = undefined;
    flight?.cancel();
    this.lastDoneMs = this.clock.realMs();
    return flight;
  }

  private answered(answer: PduAnswer): void {
    const flight = this.landed();
    if (flight === undefined) return;
    const { unit } = flight;
    const tookMs = this.clock.realMs() - flight.sentRealMs;
    if (!answer.ok && answer.why === 'bad-frame') {
      unit.stats.badFrames += 1;
      this.failed(flight, failure('bad-frame', answer.detail));
      return;
    }
    this.failuresInRow = 0;
    this.failing.clear();
    unit.stats.latencyMs = tookMs;
    this.connection.proven();
    if (flight.item === undefined) {
      this.proven(flight, answer);
      return;
    }
    if (answer.ok) {
      unit.breaker.answered();
      this.finish(flight.item, {
        ok: true,
        words: answer.words,
        sentAtMs: flight.sentMonoMs,
        tookMs,
      });
      return;
    }
    unit.stats.exceptions += 1;
    // A gateway's way to say that it could not reach the unit; the connection is fine.
    const down = answer.exception === 0x0a || answer.exception === 0x0b;
    if (down) unit.breaker.failed(this.clock.monoMs());
    else unit.breaker.answered();
    this.finish(flight.item, {
      ...failure('exception', `exception ${answer.exception}`),
      exception: answer.exception,
    });
  }

  /**
   * The proof read after a resynchronisation: its words are known, or at least its shape is
   * another.
   */
  private proven(flight: Flight, answer: PduAnswer): void {
    const { unit } = flight;
    const expected = unit.proof?.words;
    const same =
      expected === undefined ||
      (answer.ok &&
        expected.length === answer.words.length &&
        expected.every((word, index) => word === answer.words[index]));
    if (!same) {
      unit.stats.badFrames += 1;
      this.failed(flight, failure('bad-frame', 'another answer than the unit gives here'));
      return;
    }
    unit.doubted = false;
    unit.breaker.answered();
    const item = this.held;
    this.held = undefined;
    if (item !== undefined) this.requeue(item);
    this.pump();
  }

  private requeue(item: Asking): void {
    this.queue.push(item, isWrite(item.request) ? 'write' : 'control');
  }

  private timedOut(): void {
    const flight = this.landed();
    if (flight === undefined) return;
    this.line.forget();
    flight.unit.stats.timeouts += 1;
    this.failed(
      flight,
      failure('timeout', `no answer within ${flight.unit.settings.timeoutMs} ms`),
    );
  }

  private failed(flight: Flight, result: BusResult & { ok: false }): void {
    const { unit } = flight;
    this.failuresInRow += 1;
    this.failing.add(unit);
    unit.breaker.failed(this.clock.monoMs());
    this.doubt(unit);
    const item = flight.item ?? this.held;
    if (flight.item === undefined) this.held = undefined;
    if (item !== undefined) {
      item.settle(flight.item === undefined ? { ...result, sent: false } : result);
    }
    if (unit.breaker.open) this.settleUnit(unit);
    if (this.hopeless(unit)) {
      this.failuresInRow = 0;
      this.connection.lost(`${result.detail}, ${GIVE_UP} in a row`);
    }
    this.pump();
  }

  /**
   * A connection is replaced in case it is half open; where it leads to several units, only when
   * the silence is not one unit's. A serial port is not opened again for a silent unit.
   */
  private hopeless(unit: Unit): boolean {
    if (this.options.bus.kind === 'serial') return false;
    if (unit.settings.lax === true) return true;
    const up = [...this.units.values()].filter((other) => !other.breaker.open);
    const several = this.failing.size > 1 || up.length === 0;
    return this.failuresInRow >= GIVE_UP && several;
  }

  private finish(item: Asking, result: BusResult): void {
    item.settle(result);
    this.pump();
  }

  private settleUnit(unit: Unit): void {
    for (const item of this.queue.drain(unit.settings.unit)) {
      item.settle(unsent('unit-down', 'did not answer'));
    }
  }

  private opened(): void {
    this.line.reset();
    this.failuresInRow = 0;
    this.silentFromMs = this.clock.realMs();
    this.silenceMs = this.line.gapMs;
    if (this.line.needsResync && this.connection.opens > 1) {
      for (const unit of this.units.values()) unit.doubted = true;
      this.silenceMs = this.longest((settings) => settings.lateMs);
    }
    this.onOpen?.();
    this.pump();
  }

  /** The wire is gone: whatever waits is told at once. */
  private settleAll(): void {
    this.wake?.();
    this.wake = undefined;
    const flight = this.landed();
    this.line.reset();
    const why = this.connection.why;
    const held = this.held;
    this.held = undefined;
    flight?.item?.settle(failure('closed', why));
    held?.settle(unsent('closed', why));
    for (const item of this.queue.drain()) item.settle(unsent('closed', why));
  }

  private longest(of: (settings: UnitSettings) => number): number {
    return Math.max(0, ...[...this.units.values()].map((unit) => of(unit.settings)));
  }
}
