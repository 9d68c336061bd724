import { PHASE_NAMES, phaseFlow, shareOn } from '../../contracts/values/phases.ts';
import type { Site } from '../../contracts/values/site.ts';
import type { ConnectionState, SiteState, TerminalState } from '../site/types.ts';
import { type PhaseSlot, perPhase, type Room, type Unbalance } from './phases.ts';
import { comingGridW, type Slot, wanted } from './shares.ts';
import type { View } from './types.ts';

/** Aimed at this share of a fuse, so that noise of a meter does not break it. */
const AIM = 0.99;

/** The phases of a connection as they stand now. */
export interface Phases {
  readonly of: 1 | 3;
  readonly flowW: readonly number[]; // + import, by phase; NaN where that phase is not measured
  readonly fuseW: readonly number[];
}

/** What of a terminal's power lies on each phase of a node. */
export const sharesOf = ({ spec }: TerminalState, of: 1 | 3): number[] =>
  PHASE_NAMES.slice(0, of).map((name) => shareOn(spec, of, name));

export function phasesAt(spec: Pick<Site, 'nodes' | 'connections'>, connection: string): 1 | 3 {
  const node = spec.connections.find(({ id }) => id === connection)?.node;
  return spec.nodes.find(({ id }) => id === node)?.phases ?? 3;
}

/** Whether a fuse can be held phase by phase: a current without a direction says too little. */
export const isPhased = ({ phases }: Pick<ConnectionState, 'phases'>): boolean =>
  phases.length > 0 && phases.every(({ powerW }) => Number.isFinite(powerW));

/** @returns undefined where the phases are not measured, or the connection is not known */
export function phasesNow(
  { site, spec, times }: Pick<View, 'site' | 'spec' | 'times'>,
  connection: string,
): Phases | undefined {
  const state = site.connections.find(({ id }) => id === connection);
  const fuseA = spec.connections.find(({ id }) => id === connection)?.fuseA;
  if (state === undefined || fuseA === undefined || !isPhased(state)) return undefined;
  if (!(state.ageMs <= times.freshMs.control)) return undefined;
  const of = phasesAt(spec, connection);
  const flows = PHASE_NAMES.slice(0, of).map((name) => {
    const n = state.phases.findIndex((phase) => phase.name === name);
    const phase = state.phases[n];
    return phase && phaseFlow(phase, state.aligned.shiftsW[n] ?? 0);
  });
  return {
    of,
    flowW: flows.map((flow) => flow?.importW ?? Number.NaN),
    fuseW: flows.map((flow) => fuseA * (flow?.volts ?? Number.NaN)),
  };
}

/** Power of a terminal at the instant of its connection's; NaN where that is not known. */
export const alignedOf = (site: SiteState, { id, connection }: TerminalState): number =>
  site.connections.find((one) => one.id === connection)?.aligned.byTerminal[id] ?? Number.NaN;

/** What some terminals give on each phase now, W, + into the node. */
export function onPhases(site: SiteState, of: 1 | 3, terminals: readonly TerminalState[]) {
  const sums = PHASE_NAMES.slice(0, of).map(() => 0);
  for (const terminal of terminals) {
    const powerW = alignedOf(site, terminal);
    if (!Number.isFinite(powerW)) continue;
    sharesOf(terminal, of).forEach((share, n) => {
      sums[n] = (sums[n] ?? 0) + share * powerW;
    });
  }
  return sums;
}

/**
 * What batteries may give on each phase together, so that its fuse holds; a phase that nobody
 * measures has no bound.
 * @param risenW  by phase: what sun and loads will add to its import
 */
export function roomsOf(phases: Phases, givenW: readonly number[], risenW: readonly number[]) {
  return phases.flowW.map((flowW, n): Room => {
    const restingW = flowW + (givenW[n] ?? 0);
    const fuseW = AIM * (phases.fuseW[n] ?? Number.NaN);
    if (!Number.isFinite(restingW + fuseW)) {
      return { leastW: Number.NEGATIVE_INFINITY, mostW: Number.POSITIVE_INFINITY };
    }
    return { leastW: restingW + (risenW[n] ?? 0) - fuseW, mostW: restingW + fuseW };
  });
}

const SOURCES: readonly string[] = ['pv', 'battery', 'generator', 'converter'];

/**
 * Single-phase sources and stores that are not steered as batteries, by phase (VDE-AR-N 4105, 5.5:
 * 4.6 kVA between phases). @returns undefined where the site file sets no limit
 */
export function unbalanceOf(
  { site, spec }: Pick<View, 'site' | 'spec'>,
  connection: string,
  of: 1 | 3,
): Unbalance | undefined {
  const limitW = spec.control.unbalanceLimitVa;
  if (limitW === undefined || of === 1) return undefined;
  const baseW = PHASE_NAMES.map((name) =>
    site.terminals
      .filter((one) => one.connection === connection && one.spec.control !== 'setpoint')
      .filter(({ spec: own }) => own.phases === 1 && own.phase === name)
      .filter(({ spec: own, powerW }) => SOURCES.includes(own.kind) && Number.isFinite(powerW))
      .reduce((sum, { powerW }) => sum + powerW, 0),
  );
  return { limitW, baseW };
}

/**
 * What each battery gets so that the connection carries `gridW` (W, + import): as a sum, or where
 * nothing is netted between phases, an equal part on each.
 * @returns W by slot id; the connection's sum where it is not all on phases that are measured
 */
export function aimed(
  view: View,
  connection: string,
  gridW: number,
  slots: readonly Slot[],
): Readonly<Record<string, number>> {
  const spec = view.spec.connections.find(({ id }) => id === connection);
  const phases = spec?.netting === 'per-phase' ? phasesNow(view, connection) : undefined;
  const totalW = comingGridW(view, connection) - gridW;
  if (phases === undefined || phases.flowW.some(Number.isNaN)) return wanted(totalW, slots);
  const here = view.site.terminals.filter((one) => one.connection === connection);
  const batteries = here.filter((one) => one.spec.control === 'setpoint');
  const givenW = onPhases(view.site, phases.of, batteries);
  const restingW = phases.flowW.map((flowW, n) => flowW + (givenW[n] ?? 0));
  // Sun and chargers as they will be: what they change of the sum, an equal part on each phase.
  const leftW = (totalW - restingW.reduce((sum, one) => sum + one, 0)) / phases.of;
  const placedOn = slots.map((slot): PhaseSlot => {
    const terminal = here.find(({ id }) => id === slot.id);
    const shares = terminal === undefined ? [] : sharesOf(terminal, phases.of);
    return { ...slot, atW: 0, shares };
  });
  return perPhase(
    restingW.map((powerW) => powerW + leftW),
    placedOn,
  );
}
