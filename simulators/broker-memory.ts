import type { Broker, BrokerMessage, PublishOptions } from '../gateway/ports.ts';
import { matches } from './iot-core/topics.ts';

/** The memory face of a broker: many clients, one world, no socket. */
export interface MemoryBroker {
  client(): Broker;
  /** Ends every connection until `up`. Retained messages are gone, as without a disk. */
  down(): void;
  up(): void;
  retained(topic: string): BrokerMessage | undefined;
  /** Everything that was published, in order. */
  readonly log: readonly BrokerMessage[];
}

/** IoT Core's limit. */
const PAYLOAD_BYTES_MAX = 131_072;

interface Hub {
  readonly clients: Set<MemoryClient>;
  readonly kept: Map<string, BrokerMessage>;
  readonly log: BrokerMessage[];
  readonly keepsLog: boolean;
  running: boolean;
}

class MemoryClient implements Broker {
  onMessage: ((message: BrokerMessage) => void) | undefined;
  onState: ((state: 'connected' | 'offline', why: string) => void) | undefined;
  connected = false;
  private started = false;
  private readonly hub: Hub;
  private readonly filters = new Set<string>();

  constructor(hub: Hub) {
    this.hub = hub;
  }

  start(): void {
    this.started = true;
    this.connect();
  }

  connect(): void {
    if (this.connected || !this.started || !this.hub.running) return;
    this.connected = true;
    this.onState?.('connected', 'memory');
    for (const filter of this.filters) this.replay(filter);
  }

  drop(why: string): void {
    if (!this.connected) return;
    this.connected = false;
    this.onState?.('offline', why);
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
    if (payload.length > PAYLOAD_BYTES_MAX) {
      throw new RangeError(`payload of ${payload.length} bytes`);
    }
    const message: BrokerMessage = {
      topic,
      payload: payload.slice(),
      properties: options.properties ?? {},
      ...(options.responseTopic !== undefined && { responseTopic: options.responseTopic }),
      ...(options.correlation !== undefined && { correlation: options.correlation }),
    };
    if (this.hub.keepsLog) this.hub.log.push(message);
    if (options.retain === true) this.hub.kept.set(topic, message);
    for (const client of this.hub.clients) client.offer(message);
    await undefined;
  }

  /** Arrives in a later turn, in order. */
  offer(message: BrokerMessage): void {
    if (!this.connected) return;
    if (![...this.filters].some((filter) => matches(filter, message.topic))) return;
    void Promise.resolve().then(() => {
      if (this.connected) this.onMessage?.(message);
    });
  }

  async stop(): Promise<void> {
    this.started = false;
    this.drop('stopped');
    await undefined;
  }

  private replay(filter: string): void {
    const message = this.hub.kept.get(filter);
    if (message !== undefined) this.offer(message);
  }
}

/**
 * As IoT Core: retained messages come for exact filters only.
 * @param keepsLog  false for runs so long that everything would be too much
 */
export function createMemoryBroker(keepsLog = true): MemoryBroker {
  const hub: Hub = { clients: new Set(), kept: new Map(), log: [], keepsLog, running: true };
  return {
    client() {
      const made = new MemoryClient(hub);
      hub.clients.add(made);
      return made;
    },
    down() {
      hub.running = false;
      hub.kept.clear();
      for (const client of hub.clients) client.drop('the broker is down');
    },
    up() {
      hub.running = true;
      for (const client of hub.clients) client.connect();
    },
    retained: (topic) => hub.kept.get(topic),
    log: hub.log,
  };
}
