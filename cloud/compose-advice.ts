import {
  envelopeRationale,
  forecastReview,
  formOf,
  surveillanceNote,
} from '../gateway/contracts/advice.ts';
import type { ZoneForecast } from '../gateway/contracts/messages.ts';
import { DAY_MS, HOUR_MS, type Instant } from '../gateway/contracts/values/time.ts';
import type { Clock, Log, Model } from '../gateway/ports.ts';
import type { ForecastState } from './agents/forecasting/forecasting.ts';
import { reviewForecast, reviewRows } from './agents/forecasting/review.ts';
import type { GridState } from './agents/grid/grid.ts';
import { isGrounded, plainRationale, rationaleFacts } from './agents/grid/rationale.ts';
import type { IntervalState, MarketState } from './agents/market-supervisor/state.ts';
import { aliasesOf, compare, survey } from './agents/market-supervisor/surveillance.ts';
import { canonical } from './canonical.ts';
import type { Row, Store } from './ports.ts';

/** A model for the cloud's agents, with their instructions. */
export interface Advisor {
  readonly model: Model;
  readonly instructions: Readonly<Record<'market-supervisor' | 'grid' | 'forecasting', string>>;
}

interface AdvicePorts {
  readonly clock: Clock;
  readonly store: Store;
  readonly log: Log;
  readonly advisor?: Advisor;
}

const NO_INPUT = { type: 'object', properties: {}, additionalProperties: false };

/**
 * Surveillance note, envelope rationale and forecast review: the rules' own always, a model's
 * beside it where there is one, both kept with how they compare. None changes anything.
 */
export class CloudAdvice {
  private readonly ports: AdvicePorts;
  private readonly market: MarketState;
  private readonly grids: ReadonlyMap<string, GridState>;
  private readonly forecasts: ReadonlyMap<string, ForecastState>;
  private readonly issued = new Map<string, ZoneForecast>(); // newest that was looked at, by zone
  private readonly reviewed = new Map<string, Instant>(); // newest interval, by zone
  private readonly explained = new Map<string, string>(); // shares, by zone
  private readonly askedAtMs = new Map<string, Instant>(); // of a forecast, by zone
  private busy: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(
    ports: AdvicePorts,
    market: MarketState,
    grids: ReadonlyMap<string, GridState>,
    forecasts: ReadonlyMap<string, ForecastState>,
  ) {
    this.ports = ports;
    this.market = market;
    this.grids = grids;
    this.forecasts = forecasts;
  }

  /** Looks at what was cleared and changed since the last turn. */
  turn(): void {
    for (const [id, { intervals }] of this.market.zones) {
      const sinceMs = this.reviewed.get(id) ?? 0;
      for (const interval of intervals.values()) {
        const due = interval.phase === 'cleared' && interval.fromMs > sinceMs;
        if (!due || interval.orders.size === 0) continue;
        this.reviewed.set(id, Math.max(interval.fromMs, this.reviewed.get(id) ?? 0));
        this.review(id, interval);
      }
    }
    for (const [id, grid] of this.grids) {
      const shares = canonical(grid.shares);
      if (grid.envelopes.size === 0 || this.explained.get(id) === shares) continue;
      this.explained.set(id, shares);
      this.explain(id, grid);
    }
    for (const [id, { published, zone }] of this.forecasts) {
      const before = this.issued.get(id);
      if (published === undefined || published.issuedAtMs === before?.issuedAtMs) continue;
      this.issued.set(id, published);
      this.check(published, before, zone);
    }
  }

  /** Whatever a model still says is not kept any more. */
  stop(): void {
    this.stopped = true;
  }

  /** Inside the caller's transaction. */
  prune(nowMs: Instant): void {
    this.ports.store.prune('grid_metrics', 'rationale', nowMs - 31 * DAY_MS);
    this.ports.store.prune('forecast_data', 'review', nowMs - 31 * DAY_MS);
    this.ports.store.prune('market_data', 'surveillance', nowMs - 400 * DAY_MS);
  }

  private review(zone: string, interval: IntervalState): void {
    const bounds = this.market.zones.get(zone)?.zone.bounds;
    if (bounds === undefined) return;
    const orders = [...interval.orders.values()];
    const likelyLoadWh = this.likelyLoadWh(zone, interval.fromMs);
    const rules = survey(orders, bounds, likelyLoadWh);
    const row = (more: object): Row => ({
      table: 'market_data',
      key: `surveillance/${zone}/${interval.fromMs}`,
      kind: 'surveillance',
      zone,
      who: '',
      fromMs: interval.fromMs,
      body: canonical({ aliases: [...aliasesOf(orders)], rules, ...more }),
    });
    this.keep(row({}));
    const aliases = aliasesOf(orders);
    const book = orders.map(({ owner, side, energyWh, priceMicroPerKwh }) => ({
      who: aliases.get(owner),
      side,
      energyWh,
      priceMicroPerKwh,
    }));
    this.ask(async ({ model, instructions }) => {
      const answer = await model.ask({
        agent: 'market-supervisor',
        instructions: instructions['market-supervisor'],
        question: 'Which findings does this cleared order book give?',
        data: { bounds, orders: book.length, ...(likelyLoadWh !== undefined && { likelyLoadWh }) },
        tools: [
          {
            name: 'orders',
            description: 'the order book: who, side, energy Wh, limit micro-currency per kWh',
            inputSchema: NO_INPUT,
            run: async () => book.slice(0, 400),
          },
        ],
        answer: formOf(surveillanceNote),
      });
      const { promptHash } = answer;
      const said =
        answer.state === 'none'
          ? { none: answer.why }
          : { findings: answer.value.findings, ...compare(rules, answer.value.findings) };
      this.keep(row({ model: { name: model.name, promptHash, ...said } }));
    });
  }

  /** The high end of what all sites of a zone use in a delivery interval. */
  private likelyLoadWh(zone: string, fromMs: Instant): number | undefined {
    const intervalMs = this.market.zones.get(zone)?.zone.intervalMs;
    const said = this.forecasts.get(zone)?.demand.forecast;
    if (intervalMs === undefined || said === undefined) return undefined;
    const first = Math.floor((fromMs - said.fromMs) / said.stepMs);
    const bands = said.load.slice(first, first + Math.max(1, intervalMs / said.stepMs));
    if (first < 0 || bands.length === 0) return undefined;
    const meanW = bands.reduce((sum, { highW }) => sum + highW, 0) / bands.length;
    return Math.round((meanW * intervalMs) / HOUR_MS);
  }

  private explain(zone: string, grid: GridState): void {
    const nowMs = this.ports.clock.wallMs();
    const facts = rationaleFacts(grid);
    const row = (more: object): Row => ({
      table: 'grid_metrics',
      key: `rationale/${zone}/${nowMs}`,
      kind: 'rationale',
      zone,
      who: '',
      fromMs: nowMs,
      body: canonical({ facts, rules: plainRationale(facts), ...more }),
    });
    this.keep(row({}));
    this.ask(async ({ model, instructions }) => {
      const answer = await model.ask({
        agent: 'grid',
        instructions: instructions.grid,
        question: 'Why are the envelopes as they are?',
        data: { sites: facts.sites },
        tools: [
          {
            name: 'transformer',
            description: 'load, rating, heat, and the share of the contracted power in force',
            inputSchema: NO_INPUT,
            run: async () => facts,
          },
        ],
        answer: formOf(envelopeRationale),
      });
      const { promptHash } = answer;
      const said =
        answer.state === 'none'
          ? { none: answer.why }
          : { ...answer.value, grounded: isGrounded(answer.value.sentence, facts) };
      this.keep(row({ model: { name: model.name, promptHash, ...said } }));
    });
  }

  private check(
    forecast: ZoneForecast,
    before: ZoneForecast | undefined,
    place: ForecastState['zone'],
  ): void {
    const rules = reviewForecast(forecast, before, place);
    const row = (more: object): Row => ({
      table: 'forecast_data',
      key: `review/${forecast.zone}/${forecast.issuedAtMs}`,
      kind: 'review',
      zone: forecast.zone,
      who: '',
      fromMs: forecast.issuedAtMs,
      body: canonical({ rules, ...more }),
    });
    this.keep(row({}));
    // Sources are asked more often than they have news: an hour is enough for a model.
    const lastMs = this.askedAtMs.get(forecast.zone) ?? Number.NEGATIVE_INFINITY;
    if (forecast.issuedAtMs < lastMs + HOUR_MS) return;
    this.askedAtMs.set(forecast.zone, forecast.issuedAtMs);
    const { weather, price } = forecast;
    this.ask(async ({ model, instructions }) => {
      const answer = await model.ask({
        agent: 'forecasting',
        instructions: instructions.forecasting,
        question: 'Which findings does this forecast give?',
        data: { weather: weather.source, price: price.source, issuedAtMs: forecast.issuedAtMs },
        tools: [
          {
            name: 'hours',
            description:
              'the day ahead by the hour, as issued now and before: sun W/m2, temperature C, ' +
              'price nano-currency a Wh; null = not known',
            inputSchema: NO_INPUT,
            run: async () => reviewRows(forecast, before),
          },
        ],
        answer: formOf(forecastReview),
      });
      const { promptHash } = answer;
      const said =
        answer.state === 'none'
          ? { none: answer.why }
          : { findings: answer.value.findings, ...compare(rules, answer.value.findings) };
      this.keep(row({ model: { name: model.name, promptHash, ...said } }));
    });
  }

  /** One after the other; a model that is slow delays only the next question to it. */
  private ask(run: (advisor: Advisor) => Promise<void>): void {
    const { advisor, log } = this.ports;
    if (advisor === undefined) return;
    this.busy = this.busy
      .then(() => (this.stopped ? undefined : run(advisor)))
      .catch((error: unknown) => log.warn('no advice', { why: String(error) }));
  }

  private keep(row: Row): void {
    if (this.stopped) return;
    const { store } = this.ports;
    store.transaction(() => store.write([{ op: 'put', row }]));
  }
}
