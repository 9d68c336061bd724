import {
  type AgentFrame,
  FRAME_BYTES_MAX,
  type GuardFrame,
  hearFrames,
  type MirrorSpan,
  sendFrame,
} from '../contracts/values/frames.ts';
import type { Image } from '../contracts/values/image.ts';
import type { OverrideAnswer } from '../contracts/values/override.ts';
import type { TelemetryRecord } from '../contracts/values/record.ts';
import type { TrialAnswer } from '../contracts/values/trial.ts';
import type { PassThrough } from '../guard/pass.ts';
import type { Clock, Log, Pipe } from '../ports.ts';
import { LEAST_DETAIL, pictured } from './picture.ts';

/** A running agent process as the supervisor needs it. */
export interface AgentProcess {
  readonly pipe: Pipe & { nextTurn(): void };
  readonly exited: Promise<void>;
  kill(): void;
}

export interface SupervisorDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly start: () => AgentProcess;
  readonly onFrame: (frame: AgentFrame) => void;
  readonly onRestart: () => void;
}

const SILENT_MS = 10_000; // real: an agent that says nothing that long hangs
const START_MS = 30_000; // real: until its first word, on a busy Pi
const START_MAX_MS = 240_000; // one that was ended before its first word gets twice as long
const BACKOFF_MIN_MS = 500;
const BACKOFF_MAX_MS = 30_000;
const STEADY_MS = 60_000; // a run this long forgives earlier failures
const RECORDS_MAX = 20_000; // about ten minutes at the densest, about a day at the usual rate
const STOP_MS = 14_000; // the records below, the agent's drain, and its end
const RECORDS_MS = 4_000;
const SPANS_MAX = 32; // of a frame, each of at most 125 registers
const BATCH_BYTES = FRAME_BYTES_MAX - 2_048;

/**
 * The guard's side of the agent process: starts it, hands it the newest image and every record,
 * listens for its frames, and restarts it with back-off when it dies or falls silent. Nothing here
 * can hold up a turn.
 */
export class Supervisor {
  restarts = 0;
  recordsDropped = 0;
  private agent: AgentProcess | undefined;
  private hasSpoken = false; // this agent
  private patienceMs = START_MS;
  private startedAtMs = 0;
  private heardAtMs = 0;
  private backoffMs = BACKOFF_MIN_MS;
  private image: Image | undefined;
  private imageInFlight = false;
  private detail = 0; // points left out of images so far
  private records: TelemetryRecord[] = [];
  private sent = 0; // records already written to this agent
  private readonly mirroredAtMs = new Map<string, number>(); // by span, as this agent has it
  private stopping = false;
  private cancelRestart: (() => void) | undefined;
  private readonly deps: SupervisorDeps;

  constructor(deps: SupervisorDeps) {
    this.deps = deps;
  }

  /** An agent runs and has said something. */
  get isAgentAlive(): boolean {
    return this.agent !== undefined && this.hasSpoken;
  }

  launch(): void {
    if (this.stopping) return;
    const agent = this.deps.start();
    this.agent = agent;
    this.hasSpoken = false;
    this.startedAtMs = this.deps.clock.realMs();
    this.heardAtMs = this.startedAtMs + this.patienceMs - SILENT_MS;
    this.imageInFlight = false;
    this.sent = 0;
    this.mirroredAtMs.clear();
    const broken = (error: unknown): void => {
      this.deps.log.error('the agent sent a broken frame', { error: String(error) });
      agent.kill();
    };
    const take = (frame: unknown): void => {
      try {
        this.take(frame);
      } catch (error) {
        broken(error);
      }
    };
    hearFrames(agent.pipe, take, broken);
    void agent.exited.then(() => this.gone(agent));
  }

  /** Once a turn: reads what waits, sends the newest image, looks for silence. */
  turn(image: Image): void {
    this.image = image;
    const agent = this.agent;
    if (agent === undefined) return;
    agent.pipe.nextTurn();
    if (this.deps.clock.realMs() - this.heardAtMs > SILENT_MS) {
      this.deps.log.error('the agent is silent; it is restarted');
      if (!this.hasSpoken) this.patienceMs = Math.min(2 * this.patienceMs, START_MAX_MS);
      agent.kill();
      this.heardAtMs = this.deps.clock.realMs();
      return;
    }
    this.sendImage();
    this.sendRecords();
  }

  /** Another master's request: the guard answers when it comes to it, or says that it does not. */
  pass(
    { id, device, bytes, local, from }: AgentFrame & { t: 'pass' },
    ask: PassThrough['ask'],
  ): void {
    const { agent } = this;
    void ask(device, bytes, local === true, from).then((answer) => {
      // Another agent counts its requests anew.
      if (this.agent === agent) this.send({ t: 'passed', id, bytes: answer });
    });
  }

  /** What the commissioning command asked; never larger than a frame. */
  tried({ id }: AgentFrame & { t: 'trial' }, answer: TrialAnswer): void {
    this.send({ t: 'tried', id, answer });
  }

  /** A person's order, or what is in force. */
  overridden({ id }: AgentFrame & { t: 'override' }, answer: OverrideAnswer): void {
    this.send({ t: 'overridden', id, answer });
  }

  /** Hands over what changed of a mirrored device; what does not fit is newer the next time. */
  mirror(device: string, polled: (device: string) => readonly MirrorSpan[]): void {
    if (!this.isAgentAlive) return;
    const keyOf = ({ space, at }: MirrorSpan): string => `${device} ${space} ${at}`;
    const isNew = (span: MirrorSpan) => this.mirroredAtMs.get(keyOf(span)) !== span.atMs;
    const changed = polled(device).filter(isNew);
    for (let from = 0; from < changed.length; from += SPANS_MAX) {
      const part = changed.slice(from, from + SPANS_MAX);
      if (!this.send({ t: 'mirror', device, spans: part })) return;
      for (const span of part) this.mirroredAtMs.set(keyOf(span), span.atMs);
    }
  }

  /** Events that no agent has on disk yet. */
  openEvents(): TelemetryRecord[] {
    return this.records.filter(({ kind }) => kind === 'event');
  }

  /**
   * Keeps records until the agent has them on disk; drops the oldest when nobody comes for them,
   * events last: the audit log is made of them.
   */
  push(records: readonly TelemetryRecord[]): void {
    this.records.push(...records);
    const over = this.records.length - RECORDS_MAX;
    if (over > 0) this.drop(over);
    this.sendRecords();
  }

  private drop(count: number): void {
    const isOld = (record: TelemetryRecord): boolean => record.kind !== 'event';
    for (let left = count; left > 0; left--) {
      const found = this.records.findIndex(isOld);
      const at = Math.max(0, found);
      this.records.splice(at, 1);
      if (at < this.sent) this.sent -= 1;
    }
    this.recordsDropped += count;
  }

  /** Lets the agent take the last records, drain and end; then kills what is left. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.cancelRestart?.();
    const agent = this.agent;
    if (agent === undefined) return;
    const cancel = this.deps.clock.realAt(this.deps.clock.realMs() + STOP_MS, () => agent.kill());
    const untilMs = this.deps.clock.realMs() + RECORDS_MS;
    let told = false;
    const pump = (): void => {
      if (this.agent === undefined) return;
      agent.pipe.nextTurn();
      this.sendRecords();
      if (!told && (this.records.length === 0 || this.deps.clock.realMs() > untilMs)) {
        told = this.send({ t: 'stopping' });
      }
      this.deps.clock.realAt(this.deps.clock.realMs() + 20, pump);
    };
    pump();
    await agent.exited;
    cancel();
  }

  private take(raw: unknown): void {
    const frame = checkAgentFrame(raw);
    if (frame === undefined) {
      this.deps.log.warn('the agent sent an unknown frame');
      return;
    }
    this.heardAtMs = this.deps.clock.realMs();
    this.hasSpoken = true;
    this.patienceMs = START_MS;
    if (frame.t === 'image-ack') {
      this.imageInFlight = false;
    } else if (frame.t === 'records-ack') {
      const kept = this.records.filter((r) => r.epoch !== frame.epoch || r.seq > frame.seq);
      this.sent = Math.max(0, this.sent - (this.records.length - kept.length));
      this.records = kept;
    } else if (frame.t !== 'alive') {
      this.deps.onFrame(frame);
    }
  }

  private send(frame: GuardFrame): boolean {
    return this.agent !== undefined && sendFrame(this.agent.pipe, frame);
  }

  /** What does not fit into a frame goes with fewer points, from then on. */
  private sendImage(): void {
    const { image } = this;
    if (image === undefined || this.imageInFlight) return;
    try {
      const sent = this.send({ t: 'image', image: pictured(image, this.detail) });
      if (sent) this.imageInFlight = true;
      this.image = undefined;
    } catch (error) {
      if (!(error instanceof RangeError) || this.detail === LEAST_DETAIL) throw error;
      this.detail += 1;
      const all = Object.keys(image.points).length;
      this.deps.log.warn(`the site has ${all} points, the agent gets the usual ones of them`);
      this.sendImage();
    }
  }

  private sendRecords(): void {
    while (this.agent !== undefined && this.sent < this.records.length) {
      const batch: TelemetryRecord[] = [];
      let bytes = 0;
      for (let i = this.sent; i < this.records.length; i++) {
        const record = this.records[i];
        if (record === undefined) break;
        bytes += JSON.stringify(record).length + 1;
        if (bytes > BATCH_BYTES && batch.length > 0) break;
        batch.push(record);
      }
      if (!this.send({ t: 'records', records: batch })) return;
      this.sent += batch.length;
    }
  }

  private gone(agent: AgentProcess): void {
    agent.pipe.close();
    if (this.agent !== agent) return;
    this.agent = undefined;
    if (this.stopping) return;
    this.restarts++;
    const ranMs = this.deps.clock.realMs() - this.startedAtMs;
    this.backoffMs =
      ranMs > STEADY_MS ? BACKOFF_MIN_MS : Math.min(this.backoffMs * 2, BACKOFF_MAX_MS);
    this.deps.log.warn('the agent ended; it is started again', { inMs: this.backoffMs });
    this.cancelRestart = this.deps.clock.realAt(this.deps.clock.realMs() + this.backoffMs, () => {
      this.launch();
      this.deps.onRestart();
    });
  }
}

/** Hand-written so that the guard needs no schema library; undefined for anything unknown. */
function checkAgentFrame(raw: unknown): AgentFrame | undefined {
  if (typeof raw !== 'object' || raw === null) return undefined;
  const frame = raw as Record<string, unknown>;
  const isNumber = (key: string): boolean => Number.isFinite(frame[key]);
  const isText = (key: string): boolean => typeof frame[key] === 'string';
  switch (frame['t']) {
    case 'alive':
    case 'restart':
      return { t: frame['t'] };
    case 'pass':
      return isNumber('id') && isText('device') && isFrom(frame['from']) && isPdu(frame['bytes'])
        ? (raw as AgentFrame)
        : undefined;
    case 'trial':
    case 'override':
      return isNumber('id') ? (raw as AgentFrame) : undefined;
    case 'image-ack':
      return isNumber('cycle') ? (raw as AgentFrame) : undefined;
    case 'records-ack':
      return isNumber('epoch') && isNumber('seq') ? (raw as AgentFrame) : undefined;
    case 'intent':
      // The guard itself looks at what is in it, and says why it refuses one.
      return typeof frame['intent'] === 'object' ? (raw as AgentFrame) : undefined;
    case 'directive': {
      const signed = frame['directive'] as Record<string, unknown> | null | undefined;
      const ok = ['body', 'keyId', 'signature'].every((key) => typeof signed?.[key] === 'string');
      return ok ? (raw as AgentFrame) : undefined;
    }
    default:
      return undefined;
  }
}

const ADDRESS_MAX = 64;
const isFrom = (raw: unknown): boolean =>
  raw === undefined || (typeof raw === 'string' && raw.length <= ADDRESS_MAX);

const PDU_MAX = 253;

const isPdu = (raw: unknown): boolean =>
  Array.isArray(raw) &&
  raw.length > 0 &&
  raw.length <= PDU_MAX &&
  raw.every((byte) => Number.isInteger(byte) && byte >= 0 && byte <= 255);
