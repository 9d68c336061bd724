import { amountNano, type Nano } from '../contracts/values/money.ts';
import { demandComponent, excessNano, type Tariff } from '../contracts/values/tariff.ts';
import { HOUR_MS, type Instant, QUARTER_MS } from '../contracts/values/time.ts';
import type { MeasuredQuarter, QuarterNote } from './quarters.ts';

/** What a quarter-hour was sold and bought for in the market. */
export interface QuarterTrade {
  readonly soldWh: number; // sold - bought, signed
  readonly receivedNano: Nano; // + is received
}

export interface MoneyInput {
  readonly tariff: Tariff;
  readonly quarters: readonly MeasuredQuarter[]; // of the day so far, in order
  readonly before: readonly MeasuredQuarter[]; // of the demand period before the day
  readonly noteOf: (fromMs: Instant) => QuarterNote | undefined;
  readonly tradeOf: (fromMs: Instant) => QuarterTrade | undefined;
  readonly priceOf: (direction: 'import' | 'export', atMs: Instant) => number | undefined;
  readonly atMs: Instant;
}

export interface Money {
  readonly costNano: Nano; // + is paid
  readonly withoutBatteryNano: Nano;
  readonly tradesNano: Nano; // + is received
  readonly unpricedCount: number; // quarter-hours left out because a price is not known
  readonly lines: readonly { readonly label: string; readonly nano: Nano }[];
}

interface Flow {
  readonly inWh: number;
  readonly outWh: number;
}

/**
 * What is left to the tariff after the market position: short is bought, long is sold at the
 * tariff.
 */
export function besidePosition(flow: Flow, soldWh: number): Flow {
  if (soldWh >= 0) {
    const outWh = flow.outWh - soldWh;
    return outWh >= 0 ? { inWh: flow.inWh, outWh } : { inWh: flow.inWh - outWh, outWh: 0 };
  }
  const inWh = flow.inWh + soldWh;
  return inWh >= 0 ? { inWh, outWh: flow.outWh } : { inWh: 0, outWh: flow.outWh - inWh };
}

/**
 * The same load and sun without battery: what netting within the quarter-hour hides is added both
 * ways.
 */
export function withoutBattery(quarter: MeasuredQuarter, note: QuarterNote | undefined): Flow {
  const netWh = Math.round(quarter.inWh - quarter.outWh + (quarter.batteryWh ?? 0));
  const bothWaysWh = note?.bothWaysWh ?? 0;
  return { inWh: Math.max(0, netWh) + bothWaysWh, outWh: Math.max(0, -netWh) + bothWaysWh };
}

const meanW = (flow: Flow): number => Math.max(0, flow.inWh - flow.outWh) * (HOUR_MS / QUARTER_MS);

/**
 * Cost of the day so far, as it was and without battery and market; exact products, nothing
 * rounded.
 */
export function moneyOf(input: MoneyInput): Money {
  let bought = 0n;
  let sold = 0n;
  let without = 0n;
  let trades = 0n;
  let excess = 0n;
  let unpricedCount = 0;
  for (const quarter of input.quarters) {
    const importPrice = input.priceOf('import', quarter.fromMs);
    const exportPrice = input.priceOf('export', quarter.fromMs);
    if (importPrice === undefined || exportPrice === undefined) {
      unpricedCount += 1;
      continue;
    }
    const trade = input.tradeOf(quarter.fromMs);
    const rest = besidePosition(quarter, trade?.soldWh ?? 0);
    excess += excessNano(input.tariff, quarter.inWh - quarter.outWh, quarter.fromMs);
    bought += amountNano(rest.inWh, importPrice);
    sold += amountNano(rest.outWh, exportPrice);
    trades += trade?.receivedNano ?? 0n;
    const plain = withoutBattery(quarter, input.noteOf(quarter.fromMs));
    without += amountNano(plain.inWh, importPrice) - amountNano(plain.outWh, exportPrice);
    without += excessNano(input.tariff, plain.inWh - plain.outWh, quarter.fromMs);
  }
  const fixed = fixedOf(input.tariff, input.atMs);
  const demand = demandOf(input);
  const lines = [
    { label: 'Bought at the tariff', nano: bought },
    { label: 'Sold at the tariff', nano: -sold },
    ...(trades === 0n ? [] : [{ label: 'Market trades', nano: -trades }]),
    ...(demand.actual === 0n ? [] : [{ label: 'Higher demand', nano: demand.actual }]),
    ...(excess === 0n ? [] : [{ label: 'Beyond a power', nano: excess }]),
    ...(fixed === 0n ? [] : [{ label: 'Fixed fees', nano: fixed }]),
  ];
  return {
    costNano: bought - sold - trades + excess + fixed + demand.actual,
    withoutBatteryNano: without + fixed + demand.without,
    tradesNano: trades,
    unpricedCount,
    lines,
  };
}

function fixedOf(tariff: Tariff, atMs: Instant): Nano {
  let sum = 0n;
  for (const one of tariff.components) {
    const inForce =
      one.validFromMs <= atMs && (one.validUntilMs ?? Number.POSITIVE_INFINITY) > atMs;
    if (one.kind === 'fixed' && inForce) sum += one.nanoPerDay;
  }
  return sum;
}

/** What the day added to the demand charge of its period. */
function demandOf(input: MoneyInput): { readonly actual: Nano; readonly without: Nano } {
  const component = demandComponent(input.tariff, input.atMs);
  if (component === undefined) return { actual: 0n, without: 0n };
  const before = component.period === 'day' ? [] : input.before;
  const peak = (quarters: readonly MeasuredQuarter[], flow: (q: MeasuredQuarter) => Flow): number =>
    quarters.reduce((most, quarter) => Math.max(most, Math.round(meanW(flow(quarter)))), 0);
  const plain = (quarter: MeasuredQuarter): Flow =>
    withoutBattery(quarter, input.noteOf(quarter.fromMs));
  const added = (flow: (quarter: MeasuredQuarter) => Flow): Nano => {
    const soFar = peak(before, flow);
    return BigInt(Math.max(0, peak(input.quarters, flow) - soFar)) * component.nanoPerW;
  };
  return { actual: added((quarter) => quarter), without: added(plain) };
}

/** Highest mean import of a period so far, W. */
export function peakOf(quarters: readonly MeasuredQuarter[]): number {
  return quarters.reduce((most, quarter) => Math.max(most, meanW(quarter)), 0);
}
