import type { LookupFunction } from 'node:net';
import { connect, type IClientOptions, type MqttClient } from 'mqtt';
import type { Broker, BrokerMessage, Clock, PublishOptions } from '../ports.ts';
import { Names } from './names.ts';
import {
  type After,
  afterOf,
  offline,
  PAYLOAD_BYTES_MAX,
  Publishes,
  refusal,
} from './publishes.ts';
import { Reconnect } from './reconnect.ts';

const CONNECT_TIMEOUT_MS = 10_000;
const FILTERS_PER_SUBSCRIBE = 8;

export interface MqttOptions {
  readonly url: string; // mqtt://host:port or mqtts://host:port
  readonly clientId: string;
  readonly will?: {
    readonly topic: string;
    readonly payload: Uint8Array;
    readonly retain: boolean;
  };
  readonly username?: string;
  readonly password?: string;
  readonly ca?: string; // PEM
  readonly cert?: string; // PEM
  readonly key?: string; // PEM
  readonly minReconnectMs: number; // real; the first bound of a random pause, doubling
  readonly maxReconnectMs: number;
  readonly ackTimeoutMs?: number; // real milliseconds, default 20 s
  readonly resolve?: LookupFunction; // names with TLS; default the system's
}

const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The PUBACK's no, where the broker answered at all. */
const refusedWith = (error: unknown): number | undefined => {
  const code = error instanceof Error && 'code' in error ? Number(error.code) : Number.NaN;
  return code >= 128 ? code : undefined;
};

/**
 * MQTT 5 with a clean start on every connect: a publish that fails is failed once and for all, the
 * outbox sends it again. A publish without PUBACK in time is taken as a stalled connection, which
 * is then made anew.
 */
class MqttBroker implements Broker {
  onMessage: ((message: BrokerMessage) => void) | undefined;
  onState: ((state: 'connected' | 'offline', why: string) => void) | undefined;
  connected = false;
  private readonly options: MqttOptions;
  private readonly after: After;
  private readonly filters = new Set<string>();
  private readonly publishes: Publishes;
  private client: MqttClient | undefined;
  private cancelReconnect: (() => void) | undefined;
  private readonly pauses: Reconnect;
  private readonly names: Names;
  private readonly nowMs: () => number;
  private saidOffline = false;
  private running = false;
  private lastWhy = '';

  constructor(options: MqttOptions, clock: Clock | undefined) {
    this.options = options;
    this.after = afterOf(clock);
    this.publishes = new Publishes(this.after, options.ackTimeoutMs);
    this.pauses = new Reconnect(options.minReconnectMs, options.maxReconnectMs);
    this.names = new Names(options.resolve);
    this.nowMs = () => clock?.realMs() ?? performance.now();
  }

  start(): void {
    if (this.running) return;
    this.running = true;
    this.open();
  }

  subscribe(filters: readonly string[]): void {
    const fresh = filters.filter((filter) => !this.filters.has(filter));
    for (const filter of fresh) this.filters.add(filter);
    if (this.connected && this.client) this.sendSubscriptions(this.client, fresh);
  }

  publish(topic: string, payload: Uint8Array, options: PublishOptions = {}): Promise<void> {
    const client = this.client;
    if (!this.connected || client === undefined) {
      return Promise.reject(offline('not connected to the broker'));
    }
    return this.publishes.send(
      topic,
      payload,
      (settle) => {
        // mqtt answers a PUBACK reason >= 128 as an error
        client.publish(topic, Buffer.from(payload), publishOptions(options), (error) => {
          const code = refusedWith(error);
          if (code !== undefined) settle(refusal(code, reason(error)), true);
          else settle(error ? new Error(reason(error)) : undefined, !error);
        });
      },
      () => this.dropped(client, 'no PUBACK: connection stalled'),
    );
  }

  async stop(): Promise<void> {
    this.running = false;
    this.cancelReconnect?.();
    const client = this.client;
    const wasConnected = this.connected;
    this.client = undefined;
    this.connected = false;
    this.publishes.fail('stopped');
    if (client) await client.endAsync(!wasConnected).catch(() => undefined);
    if (wasConnected) this.onState?.('offline', 'stopped');
  }

  private open(): void {
    const client = connect(this.options.url, connectOptions(this.options, this.names));
    this.client = client;
    this.lastWhy = 'connection closed';
    client.on('connect', () => {
      if (this.client !== client) return;
      this.pauses.connected(this.nowMs());
      this.names.keep();
      this.connected = true;
      this.saidOffline = false;
      this.sendSubscriptions(client, [...this.filters]);
      this.onState?.('connected', this.options.url);
    });
    client.on('message', (topic, payload, packet) => {
      if (this.client !== client) return;
      const properties = packet.properties;
      this.onMessage?.({
        topic,
        payload,
        ...(properties?.responseTopic !== undefined && {
          responseTopic: properties.responseTopic,
        }),
        ...(properties?.correlationData !== undefined && {
          correlation: properties.correlationData,
        }),
        properties: flatten(properties?.userProperties),
      });
    });
    client.on('disconnect', (packet) => {
      if (this.client === client) this.publishes.disconnected();
      this.lastWhy = `broker ended the connection, reason ${packet.reasonCode ?? 0}`;
    });
    client.on('error', (error) => {
      this.lastWhy = reason(error) || 'connection refused';
    });
    client.on('close', () => this.dropped(client, this.lastWhy));
  }

  /**
   * The connection is gone: nothing of it is kept, and the next one is tried after a random pause.
   */
  private dropped(client: MqttClient, why: string): void {
    if (this.client !== client) return;
    this.client = undefined;
    this.connected = false;
    this.publishes.fail(why);
    client.end(true);
    if (!this.saidOffline) this.onState?.('offline', why);
    this.saidOffline = true;
    const pauseMs = this.pauses.lost(this.nowMs());
    if (!this.running) return;
    this.cancelReconnect = this.after(pauseMs, () => {
      if (this.running) this.open();
    });
  }

  /**
   * IoT Core takes at most 8 filters a SUBSCRIBE; a refused filter is a broken session, so it is
   * made anew.
   */
  private sendSubscriptions(client: MqttClient, filters: readonly string[]): void {
    for (let at = 0; at < filters.length; at += FILTERS_PER_SUBSCRIBE) {
      const some = filters.slice(at, at + FILTERS_PER_SUBSCRIBE);
      client.subscribe(some, { qos: 1 }, (error) => {
        if (error) this.dropped(client, `subscription refused: ${reason(error)}`);
      });
    }
  }
}

function connectOptions(options: MqttOptions, { lookup }: Names): IClientOptions {
  const resolver = { lookup }; // taken by TLS alone
  return {
    ...resolver,
    protocolVersion: 5,
    clean: true,
    clientId: options.clientId,
    reconnectPeriod: 0,
    reconnectOnConnackError: true, // closes the stream; reconnecting stays ours
    resubscribe: false,
    queueQoSZero: false,
    connectTimeout: CONNECT_TIMEOUT_MS,
    keepalive: 30,
    properties: { receiveMaximum: 100, maximumPacketSize: 2 * PAYLOAD_BYTES_MAX },
    ...(options.will && {
      will: {
        topic: options.will.topic,
        payload: Buffer.from(options.will.payload),
        qos: 1 as const,
        retain: options.will.retain,
      },
    }),
    ...(options.username !== undefined && { username: options.username }),
    ...(options.password !== undefined && { password: options.password }),
    ...(options.ca !== undefined && { ca: options.ca }),
    ...(options.cert !== undefined && { cert: options.cert }),
    ...(options.key !== undefined && { key: options.key }),
  };
}

function publishOptions(options: PublishOptions) {
  return {
    qos: 1 as const,
    retain: options.retain ?? false,
    properties: {
      ...(options.expiryS !== undefined && { messageExpiryInterval: options.expiryS }),
      ...(options.responseTopic !== undefined && { responseTopic: options.responseTopic }),
      ...(options.correlation && { correlationData: Buffer.from(options.correlation) }),
      ...(options.properties && { userProperties: { ...options.properties } }),
    },
  };
}

/** A repeated user property keeps its first value. */
function flatten(properties: Record<string, string | string[]> | undefined) {
  const flat: Record<string, string> = {};
  for (const [key, value] of Object.entries(properties ?? {})) {
    const first = Array.isArray(value) ? value[0] : value;
    if (first !== undefined) flat[key] = first;
  }
  return flat;
}

/**
 * @param clock its real face times back-off and acknowledgements; without it the machine's timers
 * do
 */
export function createMqttBroker(options: MqttOptions, clock?: Clock): Broker {
  return new MqttBroker(options, clock);
}
