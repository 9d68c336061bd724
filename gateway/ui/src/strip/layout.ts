import type { DayView } from '../../../contracts/values/view.ts';
import { priceValue } from '../../../contracts/values/words.ts';
import { buildStrip, type Strip, tickStep } from './model.ts';
import type { Across } from './paths.ts';

/** Where everything of the strip stands, in pixels. */
export interface Lane {
  readonly label: number; // base line of its name
  readonly top: number;
  readonly bottom: number;
}

export interface Layout {
  readonly strip: Strip;
  readonly day: DayView;
  readonly atMs: number;
  readonly zone: string;
  readonly currency: string;
  readonly phone: boolean;
  readonly width: number;
  readonly left: number;
  readonly right: number;
  readonly across: Across;
  readonly power: Lane & {
    readonly y: (powerW: number) => number; // up is positive
    readonly stepW: number;
    readonly topW: number;
    readonly bottomW: number;
  };
  readonly store: (Lane & { readonly y: (pct: number) => number }) | undefined;
  readonly price: Lane & {
    readonly y: (nanoPerWh: number) => number;
    readonly ticks: readonly number[]; // nano per Wh
    readonly low: number;
    readonly high: number;
    readonly known: boolean;
  };
  readonly market: Lane & {
    readonly y: (energyWh: number) => number;
    readonly tickWh: number;
    readonly upWh: number;
    readonly downWh: number;
  };
  readonly limits: number | undefined; // top of the lane
  readonly events: number; // middle of the lane
  readonly axis: number;
  readonly height: number;
}

interface Given {
  readonly day: DayView;
  readonly atMs: number;
  readonly zone: string;
  readonly currency: string;
  readonly width: number;
  readonly phone: boolean;
}

const POWER_TOP = 46;
const LABEL_GAP = 23;
const LANE_GAP = 13;

function powerLane(strip: Strip, phone: boolean): Layout['power'] {
  const height = phone ? 184 : 226;
  const stepW = tickStep(Math.max(100, strip.upW * 1.12 + strip.downW), phone ? 5 : 9);
  const topW = Math.max(stepW, Math.ceil((strip.upW * 1.12) / stepW) * stepW);
  const bottomW = Math.ceil(strip.downW / stepW) * stepW;
  const pxPerW = height / (topW + bottomW);
  const zero = POWER_TOP + topW * pxPerW;
  return {
    label: 32,
    top: POWER_TOP,
    bottom: POWER_TOP + height,
    y: (powerW) => zero - powerW * pxPerW,
    stepW,
    topW,
    bottomW,
  };
}

function laneBelow(y: number, height: number): Lane {
  const top = y + LABEL_GAP + LANE_GAP;
  return { label: y + LABEL_GAP, top, bottom: top + height };
}

function priceLane(day: DayView, currency: string, y: number): Layout['price'] {
  const lane = laneBelow(y, 56);
  const known = day.prices.flatMap(({ importNanoPerWh }) =>
    importNanoPerWh === null ? [] : [importNanoPerWh],
  );
  const high = known.reduce((most, value) => Math.max(most, value), 0);
  const low = known.reduce((least, value) => Math.min(least, value), 0);
  const least = known.reduce((value, next) => Math.min(value, next), high);
  const unit = 1 / priceValue(1, currency);
  const step = tickStep(Math.max(priceValue(high - low, currency), 1), 3) * unit;
  const ticks: number[] = [];
  for (let at = Math.ceil(low / step) * step; at <= high + step * 0.001; at += step) ticks.push(at);
  const range = Math.max(high - low, 1);
  return {
    ...lane,
    y: (value) => lane.bottom - ((value - low) / range) * (lane.bottom - lane.top),
    ticks: ticks.length > 0 ? ticks : [0],
    low: least,
    high,
    known: known.length > 0,
  };
}

function marketLane(day: DayView, y: number): Layout['market'] {
  const lane = laneBelow(y, 34);
  let upWh = 0;
  let downWh = 0;
  const sums = new Map<string, number>();
  for (const row of day.market) {
    const key = `${row.fromMs} ${row.side}`;
    const sum = (sums.get(key) ?? 0) + Math.max(row.orderWh, row.awardedWh ?? 0);
    sums.set(key, sum);
    if (row.side === 'buy') upWh = Math.max(upWh, sum);
    else downWh = Math.max(downWh, sum);
  }
  const range = Math.max(upWh + downWh, 100);
  const pxPerWh = (lane.bottom - lane.top) / range;
  const zero = upWh + downWh === 0 ? lane.bottom : lane.top + upWh * pxPerWh;
  return {
    ...lane,
    y: (energyWh) => zero - energyWh * pxPerWh,
    tickWh: tickStep(range, 2),
    upWh,
    downWh,
  };
}

export function layOut(given: Given): Layout {
  const { day, phone, width } = given;
  const strip = buildStrip(day, given.atMs);
  const left = phone ? 30 : 44;
  const right = width - 2;
  const perMs = (right - left) / (day.untilMs - day.fromMs);
  const power = powerLane(strip, phone);
  const storeLane = strip.has.socPct ? laneBelow(power.bottom, phone ? 52 : 60) : undefined;
  const price = priceLane(day, given.currency, storeLane?.bottom ?? power.bottom);
  const market = marketLane(day, price.bottom);
  const hasLimits = (day.limits ?? []).length > 0;
  const limits = hasLimits ? market.bottom + 20 : undefined;
  const events = (limits === undefined ? market.bottom : limits + 20) + 18;
  const axis = events + 16;
  return {
    ...given,
    strip,
    left,
    right,
    across: (atMs) => left + (atMs - day.fromMs) * perMs,
    power,
    store:
      storeLane === undefined
        ? undefined
        : {
            ...storeLane,
            y: (pct) => storeLane.bottom - (pct / 100) * (storeLane.bottom - storeLane.top),
          },
    price,
    market,
    limits,
    events,
    axis,
    height: axis + 32,
  };
}
