import { PHASE_NAMES, phaseFlow } from '../../contracts/values/phases.ts';
import type { Connection, Site, Terminal } from '../../contracts/values/site.ts';
import type { Timing } from '../../contracts/values/timing.ts';
import type { ConnectionState, SiteState, TerminalState } from '../site/types.ts';

/** The phases of a connection as they stand now. */
export interface Phases {
  readonly of: 1 | 3;
  readonly flowW: readonly number[]; // + import, by phase; NaN where that phase is not measured
  readonly fuseW: readonly number[];
}

/**
 * A connection and who is controlled behind it, as every controller sees them: worked out once a
 * cycle. Powers are at the instant of the connection's own.
 */
export interface Connected {
  readonly spec: Connection;
  readonly state: ConnectionState;
  readonly batteries: readonly TerminalState[]; // under a setpoint
  readonly ready: readonly TerminalState[]; // those that answer now: a sum may be shared over them
  readonly sun: readonly TerminalState[]; // under a limit
  readonly switched: readonly TerminalState[];
  readonly chargers: readonly TerminalState[]; // in steps
  /**
   * What the connection would carry if every battery rested, W, + import: the sum that batteries
   * can bring to zero. It does not depend on what they do now, so following it cannot swing. NaN
   * while the connection is not known.
   */
  readonly restingGridW: number;
  readonly phases: Phases | undefined; // undefined where they are not measured now
  readonly givenW: readonly number[]; // what the batteries give on each of these phases
}

/** Power of a terminal at the instant of its connection's; NaN where that is not known. */
export const alignedOf = ({ state }: Pick<Connected, 'state'>, { id }: TerminalState): number =>
  state.aligned.byTerminal[id] ?? Number.NaN;

const ALL = [1];
const EVEN = [1 / 3, 1 / 3, 1 / 3];
const UNKNOWN = [1, 1, 1];
const SINGLE = { L1: [1, 0, 0], L2: [0, 1, 0], L3: [0, 0, 1] } as const;

/** What of a terminal's power lies on each phase of a node; where nobody knows, all on each. */
export function sharesOf(
  { spec }: { readonly spec: Pick<Terminal, 'phases' | 'phase'> },
  of: 1 | 3,
): readonly number[] {
  if (of === 1) return ALL;
  if (spec.phases === 3) return EVEN;
  return spec.phase === undefined ? UNKNOWN : SINGLE[spec.phase];
}

export function phasesAt(spec: Pick<Site, 'nodes' | 'connections'>, connection: string): 1 | 3 {
  const node = spec.connections.find(({ id }) => id === connection)?.node;
  return spec.nodes.find(({ id }) => id === node)?.phases ?? 3;
}

/** Whether a fuse can be held phase by phase: a current without a direction says too little. */
export const isPhased = ({ phases }: Pick<ConnectionState, 'phases'>): boolean =>
  phases.length > 0 && phases.every(({ powerW }) => Number.isFinite(powerW));

/** @returns undefined where the phases are not measured, or too long ago */
function phasesNow(
  state: ConnectionState,
  { fuseA }: Connection,
  of: 1 | 3,
  { freshMs }: Timing,
): Phases | undefined {
  if (!isPhased(state) || !(state.ageMs <= freshMs.control)) return undefined;
  const flowW: number[] = [];
  const fuseW: number[] = [];
  for (let n = 0; n < of; n += 1) {
    const at = state.phases.findIndex(({ name }) => name === PHASE_NAMES[n]);
    const phase = state.phases[at];
    const flow = phase && phaseFlow(phase, state.aligned.shiftsW[at] ?? 0);
    flowW.push(flow?.importW ?? Number.NaN);
    fuseW.push(fuseA * (flow?.volts ?? Number.NaN));
  }
  return { of, flowW, fuseW };
}

/** What some terminals give on each phase now, W, + into the node. */
export function onPhases(
  connected: Pick<Connected, 'state'>,
  of: 1 | 3,
  terminals: readonly TerminalState[],
): number[] {
  const sums = of === 1 ? [0] : [0, 0, 0];
  for (const terminal of terminals) {
    const powerW = alignedOf(connected, terminal);
    if (Number.isFinite(powerW)) addOn(sums, sharesOf(terminal, of), powerW);
  }
  return sums;
}

/** Adds a power to the sums of the phases that it lies on. */
export function addOn(sums: number[], shares: readonly number[], powerW: number): void {
  for (let n = 0; n < shares.length; n += 1) sums[n] = (sums[n] ?? 0) + (shares[n] ?? 0) * powerW;
}

function resting(state: ConnectionState, ready: readonly TerminalState[], times: Timing) {
  if (!(state.ageMs <= times.freshMs.control)) return Number.NaN;
  let sum = state.aligned.gridW;
  for (const battery of ready) sum += alignedOf({ state }, battery);
  return sum;
}

function connect(
  spec: Connection,
  state: ConnectionState,
  { terminals }: SiteState,
  times: Timing,
  of: 1 | 3,
): Connected {
  const batteries: TerminalState[] = [];
  const ready: TerminalState[] = [];
  const sun: TerminalState[] = [];
  const switched: TerminalState[] = [];
  const chargers: TerminalState[] = [];
  for (const one of terminals) {
    if (one.connection !== spec.id) continue;
    const { control } = one.spec;
    if (control === 'setpoint') {
      batteries.push(one);
      if (Number.isFinite(alignedOf({ state }, one))) ready.push(one);
    } else if (control === 'limit') sun.push(one);
    else if (control === 'on-off') switched.push(one);
    else if (control === 'steps') chargers.push(one);
  }
  const phases = phasesNow(state, spec, of, times);
  const restingGridW = resting(state, ready, times);
  const givenW = phases === undefined ? [] : onPhases({ state }, of, ready);
  const known = { restingGridW, phases, givenW };
  return { ...known, spec, state, batteries, ready, sun, switched, chargers };
}

/** Every connection of the site file that the image has. */
export function connectedOf(
  site: SiteState,
  spec: Pick<Site, 'nodes' | 'connections'>,
  times: Timing,
): Connected[] {
  const found: Connected[] = [];
  for (const connection of spec.connections) {
    const state = site.connections.find(({ id }) => id === connection.id);
    if (state === undefined) continue;
    found.push(connect(connection, state, site, times, phasesAt(spec, connection.id)));
  }
  return found;
}
