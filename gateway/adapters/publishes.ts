import { Refused } from '../contracts/values/refused.ts';
import type { Clock } from '../ports.ts';
import { Poison } from './poison.ts';

/** AWS IoT Core's limit; larger publishes are refused here, before they can end the connection. */
export const PAYLOAD_BYTES_MAX = 131_072;

const ACK_MS = 20_000;

export type After = (delayMs: number, run: () => void) => () => void;

/** Delays on the clock's real face, or on the machine's timers where there is no clock. */
export function afterOf(clock: Clock | undefined): After {
  if (clock) return (delayMs, run) => clock.realAt(clock.realMs() + delayMs, run);
  return (delayMs, run) => {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  };
}

/** The broker's word on one publish; `answered` when it said anything, if only no. */
export type Settle = (error: Error | undefined, answered: boolean) => void;

/** PUBACK reasons that may be gone in a moment: unspecified, the broker's own, id in use, quota. */
const NOT_NOW = new Set([128, 131, 145, 151]);

/** The error for a PUBACK reason of 128 and more. */
export const refusal = (code: number, why: string): Error =>
  NOT_NOW.has(code) ? new Error(why) : new Refused(why);

export const offline = (why: string): Error => new Error(`offline: ${why}`);

/**
 * The publishes that wait for their PUBACK: each settles once, at the latest when its time is over
 * or its connection is gone. What ended several connections is refused (see Poison).
 */
export class Publishes {
  readonly ackMs: number;
  private readonly after: After;
  private readonly pending = new Set<(error: Error) => void>();
  private readonly poison = new Poison();

  /** @param ackMs real milliseconds to wait for a PUBACK, default 20 s */
  constructor(after: After, ackMs: number = ACK_MS) {
    this.after = after;
    this.ackMs = ackMs;
  }

  /**
   * @param put hands the publish to the client
   * @param stalled there was no PUBACK: its connection is not to be trusted any more
   */
  send(
    topic: string,
    payload: Uint8Array,
    put: (settle: Settle) => void,
    stalled: () => void,
  ): Promise<void> {
    if (payload.length > PAYLOAD_BYTES_MAX) {
      const limit = `limit ${PAYLOAD_BYTES_MAX}`;
      return Promise.reject(new Refused(`payload of ${payload.length} bytes, ${limit}`));
    }
    return new Promise((resolve, reject) => {
      const key = this.poison.take(topic, payload);
      const settle: Settle = (error, answered) => {
        if (!this.pending.delete(fail)) return;
        cancel();
        this.poison.done(key, answered);
        if (error) reject(error);
        else resolve();
      };
      const fail = (error: Error): void => settle(error, false);
      this.pending.add(fail);
      const cancel = this.after(this.ackMs, () => {
        settle(new Error(`no PUBACK for ${topic} after ${this.ackMs} ms`), false);
        stalled();
      });
      put(settle);
    });
  }

  /** The broker ended the connection: what is unanswered is suspect. Call before `fail`. */
  disconnected(): void {
    this.poison.disconnected();
  }

  fail(why: string): void {
    for (const fail of [...this.pending]) fail(offline(why));
  }
}
