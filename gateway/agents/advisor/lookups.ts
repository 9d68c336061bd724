import { LOOK_UPS, type LookUp } from '../../contracts/advice.ts';
import type { Decision } from '../../contracts/values/image.ts';
import type { PlannedDay } from '../../contracts/values/outlook.ts';
import type { Site } from '../../contracts/values/site.ts';
import { DAY_MS, HOUR_MS, type Instant } from '../../contracts/values/time.ts';
import { clockTime } from '../../contracts/values/words.ts';
import type { ModelTool, Records } from '../../ports.ts';
import { momentText, nameOf } from './facts.ts';
import { askWhy } from './why.ts';

type Row = Record<string, unknown>;

const ROWS_MAX = 1_500;
const EVENTS_MAX = 10;

/** The site's memory as others may look at it. Nothing here writes, orders or sets anything. */
export class LookUps {
  private readonly site: Site;
  private readonly records: Records;
  private readonly nowMs: () => Promise<Instant>;

  constructor(site: Site, records: Records, nowMs: () => Promise<Instant>) {
    this.site = site;
    this.records = records;
    this.nowMs = nowMs;
  }

  /** @throws in one line when the input is not of the look-up's form */
  async run(name: LookUp, input: unknown): Promise<Row> {
    const parsed = LOOK_UPS[name].input.safeParse(input ?? {});
    if (!parsed.success) throw new TypeError(`${name}: ${parsed.error.issues[0]?.message}`);
    const given = parsed.data as { hours?: number; question?: string };
    const nowMs = await this.nowMs();
    const base = { nowMs, now: momentText(this.site, nowMs) };
    const hours = given.hours ?? 24;
    switch (name) {
      case 'state':
        return { ...base, ...(await this.state(nowMs)) };
      case 'history':
        return { ...base, ...(await this.history(nowMs - hours * HOUR_MS, nowMs)) };
      case 'plan':
        return { ...base, ...(await this.plan(nowMs, nowMs + hours * HOUR_MS)) };
      case 'market':
        return { ...base, ...(await this.market(nowMs, hours)) };
      case 'why':
        return { ...base, ...(await this.why(given.question ?? '', nowMs)) };
    }
  }

  /** The same look-ups for a model that thinks. */
  tools(names: readonly LookUp[], inputSchema: (name: LookUp) => Row): ModelTool[] {
    return names.map((name) => ({
      name,
      description: LOOK_UPS[name].description,
      inputSchema: inputSchema(name),
      run: (input) => this.run(name, input),
    }));
  }

  private async state(nowMs: Instant): Promise<Row> {
    const { records, site } = this;
    const decisions = await records.list('decision', nowMs - 30 * DAY_MS, nowMs + 1);
    const decision = decisions.at(-1)?.body as Decision | undefined;
    const events = await records.list('event', nowMs - DAY_MS, nowMs + 1);
    const quarters = await records.history(nowMs - DAY_MS, nowMs + 1);
    const newest = new Map(quarters.map((row) => [row.place, row]));
    return {
      decision: decision ?? null,
      events: events.slice(-EVENTS_MAX).map(({ body }) => body),
      measured: [...newest.values()].map((row) => ({ name: nameOf(site, row.place), ...row })),
      outboxRows: (await records.outbox()).rows,
    };
  }

  private async history(fromMs: Instant, untilMs: Instant): Promise<Row> {
    const rows = await this.records.history(fromMs, untilMs);
    const quarters = rows.slice(-ROWS_MAX).map((row) => ({
      from: this.local(row.fromMs),
      name: nameOf(this.site, row.place),
      ...row,
    }));
    return { quarters, leftOut: rows.length - quarters.length };
  }

  private async plan(nowMs: Instant, untilMs: Instant): Promise<Row> {
    const documents = await this.records.list('plan', nowMs - DAY_MS, nowMs + 1);
    const found = documents.at(-1)?.body as PlannedDay | undefined;
    if (found === undefined) return { plan: null, steps: [] };
    const { steps, whys, ...plan } = found;
    const all = steps.map((step, i) => ({
      from: this.local(step.fromMs),
      ...step,
      why: whys?.[i] ?? '',
    }));
    const ahead = all.filter(
      ({ fromMs, durationMs }) => fromMs + durationMs > nowMs && fromMs < untilMs,
    );
    return { plan, steps: ahead };
  }

  private async market(nowMs: Instant, hours: number): Promise<Row> {
    const fromMs = nowMs - hours * HOUR_MS;
    const bodies = async (kind: 'order' | 'award' | 'statement', untilMs: Instant) =>
      (await this.records.list(kind, fromMs, untilMs)).map(({ body }) => body);
    return {
      orders: await bodies('order', nowMs + 2 * DAY_MS),
      awards: await bodies('award', nowMs + 2 * DAY_MS),
      statements: await bodies('statement', nowMs + 1),
    };
  }

  private async why(question: string, nowMs: Instant): Promise<Row> {
    const { site, records } = this;
    const deps = { site, records, nowMs, model: undefined, instructions: '' };
    const { moment, answer, facts } = await askWhy(question, deps);
    return { moment, answer, facts };
  }

  private local(atMs: Instant): string {
    return clockTime(atMs, this.site.place.timeZone);
  }
}
