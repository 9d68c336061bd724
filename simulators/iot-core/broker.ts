import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, TLSSocket } from 'node:tls';
import type { IConnectPacket, IPublishPacket } from 'mqtt-packet';
import type { Authority, Identity } from './authority.ts';
import { DOCUMENTED, type Limits } from './limits.ts';
import { Presence } from './presence.ts';
import { Registry } from './registry.ts';
import { isReserved, Reserved, type RuleTarget } from './reserved.ts';
import { type Grant, grantRights, passwordFits, policyRights, type Rights } from './rights.ts';
import type { Caller, Outlet } from './service.ts';
import { REASON, type Router, Session } from './session.ts';

/** A door with certificates: who comes in is in the registry, not in a password. */
export interface Tls {
  readonly server: Identity;
  readonly ca: string; // PEM: who signed the clients' certificates
}

export interface BrokerOptions {
  readonly host?: string; // loopback unless named otherwise
  readonly port: number; // 0 = free
  readonly grants?: readonly Grant[]; // without TLS
  readonly tls?: Tls;
  readonly registry?: Registry; // with TLS
  readonly authority?: Authority; // signs what is provisioned
  readonly rules?: Readonly<Record<string, RuleTarget>>;
  readonly limits?: Limits;
  /** An unauthorised publish is answered by DISCONNECT 135 instead of PUBACK 135. */
  readonly strict?: boolean;
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

const ALPN = ['x-amzn-mqtt-ca', 'mqtt'];

/**
 * An MQTT 5 broker in the manner of AWS IoT Core: QoS 0 and 1, retained messages, last will,
 * take-over of a client id, request/response properties, keep-alive; by certificate and policy, or
 * by password and grant; with shadows, jobs, provisioning, presence and basic ingest behind `$aws`.
 * It keeps no session beyond a connection, as our gateways ask for none. README.md beside this file
 * says what is documented, what is assumed, and what is not there.
 */
export class IotBroker implements Router, Outlet {
  readonly limits: Limits;
  readonly strict: boolean;
  readonly registry: Registry;
  readonly reserved: Reserved;
  private readonly options: BrokerOptions;
  private readonly server: Server;
  private readonly presence: Presence;
  private readonly sessions = new Map<string, Session>();
  private readonly identifiers = new Map<Session, string>();
  private readonly open = new Set<Session>();
  private readonly retained = new Map<string, IPublishPacket>();
  private readonly sent = new Map<string, { messages: number; bytes: number }>();
  private counts = { published: 0, delivered: 0, refused: 0, bytesIn: 0 };

  constructor(options: BrokerOptions) {
    this.options = options;
    this.limits = options.limits ?? DOCUMENTED;
    this.strict = options.strict ?? false;
    this.registry = options.registry ?? new Registry();
    this.presence = new Presence(this);
    this.reserved = new Reserved({
      out: this,
      limits: this.limits,
      registry: this.registry,
      authority: options.authority,
      rules: options.rules ?? {},
    });
    const taken = (socket: Socket): void => {
      const session = new Session(this, socket);
      this.open.add(session);
      socket.on('close', () => this.open.delete(session));
    };
    this.server = options.tls === undefined ? createServer(taken) : secured(options.tls, taken);
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
   * Ends every connection with DISCONNECT 139 (server shutting down); retained messages, shadows,
   * jobs and the registry are kept.
   */
  stop(): Promise<void> {
    for (const session of this.open) session.end(139);
    this.reserved.stop();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }

  stats(): BrokerStats {
    const byClient = Object.fromEntries(this.sent);
    return { connections: this.sessions.size, ...this.counts, byClient };
  }

  rights(packet: IConnectPacket, socket: Socket): Rights | number {
    const { clientId } = packet;
    if (clientId === '' || Buffer.byteLength(clientId) > this.limits.clientIdBytes) {
      return REASON.clientIdInvalid;
    }
    if (socket instanceof TLSSocket) return this.certified(clientId, socket);
    // identity is the client id, as a thing's certificate
    if (clientId !== packet.username) return REASON.badCredentials;
    const grant = this.options.grants?.find((candidate) => candidate.clientId === clientId);
    const password = Buffer.from(packet.password ?? '');
    if (grant === undefined || !passwordFits(grant, password)) return REASON.badCredentials;
    return grantRights(grant);
  }

  /** A new connection with a known client id ends the older one (reason 142). */
  admit(session: Session): void {
    this.sessions.get(session.clientId)?.end(REASON.takenOver);
    this.sessions.set(session.clientId, session);
    const identifier = this.presence.connected(session.clientId, session.certificateId);
    this.identifiers.set(session, identifier);
    this.options.log?.(`connected ${session.clientId}`);
  }

  leave(session: Session, byClient: boolean, why: string): void {
    if (this.sessions.get(session.clientId) === session) this.sessions.delete(session.clientId);
    const identifier = this.identifiers.get(session) ?? '';
    this.identifiers.delete(session);
    this.presence.disconnected(session.clientId, identifier, byClient, why);
    this.options.log?.(`gone ${session.clientId}`);
  }

  refuse(): void {
    this.counts.refused++;
  }

  /** Routes a publish to all who subscribed; the sender's right was checked before. */
  route(packet: IPublishPacket, from: Caller): number {
    const sent = this.sent.get(from.clientId) ?? { messages: 0, bytes: 0 };
    this.sent.set(from.clientId, {
      messages: sent.messages + 1,
      bytes: sent.bytes + packet.topic.length + packet.payload.length,
    });
    this.counts.published++;
    this.counts.bytesIn += packet.payload.length;
    if (isReserved(packet.topic)) {
      const taken = this.reserved.take(packet.topic, Buffer.from(packet.payload), from);
      if (!taken) this.refuse();
      return taken ? REASON.success : REASON.notAuthorized;
    }
    if (packet.retain) {
      if (packet.payload.length === 0) this.retained.delete(packet.topic);
      else this.retained.set(packet.topic, packet);
    }
    this.spread(packet);
    return REASON.success;
  }

  /** What the services behind `$aws` say, to everyone who subscribed. */
  publish(topic: string, body: unknown): void {
    const payload = Buffer.from(JSON.stringify(body));
    this.spread({ cmd: 'publish', topic, payload, qos: 1, retain: false, dup: false });
  }

  /** Retained messages come for exact filters only, as in IoT Core. */
  retainedFor(filter: string): IPublishPacket | undefined {
    return this.retained.get(filter);
  }

  private certified(clientId: string, socket: TLSSocket): Rights | number {
    const { fingerprint256 } = socket.getPeerCertificate();
    const id = (fingerprint256 ?? '').replaceAll(':', '').toLowerCase();
    const certificate = this.registry.certificate(id);
    if (certificate?.status !== 'ACTIVE') return REASON.notAuthorized;
    const connection = { clientId, thing: certificate.thing };
    const policies = this.registry.policiesOf(certificate);
    return policyRights(policies, connection, id) ?? REASON.notAuthorized;
  }

  private spread(packet: IPublishPacket): void {
    for (const session of this.sessions.values()) {
      if (!session.wants(packet.topic)) continue;
      this.counts.delivered++;
      session.deliver(packet, false);
    }
  }
}

/** Mutual TLS, with the protocol name that the AWS SDK always offers. */
function secured({ server, ca }: Tls, taken: (socket: Socket) => void): Server {
  const options = {
    ...server,
    ca,
    requestCert: true,
    rejectUnauthorized: true,
    ALPNProtocols: ALPN,
    minVersion: 'TLSv1.2' as const,
  };
  const made = createTlsServer(options, taken);
  made.on('tlsClientError', () => undefined); // the client is told by its own side
  return made;
}
