import type { GuardFrame } from '../contracts/values/frames.ts';
import type { Image } from '../contracts/values/image.ts';
import { STANDARD } from '../contracts/values/outlook.ts';
import type { Intent } from '../contracts/values/plan.ts';
import type { TelemetryRecord } from '../contracts/values/record.ts';
import type { Site } from '../contracts/values/site.ts';
import { type Instant, MINUTE_MS } from '../contracts/values/time.ts';
import type { Timing } from '../contracts/values/timing.ts';
import type { DayView, LiveView } from '../contracts/values/view.ts';
import { audited } from '../link/audit/notes.ts';
import { peek } from '../link/directives/directives.ts';
import { GuardLink } from '../link/telemetry/guard-link.ts';
import { Intake } from '../link/telemetry/intake.ts';
import { Uplink, type UplinkDeps } from '../link/uplink.ts';
import type { AgentStore, Broker, Clock, Log, OutboxState, Pipe, Solver } from '../ports.ts';
import { Advising, type AdvisingDeps } from './advice.ts';
import { Alarms } from './alarms.ts';
import { type ChoresPorts, startChores } from './chores.ts';
import { Diary } from './diary.ts';
import { forecastLink } from './forecast-days.ts';
import { Mind } from './mind.ts';
import { Occasions } from './occasions.ts';
import { gapNano, type PlanEffort } from './planning/plan.ts';
import type { PlanMemory } from './planning/problem.ts';
import { type PlanInput, planSite } from './planning/site-plan.ts';
import { Surprise } from './surprise.ts';
import { Trader } from './trader.ts';
import { Trading } from './trading.ts';
import { type Alarm, liveView } from './view/live.ts';

/**
 * The agent process's inside: createAgent(deps) joins forecasting, planning, trading and link to
 * their ports. It owns no socket, file or timer; `processes/agent.ts` gives it the real ones, the
 * virtual world its own.
 */
export interface AgentDeps
  extends ChoresPorts,
    Pick<UplinkDeps, 'audit' | 'brokerCheck' | 'fleet'> {
  readonly site: Site;
  readonly clock: Clock;
  readonly times: Timing;
  readonly pipe: Pipe; // to the guard
  readonly broker: Broker | undefined; // undefined: this gateway has no cloud
  readonly store: AgentStore;
  readonly solver: Solver;
  readonly effort?: PlanEffort | undefined; // absent: the same plans on every machine
  readonly log: Log;
  readonly peers?: LiveView['peers'];
  readonly deviceName?: (id: string) => string; // maker and model
  readonly version?: string;
  /** Parts that this run goes without, until somebody mends them: alarms on the page. */
  readonly problems?: readonly Omit<Alarm, 'sinceMs'>[];
  /** A model that advises; without one nothing is missing. */
  readonly advisor?: Pick<AdvisingDeps, 'model' | 'instructions' | 'effect'>;
  /** Called at most once a real second. */
  readonly onLive?: (view: LiveView) => void;
  readonly onDay?: (view: DayView) => void;
  readonly onFrame?: (frame: GuardFrame) => void; // of the guard, as it came
}

export interface Agent {
  /** Reads what is on disk, then listens. */
  start(): Promise<void>;
  /** Ends in order: records to disk, outbox to the cloud as far as time allows, goodbye. */
  stop(drainMs?: number): Promise<void>;
  /** Resolves when it has ended: by `stop`, by the guard's word, or with the guard. */
  readonly ended: Promise<void>;
  live(): LiveView | undefined;
  day(): DayView | undefined;
}

export function createAgent(deps: AgentDeps): Agent {
  return new SiteAgent(deps);
}

const SOLVE_LIMIT_MS = 5_000; // real
const PLAN_GAP_MS = 2_000; // real, between plans for a reason; a quarter-hour's start always plans
const STEPS_SENT = 12;
const DRAIN_MS = 8_000; // real
const VIEW_MS = 1_000; // real
const DAY_VIEW_MS = 5_000; // real
const LEAD_MS = 6 * MINUTE_MS; // gate closure of 5 min and a little
const WIRE_MS = 2_000; // real, for an order to arrive
const AHEAD_MS = 60 * MINUTE_MS;

class SiteAgent implements Agent {
  readonly ended: Promise<void>;
  private readonly deps: AgentDeps;
  private readonly mind: Mind;
  private readonly trading: Trading;
  private readonly diary: Diary;
  private readonly guard: GuardLink;
  private readonly intake: Intake;
  private readonly uplink: Uplink | undefined;
  private readonly trader: Trader;
  private readonly advising: Advising | undefined;
  private readonly alarms: Alarms;
  private readonly end: () => void;
  private image: Image | undefined;
  private outbox: OutboxState | undefined;
  private cloud = { connected: false, sinceMs: 0 };
  private intentSequence = 0;
  private planIssuedAtMs: Instant | undefined;
  private planning = false;
  private readonly memory: PlanMemory = { day: {} };
  private planWanted: string | undefined;
  private plannedRealMs = Number.NEGATIVE_INFINITY;
  private readonly surprise: Surprise;
  private readonly occasions: Occasions;
  private readonly startedAtMs: Instant;
  private doing = { sentence: '', sinceMs: 0 };
  private liveRealMs = Number.NEGATIVE_INFINITY;
  private dayRealMs = Number.NEGATIVE_INFINITY;
  private stopping: Promise<void> | undefined;
  private readonly cancels = new Map<string, () => void>();

  constructor(deps: AgentDeps) {
    const { site, clock, store, log, broker } = deps;
    this.deps = deps;
    this.startedAtMs = clock.wallMs();
    this.alarms = new Alarms(store.opened, { ...deps, past: () => this.mind.past });
    this.cloud = { connected: false, sinceMs: this.startedAtMs };
    this.trading = new Trading({
      site: site.id,
      zone: site.zone,
      epoch: store.opened.epoch,
      leadMs: LEAD_MS + WIRE_MS * clock.speed,
      aheadMs: AHEAD_MS,
    });
    this.mind = new Mind(site, this.trading);
    this.surprise = new Surprise(this.mind.places, deps.times.cycleMs);
    this.occasions = new Occasions(clock, (why) => {
      this.plannedRealMs = Number.NEGATIVE_INFINITY;
      this.want(why);
    });
    this.diary = new Diary(store, log);
    this.trader = new Trader(
      { site, clock, log, mind: this.mind, trading: this.trading, diary: this.diary },
      {
        positions: () => this.sendIntent(),
        plan: (why) => this.want(why),
        show: () => this.showDay(),
      },
    );
    this.advising = deps.advisor && this.advisingOf(deps.advisor);
    const ended = Promise.withResolvers<void>();
    this.ended = ended.promise;
    this.end = ended.resolve;
    this.guard = new GuardLink(deps.pipe, clock, log);
    this.intake = new Intake(audited(store, deps.audit), clock, log, (epoch, seq) => {
      this.guard.recordsStored(epoch, seq);
      this.uplink?.kick();
    });
    this.uplink =
      broker &&
      new Uplink(
        { ...deps, broker },
        {
          settings: (settings) => this.mind.settings(settings) && this.want('new settings'),
          directive: (signed) => {
            this.guard.directive(signed);
            const directive = peek(signed);
            const nowMs = clock.wallMs();
            if (directive && this.mind.directive(directive, nowMs)) this.want('a new limit');
            this.occasions.limit(this.mind.nextLimitMs(nowMs));
          },
          zoneForecast: (forecast) => {
            this.diary.zoneForecast(forecast, this.mind.zoneForecast(forecast));
            this.want('a new forecast');
          },
          statement: (statement) => this.trader.statement(statement),
          notice: (notice) => this.trader.notice(notice),
          state: (connected, why) => this.cloudTurned(connected, why),
        },
      );
  }

  async start(): Promise<void> {
    await this.diary.recall(this.mind, this.trading, this.deps.clock.wallMs(), this.advising);
    this.guard.listen((frame) => this.frame(frame));
    this.guard.onClose = () => void this.stop(0);
    await this.uplink?.start();
    this.occasions.quarters();
    const { deps, mind, diary } = this;
    const want = (why: string): void => this.want(why);
    this.cancels.set(
      'chores',
      startChores({ ...deps, mind, diary, want, cloud: this.uplink?.a2a }),
    );
    this.watchOutbox();
    this.want('the start');
  }

  stop(drainMs = DRAIN_MS): Promise<void> {
    this.stopping ??= this.close(drainMs);
    return this.stopping;
  }

  live(): LiveView | undefined {
    const { image, deps } = this;
    if (image === undefined) return undefined;
    return liveView({
      site: deps.site,
      places: this.mind.places,
      image,
      monoMs: deps.clock.monoMs(),
      speed: deps.clock.speed,
      cycleMs: deps.times.cycleMs,
      peers: deps.peers ?? [],
      cloud: { ...this.cloud, backlog: this.outbox?.rows ?? 0 },
      alarms: this.alarms.list(image, this.outbox, this.uplink),
      deviceName: this.alarms.nameOf,
      links: [
        ...this.diary.links(deps.clock.wallMs(), deps.site.place.timeZone),
        ...forecastLink(this.mind.past.forecastDays),
        ...(this.advising ? [this.advising.link()] : []),
      ],
      version: deps.version ?? '',
      startedAtMs: this.startedAtMs,
      doingSinceMs: this.doing.sinceMs,
    });
  }

  day(): DayView | undefined {
    return this.mind.day(this.deps.clock.wallMs(), this.diary.events());
  }

  private async close(drainMs: number): Promise<void> {
    for (const cancel of this.cancels.values()) cancel();
    this.cancels.clear();
    this.occasions.stop();
    await this.intake.settled();
    await this.uplink?.stop(drainMs);
    // Closing writes what still waits for company; the diary hears of it before this returns.
    await this.deps.store.close().catch((error: unknown) => {
      this.deps.log.warn('the store did not close', { why: String(error) });
    });
    await this.diary.settled();
    this.guard.close();
    this.end();
  }

  private frame(frame: GuardFrame): void {
    this.deps.onFrame?.(frame);
    if (frame.t === 'image') this.see(frame.image);
    else if (frame.t === 'records') this.records(frame.records);
    else if (frame.t === 'stopping') void this.stop();
  }

  private see(image: Image): void {
    this.guard.imageTaken(image.cycle);
    const first = this.image === undefined;
    this.image = image;
    if (image.reason.sentence !== this.doing.sentence) {
      this.doing = { sentence: image.reason.sentence, sinceMs: image.wallMs };
    }
    const note = this.mind.see(image);
    if (note) this.diary.note(note);
    this.mind.work();
    this.diary.decision(image);
    if (first) this.want('the first readings');
    if (this.surprise.step(image, this.mind.expected(image.wallMs))) {
      this.want('load, sun or charge are not as expected');
    }
    const alarms = this.alarms.list(image, this.outbox, this.uplink);
    this.uplink?.status(image, this.outbox, alarms, this.mind.past.closed());
    const nowMs = this.deps.clock.realMs();
    if (nowMs - this.liveRealMs < VIEW_MS) return;
    this.liveRealMs = nowMs;
    const view = this.deps.onLive && this.live();
    if (view) this.deps.onLive?.(view);
    if (nowMs - this.dayRealMs >= DAY_VIEW_MS) this.showDay();
  }

  private records(records: readonly TelemetryRecord[]): void {
    this.intake.take(records);
    this.mind.records(records.filter((one) => one.kind === 'energy'));
    for (const one of records) {
      if (one.kind === 'event') this.diary.event({ atMs: one.atMs, text: one.text }, one.code);
    }
  }

  private showDay(): void {
    this.dayRealMs = this.deps.clock.realMs();
    this.deps.onDay?.(this.mind.day(this.deps.clock.wallMs(), this.diary.events()));
  }

  /** Plans now, or as soon as the running plan and the pause after it are over. */
  private want(why: string): void {
    if (this.stopping !== undefined) return;
    this.planWanted = why;
    const { clock } = this.deps;
    const waitMs = this.plannedRealMs + PLAN_GAP_MS - clock.realMs();
    if (this.planning) return;
    if (waitMs <= 0) void this.plan();
    else if (!this.cancels.has('gap')) {
      const cancel = clock.realAt(clock.realMs() + waitMs, () => {
        this.cancels.delete('gap');
        if (!this.planning && this.planWanted !== undefined) void this.plan();
      });
      this.cancels.set('gap', cancel);
    }
  }

  private async plan(): Promise<void> {
    if (this.stopping !== undefined || this.image === undefined) return;
    const why = this.planWanted ?? 'a new quarter-hour';
    this.planWanted = undefined;
    this.planning = true;
    const { clock, log } = this.deps;
    const fromRealMs = clock.realMs();
    this.plannedRealMs = fromRealMs;
    try {
      const input = this.mind.problem(clock.wallMs());
      const { problem, forecast } = input;
      const planned = await this.planned(input);
      if (this.stopping !== undefined) return;
      const { outlook, parameters } = planned;
      this.mind.adopt(planned, forecast, parameters, this.advising?.clause(parameters));
      this.planIssuedAtMs = problem.issuedAtMs;
      this.sendIntent();
      this.occasions.limit(this.mind.nextLimitMs(clock.wallMs()));
      this.diary.plan(outlook, forecast, this.mind.steps(problem.issuedAtMs, problem.steps.length));
      log.info('planned', {
        ...{ why, source: outlook.source, detail: outlook.detail },
        gapNano: gapNano(outlook),
        costNano: Math.round(outlook.costNano),
        rulesNano: Math.round(outlook.rulesNano),
        realMs: Math.round(clock.realMs() - fromRealMs),
      });
      void this.advising?.planned(planned, forecast, this.trader.situation(input));
      this.showDay();
      if (this.uplink && this.cloud.connected) void this.trader.trade(this.uplink.a2a);
    } catch (error) {
      const why = error instanceof Error ? (error.stack ?? error.message) : String(error);
      log.error('no plan', { why });
    } finally {
      this.planning = false;
      if (this.planWanted !== undefined) this.want(this.planWanted);
    }
  }

  private async planned(input: PlanInput) {
    if (this.advising) return this.advising.plan(input);
    const { solver, effort } = this.deps;
    const outlook = await planSite(input, solver, SOLVE_LIMIT_MS, effort, this.memory);
    return { problem: input.problem, outlook, parameters: STANDARD };
  }

  private advisingOf(advisor: NonNullable<AgentDeps['advisor']>): Advising {
    const { site, log, clock, solver, effort } = this.deps;
    return new Advising({
      ...{ ...advisor, site, log, clock, solver, effort, limitMs: SOLVE_LIMIT_MS },
      measured: (fromMs) => this.mind.quarters.forForecast(fromMs),
      keep: (document) => this.diary.advice(document),
      tell: (text, detail) => this.diary.event({ atMs: clock.wallMs(), text, detail }, 'ADVICE'),
    });
  }

  private sendIntent(): void {
    const { clock, store, times, site } = this.deps;
    if (this.planIssuedAtMs === undefined || this.stopping !== undefined) return;
    const nowMs = clock.wallMs();
    this.intentSequence += 1;
    const intent: Intent = {
      v: 1,
      agentEpoch: store.opened.epoch,
      sequence: this.intentSequence,
      issuedAtMs: nowMs,
      expiresAtMs: this.planIssuedAtMs + times.planExpiryMs,
      cloudConnected: this.cloud.connected && site.control.marketEnabled,
      clockTrusted: this.image?.flags.includes('untimed') !== true,
      plan: this.mind.steps(nowMs, STEPS_SENT),
      positions: site.control.marketEnabled ? this.mind.positions(nowMs) : [],
    };
    this.guard.intent(intent);
  }

  private cloudTurned(connected: boolean, why: string): void {
    this.deps.log.info(connected ? 'the cloud is there' : 'the cloud is away', { why });
    const nowMs = this.deps.clock.wallMs();
    // News ask for plans themselves: after a moment only what could not be ordered is missing.
    const isBrief = nowMs - this.cloud.sinceMs < MINUTE_MS && this.planIssuedAtMs !== undefined;
    this.cloud = { connected, sinceMs: nowMs };
    this.sendIntent();
    if (connected && !isBrief) this.want('the cloud is back');
    else if (connected && this.uplink) void this.trader.trade(this.uplink.a2a);
  }

  private watchOutbox(): void {
    const { clock, store } = this.deps;
    const look = async (): Promise<void> => {
      this.outbox = await store.outbox().catch(() => this.outbox);
      if (this.stopping !== undefined) return;
      const cancel = clock.realAt(clock.realMs() + 2_000, () => void look());
      this.cancels.set('outbox', cancel);
    };
    void look();
  }
}
