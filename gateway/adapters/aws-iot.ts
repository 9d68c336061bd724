import { iot, mqtt5 } from 'aws-iot-device-sdk-v2';
import type { Broker, BrokerMessage, Clock, PublishOptions } from '../ports.ts';
import { type After, afterOf, offline, Publishes, refusal } from './publishes.ts';
import { HELD_MS, Reconnect } from './reconnect.ts';

const FILTERS_PER_SUBSCRIBE = 8;
const CONNACK_MS = 10_000;
const PING_MS = 5_000;
const STOP_MS = 2_000;

export interface AwsIotOptions {
  readonly host: string;
  readonly port: number; // 8883, 443, or the emulator's
  readonly clientId: string; // the thing's name, so that policies with thing variables hold
  readonly ca: string; // PEM: AmazonRootCA1 on AWS, the emulator's own here
  readonly cert: string; // PEM
  readonly key: string; // PEM
  readonly will?: {
    readonly topic: string;
    readonly payload: Uint8Array;
    readonly retain: boolean;
  };
  readonly minReconnectMs: number; // real; the SDK doubles it with full jitter
  readonly maxReconnectMs: number;
  readonly ackTimeoutMs?: number; // real milliseconds, default 20 s
}

/** The SDK rejects with plain strings and with errors of its own. */
const reason = (error: unknown): string =>
  error instanceof Error ? error.message : typeof error === 'string' ? error : String(error);

/**
 * MQTT 5 over the AWS IoT Device SDK, by its safe recipe: clean session, nothing queued offline
 * (both together are what keeps a refused publish from being sent again for ever), a PUBACK reason
 * of 128 and more is a refusal, and a publish without PUBACK means that its slot in the SDK's
 * window is lost, so the connection is made anew. What arrives while offline comes back by jobs,
 * shadows and the outbox.
 */
class AwsIotBroker implements Broker {
  onMessage: ((message: BrokerMessage) => void) | undefined;
  onState: ((state: 'connected' | 'offline', why: string) => void) | undefined;
  connected = false;
  readonly hasReservedTopics = true;
  private readonly options: AwsIotOptions;
  private readonly after: After;
  private readonly filters = new Set<string>();
  private readonly publishes: Publishes;
  private readonly pauses: Reconnect; // of clients made anew; within one the SDK has its own
  private readonly nowMs: () => number;
  private client: mqtt5.Mqtt5Client | undefined;
  private running = false;
  private saidOffline = false;

  constructor(options: AwsIotOptions, clock: Clock | undefined) {
    this.options = options;
    this.after = afterOf(clock);
    this.publishes = new Publishes(this.after, options.ackTimeoutMs);
    this.pauses = new Reconnect(options.minReconnectMs, options.maxReconnectMs);
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
    if (this.connected && this.client) void this.sendSubscriptions(this.client, fresh);
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
        client.publish(packetOf(topic, payload, options)).then(
          (ack) => {
            const code = ack?.reasonCode ?? 0;
            const refused = `refused with reason ${code} (${ack?.reasonString ?? topic})`;
            settle(code >= 128 ? refusal(code, refused) : undefined, true);
          },
          (error: unknown) => settle(new Error(reason(error)), false),
        );
      },
      () => this.renew(client, 'no PUBACK: connection stalled'),
    );
  }

  async stop(): Promise<void> {
    this.running = false;
    const client = this.client;
    const wasConnected = this.connected;
    this.client = undefined;
    this.connected = false;
    this.publishes.fail('stopped');
    if (client) await this.end(client);
    if (wasConnected) this.onState?.('offline', 'stopped');
  }

  private open(): void {
    const client = new mqtt5.Mqtt5Client(configOf(this.options, this.publishes.ackMs));
    this.client = client;
    client.on('error', () => undefined); // told again by the event that follows
    client.on('connectionSuccess', () => {
      if (this.client !== client) return;
      this.pauses.connected(this.nowMs());
      this.connected = true;
      this.saidOffline = false;
      // The session is always a new one: every filter again.
      void this.sendSubscriptions(client, [...this.filters]);
      this.onState?.('connected', `${this.options.host}:${this.options.port}`);
    });
    client.on('connectionFailure', ({ error, connack }) => {
      const code = connack === undefined ? '' : `, reason ${connack.reasonCode}`;
      if (this.client === client) this.offline(`${reason(error)}${code}`);
    });
    client.on('disconnection', ({ error, disconnect }) => {
      if (this.client !== client) return;
      if (disconnect !== undefined) this.publishes.disconnected();
      const ended = `broker ended the connection, reason ${disconnect?.reasonCode}`;
      this.offline(disconnect === undefined ? reason(error) : ended);
    });
    client.on('messageReceived', ({ message }) => {
      if (this.client === client) this.onMessage?.(messageOf(message));
    });
    client.start();
  }

  /** Told once for each loss; the SDK goes on trying by itself. */
  private offline(why: string): void {
    this.connected = false;
    this.publishes.fail(why);
    if (this.saidOffline) return;
    this.saidOffline = true;
    this.onState?.('offline', why);
  }

  /** Ends a connection that cannot be trusted any more and begins with a new client. */
  private renew(client: mqtt5.Mqtt5Client, why: string): void {
    if (this.client !== client) return;
    this.client = undefined;
    this.offline(why);
    void this.end(client);
    this.after(this.pauses.lost(this.nowMs()), () => {
      if (this.running && this.client === undefined) this.open();
    });
  }

  private end(client: mqtt5.Mqtt5Client): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = this.after(STOP_MS, resolve);
    client.on('stopped', () => resolve());
    client.stop({ reasonCode: mqtt5.DisconnectReasonCode.NormalDisconnection });
    return promise.then(() => {
      cancel();
      client.close();
    });
  }

  /** A refused filter is a broken session, so it is made anew. */
  private async sendSubscriptions(
    client: mqtt5.Mqtt5Client,
    filters: readonly string[],
  ): Promise<void> {
    for (let at = 0; at < filters.length; at += FILTERS_PER_SUBSCRIBE) {
      const subscriptions = filters
        .slice(at, at + FILTERS_PER_SUBSCRIBE)
        .map((topicFilter) => ({ topicFilter, qos: mqtt5.QoS.AtLeastOnce }));
      try {
        const { reasonCodes } = await client.subscribe({ subscriptions });
        const bad = reasonCodes.findIndex((code) => code >= 128);
        if (bad < 0) continue;
        const filter = subscriptions[bad]?.topicFilter;
        this.renew(client, `subscription of ${filter} refused, reason ${reasonCodes[bad]}`);
      } catch (error) {
        // A connection that ended meanwhile subscribes again when it is back.
        if (this.connected) this.renew(client, `subscription failed: ${reason(error)}`);
      }
      return;
    }
  }
}

function configOf(options: AwsIotOptions, ackMs: number): mqtt5.Mqtt5ClientConfig {
  const { will } = options;
  return iot.AwsIotMqtt5ClientConfigBuilder.newDirectMqttBuilderWithMtlsFromMemory(
    options.host,
    options.cert,
    options.key,
  )
    .withCertificateAuthority(options.ca)
    .withPort(options.port)
    .withConnectProperties({
      clientId: options.clientId,
      keepAliveIntervalSeconds: 60,
      ...(will && {
        will: {
          topicName: will.topic,
          payload: Buffer.from(will.payload),
          qos: mqtt5.QoS.AtLeastOnce,
          retain: will.retain,
        },
      }),
    })
    .withSessionBehavior(mqtt5.ClientSessionBehavior.Clean)
    .withOfflineQueueBehavior(mqtt5.ClientOperationQueueBehavior.FailAllOnDisconnect)
    .withRetryJitterMode(mqtt5.RetryJitterType.Full)
    .withMinReconnectDelayMs(options.minReconnectMs)
    .withMaxReconnectDelayMs(options.maxReconnectMs)
    .withMinConnectedTimeToResetReconnectDelayMs(HELD_MS)
    .withConnackTimeoutMs(CONNACK_MS)
    .withPingTimeoutMs(PING_MS)
    .withAckTimeoutSeconds(Math.ceil(ackMs / 1_000) + 5) // ours is first
    .build();
}

function packetOf(
  topicName: string,
  payload: Uint8Array,
  options: PublishOptions,
): mqtt5.PublishPacket {
  const properties = Object.entries(options.properties ?? {});
  return {
    topicName,
    payload: Buffer.from(payload),
    qos: mqtt5.QoS.AtLeastOnce,
    retain: options.retain ?? false,
    ...(options.expiryS !== undefined && { messageExpiryIntervalSeconds: options.expiryS }),
    ...(options.responseTopic !== undefined && { responseTopic: options.responseTopic }),
    ...(options.correlation && { correlationData: Buffer.from(options.correlation) }),
    ...(properties.length > 0 && {
      userProperties: properties.map(([name, value]) => ({ name, value })),
    }),
  };
}

const bytesOf = (value: mqtt5.Payload | undefined): Uint8Array => {
  if (value === undefined || value === null) return new Uint8Array();
  if (typeof value === 'string') return new TextEncoder().encode(value);
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  if (ArrayBuffer.isView(value)) {
    return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  }
  return new TextEncoder().encode(JSON.stringify(value));
};

/** A repeated user property keeps its first value. */
function messageOf(packet: mqtt5.PublishPacket): BrokerMessage {
  const properties: Record<string, string> = {};
  for (const { name, value } of packet.userProperties ?? []) properties[name] ??= value;
  return {
    topic: packet.topicName,
    payload: bytesOf(packet.payload),
    ...(packet.responseTopic !== undefined && { responseTopic: packet.responseTopic }),
    ...(packet.correlationData !== undefined && { correlation: bytesOf(packet.correlationData) }),
    properties,
  };
}

/**
 * A broker by certificates, as AWS IoT Core asks for: mutual TLS, the thing's name as client id.
 * @param clock its real face times acknowledgements; without it the machine's timers do
 */
export function createAwsIotBroker(options: AwsIotOptions, clock?: Clock): Broker {
  return new AwsIotBroker(options, clock);
}
