import type { PriceDay } from '../gateway/agents/forecasting/price/outlook.ts';
import { localSlot } from '../gateway/agents/forecasting/site-series.ts';
import { Feed, type FeedPorts } from '../gateway/agents/forecasting/sources/feed.ts';
import {
  askPast,
  type PastTaker,
  pastWeather,
} from '../gateway/agents/forecasting/sources/past.ts';
import {
  priceRecipe,
  publicationOf,
  weatherRecipe,
} from '../gateway/agents/forecasting/sources/recipes.ts';
import type { Prices } from '../gateway/agents/forecasting/sources/slots.ts';
import { nextPricesMs, spread } from '../gateway/agents/forecasting/sources/times.ts';
import { watchFeed } from '../gateway/agents/forecasting/sources/watch.ts';
import type { GatewayStatus } from '../gateway/contracts/messages.ts';
import type { PriceSeries } from '../gateway/contracts/values/tariff.ts';
import { DAY_MS, type Instant, MINUTE_MS } from '../gateway/contracts/values/time.ts';
import type { Clock, Log } from '../gateway/ports.ts';
import {
  type ForecastState,
  type ForecastZone,
  keptPrices,
  knownUntil,
  onDemand,
  onPrices,
  onSameWeather,
  onWeather,
  openForecast,
  priceDayRows,
  publish,
  restoreForecast,
} from './agents/forecasting/forecasting.ts';
import { keptStatus } from './fleet/audit.ts';
import type { Registered } from './fleet/registry.ts';
import type { Speaker } from './outbox.ts';
import type { Store, StoredEnergy } from './ports.ts';

interface ForecastPorts extends FeedPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly store: Store;
}

const SETTLED_MS = 5 * MINUTE_MS; // after a quarter-hour, until its records are here
const SETTLED_REAL_MS = 10_000;
const PUBLISHED_KEPT_MS = 2 * DAY_MS;
const ISSUED_KEPT_MS = 14 * DAY_MS;
const LEARNT_KEPT_MS = 400 * DAY_MS;
const PRICES_KEPT_MS = 760 * DAY_MS;

/**
 * The forecasting agent's turns, wired: weather and prices from their sources, demand and sun from
 * what the sites meter. What is known is on disk before it is told.
 */
export class ForecastSide {
  readonly zones: ReadonlyMap<string, ForecastState>;
  private readonly tenant: string;
  private readonly ports: ForecastPorts;
  private readonly speaker: Speaker;
  private cancels: (() => void)[] = [];

  constructor(
    tenant: string,
    zones: readonly ForecastZone[],
    ports: ForecastPorts,
    speaker: Speaker,
    registry: ReadonlyMap<string, Registered>,
  ) {
    this.tenant = tenant;
    this.ports = ports;
    this.speaker = speaker;
    this.zones = new Map(zones.map((zone) => [zone.id, openForecast(zone)]));
    this.restore([...registry.values()]);
  }

  /** @param guarded runs a turn; what it throws ends the cloud */
  start(guarded: (run: () => void) => void): void {
    const { ports } = this;
    for (const state of this.zones.values()) {
      const news = () => guarded(() => this.publish(state));
      const prices = learnPrices(state, ports.clock, news);
      const demand = inSteps(ports.clock, () => state.demand.work());
      this.cancels.push(
        prices.cancel,
        demand.cancel,
        watchSources(state, ports, news, prices.go),
        ...this.askPast(state, guarded, prices.go),
        this.watchDemand(state, guarded, demand.go),
      );
    }
  }

  stop(): void {
    for (const cancel of this.cancels) cancel();
    this.cancels = [];
  }

  /** All prices of a zone that are kept: what settlement needs. */
  prices(zone: string): PriceSeries | undefined {
    const state = this.zones.get(zone);
    return state && keptPrices(state);
  }

  /** New energy records of a gateway. */
  metered({ zone }: Registered, records: readonly StoredEnergy[]): void {
    this.zones.get(zone)?.demand.take(records);
  }

  status({ zone, gateway }: Registered, { places }: GatewayStatus): void {
    if (places !== undefined) this.zones.get(zone)?.demand.places(gateway, places);
  }

  /** Inside the caller's transaction. */
  prune(nowMs: Instant): void {
    const { store } = this.ports;
    store.prune('forecast_data', 'forecast', nowMs - PUBLISHED_KEPT_MS);
    store.prune('forecast_data', 'demand-forecast', nowMs - ISSUED_KEPT_MS);
    store.prune('forecast_data', 'price-day', nowMs - PRICES_KEPT_MS);
    for (const kind of ['demand', 'demand-score']) {
      store.prune('forecast_data', kind, nowMs - LEARNT_KEPT_MS);
    }
  }

  private restore(gateways: readonly Registered[]): void {
    const { store, clock } = this.ports;
    const nowMs = clock.wallMs();
    const statuses = new Map(
      store.rows('grid_metrics', 'gateway').map((row) => [row.who, keptStatus(row.body)]),
    );
    for (const [id, state] of this.zones) {
      restoreForecast(state, store, nowMs);
      const own = gateways.filter(({ zone }) => zone === id).map(({ gateway }) => gateway);
      for (const gateway of own) {
        state.demand.places(gateway, statuses.get(gateway)?.places ?? []);
      }
      state.demand.restore(store, own, nowMs);
      if (state.published !== undefined) state.demand.weather(state.published);
    }
  }

  /** Days that were before this zone, or before a gap. @returns the cancels */
  private askPast(
    state: ForecastState,
    guarded: (run: () => void) => void,
    learn: () => void,
  ): (() => void)[] {
    const { ports } = this;
    const { zone, outlook, demand } = state;
    const { historyDays = 0, timeZone } = zone;
    const found: PriceDay[] = [];
    const prices: PastTaker<Prices> = {
      what: `prices of ${zone.id}`,
      timeZone,
      lacking: (nowMs: Instant) => outlook.lacking(localSlot(nowMs, timeZone).day, historyDays),
      take(value: Prices) {
        const days = value.currency === zone.currency ? outlook.pastOf(value) : [];
        found.push(...days);
        return days.length;
      },
      done: () =>
        guarded(() => {
          ports.store.transaction(() => ports.store.write(priceDayRows(state, found)));
          outlook.learnPast(found);
          learn();
        }),
    };
    const weather = pastWeather(
      `weather of ${zone.id}`,
      timeZone,
      historyDays,
      ports.clock,
      demand,
    );
    return [
      ...(zone.prices && historyDays > 0
        ? [askPast(priceRecipe(zone.prices, zone), ports, ports, prices)]
        : []),
      ...(zone.weather && historyDays > 0
        ? [askPast(weatherRecipe(zone.weather, zone), ports, ports, weather)]
        : []),
    ];
  }

  private publish(state: ForecastState): void {
    const { store, clock } = this.ports;
    const effects = publish(state, this.tenant, clock.wallMs());
    store.transaction(() => store.write(effects.writes));
    if (state.published !== undefined) state.demand.weather(state.published);
    this.speaker.say(effects.messages);
  }

  /** Each minute: what is over is closed, and forecast anew. @returns the cancel */
  private watchDemand(
    state: ForecastState,
    guarded: (run: () => void) => void,
    learn: () => void,
  ): () => void {
    const { clock, store } = this.ports;
    const settledMs = Math.max(SETTLED_MS, SETTLED_REAL_MS * clock.speed);
    const turn = (): void => {
      const writes = state.demand.turn(clock.wallMs(), settledMs);
      if (writes.length > 0) store.transaction(() => store.write(writes));
      if (onDemand(state)) this.publish(state);
      learn();
    };
    let cancel = (): void => undefined;
    const wait = (): void => {
      cancel = clock.at(clock.monoMs() + MINUTE_MS, () => {
        guarded(turn);
        wait();
      });
    };
    wait();
    return () => cancel();
  }
}

/**
 * Asks a zone's sources from now on; one that fails or answers nonsense leaves the last good answer
 * in place.
 * @param news  called after each good answer @param learn  after each answer with prices
 * @returns the cancel
 */
function watchSources(
  forecast: ForecastState,
  ports: FeedPorts & { readonly clock: Clock; readonly log: Log },
  news: () => void,
  learn: () => void,
): () => void {
  const { zone } = forecast;
  const { everyMs } = zone;
  const cancels: (() => void)[] = [];
  if (zone.weather !== undefined) {
    const feed = new Feed(weatherRecipe(zone.weather, zone), ports, everyMs);
    const cancel = watchFeed(feed, ports, {
      what: `weather of ${zone.id}`,
      take(weather) {
        onWeather(forecast, weather, feed.recipe.name, ports.clock.wallMs());
        news();
        return undefined;
      },
      same() {
        onSameWeather(forecast, ports.clock.wallMs());
        news();
      },
      nextMs: (nowMs) => nowMs + everyMs,
    });
    cancels.push(cancel);
  }
  if (zone.prices !== undefined) {
    const feed = new Feed(priceRecipe(zone.prices, zone), ports, everyMs);
    const published = publicationOf(zone.prices, zone);
    const share = spread(zone.id);
    const cancel = watchFeed(feed, ports, {
      what: `prices of ${zone.id}`,
      take(prices) {
        const wrong = onPrices(forecast, prices, feed.recipe.name);
        if (wrong === undefined) news();
        learn();
        return wrong;
      },
      nextMs: (nowMs) =>
        published === undefined
          ? nowMs + everyMs
          : nextPricesMs(nowMs, knownUntil(forecast, nowMs), published, everyMs, share),
    });
    cancels.push(cancel);
  }
  return () => {
    for (const cancel of cancels) cancel();
  };
}

const STEP_MS = 20; // between two steps, so that nobody waits

/** Learns from the days that the market told, step by step; tells when it has a forecast. */
function learnPrices({ outlook }: ForecastState, clock: Clock, news: () => void) {
  let told = outlook.next()?.fromMs;
  const learning = inSteps(
    clock,
    () => outlook.work(),
    () => {
      const next = outlook.next()?.fromMs;
      if (next !== undefined && next !== told) news();
      told = next;
    },
  );
  learning.go();
  return learning;
}

/** Work in steps with a pause after each, until there is none. */
function inSteps(clock: Clock, work: () => boolean, done = (): void => undefined) {
  let cancel: (() => void) | undefined;
  const step = (): void => {
    cancel = undefined;
    if (work()) go();
    else done();
  };
  const go = (): void => {
    cancel ??= clock.at(clock.monoMs() + STEP_MS, step);
  };
  return { go, cancel: () => cancel?.() };
}
