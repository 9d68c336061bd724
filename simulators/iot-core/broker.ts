import { timingSafeEqual } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import type { IPublishPacket } from 'mqtt-packet';
import { type Grant, type Router, Session } from './session.ts';

export interface BrokerOptions {
  readonly host?: string; // loopback unless named otherwise
  readonly port: number; // 0 = free
  readonly grants: readonly Grant[];
  readonly payloadBytesMax?: number; // 128 KB as IoT Core
  readonly log?: (text: string) => void;
}

export interface BrokerStats {
  readonly connections: number;
  readonly published: number;
  readonly delivered: number;
  readonly refused: number;
  readonly bytesIn: number;
  /** What each client published since the start. */
  readonly byClient: Readonly<
    Record<string, { readonly messages: number; readonly bytes: number }>
  >;
}

/**
 * An MQTT 5 broker core: QoS 0 and 1, retained messages, last will, take-over of a client id,
 * request/response properties, keep-alive, one grant a client. It keeps no session beyond a
 * connection, as our gateways ask for none. What IoT Core does beyond that is added by the modules
 * beside this one.
 */
export class IotBroker implements Router {
  readonly payloadBytesMax: number;
  private readonly options: BrokerOptions;
  private readonly server: Server;
  private readonly sessions = new Map<string, Session>();
  private readonly open = new Set<Session>();
  private readonly retained = new Map<string, IPublishPacket>();
  private readonly sent = new Map<string, { messages: number; bytes: number }>();
  private counts = { published: 0, delivered: 0, refused: 0, bytesIn: 0 };

  constructor(options: BrokerOptions) {
    this.options = options;
    this.payloadBytesMax = options.payloadBytesMax ?? 131_072;
    this.server = createServer((socket: Socket) => {
      const session = new Session(this, socket);
      this.open.add(session);
      socket.on('close', () => this.open.delete(session));
    });
  }

  /** @returns the port it listens on */
  start(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(this.options.port, this.options.host ?? '127.0.0.1', () => {
        const address = this.server.address();
        resolve(typeof address === 'object' && address !== null ? address.port : 0);
      });
    });
  }

  /**
   * Ends every connection with DISCONNECT 139 (server shutting down); retained messages are kept.
   */
  stop(): Promise<void> {
    for (const session of this.open) session.end(139);
    return new Promise((resolve) => this.server.close(() => resolve()));
  }

  stats(): BrokerStats {
    const byClient = Object.fromEntries(this.sent);
    return { connections: this.sessions.size, ...this.counts, byClient };
  }

  grant(clientId: string, username: string, password: Uint8Array): Grant | undefined {
    // identity is the client id, as a thing's certificate
    if (clientId !== username) return undefined;
    const grant = this.options.grants.find((candidate) => candidate.clientId === clientId);
    if (grant === undefined) return undefined;
    const wanted = Buffer.from(grant.password);
    if (wanted.length !== password.length || !timingSafeEqual(wanted, password)) return undefined;
    return grant;
  }

  /** A new connection with a known client id ends the older one (reason 142). */
  admit(session: Session): void {
    this.sessions.get(session.clientId)?.end(142);
    this.sessions.set(session.clientId, session);
    this.options.log?.(`connected ${session.clientId}`);
  }

  leave(session: Session): void {
    if (this.sessions.get(session.clientId) === session) this.sessions.delete(session.clientId);
    this.options.log?.(`gone ${session.clientId}`);
  }

  refuse(): void {
    this.counts.refused++;
  }

  /** Routes a publish to all who subscribed; the sender's right was checked before. */
  route(packet: IPublishPacket, from: string): void {
    const sent = this.sent.get(from) ?? { messages: 0, bytes: 0 };
    this.sent.set(from, {
      messages: sent.messages + 1,
      bytes: sent.bytes + packet.topic.length + packet.payload.length,
    });
    this.counts.published++;
    this.counts.bytesIn += packet.payload.length;
    if (packet.retain) {
      if (packet.payload.length === 0) this.retained.delete(packet.topic);
      else this.retained.set(packet.topic, packet);
    }
    for (const session of this.sessions.values()) {
      if (!session.wants(packet.topic)) continue;
      this.counts.delivered++;
      session.deliver(packet, false);
    }
  }

  /** Retained messages come for exact filters only, as in IoT Core. */
  retainedFor(filter: string): IPublishPacket | undefined {
    return this.retained.get(filter);
  }
}
