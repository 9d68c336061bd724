import type { AgentFrame } from '../../gateway/contracts/values/frames.ts';
import type { Intent, TerminalStep } from '../../gateway/contracts/values/plan.ts';
import { QUARTER_MS } from '../../gateway/contracts/values/time.ts';
import type { Pipe } from '../../gateway/ports.ts';

/** What becomes of plans: how they are bent, until when (real ms). */
export interface Babble {
  readonly how: string;
  readonly untilMs: number;
}

const HUGE_W = 1e9;
const KILO = 1_000;
const LATE_SEQUENCE = 1e9;

/** What an agent says to its guard, as it arrives there. */
export class Voice {
  readonly pipe: Pipe;
  private readonly pass: (frame: AgentFrame) => boolean;
  private last: Intent | undefined;

  /** @param babbling how plans are bent now; undefined: not at all */
  constructor(pipe: Pipe, babbling: () => Babble['how'] | undefined) {
    const { pass } = pipe;
    if (pass === undefined) throw new RangeError('a pipe that takes no frames');
    this.pass = pass.bind(pipe);
    this.pipe = pipe;
    pipe.pass = (frame) => {
      if (frame.t !== 'intent') return pass.call(pipe, frame);
      this.last = frame.intent;
      const how = babbling();
      return this.pass(
        how === undefined ? frame : { t: 'intent', intent: bent(frame.intent, how) },
      );
    };
  }

  /** An agent before this one asks for a power at every terminal. */
  askOlder(powerW: number, nowMs: number): boolean {
    const { last } = this;
    const step = last?.plan[0];
    if (last === undefined || step === undefined) return false;
    const terminals = step.terminals.map(({ terminal }): TerminalStep => {
      return { terminal, follow: 'fixed', powerW, gridW: 0, minW: powerW, maxW: powerW };
    });
    const plan = [{ ...step, fromMs: nowMs, durationMs: QUARTER_MS, terminals }];
    const agentEpoch = last.agentEpoch - 1;
    const times = { issuedAtMs: nowMs, expiresAtMs: nowMs + QUARTER_MS };
    const intent = { ...last, ...times, agentEpoch, sequence: LATE_SEQUENCE, plan };
    return this.pass({ t: 'intent', intent });
  }
}

function bent(intent: Intent, how: Babble['how']): Intent {
  const plan = intent.plan.map((step) => ({
    ...step,
    terminals: step.terminals.map((one) => bend(one, how)),
  }));
  return { ...intent, plan };
}

function bend(one: TerminalStep, how: Babble['how']): TerminalStep {
  const { powerW, gridW, minW, maxW } = one;
  switch (how) {
    case 'huge':
      return {
        ...{ ...one, powerW: HUGE_W, minW: -HUGE_W, maxW: HUGE_W },
        ...bentLevels(one, (pct) => HUGE_W * pct),
        follow: one.follow === 'levels' ? 'levels' : 'fixed',
      };
    case 'kilo':
      return {
        ...{ ...one, powerW: powerW * KILO, gridW: gridW * KILO, maxW: maxW * KILO },
        ...bentLevels(one, (pct) => pct * KILO),
      };
    case 'turned':
      return {
        ...{ ...one, powerW: 0 - powerW, gridW: 0 - gridW },
        ...bentLevels(one, (pct) => 100 - pct),
      };
    case 'crossed':
      return { ...one, minW: maxW, maxW: minW, ...bentLevels(one, (pct) => 0 - pct) };
    default:
      return { ...one, powerW: Number.NaN };
  }
}

function bentLevels(
  { levels }: TerminalStep,
  bend: (pct: number) => number,
): Pick<TerminalStep, 'levels'> {
  if (levels === undefined) return {};
  return {
    levels: {
      leastPct: bend(levels.leastPct),
      buyToPct: bend(levels.buyToPct),
      storeToPct: bend(levels.storeToPct),
      coverToPct: bend(levels.coverToPct),
      sellToPct: bend(levels.sellToPct),
      worthNanoPerWh: levels.worthNanoPerWh,
    },
  };
}
