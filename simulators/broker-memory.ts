import type { Broker, BrokerMessage, PublishOptions } from '../gateway/ports.ts';
import { matches } from './iot-core/topics.ts';

/** The memory face of a broker: many clients, one world, no socket. */
export interface MemoryBroker {
  client(): Broker;
  /** Ends every connection; publishes fail until `up`. Retained messages are gone, as after a restart without disk. */
  down(): void;
  up(): void;
  retained(topic: string): BrokerMessage | undefined;
  /** Everything that was published, in order. */
  readonly log: readonly BrokerMessage[];
}

/** As IoT Core: retained messages come for exact filters only. Messages arrive in later turns, in order. */
export function createMemoryBroker(): MemoryBroker {
  const clients = new Set<MemoryClient>();
  const kept = new Map<string, BrokerMessage>();
  const log: BrokerMessage[] = [];
  let running = true;

  class MemoryClient implements Broker {
    onMessage: ((message: BrokerMessage) => void) | undefined;
    onState: ((state: 'connected' | 'offline', why: string) => void) | undefined;
    connected = false;
    started = false;
    private readonly filters = new Set<string>();

    start(): void {
      this.started = true;
      if (running) this.connect();
    }

    connect(): void {
      if (this.connected || !this.started) return;
      this.connected = true;
      this.onState?.('connected', 'memory');
      for (const filter of this.filters) this.replay(filter);
    }

    drop(): void {
      if (!this.connected) return;
      this.connected = false;
      this.onState?.('offline', 'the broker is down');
    }

    subscribe(filters: readonly string[]): void {
      for (const filter of filters) {
        if (this.filters.has(filter)) continue;
        this.filters.add(filter);
        if (this.connected) this.replay(filter);
      }
    }

    async publish(topic: string, payload: Uint8Array, options: PublishOptions = {}): Promise<void> {
      if (!this.connected) throw new Error('offline: the broker is down');
      if (payload.length > 131_072) throw new RangeError(`payload of ${payload.length} bytes`);
      const message: BrokerMessage = {
        topic,
        payload: payload.slice(),
        properties: options.properties ?? {},
        ...(options.responseTopic !== undefined && { responseTopic: options.responseTopic }),
        ...(options.correlation !== undefined && { correlation: options.correlation }),
      };
      log.push(message);
      if (options.retain === true) kept.set(topic, message);
      for (const other of clients) other.offer(message);
      await undefined;
    }

    offer(message: BrokerMessage): void {
      if (!this.connected) return;
      if (![...this.filters].some((filter) => matches(filter, message.topic))) return;
      void Promise.resolve().then(() => {
        if (this.connected) this.onMessage?.(message);
      });
    }

    async stop(): Promise<void> {
      this.started = false;
      this.drop();
      await undefined;
    }

    private replay(filter: string): void {
      const message = kept.get(filter);
      if (message !== undefined) this.offer(message);
    }
  }

  return {
    client() {
      const made = new MemoryClient();
      clients.add(made);
      return made;
    },
    down() {
      running = false;
      kept.clear();
      for (const client of clients) client.drop();
    },
    up() {
      running = true;
      for (const client of clients) client.connect();
    },
    retained: (topic) => kept.get(topic),
    log,
  };
}
