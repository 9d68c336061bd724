import type { Directive } from '../../contracts/values/directive.ts';
import type { Outlook, SiteForecast } from '../../contracts/values/outlook.ts';
import type { PlanStep } from '../../contracts/values/plan.ts';
import { reserveOf, type Site } from '../../contracts/values/site.ts';
import {
  DAY_MS,
  HOUR_MS,
  type Instant,
  localDayStart,
  QUARTER_MS,
} from '../../contracts/values/time.ts';
import type { DayEvent, DaySlot, DayView, MarketRow } from '../../contracts/values/view.ts';
import { doing, power, sentence } from '../../contracts/values/words.ts';
import type { Money } from '../money.ts';
import type { Places } from '../places.ts';
import type { PriceBook } from '../prices.ts';
import type { QuarterBook } from '../quarters.ts';

export interface DayInput {
  readonly site: Site;
  readonly places: Places;
  readonly nowMs: Instant;
  readonly quarters: QuarterBook;
  readonly outlook: Outlook | undefined;
  readonly steps: readonly PlanStep[]; // of the same plan, with reasons
  readonly forecast: SiteForecast | undefined;
  readonly prices: PriceBook;
  readonly market: readonly MarketRow[];
  readonly events: readonly DayEvent[];
  readonly limits: NonNullable<DayView['limits']>;
  readonly money: Money;
  readonly selfNano: bigint | undefined; // the day so far by self-consumption
  readonly past: DayView['money']['past'];
}

const NEXT_MAX = 4;
const WH_TO_W = HOUR_MS / QUARTER_MS;

/** Local midnight, and the end of the next local day. */
export function dayBounds(nowMs: Instant, timeZone: string): { fromMs: Instant; untilMs: Instant } {
  const fromMs = localDayStart(nowMs, timeZone);
  const nextMs = localDayStart(fromMs + DAY_MS + 6 * HOUR_MS, timeZone);
  return { fromMs, untilMs: localDayStart(nextMs + DAY_MS + 6 * HOUR_MS, timeZone) };
}

export function dayView(input: DayInput): DayView {
  const { site, nowMs, money, prices } = input;
  const { fromMs, untilMs } = dayBounds(nowMs, site.place.timeZone);
  const starts: Instant[] = [];
  for (let atMs = fromMs; atMs < untilMs; atMs += QUARTER_MS) starts.push(atMs);
  const reserves = site.stores.map((store) => Math.max(reserveOf(store), store.socMinPct));
  return {
    v: 1,
    atMs: nowMs,
    fromMs,
    untilMs,
    stepMs: QUARTER_MS,
    measured: starts.filter((atMs) => atMs < nowMs).map((atMs) => measuredSlot(input, atMs)),
    planned: plannedSlots(input, untilMs),
    prices: starts.map((atMs) => ({
      fromMs: atMs,
      importNanoPerWh: prices.at('import', atMs) ?? null,
      exportNanoPerWh: prices.at('export', atMs) ?? null,
      ...foretold(input, atMs),
    })),
    market: input.market,
    events: input.events,
    limits: input.limits,
    ...(reserves.length > 0 && { reservePct: Math.max(...reserves) }),
    next: nextActs(input),
    money: {
      currency: site.currency,
      costNano: String(money.costNano),
      withoutBatteryNano: String(money.withoutBatteryNano),
      savedNano: String(money.withoutBatteryNano - money.costNano),
      tradesNano: String(money.tradesNano),
      sinceMs: fromMs,
      ...(input.selfNano !== undefined && { rulesNano: String(input.selfNano) }),
      ...(input.past && input.past.length > 0 && { past: input.past }),
      lines: money.lines.map(({ label, nano }) => ({ label, nano: String(nano) })),
      ...(money.unpricedCount > 0 && {
        note: `${money.unpricedCount} quarter-hours are left out: their price is not known.`,
      }),
    },
  };
}

/** The price that the plan goes by where the market has not told one. */
function foretold({ outlook, nowMs }: DayInput, atMs: Instant) {
  const step = outlook?.steps.find(({ fromMs }) => fromMs === atMs && atMs > nowMs);
  if (step?.isPriceForecast !== true) return {};
  return { importForecastNanoPerWh: Math.round(step.importNanoPerWh) };
}

const orNull = (value: number | undefined): number | null => value ?? null;

function measuredSlot({ quarters, places }: DayInput, fromMs: Instant): DaySlot {
  const quarter = quarters.measured(fromMs);
  const meanW = (energyWh: number | undefined): number | null =>
    energyWh === undefined ? null : Math.round(energyWh * WH_TO_W);
  const flexWh = Object.values(quarter?.usedBy ?? {}).reduce((sum, wh) => sum + wh, 0);
  const loadWh = quarter?.loadWh === undefined ? undefined : quarter.loadWh + flexWh;
  const store = places.storages[0]?.terminal.id;
  const soc = store === undefined ? undefined : quarters.noteOf(fromMs)?.socPct[store];
  return {
    fromMs,
    pvW: meanW(quarter?.pvWh),
    loadW: meanW(loadWh === undefined ? undefined : 0 - loadWh),
    batteryW: meanW(quarter?.batteryWh),
    gridW: meanW(quarter && quarter.inWh - quarter.outWh),
    socPct: orNull(soc),
  };
}

function plannedSlots({ outlook, forecast, places, steps }: DayInput, untilMs: Instant): DaySlot[] {
  const storage = places.storages[0];
  return (outlook?.steps ?? [])
    .filter(({ fromMs }) => fromMs < untilMs)
    .map((step, i): DaySlot => {
      const fromMs = Math.floor(step.fromMs / QUARTER_MS) * QUARTER_MS;
      const at = forecast ? (fromMs - forecast.fromMs) / forecast.stepMs : -1;
      const pv = forecast?.pv[at];
      const load = forecast?.load[at];
      const socWh = storage && step.socWh[storage.terminal.id];
      const why = steps[i]?.why;
      return {
        fromMs,
        pvW: Math.round(step.pvW),
        loadW: Math.round(step.loadW + step.flexW),
        batteryW: Math.round(step.batteryW),
        gridW: Math.round(step.gridW),
        socPct:
          storage && socWh !== undefined
            ? Math.round((1_000 * socWh) / storage.store.usableWh) / 10
            : null,
        ...(pv && { pvLowW: Math.round(pv.lowW), pvHighW: Math.round(pv.highW) }),
        ...(load && {
          loadLowW: Math.round(step.flexW - load.lowW), // the smaller use
          loadHighW: Math.round(step.flexW - load.highW),
        }),
        ...(why !== undefined && { why }),
      };
    });
}

/** The next changes of what the battery does: time, act, why. */
function nextActs({ outlook, steps, nowMs }: DayInput): DayView['next'][number][] {
  const acts: DayView['next'][number][] = [];
  const kind = (powerW: number): number => (Math.abs(powerW) < 300 ? 0 : Math.sign(powerW));
  let before: number | undefined;
  outlook?.steps.forEach((step, i) => {
    const now = kind(step.batteryW);
    const changed = before !== undefined && now !== before;
    before = now;
    if (!changed || acts.length >= NEXT_MAX || step.fromMs <= nowMs) return;
    acts.push({
      atMs: step.fromMs,
      act: sentence(doing('battery', step.batteryW)),
      why: steps[i]?.why ?? '',
    });
  });
  return acts;
}

/**
 * Grid limits on the day's axis: in each quarter-hour the newest directive counts, equal neighbours
 * are one span.
 */
export function limitSpans(
  directives: readonly Directive[],
  fromMs: Instant,
  untilMs: Instant,
): NonNullable<DayView['limits']>[number][] {
  const spans: { fromMs: Instant; untilMs: Instant; text: string }[] = [];
  const newestFirst = directives
    .filter(({ kind }) => kind !== 'heartbeat')
    .sort((a, b) => b.sequence - a.sequence);
  for (let atMs = fromMs; atMs < untilMs; atMs += QUARTER_MS) {
    const one = newestFirst.find((d) => d.fromMs < atMs + QUARTER_MS && atMs < d.untilMs);
    if (one === undefined) continue;
    const buying = `buying up to ${power(one.importLimitW)}`;
    const text = `${buying}, selling up to ${power(one.exportLimitW)}`;
    const last = spans.at(-1);
    if (last?.text === text && last.untilMs === atMs) last.untilMs = atMs + QUARTER_MS;
    else spans.push({ fromMs: atMs, untilMs: atMs + QUARTER_MS, text });
  }
  return spans;
}
