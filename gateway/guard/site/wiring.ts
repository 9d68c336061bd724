import type { Site, StoreSpec, Terminal } from '../../contracts/values/site.ts';

/** Where a place's figures come from, in order of preference. */
export interface Source {
  readonly device: string;
  readonly prefix: string; // '' or 'battery.': the part of a hybrid
  readonly turned: boolean; // counts + out of the node
}

/** How late a place is read and how late it answers. */
export interface Figures {
  readonly latencyMs: number; // age of a value when it is read, beyond the profile's own
  readonly lagMs: number; // until its power follows a setpoint
  readonly resolutionW: number;
}

export const NO_FIGURES: Figures = { latencyMs: 0, lagMs: 1_000, resolutionW: 1 };

export interface Place {
  readonly id: string;
  readonly kind: 'connection' | 'edge' | 'terminal';
  readonly sources: readonly Source[];
  readonly figures: Figures;
}

/** One term of a node's sum: `share` 1 flows into this node, -1 flows from it into a child node. */
interface Term {
  readonly place: string;
  readonly share: 1 | -1;
}

export interface Derived {
  readonly terminal: string;
  readonly others: readonly Term[];
}

export interface TerminalWiring {
  readonly spec: Terminal;
  readonly connection: string;
  readonly device: string | undefined;
  readonly prefix: string;
  readonly store: StoreSpec | undefined;
  readonly measured: boolean;
  /** For a terminal behind a converter: that converter, and the others at its dc node. */
  readonly converter: Terminal | undefined;
  readonly siblings: readonly string[];
}

/**
 * The site file, resolved once: who measures what, what is derived, and which connection carries
 * whom.
 */
export interface Wiring {
  readonly site: Site;
  readonly places: readonly Place[];
  readonly derived: readonly Derived[];
  readonly terminals: readonly TerminalWiring[];
  readonly gridSignal: { readonly device: string; readonly point: string } | undefined;
  readonly sums: Readonly<Record<'pv' | 'battery' | 'load', readonly string[]>>;
}

const prefixOf = (part: string | undefined): string =>
  part === undefined || part === '' ? '' : `${part}.`;

function sourcesOf(site: Site, id: string, terminal?: Terminal): Source[] {
  const sources: Source[] = site.meters
    .filter((meter) => meter.of === id)
    .map((meter) => ({
      device: meter.device,
      prefix: prefixOf(meter.part),
      turned: meter.direction === 'out-of-node',
    }));
  if (terminal?.device !== undefined) {
    sources.push({
      device: terminal.device,
      prefix: prefixOf(terminal.part),
      turned: false,
    });
  }
  return sources;
}

function figuresOf(site: Site, id: string, terminal?: Terminal): Figures {
  const meter = site.meters.find(({ of }) => of === id);
  return {
    latencyMs: meter?.latencyMs ?? NO_FIGURES.latencyMs,
    lagMs: terminal?.responseMs ?? NO_FIGURES.lagMs,
    resolutionW: meter?.resolutionW ?? NO_FIGURES.resolutionW,
  };
}

/** Nodes from `node` up to the grid: through edges, and from a dc node through its converter. */
function connectionOf(site: Site, node: string): string {
  let at = node;
  for (let depth = 0; depth <= site.nodes.length; depth += 1) {
    const found = site.connections.find((connection) => connection.node === at);
    if (found !== undefined) return found.id;
    const here = at;
    const up =
      site.edges.find((edge) => edge.node === here)?.parent ??
      site.terminals.find((terminal) => terminal.dcNode === here)?.node;
    if (up === undefined) break;
    at = up;
  }
  return site.connections[0]?.id ?? '';
}

function derivedOf(site: Site): Derived[] {
  return site.residuals.map(({ node, terminal }) => ({
    terminal,
    others: [
      ...site.connections
        .filter((connection) => connection.node === node)
        .map((connection): Term => ({ place: connection.id, share: 1 })),
      ...site.edges
        .filter((edge) => edge.node === node)
        .map((edge): Term => ({ place: edge.id, share: 1 })),
      ...site.edges
        .filter((edge) => edge.parent === node)
        .map((edge): Term => ({ place: edge.id, share: -1 })),
      ...site.terminals
        .filter((other) => other.node === node && other.id !== terminal)
        .map((other): Term => ({ place: other.id, share: 1 })),
    ],
  }));
}

/** @param site  a site file that passed its checks */
export function wire(site: Site): Wiring {
  const place = (kind: Place['kind'], id: string, terminal?: Terminal): Place => ({
    id,
    kind,
    sources: sourcesOf(site, id, terminal),
    figures: figuresOf(site, id, terminal),
  });
  const places = [
    ...site.connections.map((connection) => place('connection', connection.id)),
    ...site.edges.map((edge) => place('edge', edge.id)),
    ...site.terminals.map((terminal) => place('terminal', terminal.id, terminal)),
  ];
  const residuals = new Set(site.residuals.map((residual) => residual.terminal));
  const terminals = site.terminals.map((spec): TerminalWiring => {
    const converter = site.terminals.find((other) => other.dcNode === spec.node);
    return {
      spec,
      connection: connectionOf(site, spec.node),
      device: spec.controlDevice ?? spec.device,
      prefix: prefixOf(spec.part),
      store: site.stores.find((store) => store.terminal === spec.id),
      measured:
        residuals.has(spec.id) || places.some((p) => p.id === spec.id && p.sources.length > 0),
      converter,
      siblings:
        converter === undefined
          ? []
          : site.terminals.filter((t) => t.node === spec.node && t.id !== spec.id).map((t) => t.id),
    };
  });
  const ofKind = (...kinds: readonly Terminal['kind'][]): string[] =>
    site.terminals.filter((terminal) => kinds.includes(terminal.kind)).map(({ id }) => id);
  const signal = site.signals.find((one) => one.meaning === 'grid-present');
  return {
    site,
    places,
    derived: derivedOf(site),
    terminals,
    gridSignal: signal && { device: signal.device, point: signal.point },
    sums: { pv: ofKind('pv'), battery: ofKind('battery'), load: ofKind('load', 'ev') },
  };
}
