/**
 * Who may try a secret now. Five tries a minute from one address, thirty from all together; who
 * goes on waits twice as long each time, up to a quarter of an hour. A success forgives its
 * address. This machine itself (an operator's tunnel) counts for itself alone: strangers who use
 * up the tries of all must not keep its owner out.
 */
export interface Attempts {
  /** Milliseconds to wait before the next try; 0 = this one counts and may go on. */
  take(address: string): number;
  forgive(address: string): void;
}

interface Tries {
  fromMs: number;
  count: number;
  waits: number; // how often this address ran into the end
  untilMs: number;
}

const WINDOW_MS = 60_000;
const TRIES_MAX = 5;
const TRIES_ALL_MAX = 30;
const WAIT_MAX_MS = 15 * 60_000;
const ADDRESSES_MAX = 1_000;
const LOOPBACK = /^(::ffff:)?127\.|^::1$/;

export function createAttempts(nowMs: () => number): Attempts {
  const byAddress = new Map<string, Tries>();
  const all: Tries = { fromMs: nowMs(), count: 0, waits: 0, untilMs: 0 };

  const count = (tries: Tries, most: number): number => {
    const now = nowMs();
    if (now < tries.untilMs) return tries.untilMs - now;
    if (now - tries.fromMs >= WINDOW_MS) {
      if (now - tries.fromMs >= WAIT_MAX_MS) tries.waits = 0;
      tries.fromMs = now;
      tries.count = 0;
    }
    tries.count += 1;
    if (tries.count <= most) return 0;
    const waitMs = Math.min(WAIT_MAX_MS, WINDOW_MS * 2 ** tries.waits);
    tries.waits += 1;
    tries.untilMs = now + waitMs;
    tries.fromMs = tries.untilMs;
    tries.count = 0;
    return waitMs;
  };

  return {
    take(address) {
      let tries = byAddress.get(address);
      if (tries === undefined) {
        const [oldest] = byAddress.keys();
        if (byAddress.size >= ADDRESSES_MAX && oldest !== undefined) byAddress.delete(oldest);
        tries = { fromMs: nowMs(), count: 0, waits: 0, untilMs: 0 };
        byAddress.set(address, tries);
      }
      const waitMs = count(tries, TRIES_MAX);
      return waitMs || LOOPBACK.test(address) ? waitMs : count(all, TRIES_ALL_MAX);
    },
    forgive: (address) => void byAddress.delete(address),
  };
}
