import { amountNano, type Nano } from '../../gateway/contracts/values/money.ts';
import type { Instant, Interval } from '../../gateway/contracts/values/time.ts';
import { compareText } from '../canonical.ts';
import type { Side } from './auction.ts';
import { ACCOUNTS, type Entry, type Leg } from './ledger.ts';

export type Quality = 'measured' | 'partial' | 'substituted' | 'corrected';

/** One award, as a leg against the clearing house. */
export interface Traded {
  readonly participant: string;
  readonly side: Side;
  readonly energyWh: number;
}

/** Prices of imbalance, nano-currency per Wh: what a short one pays and what a long one gets. */
export interface ImbalancePrices {
  readonly shortNanoPerWh: number;
  readonly longNanoPerWh: number;
}

export interface Delivered {
  readonly participant: string;
  readonly soldWh: number;
  readonly boughtWh: number;
  readonly meteredNetWh: number; // injected - consumed
  readonly quality: Quality;
  readonly prices: ImbalancePrices;
}

export interface Imbalance {
  readonly participant: string;
  readonly imbalanceWh: number; // + long, - short
  readonly amountNano: Nano; // + is received
  readonly quality: Quality;
}

export interface Settled {
  readonly imbalances: readonly Imbalance[];
  readonly entries: readonly Entry[];
}

const name = (kind: string, zone: string, interval: Interval): string =>
  `${kind}/${zone}/${interval.fromMs}`;

/**
 * Postings of one cleared interval: each award against the clearing house at one price, and the
 * grid fee of the traded energy, which the buyer pays, in an account of its own. Nothing traded,
 * nothing posted.
 */
export function tradeEntries(
  zone: string,
  currency: string,
  interval: Interval,
  atMs: Instant,
  traded: readonly Traded[],
  priceNanoPerWh: number,
  gridFeeNanoPerWh: number,
): Entry[] {
  if (traded.length === 0) return [];
  const trade: Leg[] = [];
  const fee: Leg[] = [];
  for (const one of traded) {
    const amount = amountNano(one.energyWh, priceNanoPerWh);
    const account = ACCOUNTS.participant(one.participant);
    const received = one.side === 'sell' ? amount : -amount;
    trade.push({ account, amountNano: received });
    trade.push({ account: ACCOUNTS.clearing(zone), amountNano: -received });
    if (one.side === 'buy' && gridFeeNanoPerWh !== 0) {
      const paid = amountNano(one.energyWh, gridFeeNanoPerWh);
      fee.push({ account, amountNano: -paid }, { account: ACCOUNTS.fees(zone), amountNano: paid });
    }
  }
  const base = { atMs, currency };
  const entries: Entry[] = [
    { ...base, id: name('trade', zone, interval), kind: 'trade', legs: trade },
  ];
  if (fee.length > 0) {
    entries.push({
      ...base,
      id: name('fee', zone, interval),
      kind: 'grid-fee',
      legs: sumLegs(fee),
    });
  }
  return entries;
}

/**
 * Settles one interval of one zone: metered net against position. Two prices: short pays its import
 * tariff, long gets its export tariff. The zone's rest is settled with the retailer at the zone's
 * tariff, and what the two prices leave goes to the zone's surplus account, so that balancing nets
 * to 0.
 * @param version  1 for the first settlement of the interval; a correction reverses the one before
 *   and is posted anew
 */
export function settleInterval(
  zone: string,
  currency: string,
  interval: Interval,
  atMs: Instant,
  delivered: readonly Delivered[],
  retail: ImbalancePrices,
  version: number,
): Settled {
  const imbalances = delivered.map((one) => imbalanceOf(one));
  const legs: Leg[] = [];
  for (const one of imbalances) {
    legs.push({ account: ACCOUNTS.participant(one.participant), amountNano: one.amountNano });
    legs.push({ account: ACCOUNTS.balancing(zone), amountNano: -one.amountNano });
  }
  const netWh = imbalances.reduce((sum, one) => sum + one.imbalanceWh, 0);
  const toBalance = imbalances.reduce((sum, one) => sum + one.amountNano, 0n);
  const retailer = -amountOf(netWh, retail);
  const base = { atMs, currency };
  return {
    imbalances,
    entries: [
      {
        ...base,
        id: `${name('imbalance', zone, interval)}/${version}`,
        kind: 'imbalance',
        legs: sumLegs(legs),
      },
      {
        ...base,
        id: `${name('retail', zone, interval)}/${version}`,
        kind: 'retail',
        legs: sumLegs([
          { account: ACCOUNTS.balancing(zone), amountNano: toBalance },
          { account: ACCOUNTS.retailer(zone), amountNano: retailer },
          { account: ACCOUNTS.surplus(zone), amountNano: -toBalance - retailer },
        ]),
      },
    ],
  };
}

/** Imbalance of one participant, and what it receives for it (negative: pays). */
export function imbalanceOf(one: Delivered): Imbalance {
  const imbalanceWh = one.meteredNetWh - (one.soldWh - one.boughtWh);
  return {
    participant: one.participant,
    imbalanceWh,
    amountNano: amountOf(imbalanceWh, one.prices),
    quality: one.quality,
  };
}

/**
 * One price for all, by the zone's net: short zones pay the import, long ones get the export
 * tariff.
 */
export function singlePrice(netWh: number, retail: ImbalancePrices): ImbalancePrices {
  const price =
    netWh < 0
      ? retail.shortNanoPerWh
      : netWh > 0
        ? retail.longNanoPerWh
        : Math.floor((retail.shortNanoPerWh + retail.longNanoPerWh) / 2);
  return { shortNanoPerWh: price, longNanoPerWh: price };
}

function amountOf(imbalanceWh: number, prices: ImbalancePrices): Nano {
  return amountNano(imbalanceWh, imbalanceWh < 0 ? prices.shortNanoPerWh : prices.longNanoPerWh);
}

/** One leg an account, by name, without empty ones. */
function sumLegs(legs: readonly Leg[]): Leg[] {
  const sums = new Map<string, Nano>();
  for (const leg of legs) sums.set(leg.account, (sums.get(leg.account) ?? 0n) + leg.amountNano);
  return [...sums]
    .filter(([, amount]) => amount !== 0n)
    .sort(([a], [b]) => compareText(a, b))
    .map(([account, amount]) => ({ account, amountNano: amount }));
}
