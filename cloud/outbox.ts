import type { Broker, Log } from '../gateway/ports.ts';
import type { Outbound } from './ports.ts';

const encoder = new TextEncoder();

/**
 * What the cloud says. A retained topic keeps its newest value until the broker has taken it, and
 * is said again on every connect; anything else is said once: who missed it asks again, or is told
 * when it comes online.
 */
export class Speaker {
  failures = 0;
  private readonly broker: Broker;
  private readonly log: Log;
  private readonly newest = new Map<string, Uint8Array>();
  private readonly waiting = new Set<string>();
  private readonly busy = new Set<Promise<void>>();

  constructor(broker: Broker, log: Log) {
    this.broker = broker;
    this.log = log;
  }

  say(messages: readonly Outbound[]): void {
    for (const { topic, body, retain } of messages) {
      const payload = encoder.encode(JSON.stringify(body));
      if (retain) {
        this.newest.set(topic, payload);
        this.waiting.add(topic);
      } else if (this.broker.connected) {
        this.send(topic, payload, false);
      }
    }
    this.flush();
  }

  /** After a connect: the broker may have forgotten everything. */
  again(): void {
    for (const topic of this.newest.keys()) this.waiting.add(topic);
    this.flush();
  }

  /** Resolves when nothing is on its way any more. */
  async idle(): Promise<void> {
    while (this.busy.size > 0) await Promise.all(this.busy);
  }

  private flush(): void {
    if (!this.broker.connected) return;
    for (const topic of [...this.waiting]) {
      const payload = this.newest.get(topic);
      this.waiting.delete(topic);
      if (payload !== undefined) this.send(topic, payload, true);
    }
  }

  private send(topic: string, payload: Uint8Array, retain: boolean): void {
    const sent = this.broker.publish(topic, payload, { retain }).catch((error: unknown) => {
      this.failures += 1;
      if (retain) this.waiting.add(topic);
      this.log.warn(`not sent: ${topic}`, { why: String(error) });
    });
    this.busy.add(sent);
    void sent.finally(() => this.busy.delete(sent));
  }
}
