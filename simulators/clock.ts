import type { Clock } from '../gateway/ports.ts';

interface Due {
  readonly realMs: number;
  readonly monoMs: number;
  readonly sequence: number;
  run: (() => void) | undefined; // undefined: cancelled
}

/** The virtual face of the Clock port: time passes only when a test or a world says so. */
export interface VirtualClock extends Clock {
  /**
   * Lets `byMs` of simulated time pass, event by event; everything due by then has run when it
   * resolves.
   */
  advance(byMs: number): Promise<void>;
  /** Runs events until `condition` holds; false when `limitMs` of simulated time passed first. */
  until(condition: () => boolean, limitMs: number): Promise<boolean>;
  /** Moves the wall face only, as a clock correction does. */
  stepWall(byMs: number): void;
  readonly pending: number;
}

export interface VirtualClockOptions {
  readonly wallMs?: number; // wall clock at monotonic 0; default 2026-01-01T00:00:00Z
  readonly speed?: number;
  /** Calls back when no promise is left to settle; default: after a fixed number of micro-turns. */
  readonly settled?: (then: () => void) => void;
  /** Settles all promises there and then: much cheaper, where the engine can. */
  readonly settle?: (() => void) | undefined;
}

/**
 * Enough for any chain of awaits that a poller, writer or pump strings together between two events.
 */
const MICRO_TURNS = 128;
/** Many more events at one instant than a world of many sites has: something sets itself again. */
const STANDING_EVENTS = 1_000_000;

async function microTurns(then: () => void): Promise<void> {
  for (let turn = 0; turn < MICRO_TURNS; turn += 1) await undefined;
  then();
}

/** Binary heap by (time, sequence): the one queue of a virtual run. */
class DueQueue {
  private readonly heap: Due[] = [];

  get size(): number {
    return this.heap.length;
  }

  peek(): Due | undefined {
    return this.heap[0];
  }

  push(due: Due): void {
    const { heap } = this;
    let at = heap.length;
    for (; at > 0; at = (at - 1) >> 1) {
      const parent = heap[(at - 1) >> 1];
      if (parent === undefined || !before(due, parent)) break;
      heap[at] = parent;
    }
    heap[at] = due;
  }

  pop(): Due | undefined {
    const first = this.heap[0];
    const last = this.heap.pop();
    if (last !== undefined && this.heap.length > 0) this.sink(last);
    return first;
  }

  /** From the top down to its place: smaller ones move up. */
  private sink(due: Due): void {
    const { heap } = this;
    let at = 0;
    for (;;) {
      const left = heap[2 * at + 1];
      const right = heap[2 * at + 2];
      if (left === undefined) break;
      const isRight = right !== undefined && before(right, left);
      const least = isRight ? right : left;
      if (!before(least, due)) break;
      heap[at] = least;
      at = 2 * at + (isRight ? 2 : 1);
    }
    heap[at] = due;
  }
}

const before = (a: Due, b: Due): boolean =>
  a.realMs === b.realMs ? a.sequence < b.sequence : a.realMs < b.realMs;

/**
 * One queue ordered by (time, sequence). Both faces of the Clock port stand on it: scaled time is
 * real time times `speed`. A cancelled event keeps its place and does nothing, so cancelling never
 * reorders others.
 */
export function createVirtualClock(options: VirtualClockOptions = {}): VirtualClock {
  return new Turns(options);
}

class Turns implements VirtualClock {
  readonly speed: number;
  pending = 0;
  private readonly settled: (then: () => void) => void;
  private readonly settle: (() => void) | undefined;
  private readonly queue = new DueQueue();
  private wallStartMs: number;
  private nowRealMs = 0;
  private nowMonoMs = 0;
  private sequence = 0;
  private standing = 0; // events since time last went on

  constructor(options: VirtualClockOptions) {
    this.speed = options.speed ?? 1;
    this.settle = options.settle;
    this.settled = options.settled ?? ((then) => void microTurns(then));
    this.wallStartMs = options.wallMs ?? 1_767_225_600_000;
  }

  monoMs(): number {
    return this.nowMonoMs;
  }

  wallMs(): number {
    return Math.floor(this.wallStartMs + this.nowMonoMs);
  }

  realMs(): number {
    return this.nowRealMs;
  }

  at(dueMs: number, run: () => void): () => void {
    return this.schedule(dueMs / this.speed, dueMs, run);
  }

  realAt(dueMs: number, run: () => void): () => void {
    return this.schedule(dueMs, dueMs * this.speed, run);
  }

  async advance(byMs: number): Promise<void> {
    await this.pass(byMs, () => false);
  }

  until(condition: () => boolean, limitMs: number): Promise<boolean> {
    return this.pass(limitMs, condition);
  }

  stepWall(byMs: number): void {
    this.wallStartMs += byMs;
  }

  private schedule(dueRealMs: number, dueMonoMs: number, run: () => void): () => void {
    this.pending += 1;
    this.sequence += 1;
    const due: Due = {
      realMs: Math.max(dueRealMs, this.nowRealMs),
      monoMs: Math.max(dueMonoMs, this.nowMonoMs),
      sequence: this.sequence,
      run,
    };
    this.queue.push(due);
    return () => {
      if (due.run === undefined) return;
      due.run = undefined;
      this.pending -= 1;
    };
  }

  /** Event by event, each once the promises of the one before have settled. */
  private pass(byMs: number, stop: () => boolean): Promise<boolean> {
    const endMonoMs = this.nowMonoMs + byMs;
    const endRealMs = endMonoMs / this.speed;
    return new Promise((resolve, reject) => {
      const turn = (): void => {
        try {
          while (!stop()) {
            if (!this.runNext(endRealMs)) {
              this.jump(endRealMs, endMonoMs);
              return resolve(false);
            }
            if (this.settle === undefined) return this.settled(turn);
            this.settle();
          }
          resolve(true);
        } catch (error) {
          reject(error);
        }
      };
      this.settled(turn);
    });
  }

  /** @returns false when nothing is due by then */
  private runNext(endRealMs: number): boolean {
    for (;;) {
      const next = this.queue.peek();
      if (next === undefined || next.realMs > endRealMs) return false;
      this.queue.pop();
      this.jump(next.realMs, next.monoMs);
      const { run } = next;
      if (run === undefined) continue;
      next.run = undefined;
      this.pending -= 1;
      this.standing += 1;
      if (this.standing > STANDING_EVENTS) throw new Error(standsStill(this.nowRealMs, run));
      run();
      return true;
    }
  }

  private jump(toRealMs: number, toMonoMs: number): void {
    if (toRealMs > this.nowRealMs) this.standing = 0;
    this.nowRealMs = Math.max(this.nowRealMs, toRealMs);
    this.nowMonoMs = Math.max(this.nowMonoMs, toMonoMs);
  }
}

const standsStill = (atMs: number, run: () => void): string =>
  `time stands still at ${atMs} ms: ${STANDING_EVENTS} events, ` +
  `the last ${run.toString().slice(0, 200)}`;
