import type { Socket } from 'node:net';
import * as mqtt from 'mqtt-packet';
import { type Limits, Meter } from './limits.ts';
import type { Rights } from './rights.ts';
import type { Caller } from './service.ts';
import { isFilter, isTopic, matches } from './topics.ts';

/** MQTT 5 reason codes used here (IoT Core's set). */
export const REASON = {
  success: 0,
  notAuthorized: 135,
  topicInvalid: 144,
  badCredentials: 134,
  clientIdInvalid: 133,
  packetTooLarge: 149,
  protocol: 130,
  filterInvalid: 143,
  keepAlive: 141,
  takenOver: 142,
  quotaExceeded: 151,
  noSubscription: 17,
  qosNotSupported: 155,
} as const;

const CONNECT_MS = 10_000;
const BUFFER_BYTES_MAX = 8 * 1_048_576;
const WAITING_MAX = 10_000;

/** What a connection needs of the broker it belongs to. */
export interface Router {
  readonly limits: Limits;
  /** @returns what the client may do, or the reason why it may not come in */
  rights(packet: mqtt.IConnectPacket, socket: Socket): Rights | number;
  /** An unauthorised publish ends the connection instead of being refused in its PUBACK. */
  readonly strict: boolean;
  admit(session: Session): void;
  leave(session: Session, byClient: boolean, why: string): void;
  refuse(): void;
  /** @returns a PUBACK reason */
  route(packet: mqtt.IPublishPacket, from: Caller): number;
  retainedFor(filter: string): mqtt.IPublishPacket | undefined;
}

/** One connection of one client. */
export class Session implements Caller {
  clientId = '';
  private granted: Rights | undefined;
  private will: mqtt.IPublishPacket | undefined;
  private readonly filters = new Map<string, 0 | 1>();
  private readonly unacked = new Set<number>();
  private readonly waiting: mqtt.IPublishPacket[] = [];
  private readonly meter: Meter;
  private window = 65_535;
  private nextId = 1;
  private timer: NodeJS.Timeout | undefined;
  private keepAliveMs = 0;
  private byClient = false;
  private why = 'CONNECTION_LOST';
  private readonly broker: Router;
  private readonly socket: Socket;

  constructor(broker: Router, socket: Socket) {
    this.broker = broker;
    this.socket = socket;
    this.meter = new Meter(broker.limits);
    socket.setNoDelay(true);
    const parser = mqtt.parser({ protocolVersion: 5 });
    parser.on('packet', (packet) => this.take(packet));
    parser.on('error', () => this.end(REASON.protocol));
    socket.on('data', (bytes) => {
      this.watch();
      this.slow(bytes.length);
      parser.parse(bytes);
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.closed());
    this.timer = setTimeout(() => socket.destroy(), CONNECT_MS);
  }

  get certificateId(): string | undefined {
    return this.granted?.certificateId;
  }

  wants(topic: string): boolean {
    for (const filter of this.filters.keys()) {
      if (matches(filter, topic)) return this.granted?.receive(topic) === true;
    }
    return false;
  }

  deliver(packet: mqtt.IPublishPacket, retain: boolean): void {
    let qos: 0 | 1 = 0;
    for (const [filter, granted] of this.filters) {
      if (granted === 1 && matches(filter, packet.topic)) qos = 1;
    }
    this.push({
      cmd: 'publish',
      topic: packet.topic,
      payload: packet.payload,
      qos: packet.qos === 0 ? 0 : qos,
      retain,
      dup: false,
      ...(packet.properties === undefined ? {} : { properties: packet.properties }),
    });
  }

  reply(topic: string, body: unknown): void {
    const payload = Buffer.from(JSON.stringify(body));
    this.push({ cmd: 'publish', topic, payload, qos: 1, retain: false, dup: false });
  }

  /** Says why and closes. */
  end(reasonCode: number): void {
    if (reasonCode === REASON.takenOver) this.why = 'DUPLICATE_CLIENTID';
    else if (reasonCode === REASON.keepAlive) this.why = 'MQTT_KEEP_ALIVE_TIMEOUT';
    else this.why = 'SERVER_ERROR';
    if (this.granted !== undefined) this.send({ cmd: 'disconnect', reasonCode });
    this.socket.end();
    setTimeout(() => this.socket.destroy(), 200).unref();
  }

  /** At most as many unacknowledged messages as the client takes; the rest waits. */
  private push(packet: mqtt.IPublishPacket): void {
    if (packet.qos === 0) return this.send(packet);
    if (this.unacked.size >= this.window) {
      if (this.waiting.length < WAITING_MAX) this.waiting.push(packet);
      else this.socket.destroy();
      return;
    }
    packet.messageId = this.messageId();
    this.unacked.add(packet.messageId);
    this.send(packet);
  }

  private acknowledged(id: number | undefined): void {
    if (id === undefined || !this.unacked.delete(id)) return;
    const next = this.waiting.shift();
    if (next !== undefined) this.push(next);
  }

  private send(packet: mqtt.Packet): void {
    if (this.socket.destroyed || this.socket.writableLength > BUFFER_BYTES_MAX) {
      this.socket.destroy();
      return;
    }
    this.socket.write(mqtt.generate(packet, { protocolVersion: 5 }));
  }

  private messageId(): number {
    do this.nextId = (this.nextId % 65_535) + 1;
    while (this.unacked.has(this.nextId));
    return this.nextId;
  }

  /** Over its rate the connection is not read for a while. */
  private slow(bytes: number): void {
    const pauseMs = this.meter.read(bytes, Date.now());
    if (pauseMs <= 0 || this.socket.isPaused()) return;
    this.socket.pause();
    setTimeout(() => this.socket.resume(), pauseMs).unref();
  }

  private watch(): void {
    if (this.keepAliveMs === 0) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.end(REASON.keepAlive), this.keepAliveMs * 1.5);
  }

  private take(packet: mqtt.Packet): void {
    if (this.granted === undefined) {
      if (packet.cmd === 'connect') this.connect(packet);
      else this.socket.destroy();
      return;
    }
    if (packet.cmd === 'publish') this.publish(packet, this.granted);
    else if (packet.cmd === 'puback') this.acknowledged(packet.messageId);
    else if (packet.cmd === 'subscribe') this.subscribe(packet, this.granted);
    else if (packet.cmd === 'unsubscribe') this.unsubscribe(packet);
    else if (packet.cmd === 'pingreq') this.send({ cmd: 'pingresp' });
    else if (packet.cmd === 'disconnect') {
      if (packet.reasonCode !== 4) this.will = undefined; // 4: disconnect with will message
      this.byClient = true;
      this.why = 'CLIENT_INITIATED_DISCONNECT';
      this.socket.end();
    } else this.end(REASON.protocol);
  }

  private connect(packet: mqtt.IConnectPacket): void {
    clearTimeout(this.timer);
    const rights = packet.protocolVersion === 5 ? this.broker.rights(packet, this.socket) : 132;
    if (typeof rights === 'number') {
      this.broker.refuse();
      this.send({ cmd: 'connack', sessionPresent: false, reasonCode: rights });
      this.socket.end();
      return;
    }
    const { limits } = this.broker;
    this.granted = rights;
    this.clientId = packet.clientId;
    this.window = Math.min(packet.properties?.receiveMaximum ?? 65_535, limits.unacked);
    if (
      packet.will !== undefined &&
      rights.publish(packet.will.topic, packet.will.retain === true)
    ) {
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
        receiveMaximum: limits.unacked,
        maximumPacketSize: limits.payloadBytes + 4_096,
        topicAliasMaximum: 0,
      },
    });
  }

  private publish(packet: mqtt.IPublishPacket, rights: Rights): void {
    if (packet.qos === 2) return this.end(REASON.qosNotSupported);
    if (packet.payload.length > this.broker.limits.payloadBytes) {
      return this.end(REASON.packetTooLarge);
    }
    if (!this.meter.message(Date.now())) return; // discarded, as documented: no PUBACK
    let reasonCode: number = REASON.success;
    if (!isTopic(packet.topic)) reasonCode = REASON.topicInvalid;
    else if (!rights.publish(packet.topic, packet.retain)) reasonCode = REASON.notAuthorized;
    if (reasonCode === REASON.success) reasonCode = this.broker.route(packet, this);
    else this.broker.refuse();
    if (reasonCode === REASON.notAuthorized && this.broker.strict) return this.end(reasonCode);
    if (packet.qos === 1 && packet.messageId !== undefined) {
      this.send({ cmd: 'puback', messageId: packet.messageId, reasonCode });
    }
  }

  private subscribe(packet: mqtt.ISubscribePacket, rights: Rights): void {
    const fresh: string[] = [];
    const { limits } = this.broker;
    const granted = packet.subscriptions.map(({ topic, qos }, at) => {
      if (!isFilter(topic)) return REASON.filterInvalid;
      const full = this.filters.size >= limits.subscriptions && !this.filters.has(topic);
      if (full || at >= limits.filtersPerSubscribe) return REASON.quotaExceeded;
      if (!rights.subscribe(topic) || topic.startsWith('$aws/rules/')) {
        this.broker.refuse();
        return REASON.notAuthorized;
      }
      const level = qos === 0 ? 0 : 1;
      this.filters.set(topic, level);
      fresh.push(topic);
      return level;
    });
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
    if (this.granted === undefined) return;
    this.broker.leave(this, this.byClient, this.why);
    if (this.will !== undefined) this.broker.route(this.will, this);
  }
}
