import { createHash } from 'node:crypto';
import { Refused } from '../contracts/values/refused.ts';

/** A third connection lost over the same bytes is no accident. */
const STRIKES = 3;
const REMEMBERED_MAX = 64;

/** Thrown for a publish that a broker answered by ending the connection, again and again. */
class PoisonError extends Refused {
  override readonly name = 'PoisonError';
}

/**
 * Breaker against a publish that ends every connection it is sent on: what was in flight each time
 * the broker ended the connection is refused before it can end the next one.
 */
export class Poison {
  private readonly inFlight = new Map<string, number>();
  private readonly strikes = new Map<string, number>();

  /** @returns the key to give back in `done` @throws PoisonError */
  take(topic: string, payload: Uint8Array): string {
    const key = createHash('sha256').update(topic).update('\0').update(payload).digest('base64');
    if ((this.strikes.get(key) ?? 0) >= STRIKES) {
      const what = `${topic}, ${payload.length} bytes`;
      throw new PoisonError(`poison: the broker ended ${STRIKES} connections over it (${what})`);
    }
    this.inFlight.set(key, (this.inFlight.get(key) ?? 0) + 1);
    return key;
  }

  /** @param answered the broker took it or refused it, so that it is harmless */
  done(key: string, answered: boolean): void {
    const left = (this.inFlight.get(key) ?? 1) - 1;
    if (left > 0) this.inFlight.set(key, left);
    else this.inFlight.delete(key);
    if (answered) this.strikes.delete(key);
  }

  /** The broker said DISCONNECT: what is unanswered now is suspect. Call before failing it. */
  disconnected(): void {
    for (const key of this.inFlight.keys()) {
      const count = (this.strikes.get(key) ?? 0) + 1;
      this.strikes.delete(key);
      this.strikes.set(key, count);
    }
    for (const key of this.strikes.keys()) {
      if (this.strikes.size <= REMEMBERED_MAX) return;
      this.strikes.delete(key);
    }
  }
}
