import type { SurveillanceNote } from '../../../gateway/contracts/advice.ts';
import { compareText } from '../../canonical.ts';
import type { AuctionOrder, PriceBounds } from '../../market/auction.ts';

export type Finding = SurveillanceNote['findings'][number];

const DOMINANT_SHARE = 0.6;
const NEAR_BOUND = 0.01;

/** Participants under names of one interval only: nobody outside learns who is who. */
export function aliasesOf(orders: readonly AuctionOrder[]): ReadonlyMap<string, string> {
  const owners = [...new Set(orders.map(({ owner }) => owner))].sort(compareText);
  return new Map(owners.map((owner, i) => [owner, `p${i + 1}`]));
}

/**
 * What in an order book deserves a look, by rules; each kind once a participant.
 * @param mostLoadWh  nine times in ten all sites of the zone use less in the interval; absent where
 *   their demand is not forecast
 */
export function survey(
  orders: readonly AuctionOrder[],
  bounds: PriceBounds,
  mostLoadWh?: number,
): Finding[] {
  const aliases = aliasesOf(orders);
  return [...aliases].flatMap(([owner, who]) => {
    const own = orders.filter((order) => order.owner === owner);
    return [
      ...bothSides(own, who),
      ...dominance(orders, own, 'sell', who),
      ...dominance(orders, own, 'buy', who),
      ...atBound(own, bounds, who),
      ...beyondNeed(own, mostLoadWh, who),
    ].filter((one, i, all) => all.findIndex(({ kind }) => kind === one.kind) === i);
  });
}

function bothSides(own: readonly AuctionOrder[], who: string): Finding[] {
  const sells = own.filter(({ side }) => side === 'sell');
  const meets = own.some(
    (buy) =>
      buy.side === 'buy' &&
      sells.some(
        (sell) =>
          buy.priceMicroPerKwh === null ||
          sell.priceMicroPerKwh === null ||
          sell.priceMicroPerKwh <= buy.priceMicroPerKwh,
      ),
  );
  const why = 'it sells and buys in one interval at prices that could meet';
  return meets ? [{ kind: 'both-sides', who, why }] : [];
}

function dominance(
  orders: readonly AuctionOrder[],
  own: readonly AuctionOrder[],
  side: 'sell' | 'buy',
  who: string,
): Finding[] {
  const sum = (some: readonly AuctionOrder[]): number =>
    some.reduce((total, one) => total + (one.side === side ? one.energyWh : 0), 0);
  const all = sum(orders);
  const share = all === 0 ? 0 : sum(own) / all;
  const why = `it has ${Math.round(share * 100)} percent of what is on the ${side} side`;
  return share > DOMINANT_SHARE && share < 1 ? [{ kind: 'dominance', who, why }] : [];
}

function atBound(own: readonly AuctionOrder[], bounds: PriceBounds, who: string): Finding[] {
  const { floorMicroPerKwh, capMicroPerKwh } = bounds;
  const near = NEAR_BOUND * (capMicroPerKwh - floorMicroPerKwh);
  const found = own.some(
    ({ priceMicroPerKwh: price }) =>
      price !== null && (price <= floorMicroPerKwh + near || price >= capMicroPerKwh - near),
  );
  const why = 'an order stands at the price floor or cap';
  return found ? [{ kind: 'at-bound', who, why }] : [];
}

function beyondNeed(
  own: readonly AuctionOrder[],
  mostLoadWh: number | undefined,
  who: string,
): Finding[] {
  const boughtWh = own.reduce(
    (sum, { side, energyWh }) => sum + (side === 'buy' ? energyWh : 0),
    0,
  );
  const why = 'it buys more than all sites of the zone together are likely to use';
  return mostLoadWh !== undefined && boughtWh > mostLoadWh
    ? [{ kind: 'beyond-need', who, why }]
    : [];
}

interface Named {
  readonly kind: string;
  readonly who: string;
}

/** Where rules and model agree, and what only one of them saw. */
export function compare(rules: readonly Named[], model: readonly Named[]) {
  const name = ({ kind, who }: Named): string => `${kind} ${who}`;
  const known = new Set(rules.map(name));
  const seen = new Set(model.map(name));
  return {
    agreed: [...seen].filter((one) => known.has(one)).length,
    onlyRules: [...known].filter((one) => !seen.has(one)).length,
    onlyModel: [...seen].filter((one) => !known.has(one)).length,
  };
}
