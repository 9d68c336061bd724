import { join } from 'node:path';
import { openRecords } from '../adapters/sqlite/reader.ts';
import { reductionSentence } from '../agents/consumer/report.ts';
import type { CheckUpDocument } from '../agents/health/health.ts';
import { whyNot } from '../agents/savings/words.ts';
import { runningFiles } from '../config/own-files.ts';
import { runningSite } from '../config/running-site.ts';
import { type AccountSum, type DayAccount, sumOf } from '../contracts/values/account.ts';
import { Fault } from '../contracts/values/fault.ts';
import type { Reduction } from '../contracts/values/reduction.ts';
import { DAY_MS, localDate } from '../contracts/values/time.ts';
import { clockTime, energy, money, paid, percent } from '../contracts/values/words.ts';
import { print, printJson, table } from './output.ts';

export interface ReportOptions {
  readonly from?: string;
  readonly to?: string;
  readonly json?: boolean;
}

/**
 * `edgewatt report DIR`: what each day cost, and what it would have cost without battery, by
 * self-consumption and for who had known it, as the agent wrote it down when the day was over.
 */
export async function report(dir: string, options: ReportOptions): Promise<void> {
  const { file } = runningFiles(dir);
  const { site } = runningSite(file);
  const from = dayIn(options.from, '--from');
  const to = dayIn(options.to, '--to');
  if (from !== undefined && to !== undefined && to < from) {
    throw new Fault(`'${to}' is before ${from}`, '--to', 'name a day that is not before --from');
  }
  const records = openRecords(join(file.dataDir, 'agent.db'));
  try {
    const documents = await records.list('account', 0, Date.now() + 400 * DAY_MS);
    const accounts = documents
      .map(({ body }) => body as DayAccount) // as the agent writes them
      .filter(({ day }) => (from ?? day) <= day && day <= (to ?? day));
    const events = await records.list('reduction', 0, Date.now() + 400 * DAY_MS);
    const reductions = events
      .map(({ body }) => body as Reduction)
      .filter(({ taken, fromMs }) => {
        const day = localDate(fromMs, site.place.timeZone);
        return taken && (from ?? day) <= day && day <= (to ?? day);
      });
    const checkUp = (await records.get('detector', 'health'))?.body as CheckUpDocument | undefined;
    const equipment = checkUp?.said ?? [];
    if (options.json === true) {
      printJson({ ...jsonOf(site.id, accounts, reductions), equipment });
    } else print([reportText(accounts, site.place.timeZone, reductions), ...equipment].join('\n'));
  } finally {
    records.close();
  }
}

function dayIn(text: string | undefined, option: string): string | undefined {
  if (text === undefined) return undefined;
  const atMs = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  const isDay = !Number.isNaN(atMs) && new Date(atMs).toISOString().startsWith(text);
  if (!isDay) throw new Fault(`'${text}' is no day`, option, 'write it as 2026-06-17');
  return text;
}

/** Exact amounts stay decimal nano-currency. */
function jsonOf(
  site: string,
  accounts: readonly DayAccount[],
  reductions: readonly Reduction[],
): object {
  const sum = sumOf(accounts);
  return {
    site,
    currency: accounts[0]?.currency ?? null,
    days: accounts.map((one) => ({
      ...one,
      costs: one.costs ?? null,
      capturedPct: sumOf([one]).capturedPct ?? null,
    })),
    sum: {
      days: sum.days,
      oursNano: String(sum.oursNano),
      noneNano: String(sum.noneNano),
      selfNano: String(sum.selfNano),
      limitDays: sum.limitDays,
      limitNano: sum.limitNano === undefined ? null : String(sum.limitNano),
      capturedPct: sum.capturedPct ?? null,
    },
    daysWithGaps: accounts.filter(({ costs }) => costs === undefined).map(({ day }) => day),
    daysWithoutAccount: lackingDays(accounts),
    reductions,
  };
}

const HEAD = [
  'day',
  'no battery',
  'self-consumption',
  'Edgewatt',
  'perfect foresight',
  'saved',
  'captured',
];

function reportText(
  accounts: readonly DayAccount[],
  timeZone: string,
  reductions: readonly Reduction[],
): string {
  const events = reductions.map(
    (one) => `${localDate(one.fromMs, timeZone)}: ${reductionSentence(one, timeZone)}`,
  );
  const [first] = accounts;
  if (first === undefined) {
    return ['No day is closed here yet; one is after its midnight.', ...events].join('\n');
  }
  const { currency } = first;
  const whole = accounts.filter(({ costs }) => costs !== undefined);
  const sum = sumOf(whole);
  const lines =
    sum.days === 0
      ? []
      : [
          table([
            HEAD,
            ...whole.map((one) => [one.day, ...cells(sumOf([one]), currency)]),
            [`${sum.days} ${sum.days === 1 ? 'day' : 'days'}`, ...cells(sum, currency)],
          ]),
          '',
        ];
  const heldBack = whole.filter(({ heldBackCount }) => heldBackCount > 0);
  const lacking = lackingDays(accounts);
  return [
    ...lines,
    ...accounts.filter(({ costs }) => costs === undefined).map((one) => gapLine(one, timeZone)),
    ...whole.flatMap(({ day, costs }) =>
      costs?.limitNano === undefined ? [`${day}: no perfect foresight, ${costs?.limitWhy}`] : [],
    ),
    ...(lacking.length === 0 ? [] : [`Nothing was measured: ${lacking.join(', ')}`]),
    ...heldBack.map(({ day }) => `${day}: sun was held back; it counts as it came`),
    ...storedLine(whole),
    'Saved is against no battery. Loads and cars count as they ran.',
    ...events,
  ].join('\n');
}

/** What the costs do not see: charge that came from before these days, or is left for later. */
function storedLine(whole: readonly DayAccount[]): string[] {
  const [first, last] = [whole[0], whole.at(-1)];
  const isBattery = whole.some(({ startWh, endWh }) => startWh + endWh > 0);
  if (first === undefined || last?.self === undefined || !isBattery) return [];
  const selfWh = Object.values(last.self.storedWh).reduce((sum, wh) => sum + wh, 0);
  return [
    `Stored, which no cost counts: ${energy(first.startWh)} before, ${energy(last.endWh)} after, ` +
      `${energy(selfWh)} after self-consumption.`,
  ];
}

function cells(sum: AccountSum, currency: string): string[] {
  const { noneNano, selfNano, oursNano, limitNano } = sum;
  const savedNano = noneNano - oursNano;
  const share = sum.capturedPct;
  return [
    paid(noneNano, currency),
    paid(selfNano, currency),
    paid(oursNano, currency),
    limitNano === undefined ? '-' : paid(limitNano, currency),
    `${money(savedNano, currency)}${savedNano < 0n ? ' more' : ''}`,
    share === undefined ? '-' : share < 0 ? 'nothing' : percent(share, 1),
  ];
}

function gapLine(account: DayAccount, timeZone: string): string {
  const spans = account.missing.map(
    ({ fromMs, untilMs }) => `${clockTime(fromMs, timeZone)} to ${clockTime(untilMs, timeZone)}`,
  );
  const shown = spans.length > 3 ? [...spans.slice(0, 3), 'and more'] : spans;
  const where = shown.length === 0 ? '' : ` (${shown.join(', ')})`;
  return `${account.day}: not compared, ${whyNot(account)}${where}`;
}

/** Days between the first and the last of which there is no account at all. */
function lackingDays(accounts: readonly DayAccount[]): string[] {
  const [first, last] = [accounts[0], accounts.at(-1)];
  if (first === undefined || last === undefined) return [];
  const known = new Set(accounts.map(({ day }) => day));
  const lacking: string[] = [];
  for (let atMs = Date.parse(first.day); atMs < Date.parse(last.day); atMs += DAY_MS) {
    const day = new Date(atMs).toISOString().slice(0, 10);
    if (!known.has(day)) lacking.push(day);
  }
  return lacking;
}
