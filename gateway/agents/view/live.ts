import type { Authority, Image } from '../../contracts/values/image.ts';
import { AUTHORITY } from '../../contracts/values/image.ts';
import type { OverrideAct } from '../../contracts/values/override.ts';
import { good, type Reading } from '../../contracts/values/reading.ts';
import { reserveOf, type Site, type Terminal } from '../../contracts/values/site.ts';
import type { Instant } from '../../contracts/values/time.ts';
import type {
  DeviceRow,
  Flow,
  LadderRow,
  LiveView,
  OrderRow,
} from '../../contracts/values/view.ts';
import {
  age,
  dayAndTime,
  doing,
  type PlaceKind,
  power,
  sentence,
} from '../../contracts/values/words.ts';
import type { Places } from '../places.ts';
import { headlineOf, sublineOf } from './headline.ts';

const LADDER: Readonly<Record<Authority, string>> = {
  'device-protection': 'Device protection',
  'site-safety': 'Site limits',
  emergency: 'Emergency command',
  'grid-envelope': 'Grid envelope',
  'operator-override': 'Your order',
  'demand-response': 'Demand-response event',
  'peak-limit': 'Peak limit',
  'market-position': 'Market position',
  plan: 'Plan',
  'self-consumption': 'Self-consumption',
};

export interface Alarm {
  readonly code: string;
  readonly text: string;
  readonly mend: string;
  readonly sinceMs: Instant;
}

/** Everything beside the image that the page shows now. */
export interface LiveInput {
  readonly site: Site;
  readonly places: Places;
  readonly image: Image;
  readonly monoMs: number; // now, on the guard's clock: ages count on between images
  readonly speed: number;
  readonly cycleMs: number;
  readonly peers: LiveView['peers'];
  readonly cloud: LiveView['cloud'];
  readonly alarms: readonly Alarm[];
  readonly deviceName: (id: string) => string;
  readonly links: NonNullable<LiveView['links']>;
  readonly version: string;
  readonly startedAtMs: Instant;
  readonly doingSinceMs: Instant;
}

const lastOf = (reading: Reading | undefined): number | null =>
  reading === undefined
    ? null
    : reading.quality === 'good'
      ? reading.value
      : (reading.last ?? null);

export function liveView(input: LiveInput): LiveView {
  const { image, site } = input;
  const flows = flowsOf(input);
  const uses = usesOf(input, flows);
  // 'what, to what end: the figure that decides'
  const [doing = '', ...why] = image.reason.sentence.split(': ');
  return {
    v: 1,
    site: {
      id: site.id,
      name: site.name,
      timeZone: site.place.timeZone,
      currency: site.currency,
    },
    peers: input.peers,
    atMs: image.wallMs,
    speed: input.speed,
    cycleMs: input.cycleMs,
    mode: image.mode,
    flags: image.flags,
    modeSinceMs: image.modeSinceMs,
    headline: headlineOf(image, flows, uses),
    subline: sublineOf(image, flows, uses, input.deviceName),
    doing,
    doingSinceMs: input.doingSinceMs,
    written: writtenOf(input),
    reason: { ...image.reason, sentence: sentence(why.join(': ')) },
    ladder: ladderOf(image),
    flows,
    unexplainedW: unexplained(input),
    uses,
    devices: devicesOf(input),
    cloud: input.cloud,
    guard: image.counters,
    alarms: input.alarms,
    orders: ordersOf(input),
    links: input.links,
    version: input.version,
    startedAtMs: input.startedAtMs,
  };
}

function ladderOf(image: Image): LadderRow[] {
  return AUTHORITY.map((authority) => ({
    authority: LADDER[authority],
    asks: image.asks
      .filter((ask) => ask.authority === authority)
      .map((ask) => ask.sentence)
      .join(', '),
    decides: image.reason.authority === authority,
  }));
}

const ORDERED: Readonly<Record<OverrideAct, string>> = {
  hold: 'holding',
  charge: 'charging',
  discharge: 'discharging',
  off: 'off',
};

const ordersOf = ({ image, site }: LiveInput): OrderRow[] =>
  (image.overrides ?? []).map(({ terminal, act, powerW, untilWallMs, by }) => {
    const name = site.terminals.find(({ id }) => id === terminal)?.name ?? terminal;
    const what = powerW > 0 ? `${ORDERED[act]} ${power(powerW)}` : ORDERED[act];
    const until = dayAndTime(untilWallMs, image.wallMs, site.place.timeZone);
    return { terminal, text: sentence(`${name}: ${what} until ${until}, ordered by ${by}`) };
  });

const KINDS: Readonly<Record<Terminal['kind'], Flow['kind']>> = {
  pv: 'pv',
  battery: 'battery',
  load: 'load',
  ev: 'ev',
  generator: 'pv',
  converter: 'loss',
};
const ORDER: readonly Flow['kind'][] = ['pv', 'battery', 'grid', 'load', 'ev', 'rest', 'loss'];

/** Sun, battery, grid, loads; behind a converter its loss, which no meter reads. */
function flowsOf(input: LiveInput): Flow[] {
  const { site, places } = input;
  const grid = flow(input, places.connection.id, 'Grid', 'grid');
  const terminals = site.terminals
    .filter(({ kind }) => kind !== 'converter')
    .map((terminal) => {
      const residual = places.residuals.has(terminal.id);
      const kind = residual ? 'rest' : KINDS[terminal.kind];
      return {
        ...flow(input, terminal.id, terminal.name, kind),
        ...(terminal.kind === 'battery' ? storeOf(input, terminal) : {}),
      };
    });
  const losses = places.converters.flatMap((converter) => lossOf(input, converter, terminals));
  return [grid, ...terminals, ...losses].sort(
    (a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind),
  );
}

function flow(input: LiveInput, id: string, name: string, kind: Flow['kind']): Flow {
  const reading = input.image.points[`${id}.powerW`];
  const powerW = good(reading) ?? null;
  const meters = input.site.meters.filter((meter) => meter.of === id);
  const derived = input.places.residuals.has(id);
  return {
    id,
    name,
    kind,
    powerW,
    lastW: lastOf(reading),
    quality: reading?.quality ?? 'unavailable',
    ageMs: reading ? Math.max(0, input.monoMs - reading.atMs) : 0,
    derived,
    doing: doing(kind as PlaceKind, powerW),
    source: derived ? 'what the sum leaves' : meters.length > 0 ? 'own meter' : 'its own inverter',
  };
}

function storeOf(input: LiveInput, terminal: Terminal): Partial<Flow> {
  const socPct = good(input.image.points[`${terminal.id}.socPct`]) ?? null;
  const store = input.site.stores.find((one) => one.terminal === terminal.id);
  if (store === undefined) return { socPct };
  return {
    socPct,
    energyWh: socPct === null ? null : Math.round((store.usableWh * socPct) / 100),
    reservePct: Math.max(reserveOf(store), store.socMinPct),
  };
}

function lossOf(input: LiveInput, converter: Terminal, flows: readonly Flow[]): Flow[] {
  const behind = input.site.terminals
    .filter(({ node }) => node === converter.dcNode)
    .map(({ id }) => flows.find((one) => one.id === id));
  const ac = flow(input, converter.id, converter.name, 'loss');
  if (behind.length === 0 || behind.some((one) => one === undefined)) return [];
  const worst = [ac, ...behind].find((one) => one?.powerW === null);
  const powerW =
    worst === undefined
      ? (ac.powerW ?? 0) - behind.reduce((sum, one) => sum + (one?.powerW ?? 0), 0)
      : null;
  return [
    {
      ...ac,
      id: `${converter.id}-loss`,
      name: `${converter.name}, loss`,
      powerW,
      lastW: powerW,
      quality: worst?.quality ?? 'good',
      derived: true,
      doing: doing('loss', powerW),
      source: 'what goes in less what comes out',
    },
  ];
}

/** All load of the site; null while a part is silent. */
function usesOf({ places }: LiveInput, flows: readonly Flow[]): NonNullable<LiveView['uses']> {
  const loads = flows.filter(({ kind }) => kind === 'load' || kind === 'rest' || kind === 'ev');
  const silent = loads.some(({ powerW }) => powerW === null);
  const usedW = loads.reduce((sum, { powerW }) => sum - (powerW ?? 0), 0);
  const name = places.base.length === 1 ? (places.base[0]?.name ?? 'Site') : 'Site';
  return { name, powerW: silent ? null : Math.max(0, usedW) };
}

/**
 * What the meters at the connection's node leave unexplained, W; null where a residual takes it
 * all.
 */
function unexplained({ site, places, image }: LiveInput): number | null {
  const { node } = places.connection;
  if (site.residuals.some((one) => one.node === node)) return null;
  let sum = good(image.points[`${places.connection.id}.powerW`]);
  for (const terminal of site.terminals) {
    if (terminal.node !== node) continue;
    const powerW = good(image.points[`${terminal.id}.powerW`]);
    sum = sum === undefined || powerW === undefined ? undefined : sum + powerW;
  }
  return sum ?? null;
}

function devicesOf(input: LiveInput): DeviceRow[] {
  const { site, image } = input;
  return image.devices.map((device): DeviceRow => {
    const placed = [
      ...site.meters.filter((meter) => meter.device === device.id).map((meter) => meter.of),
      ...site.terminals.filter((terminal) => terminal.device === device.id).map(({ id }) => id),
    ];
    const id = placed.find((place) => image.points[`${place}.powerW`] !== undefined);
    const reading = id === undefined ? undefined : image.points[`${id}.powerW`];
    const kind = kindOf(site, id);
    const wasW = lastOf(reading);
    const reads = device.readsGood + device.readsBad;
    return {
      id: device.id,
      name: input.deviceName(device.id),
      state: device.state,
      doing: reading === undefined ? '' : doing(kind, good(reading)),
      ageMs: reading ? Math.max(0, input.monoMs - reading.atMs) : 0,
      latencyMs: device.latencyMs,
      errorPct: reads === 0 ? 0 : (100 * device.readsBad) / reads,
      writes: device.writes,
      detail: detailOf(site, device.id),
      ...(device.writes === 0 && !controls(site, device.id) && { reads: 'only' as const }),
      ...(wasW !== null && good(reading) === undefined && { lastDoing: `was ${power(wasW)}` }),
    };
  });
}

const controls = (site: Site, device: string): boolean =>
  site.terminals.some(
    (one) => one.control !== 'none' && (one.controlDevice ?? one.device) === device,
  );

function kindOf(site: Site, place: string | undefined): PlaceKind {
  if (site.connections.some(({ id }) => id === place)) return 'grid';
  const terminal = site.terminals.find(({ id }) => id === place);
  if (terminal?.kind === 'converter') return 'battery';
  return terminal ? KINDS[terminal.kind] : 'load';
}

const WIRES = { tcp: 'Modbus TCP', 'rtu-over-tcp': 'RTU over TCP', udp: 'Modbus UDP' } as const;

function detailOf(site: Site, id: string): string {
  const device = site.devices.find((one) => one.id === id);
  const bus = site.buses.find((one) => one.id === device?.bus);
  if (device === undefined || bus === undefined) return '';
  const wire =
    bus.kind === 'serial' ? `RS-485 ${bus.id}` : `${WIRES[bus.kind]} ${bus.host}:${bus.port}`;
  return `${wire}, unit ${device.unit}`;
}

/** What would happen if the gateway fell silent now. */
function writtenOf({ image, monoMs }: LiveInput): string {
  const nowMs = image.wallMs + (monoMs - image.monoMs);
  const armed = image.devices.filter((one) => (one.leaseUntilMs ?? 0) > nowMs);
  const first = armed.sort((a, b) => (a.leaseUntilMs ?? 0) - (b.leaseUntilMs ?? 0))[0];
  if (first?.leaseUntilMs === undefined) return '';
  const left = age(first.leaseUntilMs - nowMs);
  return sentence(
    `read back and armed. If Edgewatt fell silent, ${first.id} ` +
      `would return to its safe state in ${left}.`,
  );
}
