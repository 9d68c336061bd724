import {
  type AgentFrame,
  encodeFrame,
  type GuardFrame,
} from '../../gateway/contracts/values/frames.ts';
import type { Clock, Pipe } from '../../gateway/ports.ts';

/** As of a socket pair: what is not read yet fills it, and then `send` says no. */
const CAPACITY_BYTES = 1_048_576;
const TURN_BYTES = 262_144; // the guard reads no more a turn
const WAY_MS = 1;
/** Frames go as they are; one in so many as bytes, and one in so many frozen, so that both hold. */
const ENCODED_EACH = 64;
const FROZEN_AT = 32;
const FRAME_BYTES = 2_048; // about; of one that is not encoded

type Piece = Uint8Array | GuardFrame | AgentFrame;

const bytesOf = (piece: Piece): number =>
  piece instanceof Uint8Array ? piece.length : FRAME_BYTES;

function hear(end: Pipe, piece: Piece): void {
  if (piece instanceof Uint8Array) end.onBytes?.(piece);
  else end.onFrame?.(piece);
}

function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const inner of Object.values(value)) frozen(inner);
  return Object.freeze(value);
}

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
  onFrame: Pipe['onFrame'];
  private waiting: Piece[] = [];
  private readonly pair: Pair;

  constructor(pair: Pair) {
    this.pair = pair;
  }

  send(bytes: Uint8Array): boolean {
    return this.pair.toAgent(bytes.slice());
  }

  pass(frame: GuardFrame | AgentFrame): boolean {
    return this.pair.toAgent(this.pair.pieceOf(frame));
  }

  take(piece: Piece): void {
    this.waiting.push(piece);
    this.waitingBytes += bytesOf(piece);
  }

  nextTurn(): void {
    for (let readBytes = 0; readBytes < TURN_BYTES; ) {
      const piece = this.waiting.shift();
      if (piece === undefined) break;
      readBytes += bytesOf(piece);
      this.waitingBytes -= bytesOf(piece);
      hear(this, piece);
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
  onFrame: Pipe['onFrame'];
  private held: Piece[] = []; // nobody listens yet
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
    for (const piece of held) this.take(piece);
  }

  take(piece: Piece): void {
    if (this.listener === undefined) this.held.push(piece);
    else hear(this, piece);
  }

  send(bytes: Uint8Array): boolean {
    return this.pair.toGuard(bytes.slice());
  }

  pass(frame: GuardFrame | AgentFrame): boolean {
    return this.pair.toGuard(this.pair.pieceOf(frame));
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
  private passed = 0;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  pieceOf(frame: GuardFrame | AgentFrame): Piece {
    this.passed += 1;
    const nth = this.passed % ENCODED_EACH;
    return nth === 1 ? encodeFrame(frame) : nth === FROZEN_AT ? frozen(frame) : frame;
  }

  toAgent(piece: Piece): boolean {
    if (!this.isOpen) return false;
    this.clock.realAt(this.clock.realMs() + WAY_MS, () => {
      if (this.isOpen) this.agent.take(piece);
    });
    return true;
  }

  toGuard(piece: Piece): boolean {
    if (!this.isOpen) return false;
    this.guard.wasFull = this.guard.waitingBytes + bytesOf(piece) > CAPACITY_BYTES;
    if (!this.guard.wasFull) this.guard.take(piece);
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
