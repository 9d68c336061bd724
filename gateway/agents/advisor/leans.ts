import type { Strategy } from '../../contracts/advice.ts';
import { parametersOf } from '../../contracts/advice.ts';
import { type PlanParameters, STANDARD } from '../../contracts/values/outlook.ts';
import type { Site } from '../../contracts/values/site.ts';
import type { Instant } from '../../contracts/values/time.ts';
import { clockTime, money, percent, price } from '../../contracts/values/words.ts';
import type { Advice } from './scores.ts';

export type Adviser = 'producer' | 'consumer';

/** Advice that leans on the plan until it is over. */
export interface Lean {
  readonly key: string;
  readonly agent: Adviser;
  readonly untilMs: Instant;
  readonly strategy: Strategy; // bounded
}

const RECENT = 5;
/** A thousandth of the currency: less is no difference. */
const NEAR_NANO = 1_000_000;

/**
 * Which advice is in force, and whom experience trusts: an agent whose last five measured proposals
 * together cost more than the plan without them works in the shadow until they no longer do.
 */
export class Leans {
  private leans: Lean[] = [];
  private readonly recent = new Map<Adviser, number[]>();

  /** One of an agent at a time: a new one takes the old one's place. */
  add(lean: Lean): void {
    this.leans = [...this.leans.filter(({ agent }) => agent !== lean.agent), lean];
  }

  inForce(nowMs: Instant): readonly Lean[] {
    this.leans = this.leans.filter(({ untilMs }) => untilMs > nowMs);
    return this.leans;
  }

  /** @returns whether it was in force */
  withdraw(key: string): boolean {
    const before = this.leans.length;
    this.leans = this.leans.filter((lean) => lean.key !== key);
    return this.leans.length < before;
  }

  /** What the next plan is made under; `without` an agent's own. */
  parameters(nowMs: Instant, without?: Adviser): PlanParameters {
    return this.inForce(nowMs)
      .filter(({ agent }) => agent !== without)
      .map(({ agent, strategy }) => parametersOf(agent, strategy))
      .reduce(together, STANDARD);
  }

  /** A proposal's time is over and measured: by how much it cost more than its twin. */
  measured(agent: Adviser, moreNano: number): void {
    this.recent.set(agent, [...(this.recent.get(agent) ?? []), moreNano].slice(-RECENT));
  }

  isTrusted(agent: Adviser): boolean {
    return (this.recent.get(agent) ?? []).reduce((sum, one) => sum + one, 0) <= NEAR_NANO;
  }
}

/** Both at once: whoever keeps more back. */
export const together = (a: PlanParameters, b: PlanParameters): PlanParameters => ({
  reservePct: Math.max(a.reservePct, b.reservePct),
  marginPct: Math.max(a.marginPct, b.marginPct),
  sellMarginNanoPerWh: Math.max(a.sellMarginNanoPerWh, b.sellMarginNanoPerWh),
  buyMarginNanoPerWh: Math.max(a.buyMarginNanoPerWh, b.buyMarginNanoPerWh),
});

export const areSame = (a: PlanParameters, b: PlanParameters): boolean =>
  a.reservePct === b.reservePct &&
  a.marginPct === b.marginPct &&
  a.sellMarginNanoPerWh === b.sellMarginNanoPerWh &&
  a.buyMarginNanoPerWh === b.buyMarginNanoPerWh;

/** '30 % of the battery kept back, offers 2.0 ct dearer'. */
export function parametersText(parameters: PlanParameters, currency: string): string {
  const { reservePct, marginPct, sellMarginNanoPerWh, buyMarginNanoPerWh } = parameters;
  const parts = [
    ...(reservePct > 0 ? [`${percent(reservePct)} of the battery kept back`] : []),
    ...(marginPct > 0 ? [`ready for ${percent(marginPct)} more load`] : []),
    ...(sellMarginNanoPerWh > 0 ? [`offers ${price(sellMarginNanoPerWh, currency)} dearer`] : []),
    ...(buyMarginNanoPerWh > 0 ? [`bids ${price(buyMarginNanoPerWh, currency)} lower`] : []),
  ];
  return parts.length === 0 ? 'as it is' : parts.join(', ');
}

/** 'From 14:00 to 15:00 the plan leaned on advice of ...', without its full stop. */
export function adviceText(advice: Advice, site: Site): string {
  const { agent, lean, score, model, measured } = advice;
  const strategy = advice.bounded ?? (advice.proposal as Strategy | undefined); // own document
  if (lean === undefined || agent === 'forecasting' || strategy === undefined) return '';
  const time = (atMs: Instant): string => clockTime(atMs, site.place.timeZone);
  const amount = (nano: number): string => money(BigInt(Math.round(nano)), site.currency);
  const what = parametersText(parametersOf(agent, strategy), site.currency);
  const gain =
    score && 'twinNano' in score
      ? `; simulated, the day costs ${amount(score.twinNano - score.proposedNano)} less`
      : '';
  const moreNano = measured && measured.proposedNano - measured.twinNano;
  const proof =
    moreNano === undefined
      ? ''
      : `; as measured it cost ${amount(moreNano)} ${moreNano > 0 ? 'more' : 'less'}`;
  const end = lean.withdrawn === undefined ? '' : `; withdrawn at ${time(lean.withdrawn.atMs)}`;
  return (
    `From ${time(lean.fromMs)} to ${time(lean.untilMs)} the plan leaned on the ${agent} agent's ` +
    `advice (${model}): ${what}${gain}${proof}${end}. Its reason: "${strategy.why}"`
  );
}

/**
 * Clause beside the reason of each step: "30 % of the battery kept back on the producer agent's
 * advice until 15:00"; empty without any.
 */
export function leanClause(
  leans: readonly Lean[],
  words: { readonly timeZone: string; readonly currency: string },
): string {
  if (leans.length === 0) return '';
  const parameters = leans
    .map(({ agent, strategy }) => parametersOf(agent, strategy))
    .reduce(together, STANDARD);
  const names = leans.map(({ agent }) => agent).join(' and ');
  const whose = leans.length === 1 ? `${names} agent's` : `${names} agents'`;
  const until = clockTime(Math.min(...leans.map(({ untilMs }) => untilMs)), words.timeZone);
  return `${parametersText(parameters, words.currency)} on the ${whose} advice until ${until}`;
}
