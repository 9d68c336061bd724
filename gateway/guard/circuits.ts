import { NOMINAL_V, phaseFlow, phasesOf, shareOn } from '../contracts/values/phases.ts';
import { type PlaceNames, placeNames } from '../contracts/values/places.ts';
import { good } from '../contracts/values/reading.ts';
import {
  type Connection,
  type Edge,
  nodesUp,
  type Site,
  type Terminal,
} from '../contracts/values/site.ts';
import type { CircuitFacts } from './safety/facts.ts';
import type { PhaseState, SiteState } from './site/types.ts';

/** Where nothing measures reactive power: the widest power factor that grid codes ask for. */
const UNKNOWN_FACTOR = 0.9;

/** What hangs behind a node, and what of each crosses its phases. */
interface Behind {
  readonly members: readonly Terminal[];
  readonly phases: 1 | 3; // of the node
  readonly shares: Readonly<Record<string, number>>; // of the sum
  readonly onPhase: Readonly<Record<PhaseState['name'], Readonly<Record<string, number>>>>;
}

/** A circuit of the site file. */
interface Circuit {
  readonly edge: Edge;
  readonly names: PlaceNames;
  readonly behind: Behind;
}

/** Circuits, each before the one that feeds it, and connections. */
interface Circuits {
  readonly edges: readonly Circuit[];
  readonly connections: readonly { readonly connection: Connection; readonly behind: Behind }[];
}

/** Of a site: asked every turn, worked out once. */
const CIRCUITS = new WeakMap<Site, Circuits>();

function circuitsOf(site: Site): Circuits {
  const known = CIRCUITS.get(site);
  if (known !== undefined) return known;
  const depth = ({ node }: Edge): number => nodesUp(site, node).length;
  const circuits = {
    edges: [...site.edges]
      .sort((a, b) => depth(b) - depth(a))
      .map((edge) => ({ edge, names: placeNames(edge.id), behind: behind(site, edge.node) })),
    connections: site.connections.map((connection) => {
      return { connection, behind: behind(site, connection.node) };
    }),
  };
  CIRCUITS.set(site, circuits);
  return circuits;
}

function behind(site: Site, node: string): Behind {
  const members = site.terminals.filter((one) => nodesUp(site, one.node).includes(node));
  const phases = site.nodes.find(({ id }) => id === node)?.phases ?? 3;
  const on = (name: PhaseState['name']) => sharesOn(members, phases, name);
  const shares = Object.fromEntries(members.map(({ id }) => [id, 1]));
  return { members, phases, shares, onPhase: { L1: on('L1'), L2: on('L2'), L3: on('L3') } };
}

/** What of a terminal's power crosses one phase; unknown counts on each. */
function sharesOn(members: readonly Terminal[], phases: 1 | 3, name: PhaseState['name']) {
  const shares: Record<string, number> = {};
  for (const terminal of members) {
    const share = shareOn(terminal, phases, name);
    if (share > 0) shares[terminal.id] = share;
  }
  return shares;
}

interface Flow {
  readonly importW: number;
  readonly exportW: number;
  readonly measured: boolean;
}

/** As metered; otherwise what its terminals do, those that nobody measures at their nameplate. */
function flowOf({ names, behind }: Circuit, spec: Site, site: SiteState): Flow {
  const powerW = good(site.points[names.powerW]);
  if (powerW !== undefined) return { importW: powerW, exportW: -powerW, measured: true };
  let importW = 0;
  let exportW = 0;
  for (const { id, node, ratedInW, ratedOutW } of behind.members) {
    if (spec.nodes.find((one) => one.id === node)?.kind === 'dc') continue; // in its converter
    const now = good(site.points[`${id}.powerW`]);
    importW += now === undefined ? ratedOutW : -now;
    exportW += now === undefined ? ratedInW : now;
  }
  return { importW, exportW, measured: false };
}

const both = (limitW: number) => ({ importLimitW: limitW, exportLimitW: limitW });

/** @param shiftsW  by phase: what brings it to the instant at which its sum is judged */
function phaseFacts(
  phases: readonly PhaseState[],
  { onPhase }: Behind,
  limitA: number,
  shiftsW: readonly number[],
): CircuitFacts[] {
  return phases.map((phase, index) => {
    const { importW, exportW, measured, volts } = phaseFlow(phase, shiftsW[index] ?? 0);
    return { ...both(limitA * volts), importW, exportW, measured, shares: onPhase[phase.name] };
  });
}

/** Without phases of its own: the sum, in which a single-phase terminal counts for all of them. */
function unphased(
  edge: Edge,
  { members, phases }: Behind,
  flow: Flow,
  site: SiteState,
): CircuitFacts {
  const shares: Record<string, number> = {};
  let { importW, exportW } = flow;
  for (const { id, phases: own, ratedInW, ratedOutW } of members) {
    const now = good(site.points[`${id}.powerW`]);
    shares[id] = phases / own;
    importW += (phases / own - 1) * (now === undefined ? ratedOutW : Math.max(0, -now));
    exportW += (phases / own - 1) * (now === undefined ? ratedInW : Math.max(0, now));
  }
  const { measured } = flow;
  return { importW, exportW, measured, ...both((edge.limitA ?? 0) * NOMINAL_V * phases), shares };
}

function edgeFacts(circuit: Circuit, spec: Site, site: SiteState): CircuitFacts[] {
  const { edge, names, behind } = circuit;
  const { limitA, limitVa, importLimitW, exportLimitW } = edge;
  const { shares } = behind;
  const flow = flowOf(circuit, spec, site);
  const facts: CircuitFacts[] = [];
  if (limitA !== undefined) {
    const phases = phasesOf(site.points, names);
    if (phases.length > 0) facts.push(...phaseFacts(phases, behind, limitA, []));
    else facts.push(unphased(edge, behind, flow, site));
  }
  if (limitVa !== undefined) {
    const reactiveVar = good(site.points[names.reactiveVar]);
    const leftW =
      reactiveVar === undefined
        ? UNKNOWN_FACTOR * limitVa
        : Math.sqrt(Math.max(0, limitVa * limitVa - reactiveVar * reactiveVar));
    facts.push({ ...flow, ...both(leftW), shares });
  }
  if (importLimitW !== undefined || exportLimitW !== undefined) {
    const limits = {
      importLimitW: importLimitW ?? Number.POSITIVE_INFINITY,
      exportLimitW: exportLimitW ?? Number.POSITIVE_INFINITY,
    };
    facts.push({ ...flow, ...limits, shares });
  }
  return facts;
}

/**
 * Circuits with a limit, each before the one that feeds it, and the phases of the connections,
 * brought to the instant at which their sum is judged.
 */
export function circuitFacts(spec: Site, site: SiteState): CircuitFacts[] {
  const { edges, connections } = circuitsOf(spec);
  const facts = edges.flatMap((circuit) => edgeFacts(circuit, spec, site));
  for (const { connection, behind } of connections) {
    const state = site.connections.find(({ id }) => id === connection.id);
    if (state === undefined) continue;
    facts.push(...phaseFacts(state.phases, behind, connection.fuseA, state.aligned.shiftsW));
  }
  return facts;
}
