import type { Broker, Clock, PublishOptions } from '../ports.ts';

/** Orders and answers first, then state, then telemetry. */
export type Urgency = 'now' | 'soon' | 'bulk';

const ORDER: readonly Urgency[] = ['now', 'soon', 'bulk'];
const WINDOW_MS = 1_000;
const WAITING_MAX = 200;

interface Waiting {
  readonly send: () => Promise<void>;
  readonly resolve: () => void;
  readonly reject: (why: unknown) => void;
}

/**
 * The only way to the broker: at most `perSecond` publishes in any real second, the urgent ones
 * first.
 */
export class Pacer {
  private readonly broker: Broker;
  private readonly clock: Clock;
  private readonly perSecond: number;
  private readonly queues: Readonly<Record<Urgency, Waiting[]>> = { now: [], soon: [], bulk: [] };
  private readonly sentAtMs: number[] = []; // real, oldest first, at most perSecond
  private cancelTimer: (() => void) | undefined;

  constructor(broker: Broker, clock: Clock, perSecond = 5) {
    this.broker = broker;
    this.clock = clock;
    this.perSecond = perSecond;
  }

  /**
   * Resolves when the broker took it; rejects when offline, refused, or more wait than can ever be
   * sent in time.
   * @param sent it goes out now
   */
  publish(
    urgency: Urgency,
    topic: string,
    payload: Uint8Array,
    options?: PublishOptions,
    sent?: () => void,
  ): Promise<void> {
    const queue = this.queues[urgency];
    if (queue.length >= WAITING_MAX) return Promise.reject(new Error('too many publishes wait'));
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const send = (): Promise<void> => {
      sent?.();
      return this.broker.publish(topic, payload, options);
    };
    queue.push({ send, resolve, reject });
    this.turn();
    return promise;
  }

  private turn(): void {
    if (this.cancelTimer) return;
    for (;;) {
      const next = ORDER.map((urgency) => this.queues[urgency]).find((queue) => queue.length > 0);
      if (next === undefined) return;
      const nowMs = this.clock.realMs();
      const oldestMs = this.sentAtMs[this.sentAtMs.length - this.perSecond];
      if (oldestMs !== undefined && nowMs - oldestMs < WINDOW_MS) {
        this.cancelTimer = this.clock.realAt(oldestMs + WINDOW_MS, () => {
          this.cancelTimer = undefined;
          this.turn();
        });
        return;
      }
      this.sentAtMs.push(nowMs);
      if (this.sentAtMs.length > this.perSecond) this.sentAtMs.shift();
      const waiting = next.shift();
      waiting?.send().then(waiting.resolve, waiting.reject);
    }
  }
}
