import { decodePoint, decodeText } from '../../devices/codec.ts';
import type { DeviceMap } from '../../devices/profile.ts';
import { controlOf } from '../contracts/values/control.ts';
import type { MirrorSpan } from '../contracts/values/frames.ts';
import type { Image } from '../contracts/values/image.ts';
import type { Site } from '../contracts/values/site.ts';
import type { Timing } from '../contracts/values/timing.ts';
import type {
  Standing,
  Trial,
  TrialAnswer,
  TrialRequest,
  TrialSample,
} from '../contracts/values/trial.ts';
import type { Clock, Log } from '../ports.ts';
import type { LeaseView } from './commands/types.ts';
import type { Poller, Snapshot } from './measurements/types.ts';
import type { Finding } from './safety/verdict.ts';

/** A step that is not asked for again ends after this many cycles, and is taken back. */
const STANDS_CYCLES = 5;
/** Whoever was silent for so long is gone: another may come. */
const GONE_CYCLES = 10;
/** The device is given back during this many cycles, until its registers show it. */
const END_CYCLES = 20;
const NEAR = 0.005;
const SAMPLES_MOST = 120;
/** Of one answer, so that it fits into a frame of 64 KB. */
const ANSWERED_CHARS = 40_000;
const TOLD = /^(power(L\d)?W|current(L\d)?A|voltage(L\d)?V|socPct|ratedW|(charge|discharge)MaxW)$/;

interface Turned {
  readonly image: Image;
  readonly seen: Snapshot;
  readonly findings: readonly Finding[];
  readonly leases: readonly LeaseView[];
}

export interface TrialDeps {
  readonly site: Site;
  readonly poller: Pick<Poller, 'map' | 'spans'>;
  readonly clock: Clock;
  readonly times: Timing;
  readonly log: Log;
}

/**
 * The device that a person proves now: what is asked of it, for how long, and what was seen
 * meanwhile. It decides nothing: its wish goes through arbiter and kernel like any other.
 */
export class Trials {
  private readonly deps: TrialDeps;
  private trial: Trial | undefined;
  private session = '';
  private heardAtMs = Number.NEGATIVE_INFINITY;
  private samples: TrialSample[] = [];
  private image: Image | undefined;

  constructor(deps: TrialDeps) {
    this.deps = deps;
  }

  /** What is asked now; 'end' for a while after it ended, until the device has its own way. */
  now(): Trial | undefined {
    const { clock, times } = this.deps;
    const { trial } = this;
    const nowMs = clock.monoMs();
    if (trial === undefined || nowMs < trial.untilMs) return trial;
    if (trial.act === 'end') {
      this.trial = undefined;
      return undefined;
    }
    this.deps.log.info(`commissioning of ${trial.device} has ended`);
    this.trial = { ...trial, act: 'end', untilMs: nowMs + END_CYCLES * times.cycleMs };
    return this.trial;
  }

  /** It may be written although nothing proves it yet. */
  covers(device: string): boolean {
    return this.now()?.device === device;
  }

  /** Once a turn, after the verdicts went out. */
  note({ image, seen, findings, leases }: Turned): void {
    this.image = image;
    const { trial } = this;
    if (trial === undefined) return;
    const finding = findings.find(({ terminal }) => terminal === trial.terminal);
    const lease = leases.find(({ terminal }) => terminal === trial.terminal);
    const isGiven = trial.act === 'release' || trial.act === 'end';
    const commandedW = Object.fromEntries(
      findings.map(({ terminal, powerW }) => {
        const isOwn = terminal === trial.terminal;
        const isFree = this.isFree(terminal, powerW) || (isGiven && isOwn);
        return [terminal, isFree ? null : powerW];
      }),
    );
    const readBackW = Object.fromEntries(
      leases.map(({ terminal, lastVerified }) => [terminal, readBackOf(lastVerified)]),
    );
    const own = commandedW[trial.terminal] ?? null;
    this.samples.push({
      cycle: image.cycle,
      act: trial.act,
      seen: { atMs: image.monoMs, commandedW, readBackW, readings: readingsOf(seen) },
      code: finding?.code ?? '',
      isWritten: lease?.lastVerified !== undefined && isSame(readBackOf(lease.lastVerified), own),
      armed: lease?.armed === true,
      refused: lease?.refused ?? '',
    });
    if (this.samples.length > SAMPLES_MOST) this.samples.shift();
  }

  /** @param raw  over a pipe or a socket: anything */
  ask(raw: unknown): TrialAnswer {
    const request = requestOf(raw);
    if (request === undefined) return this.answer('not a request of commissioning', undefined);
    const why = this.objection(request);
    if (why !== '') return this.answer(why, undefined);
    const { clock, times, log } = this.deps;
    const { act, device, terminal, powerW } = request;
    const nowMs = clock.monoMs();
    if (this.session !== request.session) {
      this.samples = [];
      log.info(`commissioning of ${device} begins`);
    }
    this.session = request.session;
    this.heardAtMs = nowMs;
    if (act === 'end') {
      this.session = '';
      if (this.trial !== undefined && this.trial.act !== 'end') {
        this.trial = { ...this.trial, untilMs: nowMs };
      }
    } else if (act !== 'look') {
      const untilMs = nowMs + STANDS_CYCLES * times.cycleMs;
      this.trial = { device, terminal, act, powerW, untilMs };
    }
    return this.answer('', request);
  }

  /** Why this is not done, in words; '' when it is. */
  private objection(request: TrialRequest): string {
    const { site, clock, times } = this.deps;
    const own = this.terminalOf(request);
    if (own === undefined) return `the site has no ${request.terminal} at ${request.device}`;
    if (own.control === 'none') return `${own.id} has no control`;
    if (!site.control.active) return 'the gateway only observes: control is off in the site file';
    const isOther = this.session !== '' && this.session !== request.session;
    const isHeard = clock.monoMs() - this.heardAtMs <= GONE_CYCLES * times.cycleMs;
    if (isOther && isHeard) return `another commissioning runs (${this.trial?.device ?? 'ending'})`;
    const ending = this.now();
    const isAnother = ending !== undefined && ending.terminal !== request.terminal;
    if (isAnother && request.act !== 'look') return `${ending.device} is being given back`;
    return '';
  }

  /** A production limit at nameplate is none. */
  private isFree(terminal: string, powerW: number): boolean {
    const own = this.deps.site.terminals.find(({ id }) => id === terminal);
    return Number.isNaN(powerW) || (own?.control === 'limit' && powerW >= own.ratedInW);
  }

  private terminalOf({ device, terminal }: Pick<TrialRequest, 'device' | 'terminal'>) {
    return this.deps.site.terminals.find(
      (one) => one.id === terminal && (one.controlDevice ?? one.device) === device,
    );
  }

  private answer(refused: string, request: TrialRequest | undefined): TrialAnswer {
    const { clock, times, poller } = this.deps;
    const base = {
      ...{ refused, monoMs: clock.monoMs(), wallMs: clock.wallMs(), cycleMs: times.cycleMs },
      site: this.deps.site.id,
      ...(this.image === undefined ? {} : { standing: standingOf(this.image) }),
    };
    if (request === undefined) return { ...base, samples: [], identity: {} };
    const map = poller.map(request.device);
    const own = this.terminalOf(request);
    const control = map === undefined || own === undefined ? undefined : controlOf(map, own);
    return {
      ...base,
      samples: fitting(this.samples.filter(({ cycle }) => cycle > request.sinceCycle)),
      identity: map === undefined ? {} : identityOf(map, poller.spans(request.device)),
      ...(control === undefined ? {} : { control }),
    };
  }
}

const ACTS: readonly unknown[] = ['quiet', 'pulse', 'letGo', 'release', 'look', 'end'];

/** Hand-written, so that the guard needs no schema library. */
function requestOf(raw: unknown): TrialRequest | undefined {
  if (typeof raw !== 'object' || raw === null) return undefined;
  const asked = raw as Partial<Record<keyof TrialRequest, unknown>>;
  const isText = (text: unknown): boolean =>
    typeof text === 'string' && text !== '' && text.length <= 64;
  const isSound =
    [asked.session, asked.device, asked.terminal].every(isText) &&
    ACTS.includes(asked.act) &&
    Number.isFinite(asked.powerW) &&
    Number.isFinite(asked.sinceCycle);
  return isSound ? (raw as TrialRequest) : undefined;
}

/** A writer leaves what is near enough. */
const isSame = (a: number | null, b: number | null): boolean =>
  a === null || b === null ? a === b : Math.abs(a - b) <= Math.max(1, NEAR * Math.abs(b));

const readBackOf = (verified: LeaseView['lastVerified']): number | null =>
  verified === undefined || verified.kind === 'release' ? null : verified.powerW;

/** The oldest of them, as many as one answer takes, but one at least. */
function fitting(samples: readonly TrialSample[]): TrialSample[] {
  let chars = 0;
  return samples.filter((sample, index) => {
    chars += JSON.stringify(sample).length;
    return index === 0 || chars <= ANSWERED_CHARS;
  });
}

function standingOf({ mode, flags, reason, limits }: Image): Standing {
  const { importLimitW, exportLimitW } = limits;
  return { mode, flags, why: reason.sentence, importLimitW, exportLimitW };
}

function readingsOf({ readings }: Snapshot): TrialSample['seen']['readings'] {
  return Object.fromEntries(
    Object.entries(readings).map(([device, own]) => [
      device,
      Object.fromEntries(
        Object.entries(own).filter(([key]) => TOLD.test(key.slice(key.lastIndexOf('.') + 1))),
      ),
    ]),
  );
}

const IDENTITY = ['maker', 'model', 'serial', 'firmware'];

function identityOf(map: DeviceMap, spans: readonly MirrorSpan[]): Record<string, string> {
  const found: Record<string, string> = {};
  for (const key of IDENTITY) {
    const point = map.points[key];
    const span = spans.find(
      (one) =>
        point !== undefined &&
        one.space === point.space &&
        one.at <= point.at &&
        point.at + point.count <= one.at + one.words.length,
    );
    if (point === undefined || span === undefined) continue;
    const offset = point.at - span.at;
    const text =
      point.as === 'str'
        ? decodeText(point, span.words, offset)
        : decodePoint(map, point, span.words, offset)?.toString();
    if (text !== undefined && text !== '') found[key] = text;
  }
  return found;
}
