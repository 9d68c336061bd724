import type { Clock, Pipe } from '../../gateway/ports.ts';

/** As of a socket pair: what is not read yet fills it, and then `send` says no. */
const CAPACITY_BYTES = 1_048_576;
const TURN_BYTES = 262_144; // the guard reads no more a turn
const WAY_MS = 1;

/** Guard's and agent's end of one pipe; the guard's is read once a turn, the agent's at once. */
export interface PipePair {
  readonly guard: Pipe & { nextTurn(): void };
  readonly agent: Pipe;
  /** One side is gone. */
  cut(): void;
}

class GuardEnd implements Pipe {
  onBytes: Pipe['onBytes'];
  onClose: Pipe['onClose'];
  onDrain: Pipe['onDrain'];
  waitingBytes = 0;
  wasFull = false;
  private waiting: Uint8Array[] = [];
  private readonly pair: Pair;

  constructor(pair: Pair) {
    this.pair = pair;
  }

  send(bytes: Uint8Array): boolean {
    return this.pair.toAgent(bytes.slice());
  }

  take(bytes: Uint8Array): void {
    this.waiting.push(bytes);
    this.waitingBytes += bytes.length;
  }

  nextTurn(): void {
    for (let readBytes = 0; readBytes < TURN_BYTES; ) {
      const bytes = this.waiting.shift();
      if (bytes === undefined) break;
      readBytes += bytes.length;
      this.waitingBytes -= bytes.length;
      this.onBytes?.(bytes);
    }
    if (!this.wasFull || this.waitingBytes >= CAPACITY_BYTES / 2) return;
    this.wasFull = false;
    this.pair.agent.onDrain?.();
  }

  close(): void {
    this.pair.cut();
  }
}

class AgentEnd implements Pipe {
  onClose: Pipe['onClose'];
  onDrain: Pipe['onDrain'];
  private held: Uint8Array[] = []; // nobody listens yet
  private listener: Pipe['onBytes'];
  private readonly pair: Pair;

  constructor(pair: Pair) {
    this.pair = pair;
  }

  get onBytes(): Pipe['onBytes'] {
    return this.listener;
  }

  set onBytes(listener: Pipe['onBytes']) {
    this.listener = listener;
    const { held } = this;
    this.held = [];
    for (const bytes of held) this.take(bytes);
  }

  take(bytes: Uint8Array): void {
    if (this.listener === undefined) this.held.push(bytes);
    else this.listener(bytes);
  }

  send(bytes: Uint8Array): boolean {
    return this.pair.toGuard(bytes.slice());
  }

  close(): void {
    this.pair.cut();
  }
}

class Pair implements PipePair {
  readonly guard = new GuardEnd(this);
  readonly agent = new AgentEnd(this);
  private readonly clock: Clock;
  private isOpen = true;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  toAgent(bytes: Uint8Array): boolean {
    if (!this.isOpen) return false;
    this.clock.realAt(this.clock.realMs() + WAY_MS, () => {
      if (this.isOpen) this.agent.take(bytes);
    });
    return true;
  }

  toGuard(bytes: Uint8Array): boolean {
    if (!this.isOpen) return false;
    this.guard.wasFull = this.guard.waitingBytes + bytes.length > CAPACITY_BYTES;
    if (!this.guard.wasFull) this.guard.take(bytes);
    return !this.guard.wasFull;
  }

  cut(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.guard.onClose?.();
    this.agent.onClose?.();
  }
}

export const createPipePair = (clock: Clock): PipePair => new Pair(clock);
