import { gatewayTopics } from '../../gateway/contracts/topics.ts';
import type { Directive, SignedDirective } from '../../gateway/contracts/values/directive.ts';
import type { Image } from '../../gateway/contracts/values/image.ts';
import type { TelemetryRecord } from '../../gateway/contracts/values/record.ts';
import { MINUTE_MS, QUARTER_MS } from '../../gateway/contracts/values/time.ts';
import { timing } from '../../gateway/contracts/values/timing.ts';
import type { AgentStore, BrokerMessage, Clock } from '../../gateway/ports.ts';
import type { MemoryBroker } from '../broker-memory.ts';
import { createAnswerJudge } from '../checkers/answers.ts';
import { createDirectiveJudge } from '../checkers/directives.ts';
import { createFigureJudge } from '../checkers/figures.ts';
import { createRecordJudge } from '../checkers/records.ts';
import { createRecoveryJudge } from '../checkers/recovery.ts';
import { createTurnJudge } from '../checkers/turns.ts';
import type { WorldRule } from '../checkers/types.ts';
import type { Frame } from '../devices/types.ts';
import { createStream } from '../random.ts';
import type { DemoSite } from '../sites/demo.ts';
import type { Digest } from './digest.ts';
import { type GatewayDeps, VirtualGateway } from './gateway.ts';
import type { ClockError } from './process.ts';
import { createVirtualSite, type VirtualSite } from './site.ts';
import type { Target } from './strike.ts';
import { VirtualUplink } from './uplink.ts';

export interface StandDeps extends Pick<GatewayDeps, 'solver' | 'verifier' | 'schedule' | 'log'> {
  readonly clock: Clock;
  readonly hub: MemoryBroker;
  readonly seed: number;
  readonly store: AgentStore;
  readonly digest: Digest;
  readonly clockSpeed: number; // of its monotonic face
  readonly report: (rule: WorldRule, site: string, what: string) => void;
}

const HEARD_KEPT = 200;
const FORGED_SEQUENCE = 9_000_000_000_000;
/** Faults of a device are forgotten after half a minute, those of the cloud after two. */
const RECOVERED_MS = 2 * MINUTE_MS;
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
  private readonly topic: string;
  private readonly answers: ReturnType<typeof createAnswerJudge>;
  private readonly figures: ReturnType<typeof createFigureJudge>;
  private readonly turns: ReturnType<typeof createTurnJudge>;
  private readonly directives: ReturnType<typeof createDirectiveJudge>;
  private readonly records: ReturnType<typeof createRecordJudge>;
  private readonly recovery: ReturnType<typeof createRecoveryJudge>;
  private image: Image | undefined;
  private imageRealMs = 0;
  private illUntilMs = 0; // a fault stands until then, real ms

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
    });
  }

  get id(): string {
    return this.site.site.id;
  }

  boot(): void {
    this.turns.boot(this.deps.clock.realMs());
    this.gateway.boot();
  }

  /** A fault struck; once the last one is over, the site has to be well again. */
  struck(forMs: number): void {
    const { clock } = this.deps;
    this.illUntilMs = Math.max(this.illUntilMs, clock.realMs() + forMs);
    const untilMs = this.illUntilMs;
    clock.realAt(untilMs + RECOVERED_MS, () => {
      if (this.illUntilMs === untilMs) this.well(RECOVERED_MS / 1_000);
    });
  }

  /** The cloud was given a record of this gateway. */
  stored(record: TelemetryRecord, isNew: boolean): void {
    if (isNew) this.deps.digest.add(JSON.stringify(record));
    this.records.stored(record, isNew);
  }

  /** Before the end: nothing may be left of what was. */
  async drained(): Promise<void> {
    this.well(RECOVERED_MS / 1_000);
    this.recovery.backlog((await this.deps.store.outbox()).rows, WAITING_MAX);
  }

  /** After the gateway has ended. @returns terminals that were not given back */
  end(): readonly string[] {
    this.records.end(this.gateway.disk.confirmed);
    this.site.stop();
    return this.site.court.unreleased();
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

  private well(sinceS: number): void {
    const isFresh = this.deps.clock.realMs() - this.imageRealMs < 2_000;
    this.recovery.judge(isFresh ? this.image : undefined, sinceS);
  }

  private see(image: Image): void {
    const { digest, clock } = this.deps;
    const nowMs = clock.realMs();
    this.image = image;
    this.imageRealMs = nowMs;
    this.turns.image(image, nowMs);
    this.figures.image(image);
    this.directives.image(image);
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
    this.site.directive(JSON.parse(body) as Directive);
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
