import { bounded, parametersOf, type Strategy } from '../contracts/advice.ts';
import { type PlanParameters, type SiteForecast, STANDARD } from '../contracts/values/outlook.ts';
import { ADVICE_BOUNDS, type AdviceBounds, type Site } from '../contracts/values/site.ts';
import { HOUR_MS, type Instant } from '../contracts/values/time.ts';
import { clockTime, money } from '../contracts/values/words.ts';
import type { Clock, Document, Log, Model, Solver } from '../ports.ts';
import { areSame, Leans, leanClause, parametersText, together } from './advisor/leans.ts';
import type { Advice } from './advisor/scores.ts';
import { type Moment, type Proposed, Shadow, type ShadowDeps } from './advisor/shadow.ts';
import { hindsight, type MeasuredPower } from './planning/hindsight.ts';
import type { Planned } from './planning/live.ts';
import { under } from './planning/parameters.ts';
import type { PlanEffort } from './planning/plan.ts';
import type { PlanMemory, PlanProblem } from './planning/problem.ts';
import { type PlanInput, planSite } from './planning/site-plan.ts';
import { NEAR_NANO, type Tried, type Trying, tryOffer, tryOut } from './planning/strategy.ts';

export interface AdvisingDeps {
  readonly site: Site;
  readonly model: Model;
  readonly instructions: ShadowDeps['instructions'];
  /** Whether accepted advice leans on the plan, or all stays in the shadow. */
  readonly effect: 'shadow' | 'lean';
  readonly clock: Clock;
  readonly solver: Solver;
  readonly limitMs: number; // of one solve, real
  readonly effort?: PlanEffort | undefined; // of the site's plan; trials do without
  readonly log: Log;
  readonly measured: MeasuredPower;
  readonly keep: (document: Document) => void;
  /** For the page and the day's events. */
  readonly tell: (text: string, detail: string) => void;
}

/** What a plan was made of, for trying others beside it. */
export type Situation = Omit<Trying, 'solver' | 'limitMs'>;

const LEAN_MS = HOUR_MS;
const LATE_MS = 6 * HOUR_MS; // quarter-hours that are not measured by then never will be

const DISTRUST = 'its last proposals cost more than the plan without them, as measured';

/** A proposal beside its twin, until both are measured. */
interface Trial {
  readonly key: string;
  advice: Proposed; // as kept last
  readonly mine: Planned;
  readonly twin: Planned;
  readonly untilMs: Instant;
}

/** Whether plans or orders could come out otherwise: a site may keep as much back by itself. */
function differs(a: PlanParameters, b: PlanParameters, problem: PlanProblem): boolean {
  const margins = ({ sellMarginNanoPerWh, buyMarginNanoPerWh }: PlanParameters): string =>
    `${sellMarginNanoPerWh} ${buyMarginNanoPerWh}`;
  const kept = (parameters: PlanParameters): string => {
    const { storages, steps } = under(problem, parameters);
    return JSON.stringify([storages.map(({ minWh }) => minWh), steps.map((one) => one.marginW)]);
  };
  return margins(a) !== margins(b) || kept(a) !== kept(b);
}

/**
 * Advice and what it may do: a checked proposal is bounded by the site file and simulated by the
 * planner beside the twin's parameters. Where the gateway file says `lean` and it is not worse, the
 * next plans are made under it for an hour. Both plans are then run against what was measured; what
 * cost more is withdrawn, and an agent that often cost more is listened to in the shadow only.
 */
export class Advising {
  private readonly deps: AdvisingDeps;
  private readonly shadow: Shadow;
  private readonly leans = new Leans();
  private readonly memory: PlanMemory = { day: {} };
  private trials: Trial[] = [];

  constructor(deps: AdvisingDeps) {
    this.deps = deps;
    this.shadow = new Shadow(deps);
  }

  /** Whom experience trusts is known again after a restart; nothing leans before it is asked. */
  recall(documents: readonly Document[]): void {
    for (const { body } of documents) {
      const { agent, measured } = body as Advice; // own document
      if (measured === undefined || agent === 'forecasting') continue;
      this.leans.measured(agent, measured.proposedNano - measured.twinNano);
    }
  }

  /** The plan under the advice in force; without it where that gives none. */
  async plan(input: PlanInput): Promise<Planned & { readonly parameters: PlanParameters }> {
    const { clock, solver, limitMs, effort } = this.deps;
    const parameters = this.leans.parameters(clock.wallMs());
    if (!areSame(parameters, STANDARD)) {
      const leaned = { ...input, problem: under(input.problem, parameters) };
      const outlook = await planSite(leaned, solver, limitMs, effort, this.memory);
      if (outlook.source === 'optimal') return { problem: leaned.problem, outlook, parameters };
    }
    const outlook = await planSite(input, solver, limitMs, effort, this.memory);
    return { problem: input.problem, outlook, parameters: STANDARD };
  }

  /** What stands beside the reason of each step; '' where nothing leans. */
  clause(parameters: PlanParameters): string {
    if (areSame(parameters, STANDARD)) return '';
    const { currency, place } = this.deps.site;
    const leans = this.leans.inForce(this.deps.clock.wallMs());
    return leanClause(leans, { currency, timeZone: place.timeZone });
  }

  /** One row under the devices on the page. */
  link(): { readonly name: string; readonly text: string } {
    const leaning = this.clause(this.leans.parameters(this.deps.clock.wallMs()));
    const idle = this.deps.effect === 'lean' ? 'nothing leans on the plan' : 'in the shadow';
    return { name: 'Advice', text: leaning === '' ? idle : leaning };
  }

  /** After a plan. Never throws; takes as long as models and solver take. */
  async planned(planned: Planned, forecast: SiteForecast, situation: Situation): Promise<void> {
    const { solver, limitMs, clock, log } = this.deps;
    try {
      this.settle();
    } catch (error) {
      log.error('advice is not measured', { why: String(error) });
    }
    const trying: Trying = { ...situation, solver, limitMs };
    const moment: Moment = {
      outlook: planned.outlook,
      forecast,
      known: {
        bounds: this.bounds,
        inForce: this.leans.parameters(clock.wallMs()),
        clearedMicroPerKwh: situation.prices.slice(-48),
        demandResponseEvent: null,
      },
      judge: (key, advice, strategy) => this.judge(key, advice, strategy, trying),
    };
    await this.shadow.planned(moment);
  }

  private get bounds(): AdviceBounds {
    return this.deps.site.control.advice ?? ADVICE_BOUNDS;
  }

  private async judge(
    key: string,
    asked: Proposed,
    proposal: Strategy,
    trying: Trying,
  ): Promise<Advice> {
    const strategy = bounded(proposal, this.bounds);
    const narrowed = JSON.stringify(strategy) !== JSON.stringify(proposal);
    const advice = { ...asked, proposal, ...(narrowed && { bounded: strategy }) };
    const others = this.leans.parameters(this.deps.clock.wallMs(), asked.agent);
    const mine = together(others, parametersOf(asked.agent, strategy));
    const withOrders = mine.sellMarginNanoPerWh + mine.buyMarginNanoPerWh > 0;
    const twin = await tryOut(STANDARD, trying, withOrders);
    if (typeof twin === 'string') return { ...advice, accepted: false, detail: twin };
    const tried = await tryOut(mine, trying, withOrders);
    if (typeof tried === 'string') return { ...advice, accepted: false, detail: tried };
    const rest = areSame(others, STANDARD) ? twin : await tryOut(others, trying, withOrders);
    const leastNano = typeof rest === 'string' ? twin.costNano : rest.costNano;
    const score = {
      proposedNano: Math.round(tried.costNano),
      twinNano: Math.round(twin.costNano),
    };
    const worse = tried.costNano > Math.min(twin.costNano, leastNano) + NEAR_NANO;
    const offer = await this.offer(strategy, tried, trying);
    const judged = { ...advice, accepted: !worse, score, ...offer };
    if (worse) return { ...judged, detail: 'it costs more than the plan without it' };
    const isNew = differs(mine, others, trying.problem);
    return this.accept(key, judged, { mine: tried, twin, strategy, isNew });
  }

  /** What the planner makes of an offer. It goes nowhere: there is no event to offer it to. */
  private async offer(
    strategy: Strategy,
    tried: Tried,
    trying: Trying,
  ): Promise<Pick<Advice, 'offer'>> {
    if (strategy.demandResponse === null) return {};
    const found = await tryOffer(strategy.demandResponse, tried, trying);
    if (typeof found === 'string') return { offer: found };
    const gain = money(BigInt(found.gainNano), this.deps.site.currency, 4);
    return { offer: `possible, it would earn ${gain}; there is no demand-response event` };
  }

  private accept(
    key: string,
    advice: Proposed,
    found: { mine: Planned; twin: Planned; strategy: Strategy; isNew: boolean },
  ): Advice {
    const { effect, clock } = this.deps;
    const { mine, twin, strategy } = found;
    const nowMs = clock.wallMs();
    const why = this.staysBack(advice.agent, found.isNew);
    const leaning = why === undefined && effect === 'lean';
    const kept: Proposed = {
      ...advice,
      detail: why ?? '',
      ...(leaning && { lean: { fromMs: nowMs, untilMs: nowMs + LEAN_MS } }),
    };
    const untilMs = mine.problem.issuedAtMs + LEAN_MS;
    if (found.isNew) this.trials.push({ key, advice: kept, mine, twin, untilMs });
    if (leaning) {
      this.leans.add({ key, agent: advice.agent, untilMs: nowMs + LEAN_MS, strategy });
      this.say(kept, strategy);
    }
    return kept;
  }

  private staysBack(agent: Proposed['agent'], isNew: boolean): string | undefined {
    if (!isNew) return 'the plan does so already';
    if (this.leans.isTrusted(agent)) return undefined;
    return DISTRUST;
  }

  private say({ agent, lean, score }: Proposed, strategy: Strategy): void {
    const { site, tell, log } = this.deps;
    const until = clockTime(lean?.untilMs ?? 0, site.place.timeZone);
    const what = parametersText(parametersOf(agent, strategy), site.currency);
    const gainNano = score && 'twinNano' in score ? score.twinNano - score.proposedNano : 0;
    const gain = money(BigInt(gainNano), site.currency);
    const detail = `${gain} less in the planner's simulation. Its reason: ${strategy.why}`;
    tell(`Advice leans on the plan until ${until}: ${what}`, detail);
    log.info('advice leans on the plan', { agent, untilMs: lean?.untilMs, gainNano });
  }

  /** Compares what is measured by now; withdraws, and at the end of its time keeps the score. */
  private settle(): void {
    const nowMs = this.deps.clock.wallMs();
    this.trials = this.trials.filter((trial) => {
      const { mine, twin, untilMs, advice } = trial;
      const found = hindsight(mine, twin, untilMs, this.deps.measured);
      if (found === undefined) return nowMs < untilMs + LATE_MS;
      const { mineNano, twinNano, steps } = found;
      const due = mine.problem.steps.filter(({ fromMs }) => fromMs < untilMs).length;
      const isOver = steps >= due || nowMs >= untilMs + LATE_MS;
      const moreNano = mineNano - twinNano;
      if (isOver) this.leans.measured(advice.agent, moreNano);
      trial.advice = {
        ...advice,
        measured: { proposedNano: mineNano, twinNano, quarters: steps },
      };
      if (moreNano > NEAR_NANO) {
        const more = money(BigInt(moreNano), this.deps.site.currency, 4);
        this.withdraw(trial, `as measured it cost ${more} more than the plan without it`);
      }
      if (isOver) this.keep(trial);
      return !isOver;
    });
    for (const trial of this.trials) {
      if (!this.leans.isTrusted(trial.advice.agent)) this.withdraw(trial, DISTRUST);
    }
  }

  private withdraw(trial: Trial, why: string): void {
    const { advice, key } = trial;
    if (advice.lean === undefined || !this.leans.withdraw(key)) return;
    const { clock, tell, log } = this.deps;
    tell(`Advice of the ${advice.agent} agent withdrawn`, why);
    log.warn('advice is withdrawn', { agent: advice.agent, why });
    const withdrawn = { atMs: clock.wallMs(), why };
    trial.advice = { ...advice, lean: { ...advice.lean, withdrawn } };
    this.keep(trial);
  }

  private keep({ key, advice }: Trial): void {
    this.deps.keep({ key, atMs: advice.atMs, body: advice });
  }
}
