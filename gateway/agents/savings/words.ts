import type { GatewayStatus } from '../../contracts/messages.ts';
import { type DayAccount, sumOf } from '../../contracts/values/account.ts';
import { DAY_MS, type Instant } from '../../contracts/values/time.ts';
import { energy, money, percent } from '../../contracts/values/words.ts';

const TELLING_WH = 500;

/** For the fleet: the newest closed day, without what only the site's own report needs. */
export function newestDay(accounts: readonly DayAccount[]): GatewayStatus['day'] {
  const newest = accounts.at(-1);
  if (newest === undefined) return undefined;
  const { day, currency, costs, missingCount } = newest;
  return {
    ...{ day, currency, missingCount },
    ...(costs && { oursNano: costs.oursNano, noneNano: costs.noneNano, selfNano: costs.selfNano }),
    ...(costs?.limitNano !== undefined && { limitNano: costs.limitNano }),
  };
}

/** For the page: yesterday and the last 30 days, in words. */
export function pastWords(
  accounts: readonly DayAccount[],
  todayMs: Instant,
): { readonly name: string; readonly text: string }[] {
  const yesterday = accounts.find((one) => one.untilMs === todayMs);
  const recent = accounts.filter(({ fromMs }) => fromMs >= todayMs - 30.5 * DAY_MS);
  const sum = sumOf(recent);
  const first = recent.find(({ costs }) => costs !== undefined);
  return [
    ...(yesterday ? [{ name: 'Yesterday', text: accountSentence(yesterday) }] : []),
    ...(sum.days > 1 && first
      ? [{ name: `Last ${sum.days} whole days`, text: sumSentence(recent, first.currency) }]
      : []),
  ];
}

/**
 * '€ 3.10 less than with no battery, € 0.80 less than by self-consumption, 87 % of the possible';
 * where the batteries end with another charge than the simulated ones, that stands beside it.
 */
export function accountSentence(account: DayAccount): string {
  if (account.costs === undefined) return `not compared, ${whyNot(account)}`;
  return sumSentence([account], account.currency);
}

function sumSentence(accounts: readonly DayAccount[], currency: string): string {
  const sum = sumOf(accounts);
  const against = (other: bigint, name: string): string => {
    const saved = other - sum.oursNano;
    return `${money(saved, currency)} ${saved < 0n ? 'more' : 'less'} than ${name}`;
  };
  const share = sum.capturedPct;
  return [
    against(sum.noneNano, 'with no battery'),
    `${against(sum.selfNano, 'by self-consumption')}${beside(accounts)}`,
    ...(share === undefined ? [] : [capturedWords(share)]),
  ].join(', ');
}

/** Charge that no cost counts: less was paid for it, or more. */
function beside(accounts: readonly DayAccount[]): string {
  const last = accounts.filter(({ costs }) => costs !== undefined).at(-1);
  if (last?.self === undefined) return '';
  const selfWh = Object.values(last.self.storedWh).reduce((sum, wh) => sum + wh, 0);
  const moreWh = last.endWh - selfWh;
  if (Math.abs(moreWh) < TELLING_WH) return '';
  return ` with ${energy(moreWh)} ${moreWh > 0 ? 'more' : 'less'} left in the battery`;
}

/** A loss is no share of what was possible. */
const capturedWords = (share: number): string =>
  share < 0 ? 'nothing of the possible' : `${percent(share)} of the possible`;

/** Why a day has no costs, as a clause. */
export function whyNot({
  missingCount,
  unpricedCount,
  chargeUnknown,
}: Pick<DayAccount, 'missingCount' | 'unpricedCount' | 'chargeUnknown'>): string {
  const quarters = (count: number): string =>
    `${count} quarter-hour${count === 1 ? ' is' : 's are'}`;
  return [
    ...(missingCount > 0 ? [`${quarters(missingCount)} missing`] : []),
    ...(unpricedCount > 0 ? [`${quarters(unpricedCount)} without a known price`] : []),
    ...(chargeUnknown ? ["the battery's charge at midnight is not known"] : []),
  ].join(', ');
}
