import type { Socket } from 'node:net';
import * as mqtt from 'mqtt-packet';
import { isFilter, isTopic, matches } from './topics.ts';

/** MQTT 5 reason codes used here (IoT Core's set). */
const REASON = {
  success: 0,
  notAuthorized: 135,
  topicInvalid: 144,
  badCredentials: 134,
  packetTooLarge: 149,
  protocol: 130,
  filterInvalid: 143,
  keepAlive: 141,
  noSubscription: 17,
  qosNotSupported: 155,
} as const;

const CONNECT_MS = 10_000;
const BUFFER_BYTES_MAX = 8 * 1_048_576;

/** What a client may do; `+` and `#` as in filters. Nothing that is not named is allowed. */
export interface Grant {
  readonly clientId: string;
  readonly password: string;
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

/** What a connection needs of the broker it belongs to. */
export interface Router {
  readonly payloadBytesMax: number;
  grant(clientId: string, username: string, password: Uint8Array): Grant | undefined;
  admit(session: Session): void;
  leave(session: Session): void;
  refuse(): void;
  route(packet: mqtt.IPublishPacket, from: string): void;
  retainedFor(filter: string): mqtt.IPublishPacket | undefined;
}

const allows = (filters: readonly string[], topic: string): boolean =>
  filters.some((filter) => filter === topic || matches(filter, topic));

/** One connection of one client. */
export class Session {
  clientId = '';
  private grant: Grant | undefined;
  private will: mqtt.IPublishPacket | undefined;
  private readonly filters = new Map<string, 0 | 1>();
  private nextId = 1;
  private timer: NodeJS.Timeout | undefined;
  private keepAliveMs = 0;
  private readonly broker: Router;
  private readonly socket: Socket;

  constructor(broker: Router, socket: Socket) {
    this.broker = broker;
    this.socket = socket;
    socket.setNoDelay(true);
    const parser = mqtt.parser({ protocolVersion: 5 });
    parser.on('packet', (packet) => this.take(packet));
    parser.on('error', () => this.end(REASON.protocol));
    socket.on('data', (bytes) => {
      this.watch();
      parser.parse(bytes);
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.closed());
    this.timer = setTimeout(() => socket.destroy(), CONNECT_MS);
  }

  wants(topic: string): boolean {
    for (const filter of this.filters.keys()) if (matches(filter, topic)) return true;
    return false;
  }

  deliver(packet: mqtt.IPublishPacket, retain: boolean): void {
    let qos: 0 | 1 = 0;
    for (const [filter, granted] of this.filters) {
      if (granted === 1 && matches(filter, packet.topic)) qos = 1;
    }
    const out: mqtt.IPublishPacket = {
      cmd: 'publish',
      topic: packet.topic,
      payload: packet.payload,
      qos: packet.qos === 0 ? 0 : qos,
      retain,
      dup: false,
      ...(packet.properties === undefined ? {} : { properties: packet.properties }),
    };
    if (out.qos === 1) out.messageId = this.messageId();
    this.send(out);
  }

  /** Says why and closes. */
  end(reasonCode: number): void {
    if (this.grant !== undefined) this.send({ cmd: 'disconnect', reasonCode });
    this.socket.end();
    setTimeout(() => this.socket.destroy(), 200).unref();
  }

  private send(packet: mqtt.Packet): void {
    if (this.socket.destroyed || this.socket.writableLength > BUFFER_BYTES_MAX) {
      this.socket.destroy();
      return;
    }
    this.socket.write(mqtt.generate(packet, { protocolVersion: 5 }));
  }

  private messageId(): number {
    const id = this.nextId;
    this.nextId = (this.nextId % 65_535) + 1;
    return id;
  }

  private watch(): void {
    if (this.keepAliveMs === 0) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.end(REASON.keepAlive), this.keepAliveMs * 1.5);
  }

  private take(packet: mqtt.Packet): void {
    if (this.grant === undefined) {
      if (packet.cmd === 'connect') this.connect(packet);
      else this.socket.destroy();
      return;
    }
    if (packet.cmd === 'publish') this.publish(packet, this.grant);
    else if (packet.cmd === 'subscribe') this.subscribe(packet, this.grant);
    else if (packet.cmd === 'unsubscribe') this.unsubscribe(packet);
    else if (packet.cmd === 'pingreq') this.send({ cmd: 'pingresp' });
    else if (packet.cmd === 'disconnect') {
      if (packet.reasonCode !== 4) this.will = undefined; // 4: disconnect with will message
      this.socket.end();
    } else if (packet.cmd !== 'puback') this.end(REASON.protocol);
  }

  private connect(packet: mqtt.IConnectPacket): void {
    clearTimeout(this.timer);
    const password = packet.password ?? Buffer.alloc(0);
    const grant =
      packet.protocolVersion === 5
        ? this.broker.grant(packet.clientId, packet.username ?? '', Buffer.from(password))
        : undefined;
    if (grant === undefined) {
      this.broker.refuse();
      const reasonCode = packet.protocolVersion === 5 ? REASON.badCredentials : 132;
      this.send({ cmd: 'connack', sessionPresent: false, reasonCode });
      this.socket.end();
      return;
    }
    this.grant = grant;
    this.clientId = packet.clientId;
    if (packet.will !== undefined && allows(grant.publish, packet.will.topic)) {
      this.will = {
        cmd: 'publish',
        topic: packet.will.topic,
        payload: packet.will.payload,
        qos: packet.will.qos === 0 ? 0 : 1,
        retain: packet.will.retain === true,
        dup: false,
      };
    }
    this.keepAliveMs = Math.min(packet.keepalive ?? 0, 1_200) * 1_000;
    this.watch();
    this.broker.admit(this);
    this.send({
      cmd: 'connack',
      sessionPresent: false,
      reasonCode: REASON.success,
      properties: {
        maximumQoS: 1,
        retainAvailable: true,
        sessionExpiryInterval: 0,
        subscriptionIdentifiersAvailable: false,
        maximumPacketSize: this.broker.payloadBytesMax + 4_096,
        topicAliasMaximum: 0,
      },
    });
  }

  private publish(packet: mqtt.IPublishPacket, grant: Grant): void {
    if (packet.qos === 2) return this.end(REASON.qosNotSupported);
    if (packet.payload.length > this.broker.payloadBytesMax) {
      return this.end(REASON.packetTooLarge);
    }
    let reasonCode: number = REASON.success;
    if (!isTopic(packet.topic)) reasonCode = REASON.topicInvalid;
    else if (!allows(grant.publish, packet.topic)) reasonCode = REASON.notAuthorized;
    if (reasonCode === REASON.success) this.broker.route(packet, this.clientId);
    else this.broker.refuse();
    if (packet.qos === 1 && packet.messageId !== undefined) {
      this.send({ cmd: 'puback', messageId: packet.messageId, reasonCode });
    }
  }

  private subscribe(packet: mqtt.ISubscribePacket, grant: Grant): void {
    const granted: number[] = [];
    const fresh: string[] = [];
    for (const { topic, qos } of packet.subscriptions) {
      if (!isFilter(topic)) granted.push(REASON.filterInvalid);
      else if (!grant.subscribe.includes(topic) && !allows(grant.subscribe, topic)) {
        this.broker.refuse();
        granted.push(REASON.notAuthorized);
      } else {
        const level = qos === 0 ? 0 : 1;
        this.filters.set(topic, level);
        granted.push(level);
        fresh.push(topic);
      }
    }
    this.send({ cmd: 'suback', messageId: packet.messageId ?? 0, granted });
    for (const filter of fresh) {
      const packet = this.broker.retainedFor(filter);
      if (packet !== undefined) this.deliver(packet, true);
    }
  }

  private unsubscribe(packet: mqtt.IUnsubscribePacket): void {
    const granted = packet.unsubscriptions.map((filter) =>
      this.filters.delete(filter) ? REASON.success : REASON.noSubscription,
    );
    this.send({ cmd: 'unsuback', messageId: packet.messageId ?? 0, granted });
  }

  private closed(): void {
    clearTimeout(this.timer);
    if (this.grant === undefined) return;
    this.broker.leave(this);
    if (this.will !== undefined) this.broker.route(this.will, this.clientId);
  }
}
