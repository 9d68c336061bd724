import type { SignedDirective } from '../contracts/values/directive.ts';
import type { MirrorSpan } from '../contracts/values/frames.ts';
import type { Image, Mode } from '../contracts/values/image.ts';
import type { OverrideAnswer } from '../contracts/values/override.ts';
import type { Intent } from '../contracts/values/plan.ts';
import type { TelemetryRecord } from '../contracts/values/record.ts';
import type { Site } from '../contracts/values/site.ts';
import type { Timing } from '../contracts/values/timing.ts';
import type { Clock, Log, Verifier } from '../ports.ts';
import { type BlackBox, Recorder } from './blackbox/recorder.ts';
import type { LeaseView, Writer } from './commands/types.ts';
import { concernsOf, fillNews } from './concerns.ts';
import { Costs } from './costs.ts';
import {
  decide,
  type GuardMemory,
  type Plant,
  plantOf,
  safeNow,
  startMemory,
  type Turn,
  type TurnInput,
} from './decide.ts';
import { limitsNow, newsOf, take, verify } from './directives.ts';
import { doubtsOf } from './doubts.ts';
import { devicesOf } from './image.ts';
import { Intents } from './intents.ts';
import type { Poller, Snapshot } from './measurements/types.ts';
import { keptOverrides, Overrides } from './overrides.ts';
import { Pacer } from './pacer.ts';
import type { PassThrough } from './pass.ts';
import { NEW_MEMORY, type Told } from './safety/facts.ts';
import { type GuardState, restore, restoreFull, restoreKernel, Saver } from './saved.ts';
import { command, within } from './startup.ts';
import { createTelemetry, type Telemetry } from './telemetry/telemetry.ts';
import type { Trials } from './trials.ts';

export type { GuardState } from './saved.ts';

export interface GuardDeps {
  readonly site: Site;
  readonly clock: Clock;
  readonly times: Timing;
  readonly poller: Poller;
  readonly writer: Writer;
  readonly verifier: Verifier;
  readonly saved: GuardState | undefined;
  /** Devices with a commissioning record. */
  readonly commissioned: ReadonlySet<string>;
  readonly save: (state: GuardState) => void;
  readonly log: Log;
  readonly bootId: string;
  readonly blackBox?: BlackBox | undefined; // default: nothing is recorded
  readonly pass: PassThrough['ask'];
  /** Writes of other masters that were asked for since the last turn. */
  readonly passed?: () => readonly string[];
  readonly trials: Trials;
}

export interface Guard {
  /** Polls, commands the safe states and waits for them, then ticks; at most 5 s real. */
  start(): Promise<void>;
  /** Ends the turns, then commands the safe states and waits for them. */
  stop(): Promise<void>;
  image(): Image | undefined;
  onImage: ((image: Image) => void) | undefined;
  onRecords: ((records: TelemetryRecord[]) => void) | undefined;
  intent(intent: Intent): void;
  directive(signed: SignedDirective): void;
  agentRestarted(): void;
  /** Something that the log of events and the cloud should know. @param text  one sentence */
  note(code: string, text: string): void;
  /** Registers of a device as last polled; none for a device that the site does not have. */
  readonly polled: (device: string) => readonly MirrorSpan[];
  /** Another master's request; an exception where nothing passes. */
  readonly pass: PassThrough['ask'];
  /** What the commissioning command asks. */
  readonly trial: Trials['ask'];
  /** A person's order, as it came; undefined only asks what is in force. */
  override(raw: unknown): OverrideAnswer;
}

export function createGuard(deps: GuardDeps): Guard {
  return new SiteGuard(deps);
}

const SAFE_START_REAL_MS = 5_000;
const STOP_REAL_MS = 5_000;

class SiteGuard implements Guard {
  onImage: ((image: Image) => void) | undefined;
  onRecords: ((records: TelemetryRecord[]) => void) | undefined;
  private readonly deps: GuardDeps;
  private readonly plant: Plant;
  private readonly recorder: Recorder | undefined;
  private readonly overrides: Overrides;
  private readonly pacer: Pacer;
  private readonly costs = new Costs();
  private readonly saver: Saver;
  private readonly telemetry: Telemetry;
  private readonly epoch: number;
  private readonly timedLoads: readonly string[]; // with a minimum run or rest
  private memory: GuardMemory;
  private readonly intents = new Intents();
  private readonly deviceOf: ReadonlyMap<string, string | undefined>; // by terminal
  private newest: Image | undefined;
  private mode: Mode = 'safe';
  private modeSinceMs: number;
  private turns = 0;
  private ended = false;
  private agentRestarts = 0;

  constructor(deps: GuardDeps) {
    const { site, clock, times, saved } = deps;
    this.deps = deps;
    // Without a saved state, beyond any that this gateway has counted to: the cloud knows its keys.
    this.epoch = (saved?.epoch ?? Math.floor(clock.wallMs() / 1_000)) + 1;
    this.plant = plantOf(site, times, deps.commissioned, deps.bootId);
    const { terminals } = this.plant.wiring;
    this.deviceOf = new Map(terminals.map(({ spec, device }) => [spec.id, device]));
    this.recorder = deps.blackBox && new Recorder(deps.blackBox, this.plant, deps.log);
    this.timedLoads = site.terminals.flatMap(({ id, minRunMs, minRestMs }) =>
      minRunMs > 0 || minRestMs > 0 ? [id] : [],
    );
    this.memory = startMemory(
      restore(saved, clock),
      restoreKernel(saved, clock, NEW_MEMORY),
      restoreFull(saved),
    );
    this.overrides = new Overrides(site, clock, keptOverrides(saved?.overrides));
    this.modeSinceMs = clock.wallMs();
    this.saver = new Saver(deps.save);
    this.telemetry = createTelemetry(site, this.epoch);
    this.pacer = new Pacer(clock, times.cycleMs, () => this.turn());
  }

  async start(): Promise<void> {
    const { clock, poller, writer, log } = this.deps;
    const endMs = clock.realMs() + SAFE_START_REAL_MS;
    this.keep(); // the new epoch is on its way to disk before anything is produced under it
    await poller.start();
    const safe = this.safe();
    const open = await command(safe, writer, clock, Math.max(0, endMs - clock.realMs()));
    if (open.length > 0) log.warn(`safe state not confirmed yet: ${open.join(', ')}`);
    this.pacer.start();
  }

  async stop(): Promise<void> {
    const { clock, poller, writer, log } = this.deps;
    this.pacer.stop();
    const released = await within(writer.releaseAll(this.safe()), STOP_REAL_MS, clock);
    if (released?.verified !== true) {
      const names = released === undefined ? 'no answer' : released.failed.join(', ');
      log.warn(`devices not released for certain: ${names}`);
    }
    await poller.stop();
    this.ended = true; // what is flushed is the last word: nothing is taken or told after it
    const last = this.newest;
    if (last !== undefined) {
      this.hand(this.telemetry.flush(last));
      const recordsProduced = this.telemetry.produced();
      this.newest = { ...last, counters: { ...last.counters, recordsProduced } };
    }
    this.keep();
  }

  image(): Image | undefined {
    return this.newest;
  }

  intent(intent: Intent): void {
    const refused = this.intents.take(intent);
    if (refused === undefined) return;
    this.deps.log.warn(refused);
    this.event('INTENT_REFUSED', refused);
  }

  agentRestarted(): void {
    this.agentRestarts += 1;
  }

  note(code: string, text: string): void {
    this.event(code, text);
  }

  polled = (device: string): readonly MirrorSpan[] => this.deps.poller.spans(device);
  pass: PassThrough['ask'] = (...asked) => this.deps.pass(...asked);
  trial: Trials['ask'] = (raw) => this.deps.trials.ask(raw);

  override(raw: unknown): OverrideAnswer {
    const answer = this.overrides.ask(raw);
    if (raw !== undefined && answer.refused === '') {
      this.keep();
      this.pacer.early();
    }
    return answer;
  }

  directive(signed: SignedDirective): void {
    if (this.ended) return;
    const { clock, site, verifier, times, log } = this.deps;
    const at = { nowMs: clock.monoMs(), wallMs: clock.wallMs() };
    const { grid } = this.memory;
    const directive = verify(signed, grid, site, verifier, at.wallMs);
    if (typeof directive === 'string') {
      log.warn(`directive refused: ${directive}`);
      this.event('DIRECTIVE_REFUSED', `A directive was refused: ${directive}`);
      return;
    }
    const taken = take(grid, directive, at);
    this.memory = { ...this.memory, grid: taken };
    const before = limitsNow(grid, site, times, at).limits[0];
    const after = limitsNow(taken, site, times, at).limits[0];
    if (directive.kind === 'heartbeat') return;
    const isImmediate = directive.kind !== 'envelope';
    const same =
      before?.importLimitW === after?.importLimitW && before?.exportLimitW === after?.exportLimitW;
    // An envelope that is renewed as it was is no news.
    if (isImmediate || !same) {
      const { code, text } = newsOf(directive, site.place.timeZone);
      this.event(code, text);
    }
    const tighter =
      before !== undefined &&
      after !== undefined &&
      (after.importLimitW < before.importLimitW || after.exportLimitW < before.exportLimitW);
    if (isImmediate || tighter) this.pacer.early();
    this.keep();
  }

  /** One turn: see, decide, judge, write, tell. It waits for nothing. */
  private turn(): void {
    const { clock, poller, writer, log, site } = this.deps;
    const startMs = clock.realMs();
    try {
      const seen = poller.snapshot();
      const input = this.input(seen);
      const { memory } = this;
      const turn = decide(this.plant, memory, input);
      this.memory = turn.memory;
      writer.submit(turn.verdicts, input.at.nowMs);
      for (const text of fillNews(site, memory, turn)) this.event('FULL_CHARGE', text);
      this.tell(seen, turn);
      this.recorder?.turn(memory, input, turn, (device) => poller.map(device)?.points);
    } catch (error) {
      // Nothing was submitted: leases run out and devices return to their safe state by themselves.
      log.error(`turn failed: ${error instanceof Error ? error.message : String(error)}`);
    }
    this.costs.add(clock.realMs() - startMs);
  }

  private input(seen: Snapshot): TurnInput {
    const { clock, times, poller } = this.deps;
    const offers = (device: string, key: string): boolean | undefined => {
      const map = poller.map(device);
      return map === undefined ? undefined : key in map.points;
    };
    const at = { nowMs: clock.monoMs(), wallMs: clock.wallMs() };
    const trial = this.deps.trials.now();
    const isClockTrusted = clock.isWallTrusted?.();
    const orders = this.overrides.now();
    const overrides = orders.length > 0 ? orders : undefined;
    return {
      ...{ at, times, seen: { ...seen, offers }, held: this.intents.held, trial },
      ...{ overrides, isClockTrusted, ...ofLeases(this.deps.writer.state()) },
    };
  }

  private safe() {
    return safeNow(this.plant, this.memory, this.input(this.deps.poller.snapshot()));
  }

  /** Publishes what the turn came to: the image, records, events, and what is kept on disk. */
  private tell(seen: Snapshot, turn: Turn): void {
    const before = this.newest?.doubts ?? [];
    const known = this.newest?.concerns ?? [];
    const { trials, writer } = this.deps;
    const leases = writer.state();
    const image = this.picture(seen, turn, leases);
    this.newest = image;
    for (const { connection, sentence } of image.doubts ?? []) {
      if (before.some((one) => one.connection === connection)) continue;
      this.deps.log.error(sentence);
      this.event('METER_IMPLAUSIBLE', sentence);
    }
    for (const { code, text } of image.concerns ?? []) {
      if (known.some((one) => one.code === code)) continue;
      this.deps.log.warn(text);
      this.event(code.split(':')[0] ?? code, text);
    }
    trials.note({ image, seen, findings: turn.judged.findings, leases });
    this.hand(this.telemetry.step(image));
    for (const { code, text } of this.overrides.news()) this.event(code, text);
    for (const text of writer.foreign()) this.event('FOREIGN_WRITE', text);
    for (const text of this.deps.passed?.() ?? []) this.event('PASSED_WRITE', text);
    this.keep();
    this.onImage?.(image);
  }

  private picture(seen: Snapshot, turn: Turn, leases: readonly LeaseView[]): Image {
    const { clock, bootId } = this.deps;
    const { site, decided, judged, mode, flags, reason, decisions, limits } = turn;
    if (mode !== this.mode || this.turns === 0) this.modeSinceMs = site.wallMs;
    this.mode = mode;
    this.turns += 1;
    const ahead = site.wallMs - clock.monoMs();
    return {
      cycle: this.turns,
      bootId,
      monoMs: site.nowMs,
      wallMs: site.wallMs,
      mode,
      flags,
      modeSinceMs: this.modeSinceMs,
      reason,
      points: site.points,
      decisions,
      devices: devicesOf(seen.devices, leases, judged.findings, this.deviceOf, ahead),
      doubts: doubtsOf(site),
      concerns: concernsOf(turn, this.plant.spec, this.deps.times),
      filling: Object.keys(decided.filling),
      overrides: this.overrides.kept(),
      asks: decided.asks,
      limits,
      counters: this.counters(seen),
    };
  }

  private counters(seen: Snapshot): Image['counters'] {
    return {
      cycles: this.pacer.cycles,
      missedCycles: this.pacer.missed,
      recordsProduced: this.telemetry.produced(),
      recordsDropped: 0, // counted by the process, which holds them for the agent
      readingsGood: seen.good,
      readingsBad: seen.bad,
      writes: seen.devices.reduce((sum, { writes }) => sum + writes, 0),
      agentRestarts: this.agentRestarts,
      tickP50Ms: this.costs.p50Ms,
      tickP99Ms: this.costs.p99Ms,
    };
  }

  private event(code: string, text: string): void {
    if (this.newest !== undefined) this.hand([this.telemetry.event(code, text, this.newest)]);
  }

  private hand(records: TelemetryRecord[]): void {
    if (records.length > 0) this.onRecords?.(records);
  }

  private keep(): void {
    const { clock, writer } = this.deps;
    const { epoch, mode } = this;
    const { grid, kernel, control } = this.memory;
    const overrides = this.overrides.kept();
    const kept = {
      ...{ epoch, mode, grid, budget: writer.budget(), overrides },
      ...{ kernel, timedLoads: this.timedLoads, fill: control.fill },
    };
    this.saver.offer(kept, clock.monoMs(), clock.wallMs());
  }
}

/** What the leases know of their terminals, as inputs of the next turn. */
function ofLeases(
  leases: readonly LeaseView[],
): Pick<TurnInput, 'told' | 'ways' | 'deaf' | 'wearing'> {
  const told: Record<string, number> = {};
  const ways: Record<string, Told> = {};
  for (const { terminal, toldW, way } of leases) {
    if (toldW !== undefined) told[terminal] = toldW;
    if (way !== undefined) ways[terminal] = way;
  }
  const deaf = leases.filter(({ givenBack }) => givenBack).map(({ terminal }) => terminal);
  const wearing = leases.filter(({ wears }) => wears).map(({ terminal }) => terminal);
  return { told, ways, ...(deaf.length > 0 && { deaf }), ...(wearing.length > 0 && { wearing }) };
}
