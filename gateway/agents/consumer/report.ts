import type { GatewayStatus } from '../../contracts/messages.ts';
import { deliveredOf, type Reduction } from '../../contracts/values/reduction.ts';
import { clockTime, energy } from '../../contracts/values/words.ts';

/** 'Demand-response event 18:00 to 19:00: 12.0 kWh delivered' and what that is made of. */
export function reductionSentence(one: Reduction, timeZone: string): string {
  const when = `${clockTime(one.fromMs, timeZone)} to ${clockTime(one.untilMs, timeZone)}`;
  const by = one.optedOut ? ', with an order by hand' : '';
  const name = `Demand-response event ${when}${by}`;
  const delivered = deliveredOf(one);
  if (delivered === undefined) {
    const why =
      one.result !== undefined && 'unknown' in one.result ? one.result.unknown : 'not over';
    return `${name}: what was delivered is not known, ${why}`;
  }
  const { deliveredWh, baselineWh, meteredWh, tradedWh } = delivered;
  const result =
    deliveredWh < 0 ? `nothing delivered, ${energy(deliveredWh)} more taken` : energy(deliveredWh);
  const sold = tradedWh > 0 ? `, ${energy(tradedWh)} sold in the market` : '';
  return (
    `${name}: ${result}${deliveredWh < 0 ? '' : ' delivered'}; ` +
    `baseline ${energy(baselineWh)}${baselineWh < 0 ? ' sold' : ''}, ` +
    `metered ${energy(meteredWh)}${meteredWh < 0 ? ' sold' : ''}${sold}`
  );
}

/** For the fleet: the newest event that is over. */
export function newestReduction(reductions: readonly Reduction[]): GatewayStatus['reduction'] {
  const newest = reductions.findLast(({ result }) => result !== undefined);
  if (newest === undefined) return undefined;
  const { sequence, fromMs, untilMs, optedOut } = newest;
  const delivered = deliveredOf(newest);
  return {
    ...{ sequence, fromMs, untilMs, optedOut },
    ...(delivered && {
      baselineWh: delivered.baselineWh,
      meteredWh: delivered.meteredWh,
      tradedWh: delivered.tradedWh,
      deliveredWh: delivered.deliveredWh,
    }),
  };
}
