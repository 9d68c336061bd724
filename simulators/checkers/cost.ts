import { amountNano, type Nano } from '../../gateway/contracts/values/money.ts';
import {
  demandComponent,
  energyPrice,
  excessNano,
  type PriceSeries,
  type Tariff,
} from '../../gateway/contracts/values/tariff.ts';
import { DAY_MS, HOUR_MS, localTime, QUARTER_MS } from '../../gateway/contracts/values/time.ts';
import type { InOut, Piece } from './energy.ts';

/** What the market did with one quarter-hour of a site; amounts + are received. */
export interface MarketLine {
  readonly fromMs: number;
  readonly soldWh: number;
  readonly boughtWh: number;
  readonly tradeNano: Nano;
  readonly feeNano: Nano;
}

export interface Cost {
  readonly nano: Nano; // + is paid
  readonly energyNano: Nano;
  readonly demandNano: Nano;
  readonly excessNano: Nano; // beyond a power, of what was metered
  readonly fixedNano: Nano;
  readonly marketNano: Nano; // trades and fees, + is paid
  readonly unpricedWh: number; // energy at a price that nobody knows: not in the sum
}

/**
 * The bill of a run in exact integers, from true energies:
 * - energy at the tariff, import and export of each quarter-hour apart. Energy that was traded is
 *   settled by the market, so the tariff sees the metered energy less the position: what is left is
 *   the imbalance, and the tariff is its price. Trade and fee amounts come on top; imbalance
 *   amounts of a statement must not be added again.
 * - demand: price per W of the highest mean import of a window, per period.
 * - excess: what a quarter-hour metered beyond a power; one that the run cut may use all of it.
 * - fixed amounts by the share of the day that the run covered.
 * @param market  lines of quarter-hours that the run did not cover in full are left out
 * @param pick  `connection` for what happened, `alone` for the same load, PV and tariff without
 *   battery and market
 */
export function costOf(
  tariff: Tariff,
  pieces: readonly Piece[],
  pick: 'connection' | 'alone',
  dayAhead?: PriceSeries,
  market: readonly MarketLine[] = [],
): Cost {
  let energyNano = 0n;
  let unpricedWh = 0;
  let carried = { inWh: 0, outWh: 0 };
  let counted = { inWh: 0, outWh: 0 };
  const netWh = new Map<number, number>(); // as metered, by quarter-hour
  const full = new Set(
    pieces.filter((one) => one.untilMs - one.fromMs === QUARTER_MS).map((one) => one.fromMs),
  );
  const delivered = market.filter((line) => full.has(line.fromMs));
  const lines = new Map(delivered.map((line) => [line.fromMs, line]));
  for (const piece of pieces) {
    const fromMs = Math.floor(piece.fromMs / QUARTER_MS) * QUARTER_MS;
    carried = {
      inWh: carried.inWh + piece[pick].inWh,
      outWh: carried.outWh + piece[pick].outWh,
    };
    // Whole Wh with the remainder carried: no rounding is lost between quarter-hours.
    const whole = {
      inWh: Math.round(carried.inWh) - counted.inWh,
      outWh: Math.round(carried.outWh) - counted.outWh,
    };
    counted = { inWh: counted.inWh + whole.inWh, outWh: counted.outWh + whole.outWh };
    netWh.set(fromMs, (netWh.get(fromMs) ?? 0) + whole.inWh - whole.outWh);
    const line = lines.get(fromMs);
    const billed = line ? lessPosition(whole, line.soldWh - line.boughtWh) : whole;
    for (const [direction, energyWh, sign] of [
      ['import', billed.inWh, 1n],
      ['export', billed.outWh, -1n],
    ] as const) {
      if (energyWh === 0) continue;
      const price = energyPrice(tariff, direction, fromMs, dayAhead);
      if (price === undefined) unpricedWh += energyWh;
      else energyNano += sign * amountNano(energyWh, price);
    }
  }
  const marketNano = delivered.reduce((sum, line) => sum - line.tradeNano - line.feeNano, 0n);
  const demandNano = demandOf(tariff, pieces, pick);
  const fixedNano = fixedOf(tariff, pieces);
  const beyondNano = [...netWh].reduce((sum, [at, wh]) => sum + excessNano(tariff, wh, at), 0n);
  return {
    nano: energyNano + demandNano + beyondNano + fixedNano + marketNano,
    energyNano,
    demandNano,
    excessNano: beyondNano,
    fixedNano,
    marketNano,
    unpricedWh,
  };
}

/** Energy left for the tariff once `soldWh` (bought: negative) is the market's. */
function lessPosition(metered: InOut, soldWh: number): InOut {
  const exportLeft = metered.outWh - soldWh;
  const outWh = soldWh > 0 ? Math.max(0, exportLeft) : metered.outWh;
  const shortWh = soldWh > 0 ? Math.max(0, -exportLeft) : 0;
  const boughtWh = Math.max(0, -soldWh);
  const inWh = Math.max(0, metered.inWh - boughtWh) + shortWh;
  return { inWh, outWh: outWh + Math.max(0, boughtWh - metered.inWh) };
}

function demandOf(tariff: Tariff, pieces: readonly Piece[], pick: 'connection' | 'alone'): Nano {
  const windows = new Map<number, number>();
  const rates = new Map<number, { nanoPerW: bigint; windowMs: number; period: string }>();
  for (const piece of pieces) {
    const demand = demandComponent(tariff, piece.fromMs);
    if (demand === undefined) continue;
    // Windows are no shorter than the quarter-hours that the pieces end at.
    const windowMs = Math.max(demand.windowMs, QUARTER_MS);
    const fromMs = Math.floor(piece.fromMs / windowMs) * windowMs;
    const at = localTime(fromMs, tariff.timeZone);
    const day = demand.period === 'day' ? `-${at.day}` : '';
    const period = `${demand.id}/${at.year}-${at.month}${day}`;
    windows.set(fromMs, (windows.get(fromMs) ?? 0) + piece[pick].inWh);
    rates.set(fromMs, { nanoPerW: demand.nanoPerW, windowMs, period });
  }
  const peaks = new Map<string, Nano>();
  for (const [fromMs, rate] of rates) {
    const meanW = Math.round(((windows.get(fromMs) ?? 0) * HOUR_MS) / rate.windowMs);
    const amount = BigInt(meanW) * rate.nanoPerW;
    if (amount > (peaks.get(rate.period) ?? 0n)) peaks.set(rate.period, amount);
  }
  return [...peaks.values()].reduce((sum, amount) => sum + amount, 0n);
}

function fixedOf(tariff: Tariff, pieces: readonly Piece[]): Nano {
  let nanoDayMs = 0n;
  for (const piece of pieces) {
    const lengthMs = BigInt(Math.round(piece.untilMs) - Math.round(piece.fromMs));
    for (const component of tariff.components) {
      const inForce =
        component.validFromMs <= piece.fromMs &&
        (component.validUntilMs === undefined || piece.fromMs < component.validUntilMs);
      if (component.kind === 'fixed' && inForce) nanoDayMs += component.nanoPerDay * lengthMs;
    }
  }
  return nanoDayMs / BigInt(DAY_MS);
}
