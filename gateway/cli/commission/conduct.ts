import type { Profile } from '../../../devices/profile.ts';
import { hash } from '../../adapters/crypto.ts';
import { analyse } from '../../commissioning/analyse/analyse.ts';
import { pulseSteps, quietStep, type Room } from '../../commissioning/program.ts';
import type {
  Finding,
  ProgramStep,
  TerminalResult,
  Trace,
  TraceSample,
} from '../../contracts/values/commissioning.ts';
import { Fault } from '../../contracts/values/fault.ts';
import { good } from '../../contracts/values/reading.ts';
import type { Site, Terminal } from '../../contracts/values/site.ts';
import { timing } from '../../contracts/values/timing.ts';
import type { TrialAnswer, TrialRequest, TrialSample } from '../../contracts/values/trial.ts';
import { withOwnLimit } from './own-limit.ts';
import type { Stand } from './stand.ts';

export interface Conduct {
  readonly stand: Stand;
  readonly site: Site;
  readonly terminal: Terminal;
  readonly device: string; // that is written to
  readonly profile: Profile | undefined;
  readonly session: string;
  readonly seed: string;
  /** A person wants it to end. */
  readonly isStopped: () => boolean;
  /** One line for each step as it begins. */
  readonly progress: (step: ProgramStep, index: number, all: number) => void;
}

export interface Conducted {
  readonly result: TerminalResult;
  readonly identity: Readonly<Record<string, string>>;
  readonly isStopped: boolean; // by a person
}

const RECOGNISED_CYCLES = 20;
/** Turns without a new sample: the guard stands still, or another trial has not ended yet. */
const PATIENCE_CYCLES = 30;
/** A device that refuses to be written is not asked for longer. */
const REFUSED_CYCLES = 8;
const STOPPED_BY_HAND = 'somebody ended it';

/** One terminal, from its quiet phase to its record. The device is given back, whatever happens. */
export async function conduct(asked: Conduct): Promise<Conducted> {
  const run = new Run(asked);
  try {
    return await run.all();
  } finally {
    await run.end();
  }
}

class Run {
  private readonly asked: Conduct;
  private readonly samples: TraceSample[] = [];
  private last: TrialAnswer | undefined;
  private newest: TrialSample | undefined;
  private sinceCycle = 0;
  private startedAtMs = 0;
  private why = '';
  private isByHand = false;

  constructor(asked: Conduct) {
    this.asked = asked;
  }

  async all(): Promise<Conducted> {
    const { site, terminal } = this.asked;
    await this.recognise();
    const quiet = quietStep(site, terminal.id);
    const before: Finding[] = [];
    let steps: readonly ProgramStep[] = [quiet];
    await this.steps(steps, 0);
    if (this.why === '') {
      const found = pulseSteps({
        ...{ site, terminal: terminal.id, quiet: this.trace(), room: this.room() },
        reversionMs: this.reversionMs(),
        directionRestMs: timing(1).directionRestMs,
        random: streamOf(this.asked.seed),
      });
      before.push(...found.findings);
      steps = [quiet, ...found.steps];
      await this.steps(steps, 1);
    }
    const trace = this.trace();
    const { device, seed, profile } = this.asked;
    const result = analyse({
      ...{ site, terminal: terminal.id, seed, steps, trace, before },
      reversionMs: this.reversionMs(),
      areSignsSeen: profile?.signs === 'seen',
    });
    return {
      result: withOwnLimit(site, device, terminal, result, trace),
      identity: this.last?.identity ?? {},
      isStopped: this.isByHand,
    };
  }

  async end(): Promise<void> {
    await this.ask({ act: 'end', powerW: 0 }).catch(() => undefined);
  }

  /** How the device is commanded is known once it has answered. */
  private async recognise(): Promise<void> {
    for (let cycle = 0; cycle < RECOGNISED_CYCLES; cycle += 1) {
      const { control, standing, cycleMs } = await this.ask({ act: 'look', powerW: 0 });
      if (control !== undefined && standing !== undefined) return;
      await this.asked.stand.wait(cycleMs);
    }
    const { device, terminal } = this.asked;
    const what = `it does not answer, or is no device that commands ${terminal.id}`;
    throw new Fault(what, device, 'edgewatt devices probe says who answers there');
  }

  private async ask(more: Pick<TrialRequest, 'act' | 'powerW'>): Promise<TrialAnswer> {
    const { stand, session, device, terminal, site } = this.asked;
    const { sinceCycle } = this;
    const answer = await stand.ask({
      ...{ session, device, terminal: terminal.id, sinceCycle },
      ...more,
    });
    if (answer.refused !== '') {
      throw new Fault(answer.refused, device, 'mend that, then run it again');
    }
    if (answer.site !== site.id) {
      const what = `the gateway runs the site ${answer.site}`;
      throw new Fault(what, site.id, 'name the site file of the running gateway');
    }
    this.last = answer;
    return answer;
  }

  private async steps(steps: readonly ProgramStep[], from: number): Promise<void> {
    for (let index = from; index < steps.length && this.why === ''; index += 1) {
      const step = steps[index];
      if (step === undefined) return;
      this.asked.progress(step, index, steps.length);
      await this.step(step, index);
    }
  }

  private async step(step: ProgramStep, index: number): Promise<void> {
    const { stand, isStopped } = this.asked;
    const { kind, powerW, durationMs } = step;
    let fromMs: number | undefined;
    let idle = 0;
    let refused = 0;
    for (;;) {
      if (isStopped()) {
        this.isByHand = true;
        this.why = STOPPED_BY_HAND;
        return;
      }
      const answer = await this.ask({ act: kind, powerW });
      idle = answer.samples.length === 0 ? idle + 1 : 0;
      if (idle > PATIENCE_CYCLES) throw new Fault('the guard stands still', this.asked.device, '');
      for (const sample of answer.samples) {
        this.take(sample, sample.act === kind ? index : index - 1, answer);
        if (sample.act !== kind) continue;
        fromMs ??= sample.seen.atMs;
        refused = sample.refused === '' ? 0 : refused + 1;
        if (sample.seen.atMs - fromMs >= durationMs) return;
      }
      this.why = this.hindrance(answer, refused);
      if (this.why !== '') return;
      await stand.wait(answer.cycleMs);
    }
  }

  /** Why it cannot go on; '' when it can. */
  private hindrance({ standing }: TrialAnswer, refusedCycles: number): string {
    if (standing?.mode === 'safe' || standing?.flags.includes('islanded')) return standing.why;
    return refusedCycles > REFUSED_CYCLES ? `it is not written: ${this.newest?.refused}` : '';
  }

  private take(sample: TrialSample, step: number, answer: TrialAnswer): void {
    this.sinceCycle = sample.cycle;
    this.newest = sample;
    if (step < 0) return;
    if (this.samples.length === 0) {
      this.startedAtMs = Math.round(answer.wallMs - answer.monoMs + sample.seen.atMs);
    }
    this.samples.push({ ...sample.seen, step });
  }

  private trace(): Trace {
    const ended = this.why === '' ? 'complete' : 'stopped';
    return { startedAtMs: this.startedAtMs, samples: this.samples, ended, why: this.why };
  }

  /** From the last renewed write until the device lets go; undefined = it has no timer. */
  private reversionMs(): number | undefined {
    const reversion = this.last?.control?.reversion;
    if (reversion === undefined || reversion.to === 'none') return undefined;
    const askedS = timing(1).reversionMs / 1_000;
    return 1_000 * Math.min(Math.max(askedS, reversion.minS), reversion.maxS);
  }

  private room(): Room {
    const { terminal, device } = this.asked;
    const readings = this.newest?.seen.readings[device];
    const prefix = terminal.part === undefined ? '' : `${terminal.part}.`;
    const own = (key: string) => good(readings?.[`${prefix}${key}`]);
    const { importLimitW, exportLimitW } = this.last?.standing ?? {
      importLimitW: 0,
      exportLimitW: 0,
    };
    return {
      ...{ importLimitW, exportLimitW },
      chargeMaxW: own('chargeMaxW'),
      dischargeMaxW: own('dischargeMaxW'),
      ratedW: own('ratedW') ?? good(readings?.['ratedW']),
      socPct: own('socPct'),
    };
  }
}

const HEX = 13; // 52 bits

/** Uniform in [0, 1), the same for the same seed. */
function streamOf(seed: string): { next(): number } {
  let count = 0;
  return {
    next: () => {
      count += 1;
      return Number.parseInt(hash.sha256(`${seed} ${count}`).slice(0, HEX), 16) / 2 ** (4 * HEX);
    },
  };
}
