import {
  type A2aNotice,
  type GatewayStatus,
  type Statement,
  statement,
  telemetryAck,
  type ZoneForecast,
  zoneForecast,
} from '../contracts/messages.ts';
import type { OperatorSettings } from '../contracts/settings.ts';
import { gatewayTopics, zoneTopics } from '../contracts/topics.ts';
import type { SignedDirective } from '../contracts/values/directive.ts';
import type { Image } from '../contracts/values/image.ts';
import type { Site } from '../contracts/values/site.ts';
import type { Instant } from '../contracts/values/time.ts';
import type {
  AgentStore,
  AuditLog,
  Broker,
  BrokerCheck,
  BrokerMessage,
  Clock,
  Log,
  OutboxState,
} from '../ports.ts';
import { A2aClient } from './a2a/client.ts';
import { directiveNote } from './audit/notes.ts';
import { readDirective, readJson } from './directives/directives.ts';
import { FleetLink } from './fleet/fleet.ts';
import type { Operations } from './jobs/jobs.ts';
import { Pump } from './outbox/pump.ts';
import { Pacer } from './pacer.ts';
import { encodeJson, gatewayStatusOf, offlineStatusOf } from './status/status.ts';
import type { Trouble } from './watch/trouble.ts';
import { LinkWatch } from './watch/watch.ts';

export interface UplinkDeps {
  readonly site: Site;
  readonly broker: Broker;
  readonly store: AgentStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly audit?: AuditLog | undefined; // without one nothing is written of commands
  readonly brokerCheck?: BrokerCheck | undefined;
  /** What the fleet may do to this process; without it neither settings nor jobs are taken. */
  readonly fleet?: { readonly siteHash: string; readonly operations: Operations } | undefined;
}

/** What comes down; every shape is checked before it arrives here. */
export interface UplinkHandlers {
  directive(signed: SignedDirective): void;
  zoneForecast(forecast: ZoneForecast): void;
  statement(statement: Statement): void;
  notice(notice: A2aNotice): void;
  state(connected: boolean, why: string): void;
  settings?(settings: OperatorSettings): void;
}

const STATUS_EVERY_MS = 60_000; // real, at least; changes go at once
const ALARMS_MAX = 64;
const CODE_CHARS = 160;

/**
 * The gateway's only way to the cloud: topics, outbox, status, agents. Nothing is queued here but
 * the outbox.
 */
export class Uplink {
  readonly a2a: A2aClient;
  private readonly deps: UplinkDeps;
  private readonly handlers: UplinkHandlers;
  private readonly pacer: Pacer;
  private readonly pump: Pump;
  private readonly topics: ReturnType<typeof gatewayTopics>;
  private readonly zone: ReturnType<typeof zoneTopics>;
  private readonly fleet: FleetLink | undefined;
  private readonly watch: LinkWatch;
  private lastStatus = '';
  private lastStatusMs = Number.NEGATIVE_INFINITY;
  /** Issue of the last forecast: a retained one comes again with each connection and is no news. */
  private forecastAtMs: Instant | undefined;

  constructor(deps: UplinkDeps, handlers: UplinkHandlers) {
    const { site, broker, clock, store, log } = deps;
    this.deps = deps;
    this.handlers = handlers;
    this.topics = gatewayTopics(site.tenant, site.gateway);
    this.zone = zoneTopics(site.tenant, site.zone);
    this.pacer = new Pacer(broker, clock);
    this.pump = new Pump({ store, pacer: this.pacer, clock, log, topic: this.topics.telemetry });
    this.watch = new LinkWatch({ clock, log, check: deps.brokerCheck });
    this.a2a = new A2aClient(
      this.pacer,
      clock,
      this.topics,
      `${site.gateway}-${store.opened.epoch}`,
    );
    this.a2a.onNotice = (notice) => handlers.notice(notice);
    this.fleet =
      deps.fleet && broker.hasReservedTopics === true
        ? new FleetLink({ ...deps, ...deps.fleet, settings: (one) => handlers.settings?.(one) })
        : undefined;
    broker.onMessage = (message) => this.take(message);
    broker.onState = (state, why) => this.turned(state === 'connected', why);
  }

  async start(): Promise<void> {
    const { broker } = this.deps;
    await this.fleet?.start();
    broker.subscribe([
      this.topics.directive,
      this.topics.telemetryAck,
      this.topics.statement,
      this.topics.a2aResponse,
      this.topics.a2aNotice,
      this.zone.forecast,
    ]);
    broker.start();
  }

  /** New records are on disk. */
  kick(): void {
    this.pump.kick();
  }

  /** What is wrong with the way to the cloud, as far as a person can mend it. */
  troubles(isClockTrusted: boolean): Trouble[] {
    return this.watch.troubles(isClockTrusted);
  }

  /** Publishes the status when it changed, or when it is old. @param alarms on its page */
  status(
    image: Image | undefined,
    outbox: OutboxState | undefined,
    alarms: readonly { readonly code: string }[] = [],
    closed: Pick<GatewayStatus, 'day' | 'reduction' | 'forecast'> = {}, // newest of each
  ): void {
    const { broker, clock, site, log, brokerCheck } = this.deps;
    if (!broker.connected) return;
    const certificate = brokerCheck?.ownCertificate;
    // The number of waiting records changes all the time; it is no reason to speak.
    const { mode, limits } = image ?? {};
    const told = `${mode} ${limits?.importLimitW} ${limits?.exportLimitW} ${certificate?.untilMs}`;
    const news = `${closed.day?.day} ${closed.reduction?.sequence} ${closed.forecast?.day}`;
    let core = `${told} ${news}`;
    for (const { code } of alarms) core += ` ${code}`;
    const nowMs = clock.realMs();
    if (core === this.lastStatus && nowMs - this.lastStatusMs < STATUS_EVERY_MS) return;
    this.lastStatus = core;
    this.lastStatusMs = nowMs;
    const own = {
      alarms: alarms.slice(0, ALARMS_MAX).map(({ code }) => code.slice(0, CODE_CHARS)),
      ...(certificate && { certificateUntilMs: certificate.untilMs }),
      ...closed,
    };
    const audit = this.deps.audit?.head();
    const payload = encodeJson({
      ...gatewayStatusOf(site, image, outbox),
      ...own,
      ...(audit && { audit }),
    });
    this.pacer
      .publish('soon', this.topics.status, payload, { retain: true })
      .catch((error: unknown) => {
        this.lastStatus = '';
        log.info('status not published', { why: String(error) });
      });
  }

  /**
   * Sends what is left, says goodbye, and disconnects. @param limitMs real milliseconds for the
   * outbox
   */
  async stop(limitMs: number): Promise<void> {
    const { broker, site, log } = this.deps;
    if (broker.connected) {
      const drained = limitMs > 0 && (await this.pump.drain(limitMs));
      if (!drained) log.info('records are left in the outbox for the next start');
      const payload = encodeJson(offlineStatusOf(site));
      await this.pacer
        .publish('now', this.topics.status, payload, { retain: true })
        .catch(() => undefined);
    }
    this.pump.online(false);
    await broker.stop();
    this.watch.stop();
  }

  private turned(connected: boolean, why: string): void {
    this.lastStatus = '';
    this.pump.online(connected);
    this.watch.turned(connected, why);
    this.handlers.state(connected, why);
    if (connected) void this.fleet?.online();
  }

  private take(message: BrokerMessage): void {
    const { topic, payload } = message;
    const { log } = this.deps;
    switch (topic) {
      case this.topics.a2aResponse:
        this.a2a.response(payload);
        return;
      case this.topics.a2aNotice:
        this.a2a.notice(payload);
        return;
      case this.topics.directive: {
        const signed = readDirective(payload);
        if (signed) {
          const note = directiveNote(signed);
          if (note) void this.deps.audit?.note(note);
          this.handlers.directive(signed);
        } else {
          log.warn('a directive of a wrong shape was dropped');
          const text = 'A directive of a wrong shape was dropped';
          void this.deps.audit?.note({ kind: 'directive', what: 'refused', text });
        }
        return;
      }
      case this.topics.telemetryAck: {
        const ack = telemetryAck.safeParse(readJson(payload));
        if (!ack.success) log.warn('an acknowledgement of a wrong shape was dropped');
        else {
          this.pump.acknowledged(ack.data).catch((error: unknown) => {
            log.error('acknowledged records stay in the outbox', { why: String(error) });
          });
        }
        return;
      }
      case this.topics.statement: {
        const parsed = statement.safeParse(readJson(payload));
        if (parsed.success) this.handlers.statement(parsed.data);
        return;
      }
      case this.zone.forecast: {
        const parsed = zoneForecast.safeParse(readJson(payload));
        if (!parsed.success) log.warn('a forecast of a wrong shape was dropped');
        else if (parsed.data.issuedAtMs !== this.forecastAtMs) {
          this.forecastAtMs = parsed.data.issuedAtMs;
          this.handlers.zoneForecast(parsed.data);
        }
        return;
      }
      default:
        this.fleet?.take(message);
    }
  }
}
