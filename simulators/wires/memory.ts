import type { Clock, Wire } from '../../gateway/ports.ts';

/** The other end of a memory wire: where a simulated device listens. */
export interface FarEnd {
  onBytes: ((bytes: Uint8Array) => void) | undefined;
  onOpen: (() => void) | undefined;
  /** Bytes towards the gateway after `afterMs` (real); they are the wire's from then on. */
  send(bytes: Uint8Array, afterMs?: number): void;
  /** The far end hangs up. */
  hangUp(reason: string): void;
  /** A reason makes every open() fail with it; undefined accepts again. */
  refuse: string | undefined;
  readonly opened: boolean;
}

export interface MemoryWire extends Wire {
  readonly far: FarEnd;
}

/**
 * The memory face of the Wire port. Bytes travel as events of the clock, so nothing happens
 * inside `send` and the order is the clock's. Bytes of a closed connection never reach the next
 * one.
 */
export function createMemoryWire(clock: Clock, label: string, delayMs = 0): MemoryWire {
  let connection = 0;
  let opened = false;
  const later = (afterMs: number, run: () => void): void => {
    const asked = connection;
    clock.realAt(clock.realMs() + afterMs, () => {
      if (opened && asked === connection) run();
    });
  };
  const end = (): void => {
    opened = false;
    connection += 1;
  };
  const far: FarEnd = {
    onBytes: undefined,
    onOpen: undefined,
    refuse: undefined,
    send: (bytes, afterMs = delayMs) => later(afterMs, () => wire.onBytes?.(bytes)),
    hangUp: (reason) => {
      if (!opened) return;
      end();
      wire.onClose?.(reason);
    },
    get opened() {
      return opened;
    },
  };
  const wire: MemoryWire = {
    far,
    label,
    onBytes: undefined,
    onClose: undefined,
    open: () =>
      new Promise((done, fail) => {
        if (opened) return fail(new Error(`${label}: is open already`));
        clock.realAt(clock.realMs() + delayMs, () => {
          if (far.refuse !== undefined) return fail(new Error(`${label}: ${far.refuse}`));
          opened = true;
          connection += 1;
          done();
          far.onOpen?.();
        });
      }),
    send: (bytes) => {
      const copy = bytes.slice();
      if (opened) later(delayMs, () => far.onBytes?.(copy));
    },
    close: () => {
      if (opened) end();
    },
    get opened() {
      return opened;
    },
  };
  return wire;
}
