import type { ZoneForecast } from '../contracts/messages.ts';
import type { OperatorSettings } from '../contracts/settings.ts';
import type { DayAccount } from '../contracts/values/account.ts';
import type { Directive } from '../contracts/values/directive.ts';
import type { Image } from '../contracts/values/image.ts';
import {
  type OrderDraft,
  type Outlook,
  type PlanParameters,
  type SiteForecast,
  STANDARD,
} from '../contracts/values/outlook.ts';
import type { PlanStep, Position } from '../contracts/values/plan.ts';
import type { EnergyRecord } from '../contracts/values/record.ts';
import type { Site } from '../contracts/values/site.ts';
import { demandComponent } from '../contracts/values/tariff.ts';
import {
  DAY_MS,
  HOUR_MS,
  type Instant,
  localDayStart,
  localTime,
  QUARTER_MS,
} from '../contracts/values/time.ts';
import type { DayEvent, DayView } from '../contracts/values/view.ts';
import { draftsOf } from './drafts.ts';
import { nextEdgeMs } from './edges.ts';
import type { PriceDay } from './forecasting/price/outlook.ts';
import { Foresight } from './foresight.ts';
import { moneyOf, peakOf } from './money.ts';
import { Needs } from './needs.ts';
import type { Lacking } from './own-sources.ts';
import { Past } from './past.ts';
import { type Places, placesOf } from './places.ts';
import { planSteps } from './planning/execute.ts';
import type { Planned } from './planning/live.ts';
import { under } from './planning/parameters.ts';
import type { PlanInput } from './planning/site-plan.ts';
import { poolOf } from './planning/value/pool.ts';
import { PriceBook } from './prices.ts';
import { QuarterBook, type QuarterNote, QuarterWatch } from './quarters.ts';
import { type AccountInput, selfSoFar } from './savings/account.ts';
import { pastWords } from './savings/words.ts';
import { problemOf } from './site-problem.ts';
import type { Expected } from './surprise.ts';
import type { Trading } from './trading.ts';
import { dayBounds, dayView, limitSpans } from './view/day.ts';

const PLANNED_STEPS = 96;
const HABIT_DAYS = 7;
const GROW = 1.05; // a quota learnt from what was allowed must be able to grow
const ON_OFF_HOURS = 10; // a day, of a load that nobody has seen yet
const NEAR_W = 200;
const CAR_WH = 8_000; // a day, of a car that nobody has seen yet

/** What came of a plan: the problem it answers, with the words for it. */
interface Adopted extends Planned {
  readonly parameters: PlanParameters;
  readonly steps: readonly PlanStep[];
  readonly forecast: SiteForecast;
}

/**
 * All that the slow loop knows of its site, without any I/O: records, images, weather, prices and
 * directives go in; forecasts, problems, order drafts and views come out. Same input, same output.
 */
export class Mind {
  readonly site: Site;
  readonly places: Places;
  readonly prices: PriceBook;
  readonly quarters: QuarterBook;
  readonly past: Past;
  private readonly trading: Trading;
  private readonly watch: QuarterWatch;
  readonly foresight: Foresight;
  private readonly needs: Needs;
  private directives: Directive[] = [];
  private adopted: Adopted | undefined;
  private image: Image | undefined;
  private operator: OperatorSettings = {};

  constructor(site: Site, trading: Trading) {
    this.site = site;
    this.places = placesOf(site);
    this.trading = trading;
    this.prices = new PriceBook(this.places.connection.tariff);
    this.quarters = new QuarterBook(this.places);
    this.needs = new Needs(this.quarters, site.place.timeZone);
    this.watch = new QuarterWatch(this.places);
    this.past = new Past(site, this.places);
    this.foresight = new Foresight(site, this.places);
  }

  /** A small step of what is to be learnt, while nobody waits. @returns whether there was one */
  work(): boolean {
    return this.foresight.work() || this.prices.outlook.work();
  }

  /** Energy records, from disk or fresh. A quarter-hour is learnt from when a later one begins. */
  records(records: readonly EnergyRecord[]): boolean {
    const changed = this.quarters.add(records);
    this.foresight.changed(changed);
    return changed.length > 0;
  }

  /** Energy records from before those that are kept whole, in order of time, some days a call. */
  older(records: readonly EnergyRecord[]): void {
    const book = new QuarterBook(this.places);
    for (const fromMs of book.add(records)) {
      this.foresight.remember(book.forForecast(fromMs));
    }
  }

  /** @returns the note of a quarter-hour that has just ended */
  see(image: Image): QuarterNote | undefined {
    this.image = image;
    this.past.reductions.see(image);
    this.past.checkUp.see(image);
    this.foresight.see(image);
    const note = this.watch.see(image);
    if (note) this.quarters.note(note);
    return note;
  }

  note(note: QuarterNote): void {
    this.quarters.note(note);
  }

  /** @returns days of the market that are whole by it, to be kept */
  zoneForecast(message: ZoneForecast): PriceDay[] {
    this.foresight.weather(message);
    this.prices.foretell(message.priceForecast);
    return this.prices.add(message.price);
  }

  /** What of the zone's forecast is missing or old, whoever was to tell it. */
  readonly lacking: Lacking = {
    weather: (nowMs) => this.foresight.lacksWeather(nowMs),
    prices: (nowMs) => this.prices.isLacking(nowMs),
  };

  /** What an operator set from afar, already judged. @returns whether a plan would differ */
  settings(settings: OperatorSettings): boolean {
    const changed = settings.reservePct !== this.operator.reservePct;
    this.operator = settings;
    return changed;
  }

  /**
   * New orders may go out: the site and the operator allow it, and the time is known. A pause
   * leaves what was sold as it is: it is delivered.
   */
  get marketEnabled(): boolean {
    if (this.image?.flags.includes('untimed')) return false;
    return this.site.control.marketEnabled && this.operator.marketEnabled !== false;
  }

  /** @returns whether the plan in force breaks the new limit, or was held by an older one */
  directive(directive: Directive, nowMs: Instant): boolean {
    if (this.directives.some(({ sequence }) => sequence === directive.sequence)) return false;
    this.past.reductions.directive(directive);
    const matters = directive.kind !== 'heartbeat' && this.bites(directive);
    // A heartbeat comes each minute and says nothing once it has ended.
    this.directives = [...this.directives, directive].filter(
      ({ kind, untilMs }) => untilMs > (kind === 'heartbeat' ? nowMs : nowMs - DAY_MS),
    );
    return matters;
  }

  /** Issues a forecast and sets the problem of a plan, with what it rests on. */
  problem(nowMs: Instant): PlanInput {
    const forecast = this.foresight.issue(nowMs, this.quarters);
    const problem = problemOf({
      site: this.site,
      places: this.places,
      nowMs,
      image: this.image,
      forecast,
      plannedSteps: PLANNED_STEPS,
      prices: this.prices,
      directives: this.directives,
      soldWhOf: (fromMs) => this.trading.soldWh(fromMs),
      netSoFarWh: this.watch.netSoFarWh(Math.floor(nowMs / QUARTER_MS) * QUARTER_MS),
      peakSoFarW: peakOf(this.chargedSoFar(nowMs)),
      dailyWhOf: (terminal) => this.habitWh(terminal, nowMs),
      usedTodayWhOf: (terminal) => this.usedWh(terminal, this.midnight(nowMs), nowMs),
    });
    const reservePct = this.operator.reservePct ?? 0;
    const bound = under(problem, { ...STANDARD, reservePct });
    const pool = problem.demand === undefined ? undefined : poolOf(bound);
    const later = forecast.load.slice(PLANNED_STEPS).map((_, n) => {
      const atMs = forecast.fromMs + (PLANNED_STEPS + n) * forecast.stepMs;
      return {
        importNanoPerWh: this.prices.expected('import', atMs),
        exportNanoPerWh: this.prices.expected('export', atMs),
      };
    });
    const isBlind = !this.foresight.isKnown(nowMs);
    const { tariff } = this.places.connection;
    const period = demandComponent(tariff, nowMs)?.period ?? 'month';
    const past = pool && this.needs.at(nowMs, pool, period);
    return { problem: bound, forecast, isBlind, later, past };
  }

  /** @param advised  clause beside the reason of each step, where the plan leans on advice */
  adopt(
    { problem, outlook }: Planned,
    forecast: SiteForecast,
    parameters = STANDARD,
    advised = '',
  ): void {
    const words = { timeZone: this.site.place.timeZone, currency: this.site.currency };
    const steps = planSteps(problem, outlook, words, problem.steps.length).map((step) =>
      advised === '' ? step : { ...step, why: `${step.why}; ${advised}` },
    );
    this.adopted = { problem, outlook, steps, forecast, parameters };
  }

  /** Steps of the plan in force that are not over, at most `count`. */
  steps(nowMs: Instant, count: number): PlanStep[] {
    const left = (this.adopted?.steps ?? []).filter((one) => one.fromMs + one.durationMs > nowMs);
    return left.slice(0, count);
  }

  outlook(): Outlook | undefined {
    return this.adopted?.outlook;
  }

  /** Positions that the plan means to keep. */
  positions(nowMs: Instant): Position[] {
    return this.trading.positions(nowMs, (fromMs) => this.plannedExportWh(fromMs, nowMs));
  }

  /** Site without its batteries and their charge, as planned now: what a surprise is against. */
  expected(nowMs: Instant): Expected | undefined {
    const { adopted } = this;
    if (adopted === undefined) return undefined;
    const { outlook, problem } = adopted;
    const t = outlook.steps.findIndex(
      (one) => one.fromMs <= nowMs && nowMs < one.fromMs + one.durationMs,
    );
    const step = outlook.steps[t];
    if (step === undefined) return undefined;
    const share = (nowMs - step.fromMs) / step.durationMs;
    const socPct: Record<string, number> = {};
    for (const { terminal, usableWh, nowWh } of problem.storages) {
      const fromWh = outlook.steps[t - 1]?.socWh[terminal] ?? nowWh;
      const wh = fromWh + share * ((step.socWh[terminal] ?? fromWh) - fromWh);
      socPct[terminal] = (100 * wh) / usableWh;
    }
    return { needW: -(step.pvW + step.curtailedW + step.loadW + step.flexW), socPct };
  }

  /** When the next limit that was announced begins or ends. */
  nextLimitMs(nowMs: Instant): Instant | undefined {
    return nextEdgeMs(this.directives, nowMs);
  }

  /** Offers and bids of the plan in force for the intervals that may be ordered now. */
  drafts(nowMs: Instant, feeNanoPerWh: number): OrderDraft[] {
    const { adopted } = this;
    if (adopted === undefined) return [];
    return this.draftsOf(adopted, adopted.forecast, adopted.parameters, nowMs, feeNanoPerWh);
  }

  /** The same of any plan, and under other margins. */
  draftsOf(
    planned: Planned,
    forecast: SiteForecast,
    parameters: PlanParameters,
    nowMs: Instant,
    feeNanoPerWh: number,
  ): OrderDraft[] {
    const at = { nowMs, feeNanoPerWh };
    return draftsOf(this.trading, this.prices, { planned, forecast, parameters, ...at });
  }

  /** Sold minus bought in the market for a quarter-hour, Wh. */
  soldWh(fromMs: Instant): number {
    return this.trading.soldWh(fromMs);
  }

  /** The quarter-hours of a day, or of its part so far, with all that gives them a price. */
  accountInput(fromMs: Instant, untilMs: Instant, previous?: DayAccount): AccountInput {
    return {
      ...{ fromMs, untilMs, previous, places: this.places },
      tariff: this.places.connection.tariff,
      quarters: this.quarters.list(fromMs, untilMs),
      before: this.period(fromMs, fromMs),
      noteOf: (atMs) => this.quarters.noteOf(atMs),
      tradeOf: (atMs) => this.trading.trade(atMs),
      priceOf: (direction, atMs) => this.prices.at(direction, atMs),
    };
  }

  day(nowMs: Instant, events: readonly DayEvent[]): DayView {
    const { fromMs, untilMs } = dayBounds(nowMs, this.site.place.timeZone);
    const yesterday = this.past.accounts.find((one) => one.untilMs === fromMs);
    const input = this.accountInput(fromMs, nowMs, yesterday);
    return dayView({
      site: this.site,
      places: this.places,
      nowMs,
      quarters: this.quarters,
      outlook: this.adopted?.outlook,
      steps: this.adopted?.steps ?? [],
      forecast: this.adopted?.forecast,
      prices: this.prices,
      market: this.trading.rows(fromMs, untilMs),
      events: events.filter((event) => event.atMs >= fromMs),
      limits: limitSpans(this.directives, fromMs, untilMs),
      money: moneyOf({ ...input, atMs: nowMs }),
      selfNano: selfSoFar(input),
      past: pastWords(this.past.accounts, fromMs),
    });
  }

  /** Net export that the plan expects of an interval, with what is done of it already. */
  private plannedExportWh(fromMs: Instant, nowMs: Instant): number | undefined {
    const untilMs = fromMs + QUARTER_MS;
    const step = this.adopted?.outlook.steps.find(
      (one) => one.fromMs >= fromMs && one.fromMs < untilMs,
    );
    if (step === undefined) return undefined;
    const started = step.fromMs > fromMs;
    // A plan made inside the interval only has the rest of it.
    const leftMs = started ? Math.max(0, untilMs - Math.max(nowMs, step.fromMs)) : step.durationMs;
    const doneWh = started ? -this.watch.netSoFarWh(fromMs) : 0;
    return doneWh - (step.gridW * leftMs) / HOUR_MS;
  }

  /** A limit matters where the plan goes beyond it, or stood at an older one that it now widens. */
  private bites(directive: Directive): boolean {
    const { adopted } = this;
    if (adopted === undefined) return true;
    return adopted.outlook.steps.some((step, t) => {
      const old = adopted.problem.steps[t];
      const covered =
        directive.fromMs < step.fromMs + step.durationMs && step.fromMs < directive.untilMs;
      if (old === undefined || !covered) return false;
      const { importLimitW, exportLimitW } = directive;
      const beyond = step.gridW > importLimitW + NEAR_W || -step.gridW > exportLimitW + NEAR_W;
      const freed =
        (step.gridW > old.importLimitW - NEAR_W && importLimitW > old.importLimitW + NEAR_W) ||
        (-step.gridW > old.exportLimitW - NEAR_W && exportLimitW > old.exportLimitW + NEAR_W);
      return beyond || freed;
    });
  }

  private midnight(nowMs: Instant): Instant {
    return localDayStart(nowMs, this.site.place.timeZone);
  }

  /** Quarter-hours of the demand charge's period before `untilMs`. */
  private period(nowMs: Instant, untilMs: Instant) {
    const zone = this.places.connection.tariff.timeZone;
    const { day } = localTime(nowMs, zone);
    const monthMs = localDayStart(this.midnight(nowMs) - (day - 1) * DAY_MS + DAY_MS / 4, zone);
    // No demand was billed here for what was imported from elsewhere.
    return this.quarters.list(monthMs, untilMs).filter(({ quality }) => quality !== 'substituted');
  }

  /** Of the running period of the demand charge, which may be a day. */
  private chargedSoFar(nowMs: Instant) {
    const ofMonth = this.period(nowMs, nowMs);
    const charge = demandComponent(this.places.connection.tariff, nowMs);
    if (charge?.period !== 'day') return ofMonth;
    const todayMs = this.midnight(nowMs);
    return ofMonth.filter(({ fromMs }) => fromMs >= todayMs);
  }

  private usedWh(terminal: string, fromMs: Instant, untilMs: Instant): number {
    return this.quarters
      .list(fromMs, untilMs)
      .reduce((sum, { usedBy }) => sum + (usedBy[terminal] ?? 0), 0);
  }

  /**
   * What a flexible load uses a day: the mean of the last days that are known, with room to grow.
   */
  private habitWh(terminal: string, nowMs: Instant): number {
    const untilMs = this.midnight(nowMs);
    const seen = this.quarters
      .list(untilMs - HABIT_DAYS * DAY_MS, untilMs)
      .filter(({ usedBy }) => usedBy[terminal] !== undefined);
    if (seen.length >= 96) {
      const usedWh = seen.reduce((sum, { usedBy }) => sum + (usedBy[terminal] ?? 0), 0);
      return (GROW * usedWh * 96) / seen.length;
    }
    const load = this.places.switched.find(({ id }) => id === terminal);
    return load ? load.ratedOutW * ON_OFF_HOURS : CAR_WH;
  }
}
