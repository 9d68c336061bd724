import {
  type Awards,
  awards as awardsSchema,
  type OrderBatch,
  type Statement,
  type ZoneForecast,
  zoneForecast,
} from '../contracts/messages.ts';
import type { DayAccount } from '../contracts/values/account.ts';
import type { Decision, Image } from '../contracts/values/image.ts';
import type { Outlook, PlannedDay, SiteForecast } from '../contracts/values/outlook.ts';
import type { PlanStep } from '../contracts/values/plan.ts';
import type { Reduction } from '../contracts/values/reduction.ts';
import { DAY_MS, HOUR_MS, type Instant } from '../contracts/values/time.ts';
import type { DayEvent, LiveView } from '../contracts/values/view.ts';
import { age, clockTime } from '../contracts/values/words.ts';
import type { AgentStore, Document, DocumentKind, Log } from '../ports.ts';
import type { Advising } from './advice.ts';
import type { ForecastDay } from './forecast-days.ts';
import { type KeptForecast, keptForecast, readForecast } from './forecasting/issued.ts';
import type { PriceDay } from './forecasting/price/outlook.ts';
import type { CheckUpDocument } from './health/health.ts';
import type { Mind } from './mind.ts';
import type { QuarterNote } from './quarters.ts';
import type { PlacedOrder, Trading } from './trading.ts';

const EVENTS_MAX = 200;
const DECISION_GAP_MS = 60_000; // of the site's time: a flutter is one decision
const HISTORY_DAYS = 36;
const LEARNT_DAYS = 399; // what is learnt from: this season a year ago, too
const READ_DAYS = 14; // at a time
const PRICE_DAYS = 740; // what prices are learnt from
const KEPT_DAYS: Readonly<Partial<Record<DocumentKind, number>>> = {
  forecast: 14,
  plan: 14,
  quarter: 60,
  order: 400,
  award: 400,
  statement: 400,
  event: 90,
  decision: 30,
  advice: 400,
  account: 4_000,
  reduction: 4_000,
  price: 760,
};
const KEPT_HISTORY_DAYS = 400;
const SITE = 'site-';
/** Interval keys of equal length sort as text. */
const key = (atMs: Instant): string => String(atMs).padStart(15, '0');

/**
 * What the agent writes down and reads again after a restart. A write that fails is logged; the
 * site runs on.
 */
export class Diary {
  private readonly store: AgentStore;
  private readonly log: Log;
  private today: DayEvent[] = [];
  private open = new Set<Promise<void>>();
  private forecastAtMs: Instant | undefined;
  private forecastUntilMs: Instant | undefined;
  private sequence = 0;
  private bound = { bound: '', atMs: Number.NEGATIVE_INFINITY };

  constructor(store: AgentStore, log: Log) {
    this.store = store;
    this.log = log;
  }

  /** Brings back history, prices, orders, awards and today's events. */
  async recall(
    mind: Mind,
    trading: Trading,
    nowMs: Instant,
    advising: Pick<Advising, 'recall'> | undefined,
  ): Promise<void> {
    const { store } = this;
    const notes = await store.list('quarter', nowMs - HISTORY_DAYS * DAY_MS, nowMs + DAY_MS);
    for (const note of notes) mind.note(note.body as QuarterNote); // own documents, written below
    const priced = await store.list('price', nowMs - PRICE_DAYS * DAY_MS, nowMs + 2 * DAY_MS);
    mind.prices.outlook.remember(priced.map(({ body }) => body as PriceDay)); // as written below
    for (const { key, body } of await store.list('forecast', nowMs - 3 * DAY_MS, nowMs + DAY_MS)) {
      if (key.startsWith(SITE)) {
        mind.foresight.recall(readForecast(body as KeptForecast)); // as `plan` writes them
        continue;
      }
      const parsed = zoneForecast.safeParse(body);
      if (!parsed.success) continue;
      mind.zoneForecast(parsed.data);
      this.remember(parsed.data);
    }
    const recentMs = nowMs - HISTORY_DAYS * DAY_MS;
    for (let days = LEARNT_DAYS; days > HISTORY_DAYS; days -= READ_DAYS) {
      const fromMs = nowMs - days * DAY_MS;
      mind.older(await store.history(fromMs, Math.min(fromMs + READ_DAYS * DAY_MS, recentMs)));
    }
    mind.records(await store.history(recentMs, nowMs + DAY_MS));
    const orders = await store.list('order', nowMs - 2 * DAY_MS, nowMs + 2 * DAY_MS);
    const results = await store.list('award', nowMs - 2 * DAY_MS, nowMs + 2 * DAY_MS);
    trading.restore(
      orders.map(({ body }) => body as PlacedOrder),
      results.flatMap(({ body }) => {
        const parsed = awardsSchema.safeParse(body);
        return parsed.success ? [parsed.data] : [];
      }),
    );
    advising?.recall(await store.list('advice', nowMs - 7 * DAY_MS, nowMs + DAY_MS));
    const events = await store.list('event', nowMs - 2 * DAY_MS, nowMs + DAY_MS);
    this.today = events.map(({ body }) => body as DayEvent).slice(-EVENTS_MAX);
    this.write(this.forget(nowMs));
  }

  /** What is older than anybody asks for; the file keeps its room for what comes. */
  async forget(nowMs: Instant): Promise<void> {
    for (const [kind, days] of Object.entries(KEPT_DAYS)) {
      await this.store.forget(kind as DocumentKind, nowMs - days * DAY_MS);
    }
    await this.store.forget('history', nowMs - KEPT_HISTORY_DAYS * DAY_MS);
  }

  /** The site's own forecasts that were issued in this time. */
  async siteForecasts(fromMs: Instant, untilMs: Instant): Promise<SiteForecast[]> {
    const found = await this.store.list('forecast', fromMs, untilMs);
    const own = found.filter(({ key }) => key.startsWith(SITE));
    return own.map(({ body }) => readForecast(body as KeptForecast)); // as `plan` writes them
  }

  events(): readonly DayEvent[] {
    return this.today;
  }

  event(event: DayEvent, code: string): void {
    this.today = [...this.today, event].slice(-EVENTS_MAX);
    this.sequence += 1;
    const id = `${this.store.opened.epoch}-${this.sequence}`;
    this.put('event', { key: id, atMs: event.atMs, body: { ...event, code } });
  }

  note(note: QuarterNote): void {
    this.put('quarter', { key: key(note.fromMs), atMs: note.fromMs, body: note });
  }

  /** @param days  of the market that are whole by it */
  zoneForecast(forecast: ZoneForecast, days: readonly PriceDay[]): void {
    this.remember(forecast);
    this.priceDays(days);
    this.put('forecast', {
      key: `zone-${key(forecast.issuedAtMs)}`,
      atMs: forecast.issuedAtMs,
      body: forecast,
    });
  }

  /** Days of the market that are whole. */
  priceDays(days: readonly PriceDay[]): void {
    for (const one of days) {
      this.put('price', { key: key(one.day), atMs: one.day * DAY_MS, body: one });
    }
  }

  /** What binds, when that changes: the reasons that 'why' is answered from. */
  decision({ wallMs, mode, reason, decisions }: Image): void {
    const bound = `${reason.authority} ${reason.code}`;
    const before = this.bound;
    if (bound === before.bound || wallMs < before.atMs + DECISION_GAP_MS) return;
    this.bound = { bound, atMs: wallMs };
    const body: Decision = { atMs: wallMs, mode, reason, decisions };
    this.put('decision', { key: key(wallMs), atMs: wallMs, body });
  }

  account(account: DayAccount): void {
    this.put('account', { key: account.day, atMs: account.fromMs, body: account });
  }

  /** Accounts of the days that begin in this time, oldest first. */
  async accounts(fromMs: Instant, untilMs: Instant): Promise<DayAccount[]> {
    const found = await this.store.list('account', fromMs, untilMs);
    return found.map(({ body }) => body as DayAccount); // as written above
  }

  reduction(one: Reduction): void {
    this.put('reduction', { key: key(one.sequence), atMs: one.fromMs, body: one });
  }

  /** Demand-response events that begin in this time. */
  async reductions(fromMs: Instant, untilMs: Instant): Promise<Reduction[]> {
    const found = await this.store.list('reduction', fromMs, untilMs);
    return found.map(({ body }) => body as Reduction); // as written above
  }

  checkUp(document: CheckUpDocument, atMs: Instant): void {
    this.put('detector', { key: 'health', atMs, body: document });
  }

  async lastCheckUp(): Promise<CheckUpDocument | undefined> {
    const found = await this.store.get('detector', 'health');
    return found?.body as CheckUpDocument | undefined; // as written above
  }

  /** How good the forecasts of the last days were; whole, each time. */
  keepForecastDays(days: readonly ForecastDay[], atMs: Instant): void {
    this.put('detector', { key: 'forecast', atMs, body: { v: 1, days } });
  }

  async forecastDays(): Promise<readonly ForecastDay[]> {
    const found = await this.store.get('detector', 'forecast');
    return (found?.body as { days: readonly ForecastDay[] } | undefined)?.days ?? []; // as above
  }

  /** A proposal of a model with its twin, and again when it is scored. */
  advice(document: Document): void {
    this.put('advice', document);
  }

  /** Every forecast as issued, and the plan that was made of it with its reasons. */
  plan(outlook: Outlook, forecast: SiteForecast, steps: readonly PlanStep[]): void {
    const { issuedAtMs } = forecast;
    const kept = keptForecast(forecast);
    this.put('forecast', { key: `${SITE}${key(issuedAtMs)}`, atMs: issuedAtMs, body: kept });
    const body: PlannedDay = { ...outlook, whys: steps.map(({ why }) => why) };
    this.put('plan', { key: key(outlook.issuedAtMs), atMs: outlook.issuedAtMs, body });
  }

  /** On disk before they go out, and again with the market's answer. */
  async orders(trading: Trading, batch: OrderBatch): Promise<void> {
    const documents = batch.orders.map((order) => ({
      key: order.id,
      atMs: order.interval.fromMs,
      body: trading.get(order.id) ?? { ...order, state: 'sent' },
    }));
    await this.store.put('order', documents, true);
  }

  awards(result: Awards): void {
    const { fromMs } = result.interval;
    this.put('award', { key: key(fromMs), atMs: fromMs, body: result }, true);
  }

  statement(statement: Statement): void {
    for (const line of statement.lines) {
      const { fromMs } = line.interval;
      this.put('statement', { key: key(fromMs), atMs: fromMs, body: line });
    }
  }

  links(nowMs: Instant, timeZone: string): NonNullable<LiveView['links']> {
    const forecast =
      this.forecastAtMs === undefined || this.forecastUntilMs === undefined
        ? 'none received yet'
        : `${age(nowMs - this.forecastAtMs)} old, ` +
          `good until ${clockTime(this.forecastUntilMs, timeZone)}`;
    return [{ name: 'Weather and prices', text: forecast }];
  }

  /** Resolves when everything written so far is on disk or has failed. */
  async settled(): Promise<void> {
    await Promise.all(this.open);
  }

  private remember({ issuedAtMs, weather }: ZoneForecast): void {
    const askedAtMs = weather.askedAtMs ?? issuedAtMs;
    if (weather.ghiWPerM2.length === 0 || askedAtMs < (this.forecastAtMs ?? 0)) return;
    this.forecastAtMs = askedAtMs;
    const endMs = weather.fromMs + weather.ghiWPerM2.length * weather.stepMs;
    this.forecastUntilMs = Math.min(endMs, askedAtMs + 36 * HOUR_MS);
  }

  private put(kind: DocumentKind, document: Document, urgent = false): void {
    this.write(this.store.put(kind, [document], urgent));
  }

  private write(promise: Promise<void>): void {
    const watched: Promise<void> = promise
      .catch((error: unknown) => {
        this.log.error('not written to the store', { why: String(error) });
      })
      .finally(() => this.open.delete(watched));
    this.open.add(watched);
  }
}
