import { shareOn } from '../../contracts/values/phases.ts';
import { PROMPT_METER_MS } from '../../contracts/values/site.ts';
import { type Around, at, type Belief, observe, type Steered, type Trace } from './align.ts';
import type { PhaseState, TerminalState } from './types.ts';

/** What is seen around a connection, as for its sum, and the traces of its phases by name. */
export interface PhasesAround {
  readonly sum: Around;
  readonly traces: Readonly<Record<string, Trace>>;
  readonly terminals: readonly TerminalState[]; // that are steered
  readonly of: 1 | 3; // phases of the node
  readonly atMs: number; // instant of the sum
  readonly shiftW: number; // of the sum, to that instant
  readonly beliefs: Readonly<Record<string, Belief>>; // by phase
}

const isAlone = ({ spec }: TerminalState): boolean => spec.phases === 1;

/** A steered terminal as one phase sees it. */
function part(one: Steered, share: number): Steered {
  if (share === 1) return one;
  const scaled = (trace: Trace): Trace =>
    trace.map(({ atMs, powerW }) => ({ atMs, powerW: share * powerW }));
  return { ...one, trace: scaled(one.trace), orders: scaled(one.orders) };
}

/**
 * What each phase shows at the instant of the sum, less what its meter shows. Where all that we
 * steer lies evenly on the phases, so does what it did since; otherwise each phase is its own case.
 */
export function phaseShifts(phases: readonly PhaseState[], around: PhasesAround) {
  const { sum, traces, terminals, of, atMs, shiftW } = around;
  const evenlyW = Number.isFinite(shiftW) ? shiftW / Math.max(1, phases.length) : 0;
  const beliefs: Record<string, Belief> = {};
  if (!terminals.some(isAlone)) return { shiftsW: phases.map(() => evenlyW), beliefs };
  const shiftsW = phases.map(({ name, powerW }) => {
    const trace = traces[name] ?? [];
    if (sum.latencyMs < PROMPT_METER_MS) {
      const thenW = at(trace, atMs); // samples of one instant
      return Number.isFinite(thenW - powerW) ? thenW - powerW : evenlyW;
    }
    const steered = sum.steered.flatMap((one) => {
      const spec = terminals.find(({ id }) => id === one.id)?.spec;
      if (spec === undefined) return [];
      const isKnown = spec.phases === 3 || spec.phase !== undefined;
      const share = isKnown ? shareOn(spec, of, name) : 1 / phases.length;
      return share > 0 ? [part(one, share)] : [];
    });
    const seen = observe(around.beliefs[name], { ...sum, trace, steered });
    if (seen?.belief !== undefined) beliefs[name] = seen.belief;
    const nowW = seen?.gridW ?? Number.NaN;
    return Number.isFinite(nowW - powerW) ? nowW - powerW : evenlyW;
  });
  return { shiftsW, beliefs };
}
