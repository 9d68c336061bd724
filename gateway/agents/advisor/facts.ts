import type { Order } from '../../contracts/messages.ts';
import { awards as awardsSchema } from '../../contracts/messages.ts';
import type { Decision } from '../../contracts/values/image.ts';
import type { OutlookStep, PlannedDay } from '../../contracts/values/outlook.ts';
import type { EnergyRecord } from '../../contracts/values/record.ts';
import type { Site } from '../../contracts/values/site.ts';
import { DAY_MS, HOUR_MS, type Instant, QUARTER_MS } from '../../contracts/values/time.ts';
import type { DayEvent } from '../../contracts/values/view.ts';
import {
  clockTime,
  dayName,
  doing,
  energy,
  price,
  priceUnit,
} from '../../contracts/values/words.ts';
import type { Records } from '../../ports.ts';
import { adviceText } from './leans.ts';
import type { Advice } from './scores.ts';

/** What the gateway wrote down, as a sentence; the numbers are for whoever cites it. */
export interface Fact {
  readonly n: number;
  readonly kind: 'decision' | 'plan' | 'advice' | 'award' | 'order' | 'event' | 'measured';
  readonly atMs: Instant;
  readonly text: string;
}

type Found = Omit<Fact, 'n'>;

const AROUND_MS = HOUR_MS / 2;
const EVENTS_MAX = 12;

/** Everything recorded that bears on an instant, the binding reason first. */
export async function factsAt(records: Records, site: Site, atMs: Instant): Promise<Fact[]> {
  const found = [
    ...(await decisionAt(records, site, atMs)),
    ...(await planAt(records, site, atMs)),
    ...(await adviceAt(records, site, atMs)),
    ...(await marketAt(records, site, atMs)),
    ...(await measuredAt(records, site, atMs)),
    ...(await eventsAround(records, site, atMs)),
  ];
  return found.map((fact, i) => ({ n: i + 1, ...fact }));
}

async function decisionAt(records: Records, site: Site, atMs: Instant): Promise<Found[]> {
  const documents = await records.list('decision', atMs - DAY_MS, atMs + 1);
  const decision = documents.at(-1)?.body as Decision | undefined; // own document
  if (decision === undefined) return [];
  const since = clockTime(decision.atMs, site.place.timeZone);
  const { sentence, authority } = decision.reason;
  const first = `Since ${since}: ${sentence}. Decided by ${authority.replaceAll('-', ' ')}.`;
  return [{ kind: 'decision', atMs: decision.atMs, text: first }];
}

async function planAt(records: Records, site: Site, atMs: Instant): Promise<Found[]> {
  // The newest plan of then; a plan of now answers for what is still to come.
  const documents = await records.list('plan', atMs - DAY_MS, atMs + 1);
  for (const { body } of documents.reverse()) {
    const plan = body as PlannedDay; // own document
    const index = plan.steps.findIndex(
      ({ fromMs, durationMs }) => fromMs <= atMs && atMs < fromMs + durationMs,
    );
    const step = plan.steps[index];
    if (step === undefined) continue;
    const text = stepText(site, plan, step, plan.whys?.[index]);
    return [{ kind: 'plan', atMs: plan.issuedAtMs, text }];
  }
  return [];
}

/** Advice that leaned on the plan then, with what it came to. */
async function adviceAt(records: Records, site: Site, atMs: Instant): Promise<Found[]> {
  const documents = await records.list('advice', atMs - DAY_MS, atMs + 1);
  return documents.flatMap(({ body }): Found[] => {
    const advice = body as Advice; // own document
    const { lean } = advice;
    if (lean === undefined || lean.fromMs > atMs) return [];
    if ((lean.withdrawn?.atMs ?? lean.untilMs) <= atMs) return [];
    return [{ kind: 'advice', atMs: lean.fromMs, text: `${adviceText(advice, site)}.` }];
  });
}

function stepText(
  site: Site,
  plan: PlannedDay,
  step: OutlookStep,
  why: string | undefined,
): string {
  const { currency, place } = site;
  const time = (ms: Instant): string => clockTime(ms, place.timeZone);
  const parts = [
    ...(step.pvW >= 1 ? [`sun ${doing('pv', step.pvW)}`] : []),
    `loads ${doing('load', step.loadW + step.flexW)}`,
    ...(Object.keys(step.socWh).length > 0 ? [`battery ${doing('battery', step.batteryW)}`] : []),
    `the site ${doing('grid', step.gridW)}`,
  ];
  const unit = priceUnit(currency).split('/')[1];
  const prices =
    `bought energy costs ${price(step.importNanoPerWh, currency)} and sold energy ` +
    `earns ${price(step.exportNanoPerWh, currency)} a ${unit}`;
  const way = plan.source === 'levels' ? 'the levels of the battery' : 'rules';
  const by = plan.source === 'optimal' ? '' : ` It is a plan by ${way}: ${plan.detail}.`;
  const reason = why === undefined || why === '' ? '' : ` Reason: ${why}.`;
  return (
    `The plan of ${time(plan.issuedAtMs)} for ${time(step.fromMs)} to ` +
    `${time(step.fromMs + step.durationMs)}: ${parts.join(', ')}; ${prices}.${reason}${by}`
  );
}

async function marketAt(records: Records, site: Site, atMs: Instant): Promise<Found[]> {
  const fromMs = Math.floor(atMs / QUARTER_MS) * QUARTER_MS;
  const interval = span(site, fromMs);
  const { currency } = site;
  const orders = await records.list('order', fromMs, fromMs + 1);
  const results = await records.list('award', fromMs, fromMs + 1);
  const found = results.flatMap(({ atMs: at, body }): Found[] => {
    const parsed = awardsSchema.safeParse(body);
    if (!parsed.success) return [];
    if (parsed.data.awards.length === 0) {
      return [{ kind: 'award', atMs: at, text: `No order for ${interval} was awarded.` }];
    }
    return parsed.data.awards.map(({ side, energyWh, priceMicroPerKwh }) => {
      const act = side === 'sell' ? 'Sold' : 'Bought';
      const unitPrice = price(priceMicroPerKwh, currency, 2);
      const text = `${act} ${energy(energyWh)} for ${interval} at ${unitPrice}.`;
      return { kind: 'award', atMs: at, text };
    });
  });
  for (const { atMs: at, body } of orders) {
    const order = body as Order & { fromStore?: boolean; state?: string; code?: string };
    const act = order.side === 'sell' ? 'Offered' : 'Asked for';
    const least = order.side === 'sell' ? 'at least' : 'at most';
    const beyond = order.fromStore === true ? ', from the store beyond the plan' : '';
    const state = order.state === 'rejected' ? `; rejected: ${order.code ?? 'no code'}` : '';
    const limit = price(order.priceMicroPerKwh, currency, 2);
    const what = `${act} ${energy(order.energyWh)} for ${interval}`;
    const text = `${what}, ${least} ${limit}${beyond}${state}.`;
    found.push({ kind: 'order', atMs: at, text });
  }
  return found;
}

async function measuredAt(records: Records, site: Site, atMs: Instant): Promise<Found[]> {
  const fromMs = Math.floor(atMs / QUARTER_MS) * QUARTER_MS;
  const rows = await records.history(fromMs, fromMs + QUARTER_MS);
  return rows.map((row) => ({
    kind: 'measured',
    atMs: row.fromMs,
    text: measuredText(site, row),
  }));
}

function measuredText(site: Site, row: EnergyRecord): string {
  const name = nameOf(site, row.place);
  const quality = row.quality === 'measured' ? '' : ` (${row.quality})`;
  return (
    `Measured ${span(site, row.fromMs)}: ${name}, ${energy(row.inWh)} into the site and ` +
    `${energy(row.outWh)} out of it${quality}.`
  );
}

async function eventsAround(records: Records, site: Site, atMs: Instant): Promise<Found[]> {
  const events = await records.list('event', atMs - AROUND_MS, atMs + AROUND_MS);
  return events.slice(-EVENTS_MAX).map(({ atMs: at, body }) => {
    const { text } = body as DayEvent; // own document
    const ended = /[.!?]$/.test(text) ? text : `${text}.`;
    return { kind: 'event', atMs: at, text: `${clockTime(at, site.place.timeZone)}: ${ended}` };
  });
}

export function nameOf(site: Site, place: string): string {
  if (site.connections.some(({ id }) => id === place)) return 'grid connection';
  return site.terminals.find(({ id }) => id === place)?.name ?? place;
}

function span(site: Site, fromMs: Instant): string {
  const time = (ms: Instant): string => clockTime(ms, site.place.timeZone);
  return `${time(fromMs)} to ${time(fromMs + QUARTER_MS)}`;
}

export const momentText = (site: Site, atMs: Instant): string =>
  `${dayName(atMs, site.place.timeZone)}, ${clockTime(atMs, site.place.timeZone)}`;
