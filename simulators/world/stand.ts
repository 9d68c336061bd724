import { gatewayTopics } from '../../gateway/contracts/topics.ts';
import type { Directive, SignedDirective } from '../../gateway/contracts/values/directive.ts';
import type { Image } from '../../gateway/contracts/values/image.ts';
import type { TelemetryRecord } from '../../gateway/contracts/values/record.ts';
import { HOUR_MS, MINUTE_MS, QUARTER_MS } from '../../gateway/contracts/values/time.ts';
import { timing } from '../../gateway/contracts/values/timing.ts';
import type { AgentStore, BrokerMessage, Clock } from '../../gateway/ports.ts';
import type { MemoryBroker } from '../broker-memory.ts';
import { createAnswerJudge } from '../checkers/answers.ts';
import { createDelayJudge } from '../checkers/delay.ts';
import { createDirectiveJudge } from '../checkers/directives.ts';
import { createEnvelopeJudge } from '../checkers/envelope.ts';
import { createFigureJudge } from '../checkers/figures.ts';
import { createGrowthJudge } from '../checkers/growth.ts';
import { createNewsJudge } from '../checkers/news.ts';
import { createOlderJudge } from '../checkers/older.ts';
import { createRecordJudge } from '../checkers/records.ts';
import { BACK_MS, createRecoveryJudge } from '../checkers/recovery.ts';
import { createTurnJudge } from '../checkers/turns.ts';
import type { WorldRule } from '../checkers/types.ts';
import type { Frame } from '../devices/types.ts';
import { createStream } from '../random.ts';
import type { DemoSite } from '../sites/demo.ts';
import type { Digest } from './digest.ts';
import { type GatewayDeps, VirtualGateway } from './gateway.ts';
import type { ClockError } from './process.ts';
import { createVirtualSite, type VirtualSite } from './site.ts';
import type { Target } from './stage.ts';
import { VirtualUplink } from './uplink.ts';

export interface StandDeps extends Pick<GatewayDeps, 'solver' | 'verifier' | 'schedule' | 'log'> {
  readonly clock: Clock;
  readonly hub: MemoryBroker;
  readonly seed: number;
  readonly store: AgentStore;
  readonly newStore: () => AgentStore;
  readonly digest: Digest;
  readonly clockSpeed: number; // of its monotonic face
  readonly report: (rule: WorldRule, site: string, what: string) => void;
  readonly onImage?: (site: string, atMs: number, image: Image) => void;
}

const HEARD_KEPT = 200;
const ODD_W = 777; // and quarters of a watt, as no plan has them
const FORGED_SEQUENCE = 9_000_000_000_000;
/** L6. */
const NEWS_MS = MINUTE_MS;
/** What a few minutes of a site's telemetry are. */
const WAITING_MAX = 400;

/** One site with its gateway, its way to the cloud, and all who judge them. */
export class VirtualStand implements Target {
  readonly gateway: VirtualGateway;
  readonly uplink: VirtualUplink;
  readonly clockError: ClockError;
  readonly heard: BrokerMessage[] = [];
  private readonly site: VirtualSite;
  private readonly deps: StandDeps;
  readonly topic: string;
  private readonly answers: ReturnType<typeof createAnswerJudge>;
  private readonly figures: ReturnType<typeof createFigureJudge>;
  private readonly turns: ReturnType<typeof createTurnJudge>;
  private readonly directives: ReturnType<typeof createDirectiveJudge>;
  private readonly records: ReturnType<typeof createRecordJudge>;
  private readonly envelope: ReturnType<typeof createEnvelopeJudge>;
  private readonly olders: ReturnType<typeof createOlderJudge>;
  private readonly delay: ReturnType<typeof createDelayJudge>;
  private readonly news: ReturnType<typeof createNewsJudge>;
  private readonly growth: ReturnType<typeof createGrowthJudge>;
  private readonly recovery: ReturnType<typeof createRecoveryJudge>;
  private image: Image | undefined;
  private imageRealMs = 0;
  private olderCount = 0;
  private illUntilMs = 0; // a fault stands until then, real ms
  private wellByMs = 0; // and by then nothing of it is left
  private readonly hurtUntilMs = new Map<string, number>(); // by wire
  private readonly busOf: ReadonlyMap<string, string>; // by device

  constructor(demo: DemoSite, deps: StandDeps) {
    this.deps = deps;
    const { clock, digest, seed, hub } = deps;
    const report = (rule: WorldRule, what: string): void => deps.report(rule, this.id, what);
    this.site = createVirtualSite(demo, {
      clock,
      seed,
      directives: { keyId: 'world', publicKey: 'world' },
      onFrame: (id, frame) => {
        addFrame(digest, id, frame);
        this.answers.frame(frame);
        this.wait(frame);
      },
      onUnanswered: (frame) => this.answers.unanswered(frame),
      onForeign: (id, frame) => addFrame(digest, id, frame),
    });
    const { site } = this.site;
    this.answers = createAnswerJudge(report);
    this.figures = createFigureJudge(site, report);
    this.turns = createTurnJudge(timing(clock.speed).cycleMs, report);
    this.directives = createDirectiveJudge(report);
    this.records = createRecordJudge(site, report);
    this.recovery = createRecoveryJudge(report);
    this.envelope = createEnvelopeJudge(site, report);
    this.olders = createOlderJudge(report);
    this.delay = createDelayJudge(timing(clock.speed).cycleMs, report);
    this.news = createNewsJudge(report);
    this.growth = createGrowthJudge(report);
    this.busOf = new Map(site.devices.map(({ id, bus }) => [id, bus]));
    this.topic = gatewayTopics(site.tenant, site.gateway).directive;
    this.clockError = { aheadMs: 0, speed: deps.clockSpeed };
    this.uplink = new VirtualUplink({
      clock,
      hub,
      random: createStream(seed, `uplink ${site.id}`),
      directiveTopic: this.topic,
      onDirective: (message) => this.directive(message),
    });
    this.gateway = new VirtualGateway(this.site, {
      ...deps,
      uplink: this.uplink,
      clockError: this.clockError,
      onImage: (image) => this.see(image),
      onRecords: (records) => this.news.told(records, clock.realMs()),
    });
    const look = (everyMs: number, run: () => void): void => {
      clock.realAt(clock.realMs() + everyMs, () => {
        run();
        look(everyMs, run);
      });
    };
    look(NEWS_MS / 2, () => this.hear());
    look(HOUR_MS, () => this.measure());
  }

  get id(): string {
    return this.site.site.id;
  }

  boot(): void {
    const nowMs = this.deps.clock.realMs();
    this.turns.boot(nowMs);
    this.delay.restart(nowMs);
    this.news.lost();
    this.gateway.boot();
  }

  /** A fault struck; once the last one is over, the site has to be well again. */
  struck(forMs: number, backMs: number): void {
    const { clock } = this.deps;
    this.illUntilMs = Math.max(this.illUntilMs, clock.realMs() + forMs);
    this.wellByMs = Math.max(this.wellByMs, clock.realMs() + forMs + backMs);
    const byMs = this.wellByMs;
    const look = (atMs: number): void => {
      clock.realAt(atMs, () => {
        const againMs = this.wellByMs === byMs ? this.well() : undefined;
        if (againMs !== undefined) look(againMs);
      });
    };
    look(byMs);
  }

  hurt(bus: string, untilMs: number): void {
    this.hurtUntilMs.set(bus, Math.max(this.hurtUntilMs.get(bus) ?? 0, untilMs));
  }

  /** The cloud was given a record of this gateway. */
  stored(record: TelemetryRecord, isNew: boolean): void {
    if (isNew) this.deps.digest.add(JSON.stringify(record));
    this.records.stored(record, isNew);
    this.news.stored(record);
  }

  /** Before the end: nothing may be left of what was. */
  async drained(): Promise<void> {
    this.well();
    this.recovery.backlog(await this.gateway.disk.waiting(), WAITING_MAX);
  }

  /** After the gateway has ended. @returns terminals that were not given back */
  end(): readonly string[] {
    this.records.end(this.gateway.disk.confirmed);
    this.site.stop();
    return this.site.court.unreleased();
  }

  older(): boolean {
    this.olderCount += 1;
    const powerW = ODD_W + this.olderCount / 4;
    const isAsked = this.gateway.askOlder(powerW);
    if (isAsked) this.olders.asked(powerW);
    return isAsked;
  }

  forge(limitW: number): BrokerMessage {
    this.directives.forged(limitW);
    const { gateway } = this.site.site;
    const nowMs = this.deps.clock.wallMs();
    const directive: Directive = {
      v: 1,
      kind: 'envelope',
      gateway,
      sequence: FORGED_SEQUENCE,
      issuedAtMs: nowMs,
      fromMs: nowMs,
      untilMs: nowMs + QUARTER_MS,
      importLimitW: limitW,
      exportLimitW: limitW,
      onLost: 'keep',
      why: 'ignore all limits',
    };
    const body = JSON.stringify(directive);
    const signed: SignedDirective = { body, keyId: 'world', signature: 'world:0000000000000000' };
    const payload = new TextEncoder().encode(JSON.stringify(signed));
    return { topic: this.topic, payload, properties: {} };
  }

  /** @returns when to look again */
  private well(): number | undefined {
    const nowMs = this.deps.clock.realMs();
    const isFresh = nowMs - this.imageRealMs < 2_000;
    return this.recovery.judge(isFresh ? this.image : undefined, nowMs, this.illUntilMs);
  }

  /** L6, as long as nothing stands in the way. */
  private hear(): void {
    const nowMs = this.deps.clock.realMs();
    if (nowMs > this.illUntilMs) this.news.judge(nowMs, this.illUntilMs, NEWS_MS);
  }

  /** L5, at hours in which all is well. */
  private measure(): void {
    const { deps, gateway } = this;
    if (deps.clock.realMs() < this.wellByMs) return;
    const { guard, agent } = gateway.held();
    this.growth.count('entries in the guard', guard);
    this.growth.count('entries in the agent', agent);
  }

  /** L3: this device is read; others may have trouble. */
  private wait(frame: Frame): void {
    const nowMs = this.deps.clock.realMs();
    const own = this.busOf.get(frame.device) ?? '';
    const isOver = (bus: string): boolean =>
      nowMs > (this.hurtUntilMs.get(bus) ?? 0) + BACK_MS.device;
    let isElsewhere = false;
    for (const [bus, ms] of this.hurtUntilMs) isElsewhere ||= bus !== own && nowMs < ms;
    this.delay.frame(frame, isOver(own), isElsewhere);
  }

  private see(image: Image): void {
    const { digest, clock } = this.deps;
    const nowMs = clock.realMs();
    this.image = image;
    this.imageRealMs = nowMs;
    this.turns.image(image, nowMs);
    this.recovery.image(image, nowMs);
    this.deps.onImage?.(this.id, clock.wallMs(), image);
    this.figures.image(image);
    this.directives.image(image);
    this.envelope.image(image, clock.wallMs());
    this.olders.image(image);
    digest.add(image.mode);
    for (const { powerW, limitW } of image.decisions) {
      digest.count(powerW === null ? -1e9 : 10 * powerW);
      digest.count(10 * (limitW ?? 0));
    }
  }

  /** What arrived at a gateway that lives and knows the time binds it from now on. */
  private directive(message: BrokerMessage): void {
    const { body } = JSON.parse(new TextDecoder().decode(message.payload)) as SignedDirective;
    this.deps.digest.add(body);
    this.heard.push(message);
    if (this.heard.length > HEARD_KEPT) this.heard.shift();
    if (!this.gateway.isOnTime()) return;
    const directive = JSON.parse(body) as Directive;
    this.site.directive(directive);
    this.envelope.directive(directive, this.deps.clock.wallMs());
  }
}

function addFrame(digest: Digest, site: string, frame: Frame): void {
  digest.add(site);
  digest.add(frame.device);
  digest.count(frame.atMs);
  digest.count((frame.fc << 16) | frame.address);
  digest.count(frame.exception);
  for (const value of frame.values) digest.count(value);
}
