import { type PlaceNames, placeNames } from '../../contracts/values/places.ts';
import { nodesUp, type Site, type StoreSpec, type Terminal } from '../../contracts/values/site.ts';

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
  readonly names: PlaceNames;
  readonly kind: 'connection' | 'edge' | 'terminal';
  readonly sources: readonly Source[];
  readonly figures: Figures;
}

/** What a terminal's own device may offer beside its power. */
const OFFERS = [
  'temperatureC',
  'chargeMaxW',
  'chargeMaxA',
  'dischargeMaxW',
  'dischargeMaxA',
  'voltageV',
  'ratedW',
  'fault',
  'batteryState',
  'bmsState',
  'chargeRequestW',
] as const;

/** One of them: what the device calls it, and the site's point. */
export interface Offer {
  readonly key: string;
  readonly point: string;
}

export type Offers = Readonly<Record<(typeof OFFERS)[number], Offer>>;

const offersOf = ({ id, part }: Terminal): Offers => {
  const offers = OFFERS.map((key) => [
    key,
    { key: `${prefixOf(part)}${key}`, point: `${id}.${key}` },
  ]);
  return Object.fromEntries(offers) as Offers;
};

/** A point that is the sum of others. */
export interface Sum {
  readonly name: string;
  readonly terms: readonly { readonly point: string; readonly share: 1 | -1 }[];
}

/** What the sum of a terminal's node leaves for it. */
export interface Derived extends Sum {
  readonly terminal: string;
}

/** A connection with what is steered behind it. */
export interface ConnectionWiring {
  readonly id: string;
  readonly names: PlaceNames;
  readonly figures: Figures;
  readonly phases: 1 | 3; // of its node
  readonly steeredIndices: readonly number[]; // of its terminals that take orders
}

export interface TerminalWiring {
  readonly spec: Terminal;
  readonly names: PlaceNames;
  readonly offers: Offers;
  readonly figures: Figures;
  readonly connection: string;
  readonly device: string | undefined;
  readonly store: StoreSpec | undefined;
  readonly measured: boolean;
  /** For a terminal behind a converter: that converter, and the others at its dc node. */
  readonly converter: Terminal | undefined;
  readonly siblings: readonly string[]; // points of their power
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
  readonly connections: readonly ConnectionWiring[];
  readonly gridSignal: { readonly device: string; readonly point: string } | undefined;
  readonly sums: readonly Sum[]; // of the site, by kind
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

/** The connection that a node hangs on; of one that hangs on none, the site's first. */
function connectionOf(site: Site, node: string): string {
  for (const at of nodesUp(site, node)) {
    const found = site.connections.find((connection) => connection.node === at);
    if (found !== undefined) return found.id;
  }
  return site.connections[0]?.id ?? '';
}

/** What flows into this node counts against the residual, what flows on to a child node for it. */
function derivedOf(site: Site): Derived[] {
  const term = (id: string, share: 1 | -1) => ({ point: placeNames(id).powerW, share });
  return site.residuals.map(({ node, terminal }) => ({
    terminal,
    name: placeNames(terminal).powerW,
    terms: [
      ...site.connections
        .filter((connection) => connection.node === node)
        .map((connection) => term(connection.id, -1)),
      ...site.edges.filter((edge) => edge.node === node).map((edge) => term(edge.id, -1)),
      ...site.edges.filter((edge) => edge.parent === node).map((edge) => term(edge.id, 1)),
      ...site.terminals
        .filter((other) => other.node === node && other.id !== terminal)
        .map((other) => term(other.id, -1)),
    ],
  }));
}

const SUMS: Readonly<Record<string, readonly Terminal['kind'][]>> = {
  pv: ['pv'],
  battery: ['battery'],
  load: ['load', 'ev'],
};

function sumsOf(site: Site): Sum[] {
  const sums = Object.entries(SUMS).map(([name, kinds]) => ({
    name: `site.${name}W`,
    terms: site.terminals
      .filter(({ kind }) => kinds.includes(kind))
      .map(({ id }) => ({ point: placeNames(id).powerW, share: 1 as const })),
  }));
  return sums.filter(({ terms }) => terms.length > 0);
}

/** @param site  a site file that passed its checks */
export function wire(site: Site): Wiring {
  const place = (kind: Place['kind'], id: string, terminal?: Terminal): Place => ({
    id,
    names: placeNames(id),
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
      names: placeNames(spec.id),
      offers: offersOf(spec),
      figures: figuresOf(site, spec.id, spec),
      connection: connectionOf(site, spec.node),
      device: spec.controlDevice ?? spec.device,
      store: site.stores.find((store) => store.terminal === spec.id),
      measured:
        residuals.has(spec.id) || places.some((p) => p.id === spec.id && p.sources.length > 0),
      converter,
      siblings:
        converter === undefined
          ? []
          : site.terminals
              .filter((other) => other.node === spec.node && other.id !== spec.id)
              .map(({ id }) => placeNames(id).powerW),
    };
  });
  const connections = site.connections.map(({ id, node }) => ({
    id,
    names: placeNames(id),
    figures: figuresOf(site, id),
    phases: site.nodes.find((one) => one.id === node)?.phases ?? 3,
    steeredIndices: terminals.flatMap(({ spec, connection }, index) =>
      connection === id && spec.control !== 'none' ? [index] : [],
    ),
  }));
  const signal = site.signals.find((one) => one.meaning === 'grid-present');
  return {
    site,
    places,
    derived: derivedOf(site),
    terminals,
    connections,
    gridSignal: signal && { device: signal.device, point: signal.point },
    sums: sumsOf(site),
  };
}
