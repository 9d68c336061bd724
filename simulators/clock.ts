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
}

/**
 * Enough for any chain of awaits that a poller, writer or pump strings together between two events.
 */
const MICRO_TURNS = 128;

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
    let at = this.heap.push(due) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.before(at, parent)) break;
      this.swap(at, parent);
      at = parent;
    }
  }

  pop(): Due | undefined {
    const first = this.heap[0];
    const last = this.heap.pop();
    if (first === undefined || last === undefined || this.heap.length === 0) return first;
    this.heap[0] = last;
    this.sink();
    return first;
  }

  private sink(): void {
    let at = 0;
    for (;;) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < this.heap.length && this.before(child, least)) least = child;
      }
      if (least === at) return;
      this.swap(at, least);
      at = least;
    }
  }

  private before(a: number, b: number): boolean {
    const left = this.heap[a];
    const right = this.heap[b];
    if (left === undefined || right === undefined) return false;
    if (left.realMs !== right.realMs) return left.realMs < right.realMs;
    return left.sequence < right.sequence;
  }

  private swap(a: number, b: number): void {
    const left = this.heap[a];
    const right = this.heap[b];
    if (left === undefined || right === undefined) return;
    this.heap[a] = right;
    this.heap[b] = left;
  }
}

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
  private readonly queue = new DueQueue();
  private wallStartMs: number;
  private nowRealMs = 0;
  private nowMonoMs = 0;
  private sequence = 0;

  constructor(options: VirtualClockOptions) {
    this.speed = options.speed ?? 1;
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
          if (stop()) resolve(true);
          else if (this.runNext(endRealMs)) this.settled(turn);
          else {
            this.jump(endRealMs, endMonoMs);
            resolve(false);
          }
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
      run();
      return true;
    }
  }

  private jump(toRealMs: number, toMonoMs: number): void {
    this.nowRealMs = Math.max(this.nowRealMs, toRealMs);
    this.nowMonoMs = Math.max(this.nowMonoMs, toMonoMs);
  }
}
