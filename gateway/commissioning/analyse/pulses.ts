import type { ProgramStep, Trace } from '../../contracts/values/commissioning.ts';
import type { Terminal } from '../../contracts/values/site.ts';
import { restW } from '../program.ts';
import { between, commandsOf, meanOf, type Series } from '../series.ts';
import type { Pulse } from './response.ts';

/** The clean pulses of a trace, and until when nothing else was asked. */
export interface Excitation {
  readonly pulses: readonly Pulse[];
  readonly endS: number;
  /** Instants at which a step began; NaN where the trace never came to it. */
  readonly stepS: readonly number[];
}

/** Steps before the pulse that is left to the device's timer, or that is released. */
function cleanSteps(steps: readonly ProgramStep[]): number {
  const end = steps.findIndex(({ kind }) => kind === 'letGo' || kind === 'release');
  return end < 0 ? steps.length : Math.max(0, end - 1);
}

/**
 * @param own  the terminal's power, where something shows it: a limit takes away what is above it
 */
export function excitationOf(
  steps: readonly ProgramStep[],
  trace: Trace,
  terminal: Terminal,
  own: Series | undefined,
): Excitation {
  const clean = cleanSteps(steps);
  const commands = commandsOf(trace, terminal.id);
  const stepS = steps.map((_, step) => commands.find((one) => one.step === step)?.fromS ?? NaN);
  const lastS = commands.at(-1)?.untilS ?? 0;
  const next = stepS[clean];
  const endS = next !== undefined && Number.isFinite(next) ? next : lastS;
  const pulses: Pulse[] = [];
  steps.slice(0, clean).forEach(({ kind, powerW }, step) => {
    if (kind !== 'pulse') return;
    const rest = restLevel(terminal, own, stepS, step, endS);
    const until = steps.findIndex((one, index) => index > step && one.kind === 'pulse');
    const parts = commands
      .filter((one) => one.step >= step && one.step < (until < 0 ? clean : Math.min(until, clean)))
      .map(({ fromS, untilS, powerW: toldW }) => ({
        fromS,
        untilS,
        jumpW: toldW === null ? 0 : jumpOf(terminal, toldW, rest),
      }))
      .filter(({ jumpW }) => jumpW !== 0);
    const jumpW = parts.reduce((a, b) => (Math.abs(b.jumpW) > Math.abs(a) ? b.jumpW : a), 0);
    if (jumpW !== 0) pulses.push({ step, askedW: powerW, jumpW, parts });
  });
  return { pulses, endS, stepS };
}

function jumpOf(terminal: Terminal, toldW: number, rest: number): number {
  if (terminal.control !== 'limit') return toldW;
  return toldW >= restW(terminal) ? 0 : Math.min(0, toldW - rest);
}

/** What a production limit cuts into: the mean of what was produced before and after. */
function restLevel(
  terminal: Terminal,
  own: Series | undefined,
  stepS: readonly number[],
  step: number,
  endS: number,
): number {
  if (terminal.control !== 'limit') return 0;
  if (own === undefined) return terminal.ratedInW;
  const startS = stepS[step] ?? 0;
  const nextRestS = stepS[step + 1] ?? endS;
  const afterS = stepS[step + 2] ?? endS;
  const before = between(own, startS - 8, startS).value;
  const after = between(own, Math.max(nextRestS, afterS - 8), afterS).value;
  const level = Math.abs(meanOf([...before, ...after]));
  return Number.isFinite(level) ? level : terminal.ratedInW;
}
