import { NOMINAL_V, phaseFlow, phasesOf, shareOn } from '../contracts/values/phases.ts';
import { placeNames } from '../contracts/values/places.ts';
import { good } from '../contracts/values/reading.ts';
import type { Connection, Edge, Site, Terminal } from '../contracts/values/site.ts';
import type { CircuitFacts } from './safety/facts.ts';
import type { PhaseState, SiteState } from './site/types.ts';

/** Where nothing measures reactive power: the widest power factor that grid codes ask for. */
const UNKNOWN_FACTOR = 0.9;

/** Nodes from `node` up to the grid: through edges, and from a dc node through its converter. */
function nodesUp(site: Site, node: string): string[] {
  const path = [node];
  for (const at of path) {
    const up =
      site.edges.find((edge) => edge.node === at)?.parent ??
      site.terminals.find((terminal) => terminal.dcNode === at)?.node;
    if (up !== undefined && !path.includes(up)) path.push(up);
  }
  return path;
}

/** What hangs behind each node of a site: asked every turn, worked out once. */
const BEHIND = new WeakMap<Site, Map<string, readonly Terminal[]>>();

function behind(site: Site, node: string): readonly Terminal[] {
  const known = BEHIND.get(site) ?? new Map<string, readonly Terminal[]>();
  BEHIND.set(site, known);
  let members = known.get(node);
  if (members === undefined) {
    members = site.terminals.filter((terminal) => nodesUp(site, terminal.node).includes(node));
    known.set(node, members);
  }
  return members;
}

const phasesAt = (site: Site, node: string): 1 | 3 =>
  site.nodes.find(({ id }) => id === node)?.phases ?? 3;

/** What of a terminal's power crosses one phase; unknown counts on each. */
function sharesOn(
  members: readonly Terminal[],
  phases: 1 | 3,
  { name }: PhaseState,
): Record<string, number> {
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
function flowOf(edge: Edge, members: readonly Terminal[], spec: Site, site: SiteState): Flow {
  const powerW = good(site.points[`${edge.id}.powerW`]);
  if (powerW !== undefined) return { importW: powerW, exportW: -powerW, measured: true };
  let importW = 0;
  let exportW = 0;
  for (const { id, node, ratedInW, ratedOutW } of members) {
    if (spec.nodes.find((one) => one.id === node)?.kind === 'dc') continue; // in its converter
    const now = good(site.points[`${id}.powerW`]);
    importW += now === undefined ? ratedOutW : -now;
    exportW += now === undefined ? ratedInW : now;
  }
  return { importW, exportW, measured: false };
}

const both = (limitW: number) => ({ importLimitW: limitW, exportLimitW: limitW });

function phaseFacts(
  measured: readonly PhaseState[],
  members: readonly Terminal[],
  limitA: number,
  phases: 1 | 3,
  shiftsW: readonly number[],
): CircuitFacts[] {
  return measured.map((phase, index) => {
    const { volts, ...flow } = phaseFlow(phase, shiftsW[index] ?? 0);
    return { ...flow, ...both(limitA * volts), shares: sharesOn(members, phases, phase) };
  });
}

/** Without phases of its own: the sum, in which a single-phase terminal counts for all of them. */
function unphased(
  edge: Edge,
  members: readonly Terminal[],
  phases: 1 | 3,
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

function edgeFacts(edge: Edge, spec: Site, site: SiteState): CircuitFacts[] {
  const { limitA, limitVa, importLimitW, exportLimitW } = edge;
  const members = behind(spec, edge.node);
  const flow = flowOf(edge, members, spec, site);
  const shares = Object.fromEntries(members.map(({ id }) => [id, 1]));
  const facts: CircuitFacts[] = [];
  if (limitA !== undefined) {
    const measured = phasesOf(site.points, placeNames(edge.id));
    const phases = phasesAt(spec, edge.node);
    if (measured.length > 0) facts.push(...phaseFacts(measured, members, limitA, phases, []));
    else facts.push(unphased(edge, members, phases, flow, site));
  }
  if (limitVa !== undefined) {
    const reactiveVar = good(site.points[`${edge.id}.reactiveVar`]);
    const leftW =
      reactiveVar === undefined
        ? UNKNOWN_FACTOR * limitVa
        : Math.sqrt(Math.max(0, limitVa * limitVa - reactiveVar * reactiveVar));
    facts.push({ ...flow, ...both(leftW), shares });
  }
  if (importLimitW !== undefined || exportLimitW !== undefined) {
    const [most, least] = [importLimitW ?? Infinity, exportLimitW ?? Infinity];
    facts.push({ ...flow, importLimitW: most, exportLimitW: least, shares });
  }
  return facts;
}

/** The phases of a connection, brought to the instant at which its sum is judged. */
function connectionFacts(connection: Connection, spec: Site, site: SiteState): CircuitFacts[] {
  const state = site.connections.find(({ id }) => id === connection.id);
  if (state === undefined) return [];
  const members = behind(spec, connection.node);
  const phases = phasesAt(spec, connection.node);
  const { shiftsW } = state.aligned;
  return phaseFacts(state.phases, members, connection.fuseA, phases, shiftsW);
}

/** Circuits with a limit, each before the one that feeds it, and the phases of the connections. */
export function circuitFacts(spec: Site, site: SiteState): CircuitFacts[] {
  const depth = ({ node }: Edge): number => nodesUp(spec, node).length;
  return [
    ...[...spec.edges].sort((a, b) => depth(b) - depth(a)).flatMap((e) => edgeFacts(e, spec, site)),
    ...spec.connections.flatMap((connection) => connectionFacts(connection, spec, site)),
  ];
}
