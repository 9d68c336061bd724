import type { FeedPorts } from '../gateway/agents/forecasting/sources/feed.ts';
import { type A2aResponse, gatewayStatus } from '../gateway/contracts/messages.ts';
import {
  agentCardTopic,
  cloudFilters,
  gatewayTopics,
  parseTopic,
} from '../gateway/contracts/topics.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../gateway/contracts/values/time.ts';
import { timing } from '../gateway/contracts/values/timing.ts';
import type { Broker, BrokerMessage, Clock, Hash, Log, Signer } from '../gateway/ports.ts';
import { servedCard } from './a2a/card.ts';
import { A2aRouter, TASK_LIFE_MS } from './a2a/router.ts';
import { forecastingAgent } from './agents/forecasting/agent.ts';
import { gridAgent } from './agents/grid/agent.ts';
import { type GridState, onLoad, openGrid } from './agents/grid/grid.ts';
import { gateKey, marketAgent } from './agents/market-supervisor/agent.ts';
import { restoreMarket } from './agents/market-supervisor/restore.ts';
import type { MarketEffects, MarketState } from './agents/market-supervisor/state.ts';
import { nextDueMs, onMeter, onOnline, onTime } from './agents/market-supervisor/supervisor.ts';
import { canonical, readJson } from './canonical.ts';
import { a2aDoor, CARDS } from './compose-a2a.ts';
import { type Advisor, CloudAdvice } from './compose-advice.ts';
import { type Copies, copied } from './compose-copies.ts';
import { ForecastSide } from './compose-forecast.ts';
import { GridSide } from './compose-grid.ts';
import type { CloudConfig } from './config/cloud.ts';
import type { Copier } from './copies/copier.ts';
import { withAudit } from './fleet/audit.ts';
import { type Registered, registryOf } from './fleet/registry.ts';
import { type Ingested, ingest } from './ingest/ingest.ts';
import { Speaker } from './outbox.ts';
import type { A2aDoor, Cloud, CloudStatus, Notebook, Outbound, Store, Write } from './ports.ts';

/** Files are what the sources name: without them none has a key. */
export interface CloudPorts extends FeedPorts {
  readonly clock: Clock;
  readonly broker: Broker;
  readonly store: Store & Notebook;
  readonly copies?: Copies; // without it nothing is noted
  readonly signer: Signer;
  readonly hash: Hash;
  readonly log: Log;
  readonly advisor?: Advisor;
  readonly keepBundle?: (gateway: string, payload: unknown) => boolean; // of diagnostics
  /** Something that must not happen has: the state in memory is no longer what is on disk. */
  readonly fatal: (error: unknown) => void;
}

const SETTLE_EVERY_MS = MINUTE_MS;
const LAST_COPIES_MS = 8_000; // real

export function compose(config: CloudConfig, ports: CloudPorts): Cloud {
  const { copies } = ports;
  if (copies === undefined) return new FleetSide(config, ports);
  const { store, copier } = copied(config.tenant, ports, copies);
  return new FleetSide(config, { ...ports, store }, copier);
}

type SidePorts = Omit<CloudPorts, 'store' | 'copies'> & { readonly store: Store };

/**
 * Wires the steps to the ports: every event is one transaction, and only what is on disk is said.
 */
class FleetSide implements Cloud {
  readonly a2a: A2aDoor;
  private readonly config: CloudConfig;
  private readonly ports: SidePorts;
  private readonly copier: Copier | undefined;
  private readonly registry: ReadonlyMap<string, Registered>;
  private readonly market: MarketState;
  private readonly grids = new Map<string, GridState>();
  private readonly forecast: ForecastSide;
  private readonly router: A2aRouter;
  private readonly speaker: Speaker;
  private readonly grid: GridSide;
  private readonly advice: CloudAdvice;
  private readonly online = new Set<string>();
  private readonly timers = new Map<string, () => void>();
  private readonly counts = { stored: 0, repeated: 0, refusedRecords: 0, refused: 0 };
  private running = false;

  constructor(config: CloudConfig, ports: SidePorts, copier?: Copier) {
    this.config = config;
    this.ports = ports;
    this.copier = copier;
    const { clock, store, broker, log } = ports;
    const nowMs = clock.wallMs();
    this.registry = registryOf(config.zones);
    this.speaker = new Speaker(broker, log);
    this.market = restoreMarket(
      config.tenant,
      config.zones.map((zone) => zone.market),
      store,
      nowMs,
    );
    for (const zone of config.zones) {
      const staleMs = Math.max(3 * MINUTE_MS, 10_000 * clock.speed);
      this.grids.set(zone.grid.id, openGrid({ ...zone.grid, staleMs }, nowMs));
    }
    const forecastZones = config.zones.map(({ forecast }) => forecast);
    const { tenant } = config;
    this.forecast = new ForecastSide(tenant, forecastZones, ports, this.speaker, this.registry);
    const forecasts = this.forecast.zones;
    const agents = {
      'market-supervisor': marketAgent(this.market),
      grid: gridAgent(this.grids),
      forecasting: forecastingAgent(forecasts),
    };
    this.router = new A2aRouter(agents, (name) => store.nextSequence(name));
    this.router.restore(store, nowMs);
    this.a2a = a2aDoor({
      config,
      registry: this.registry,
      router: this.router,
      answer: (from, payload) => this.answerAside(from, payload),
    });
    this.advice = new CloudAdvice(ports, this.market, this.grids, forecasts);
    this.grid = new GridSide(tenant, ports, this.market, this.router, this.speaker, forecasts);
  }

  start(): void {
    const { broker, log } = this.ports;
    this.running = true;
    broker.onMessage = (message) => this.guarded(() => this.receive(message));
    broker.onState = (state, why) => {
      log[state === 'connected' ? 'info' : 'warn'](`broker ${state}`, { why });
      if (state === 'connected') this.guarded(() => this.reconnected());
    };
    broker.subscribe(cloudFilters(this.config.tenant));
    broker.start();
    const { tenant, brokerUrl } = this.config;
    this.speaker.say(
      Object.values(CARDS).map((card) => ({
        topic: agentCardTopic(tenant, card.name),
        body: servedCard(card, brokerUrl, tenant),
        retain: true,
      })),
    );
    this.forecast.start((run) => this.running && this.guarded(run));
    for (const grid of this.grids.values()) {
      this.repeat(`grid ${grid.zone.id}`, 0, grid.zone.everyMs, () => this.grid.turn(grid));
      const beatMs = timing(this.ports.clock.speed).heartbeatMs / 4;
      this.repeat(`heartbeat ${grid.zone.id}`, beatMs, beatMs, () => this.grid.beat(grid));
    }
    this.repeat('advice', MINUTE_MS, MINUTE_MS, () => this.advice.turn());
    this.repeat('prune', HOUR_MS, HOUR_MS, () => this.prune());
    this.marketTurn();
    this.copier?.kick();
  }

  async stop(): Promise<void> {
    this.running = false;
    this.advice.stop();
    this.forecast.stop();
    for (const cancel of this.timers.values()) cancel();
    this.timers.clear();
    this.ports.broker.onMessage = undefined;
    await this.speaker.idle();
    await this.ports.broker.stop();
    await this.copier?.stop(LAST_COPIES_MS);
    this.ports.store.close();
  }

  status(): CloudStatus {
    return {
      connected: this.ports.broker.connected,
      recordsStored: this.counts.stored,
      recordsRepeated: this.counts.repeated,
      recordsRefused: this.counts.refusedRecords,
      messagesRefused: this.counts.refused,
      publishFailures: this.speaker.failures,
      intervalsCleared: this.market.intervalsCleared,
      volumeWh: this.market.volumeWh,
      ledgerSumNano: String(this.market.ledger.sumNano()),
      entries: this.market.ledger.length,
      copiesWaiting: this.copier?.waiting() ?? 0,
      copiesRefused: this.copier?.refused ?? 0,
    };
  }

  /** Whose topic it is decides who speaks; what is not from the registry is refused and counted. */
  private receive(message: BrokerMessage): void {
    const topic = parseTopic(message.topic);
    const from = topic?.tenant === this.config.tenant ? this.registry.get(topic.who) : undefined;
    const payload = readJson(message.payload);
    if (!this.running) return;
    const taken =
      from !== undefined &&
      payload !== undefined &&
      ((topic?.kind === 'telemetry' && this.telemetry(from, payload)) ||
        (topic?.kind === 'status' && this.gatewayState(from, payload)) ||
        (topic?.kind === 'diagnostics' && this.ports.keepBundle?.(from.gateway, payload)) ||
        (topic?.kind === 'a2a-request' && this.request(from, payload)));
    if (taken) return;
    this.counts.refused += 1;
    this.ports.log.warn(`refused: ${message.topic}`, { bytes: message.payload.length });
  }

  private telemetry(from: Registered, payload: unknown): boolean {
    const { store, clock } = this.ports;
    const nowMs = clock.wallMs();
    const messages: Outbound[] = [];
    const ingested = store.transaction(() => {
      const batch = ingest(store, from.gateway, payload, nowMs);
      for (const record of batch?.energy ?? []) {
        if (record.place !== from.connection) continue;
        const dayAhead = this.forecast.prices(from.zone);
        messages.push(...this.keep(onMeter(this.market, from.zone, record, dayAhead, nowMs)));
      }
      return batch;
    });
    if (ingested === undefined) return false;
    this.counts.stored += ingested.storedCount;
    this.counts.repeated += ingested.repeatedCount;
    this.refused(from, ingested);
    this.forecast.metered(from, ingested.energy);
    const grid = this.grids.get(from.zone);
    for (const load of ingested.loads) {
      if (grid && load.place === from.connection)
        onLoad(grid, from.gateway, load.powerW, load.atMs);
    }
    const topic = gatewayTopics(this.config.tenant, from.gateway).telemetryAck;
    this.speaker.say([{ topic, body: ingested.ack, retain: false }, ...messages]);
    return true;
  }

  private refused({ gateway }: Registered, { refusedCount, ack }: Ingested): void {
    this.counts.refusedRecords += refusedCount;
    const first = ack.refused?.[0];
    if (first !== undefined) {
      this.ports.log.error('records refused', { gateway, count: refusedCount, first });
    }
  }

  private gatewayState(from: Registered, payload: unknown): boolean {
    const parsed = gatewayStatus.safeParse(payload);
    if (!parsed.success) return false;
    const { store, clock } = this.ports;
    const write: Write = {
      op: 'put',
      row: {
        table: 'grid_metrics',
        key: `gateway/${from.gateway}`,
        kind: 'gateway',
        zone: from.zone,
        who: from.gateway,
        fromMs: clock.wallMs(),
        body: canonical(withAudit(store, from.gateway, parsed.data, this.ports)),
      },
    };
    store.transaction(() => store.write([write]));
    this.forecast.status(from, parsed.data);
    if (parsed.data.state === 'offline') this.online.delete(from.gateway);
    else if (!this.online.has(from.gateway)) {
      this.online.add(from.gateway);
      this.welcome(from);
    }
    return true;
  }

  private request(from: Registered, payload: unknown): boolean {
    const response = this.answer(from, payload);
    if (response === undefined) return false;
    const topic = gatewayTopics(this.config.tenant, from.gateway).a2aResponse;
    this.speaker.say([{ topic, body: response, retain: false }]);
    return true;
  }

  private answer(from: Registered, payload: unknown): A2aResponse | undefined {
    const { store, clock } = this.ports;
    return store.transaction(() => {
      const handled = this.router.handle(from, payload, clock.wallMs());
      store.write(handled.writes);
      return handled.response;
    });
  }

  private answerAside(from: Registered, payload: unknown): A2aResponse | undefined {
    let response: A2aResponse | undefined;
    if (this.running) this.guarded(() => (response = this.answer(from, payload)));
    return response;
  }

  /** Awards that still bind, the statement, and a fresh envelope: whatever it may have missed. */
  private welcome(from: Registered): void {
    const { store, clock } = this.ports;
    const { zone, participant, gateway } = from;
    const effects = onOnline(this.market, zone, participant, gateway, clock.wallMs());
    this.speaker.say(store.transaction(() => this.keep(effects)));
    const grid = this.grids.get(zone);
    if (grid !== undefined) this.grid.beat(grid, gateway);
  }

  private reconnected(): void {
    this.speaker.again();
    const known = [...this.online];
    this.online.clear(); // who connects after us has missed this, and says so with its status
    for (const gateway of known) {
      const from = this.registry.get(gateway);
      if (from !== undefined) this.welcome(from);
    }
  }

  private marketTurn(): void {
    const { store, clock, hash } = this.ports;
    const nowMs = clock.wallMs();
    const dayAhead = (zone: string) => this.forecast.prices(zone);
    const messages = store.transaction(() => this.keep(onTime(this.market, hash, dayAhead, nowMs)));
    this.speaker.say(messages);
    const nextMs = Math.min(nextDueMs(this.market), nowMs + SETTLE_EVERY_MS);
    const dueMs = clock.monoMs() + Math.max(1, nextMs - clock.wallMs());
    this.at('market', dueMs, () => this.marketTurn());
  }

  /**
   * Writes a step's effects, inside the caller's transaction.
   * @returns what to say once it is on disk
   */
  private keep(effects: MarketEffects): Outbound[] {
    const { store, clock, log } = this.ports;
    store.write(effects.writes);
    for (const alarm of effects.alarms) log.error('market', { alarm });
    const messages = [...effects.messages];
    for (const notice of effects.notices) {
      const done = gateKey(notice.data.zone, notice.data.interval.fromMs);
      const tasks = notice.taskIds.flatMap((id) => {
        const moved = this.router.progress(id, done, clock.wallMs());
        if (moved === undefined) return [];
        store.write(moved.writes);
        return [moved.task];
      });
      const parts = [{ data: notice.data, mediaType: 'application/json' }];
      messages.push({
        topic: gatewayTopics(this.config.tenant, notice.gateway).a2aNotice,
        body: this.router.notice('market-supervisor', parts, tasks.at(-1)),
        retain: false,
      });
    }
    return messages;
  }

  private prune(): void {
    const { store, clock } = this.ports;
    const nowMs = clock.wallMs();
    this.router.forget(nowMs - TASK_LIFE_MS);
    store.transaction(() => {
      for (const kind of ['task', 'answer']) store.prune('trade_data', kind, nowMs - TASK_LIFE_MS);
      this.forecast.prune(nowMs);
      store.prune('grid_metrics', 'transformer', nowMs - 31 * DAY_MS);
      this.advice.prune(nowMs);
    });
  }

  private repeat(name: string, firstMs: number, everyMs: number, run: () => void): void {
    const turn = (): void => {
      run();
      this.at(name, this.ports.clock.monoMs() + everyMs, turn);
    };
    this.at(name, this.ports.clock.monoMs() + firstMs, turn);
  }

  private at(name: string, dueMonoMs: number, run: () => void): void {
    if (!this.running) return;
    this.timers.set(
      name,
      this.ports.clock.at(dueMonoMs, () => this.guarded(run)),
    );
  }

  private guarded(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.running = false;
      this.ports.fatal(error);
    }
  }
}
