import {
  type BiasHint,
  biasHint,
  formOf,
  type Strategy,
  strategy,
} from '../../contracts/advice.ts';
import type { Outlook, SiteForecast } from '../../contracts/values/outlook.ts';
import type { Site } from '../../contracts/values/site.ts';
import { HOUR_MS, type Instant, QUARTER_MS } from '../../contracts/values/time.ts';
import { clockTime } from '../../contracts/values/words.ts';
import type { Document, Log, Model, ModelTool } from '../../ports.ts';
import { type Advice, hintErrors, type Measured } from './scores.ts';

export type ShadowAgent = Advice['agent'];

export interface ShadowDeps {
  readonly site: Site;
  readonly model: Model;
  readonly instructions: Readonly<Record<ShadowAgent, string>>;
  readonly measured: Measured;
  readonly keep: (document: Document) => void;
  readonly log: Log;
}

/** A plan as it was just made, and who judges what is proposed for the next one. */
export interface Moment {
  readonly outlook: Outlook;
  readonly forecast: SiteForecast;
  /** What a proposal should know beside the plan: bounds, what is in force, cleared prices. */
  readonly known: Readonly<Record<string, unknown>>;
  /** @returns the advice with its proposal and what came of it, as it is kept under `key` */
  judge(key: string, advice: Proposed, strategy: Strategy): Promise<Advice>;
}

export type Proposed = Advice & { readonly agent: 'producer' | 'consumer' };

const EVERY_MS = HOUR_MS;
const HINT_STEPS = 24; // six hours
const KEPT_FORECASTS = 48;
const NO_INPUT = { type: 'object', properties: {}, additionalProperties: false };

interface Pending {
  readonly key: string;
  readonly advice: Advice;
  readonly hint: BiasHint;
  readonly forecast: SiteForecast;
}

/**
 * The models of a site's agents at work beside the deterministic ones: each is asked once an hour,
 * what it proposes is judged or waited for, and scored. Nothing here changes anything.
 */
export class Shadow {
  private readonly deps: ShadowDeps;
  private readonly pending = new Map<string, Pending>();
  private forecasts: SiteForecast[] = [];
  private askedAtMs = Number.NEGATIVE_INFINITY;
  private busy = false;

  constructor(deps: ShadowDeps) {
    this.deps = deps;
  }

  /** After a plan. Never throws, and takes as long as the model takes: do not wait for it. */
  async planned(moment: Moment): Promise<void> {
    if (this.busy || moment.outlook.issuedAtMs < this.askedAtMs + EVERY_MS) return;
    this.busy = true;
    this.askedAtMs = moment.outlook.issuedAtMs;
    try {
      this.settle(moment.outlook.issuedAtMs);
      await this.hint(moment);
      this.forecasts = [...this.forecasts, moment.forecast].slice(-KEPT_FORECASTS);
      const { terminals } = this.deps.site;
      if (terminals.some(({ kind }) => kind === 'pv' || kind === 'battery')) {
        await this.strategy('producer', moment);
      }
      if (terminals.some(({ kind }) => kind === 'load' || kind === 'ev')) {
        await this.strategy('consumer', moment);
      }
    } catch (error) {
      this.deps.log.error('no advice', { why: String(error) });
    } finally {
      this.busy = false;
    }
  }

  private async hint(moment: Moment): Promise<void> {
    const { model, instructions, site } = this.deps;
    const answer = await model.ask({
      agent: 'forecasting',
      instructions: instructions.forecasting,
      question: 'Which bias hint for the next six hours?',
      data: {
        localTime: this.local(moment.outlook.issuedAtMs),
        forecast: this.rows(moment.forecast),
      },
      tools: [this.errorsTool()],
      answer: formOf(biasHint),
    });
    const base = this.base('forecasting', moment.outlook.issuedAtMs, answer.promptHash);
    if (answer.state === 'none') {
      this.keep({ ...base, none: answer.why });
      return;
    }
    const advice: Advice = { ...base, proposal: answer.value };
    const key = this.keep(advice);
    this.pending.set(key, { key, advice, hint: answer.value, forecast: moment.forecast });
    this.deps.log.info('a hint is noted', { site: site.id });
  }

  private async strategy(agent: 'producer' | 'consumer', moment: Moment): Promise<void> {
    const { model, instructions, site } = this.deps;
    const { outlook } = moment;
    const answer = await model.ask({
      agent,
      instructions: instructions[agent],
      question: 'Which parameters do you propose for the plan?',
      data: {
        localTime: this.local(moment.outlook.issuedAtMs),
        stores: site.stores.map(({ terminal, usableWh, socMinPct, socMaxPct }) => ({
          terminal,
          usableWh,
          socMinPct,
          socMaxPct,
        })),
        plan: { source: outlook.source, costNano: outlook.costNano, peakW: outlook.peakW },
        ...moment.known,
      },
      tools: [this.stepsTool(outlook)],
      answer: formOf(strategy),
    });
    const base = { ...this.base(agent, moment.outlook.issuedAtMs, answer.promptHash), agent };
    if (answer.state === 'none') this.keep({ ...base, none: answer.why });
    else this.keep(await moment.judge(keyOf(base), base, answer.value));
  }

  /** Scores the hints whose six hours are measured by now. */
  private settle(nowMs: Instant): void {
    for (const { key, advice, hint, forecast } of [...this.pending.values()]) {
      const overMs = forecast.fromMs + (HINT_STEPS + 2) * QUARTER_MS;
      if (nowMs < overMs) continue;
      this.pending.delete(key);
      const { measured, site } = this.deps;
      const errors = hintErrors(hint, forecast, HINT_STEPS, site.place.timeZone, measured);
      if (errors !== undefined) this.keep({ ...advice, score: errors });
    }
  }

  /** How far the forecasts of the last days were off, an hour or so ahead. */
  private errorsTool(): ModelTool {
    return {
      name: 'errors',
      description: 'measured and forecast power of past quarter-hours, W, with local time',
      inputSchema: NO_INPUT,
      run: async () =>
        this.forecasts.flatMap((forecast) =>
          this.rows(forecast)
            .slice(0, 4)
            .map((row) => ({ ...row, measured: this.deps.measured(row.fromMs) })),
        ),
    };
  }

  private stepsTool(outlook: Outlook): ModelTool {
    return {
      name: 'steps',
      description: 'each step of the plan: powers W, plus into the site; prices nano a Wh',
      inputSchema: NO_INPUT,
      run: async () => outlook.steps.map((step) => ({ local: this.local(step.fromMs), ...step })),
    };
  }

  private rows(forecast: SiteForecast) {
    return forecast.pv.slice(0, HINT_STEPS).map((pv, n) => {
      const fromMs = forecast.fromMs + n * forecast.stepMs;
      const load = forecast.load[n];
      const round = Math.round;
      return {
        fromMs,
        local: this.local(fromMs),
        pvW: round(pv.midW),
        loadW: round(load?.midW ?? 0),
      };
    });
  }

  private local(atMs: Instant): string {
    return clockTime(atMs, this.deps.site.place.timeZone);
  }

  private base(agent: ShadowAgent, atMs: Instant, promptHash: string) {
    return { agent, atMs, model: this.deps.model.name, promptHash };
  }

  private keep(advice: Advice): string {
    const key = keyOf(advice);
    this.deps.keep({ key, atMs: advice.atMs, body: advice });
    return key;
  }
}

const keyOf = ({ agent, atMs }: Advice): string => `${agent}-${String(atMs).padStart(15, '0')}`;
