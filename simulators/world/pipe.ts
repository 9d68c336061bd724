import type { Clock, Pipe } from '../../gateway/ports.ts';

/** As of a socket pair: what is not read yet fills it, and then `send` says no. */
const CAPACITY_BYTES = 1_048_576;
const TURN_BYTES = 262_144; // the guard reads no more a turn
const WAY_MS = 1;

interface End extends Pipe {
  take(bytes: Uint8Array): void;
  closed(): void;
}

/** Guard's and agent's end of one pipe; the guard's is read once a turn, the agent's at once. */
export interface PipePair {
  readonly guard: Pipe & { nextTurn(): void };
  readonly agent: Pipe;
  /** One side is gone. */
  cut(): void;
}

export function createPipePair(clock: Clock): PipePair {
  let open = true;
  let waiting: Uint8Array[] = []; // for the guard
  let waitingBytes = 0;
  let wasFull = false;
  let held: Uint8Array[] = []; // for an agent that does not listen yet
  const guard: End & { nextTurn(): void } = {
    onBytes: undefined,
    onClose: undefined,
    onDrain: undefined,
    send: (bytes) => {
      if (!open) return false;
      const copy = bytes.slice();
      clock.realAt(clock.realMs() + WAY_MS, () => {
        if (open) agent.take(copy);
      });
      return true;
    },
    take: (bytes) => {
      waiting.push(bytes);
      waitingBytes += bytes.length;
    },
    nextTurn: () => {
      let read = 0;
      while (waiting.length > 0 && read < TURN_BYTES) {
        const bytes = waiting.shift();
        if (bytes === undefined) break;
        read += bytes.length;
        waitingBytes -= bytes.length;
        guard.onBytes?.(bytes);
      }
      if (wasFull && waitingBytes < CAPACITY_BYTES / 2) {
        wasFull = false;
        agent.onDrain?.();
      }
    },
    close: () => cut(),
    closed: () => guard.onClose?.(),
  };
  const agent: End = {
    get onBytes() {
      return listener;
    },
    set onBytes(run) {
      listener = run;
      const before = held;
      held = [];
      for (const bytes of before) run?.(bytes);
    },
    onClose: undefined,
    onDrain: undefined,
    send: (bytes) => {
      if (!open) return false;
      if (waitingBytes + bytes.length > CAPACITY_BYTES) {
        wasFull = true;
        return false;
      }
      guard.take(bytes.slice());
      return true;
    },
    take: (bytes) => {
      if (listener === undefined) held.push(bytes);
      else listener(bytes);
    },
    close: () => cut(),
    closed: () => agent.onClose?.(),
  };
  let listener: ((bytes: Uint8Array) => void) | undefined;
  const cut = (): void => {
    if (!open) return;
    open = false;
    waiting = [];
    guard.closed();
    agent.closed();
  };
  return { guard, agent, cut };
}
