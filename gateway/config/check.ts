import { THROUGH } from '../../devices/catalogue.ts';
import type { Profile } from '../../devices/profile.ts';
import type { BusSpec, Connection, Site, Terminal } from '../contracts/values/site.ts';
import { droop } from './check-droop.ts';
import { nameplates } from './check-nameplates.ts';
import { stores, terminalTerms } from './check-terms.ts';
import type { Finding, Profiles } from './finding.ts';

const NOMINAL_V = 230;

/**
 * Everything that spans several entries: ids, references, the tree, limits, safe states, what
 * devices can do.
 */
export function checkSite(site: Site, profiles: Profiles): Finding[] {
  // What names nothing would show again as a missing meter or device: names first.
  const names = [...duplicates(site), ...references(site), ...wires(site)];
  if (names.length > 0) return names;
  return [
    ...tree(site),
    ...limits(site),
    ...nameplates(
      site,
      site.connections.reduce((sumW, one) => sumW + fuseW(site, one), 0),
    ),
    ...stores(site),
    ...terminalTerms(site),
    ...control(site, profiles),
    ...droop(site, profiles),
    ...safeExport(site),
  ];
}

function duplicates(site: Site): Finding[] {
  const seen = new Map<string, string>();
  const found: Finding[] = [];
  const lists = [
    'buses',
    'nodes',
    'edges',
    'connections',
    'devices',
    'terminals',
    'stores',
    'meters',
  ] as const;
  // Connections, edges and terminals are places and share one space of names; the others have their
  // own.
  const space = { connections: 'place', edges: 'place', terminals: 'place' } as Record<
    string,
    string
  >;
  for (const list of lists) {
    site[list].forEach((entry, index) => {
      const key = `${space[list] ?? list}/${entry.id}`;
      const first = seen.get(key);
      if (first !== undefined) {
        found.push({
          path: [list, index, 'id'],
          what: `the id '${entry.id}' is taken by ${first}`,
          mend: 'give each entry an id of its own',
        });
      }
      seen.set(key, `${list}[${index}]`);
    });
  }
  found.push(...sameWires(site));
  const units = new Map<string, number>();
  site.devices.forEach((device, index) => {
    const key = `${device.bus}/${device.unit}`;
    const first = units.get(key);
    if (first !== undefined) {
      found.push({
        path: ['devices', index, 'unit'],
        what: `unit ${device.unit} on bus '${device.bus}' is already devices[${first}]`,
        mend: 'give the device another unit id',
      });
    }
    units.set(key, index);
  });
  return found;
}

/** One wire has one owner: many devices serve a single client only. */
function sameWires(site: Site): Finding[] {
  const place = (bus: BusSpec): string =>
    bus.kind === 'serial' ? bus.path : `${bus.host}:${bus.port}`;
  return site.buses.flatMap((bus, index) => {
    const first = site.buses.find((other) => place(other) === place(bus));
    if (first === undefined || first === bus) return [];
    const what = `bus '${bus.id}' leads to ${place(bus)}, and so does '${first.id}'`;
    return [{ path: ['buses', index], what, mend: `put its devices on bus '${first.id}'` }];
  });
}

const ids = (list: readonly { readonly id: string }[]): string[] => list.map((entry) => entry.id);

/** RTU needs all eight bits of a character. */
const wires = (site: Site): Finding[] =>
  site.buses.flatMap((bus, index) =>
    bus.kind === 'serial' && bus.dataBits === 7 && bus.framing !== 'ascii'
      ? {
          path: ['buses', index, 'dataBits'],
          what: 'RTU has characters of 8 bits',
          mend: 'write dataBits: 8, or framing: ascii',
        }
      : [],
  );

function references(site: Site): Finding[] {
  const found: Finding[] = [];
  const need = (
    path: (string | number)[],
    what: string,
    value: string | undefined,
    known: string[],
  ) => {
    if (value === undefined || known.includes(value)) return;
    found.push({
      path,
      what: `no ${what} is called '${value}'`,
      mend: `name one of: ${known.join(', ')}`,
    });
  };
  const nodes = ids(site.nodes);
  const devices = ids(site.devices);
  const terminals = ids(site.terminals);
  const places = [...ids(site.connections), ...ids(site.edges), ...terminals];
  site.devices.forEach((d, i) => need(['devices', i, 'bus'], 'bus', d.bus, ids(site.buses)));
  site.edges.forEach((e, i) => {
    need(['edges', i, 'node'], 'node', e.node, nodes);
    need(['edges', i, 'parent'], 'node', e.parent, nodes);
  });
  site.connections.forEach((c, i) => need(['connections', i, 'node'], 'node', c.node, nodes));
  site.terminals.forEach((t, i) => {
    need(['terminals', i, 'node'], 'node', t.node, nodes);
    need(['terminals', i, 'dcNode'], 'node', t.dcNode, nodes);
    need(['terminals', i, 'device'], 'device', t.device, devices);
    need(['terminals', i, 'controlDevice'], 'device', t.controlDevice, devices);
  });
  site.stores.forEach((s, i) => need(['stores', i, 'terminal'], 'terminal', s.terminal, terminals));
  site.meters.forEach((m, i) => {
    need(['meters', i, 'of'], 'connection, edge or terminal', m.of, places);
    need(['meters', i, 'device'], 'device', m.device, devices);
  });
  site.residuals.forEach((r, i) => {
    need(['residuals', i, 'node'], 'node', r.node, nodes);
    need(['residuals', i, 'terminal'], 'terminal', r.terminal, terminals);
  });
  site.groups.forEach((g, i) =>
    g.terminals.forEach((t, k) => need(['groups', i, 'terminals', k], 'terminal', t, terminals)),
  );
  site.signals.forEach((s, i) => need(['signals', i, 'device'], 'device', s.device, devices));
  site.control.unprovenAllowed.forEach((d, i) =>
    need(['control', 'unprovenAllowed', i], 'device', d, devices),
  );
  return found;
}

function tree(site: Site): Finding[] {
  const found: Finding[] = [];
  const parent = new Map(site.edges.map((edge) => [edge.node, edge.parent]));
  site.edges.forEach((edge, index) => {
    let at: string | undefined = edge.parent;
    for (let steps = 0; at !== undefined && steps <= site.nodes.length; steps++) {
      if (at === edge.node) {
        found.push({
          path: ['edges', index],
          what: `edge '${edge.id}' closes a ring`,
          mend: 'the nodes of a site are a tree: remove one edge of the ring',
        });
        break;
      }
      at = parent.get(at);
    }
  });
  const perNode = new Map<string, number>();
  site.residuals.forEach((residual, index) => {
    if (perNode.has(residual.node)) {
      found.push({
        path: ['residuals', index, 'node'],
        what: `node '${residual.node}' has two unmetered terminals`,
        mend: 'meter one of them: only one can be what the sum leaves',
      });
    }
    perNode.set(residual.node, index);
  });
  for (const [index, connection] of site.connections.entries()) {
    if (!site.meters.some((meter) => meter.of === connection.id)) {
      found.push({
        path: ['connections', index],
        what: `connection '${connection.id}' has no meter`,
        mend: `add a meter with of: ${connection.id}`,
      });
    }
  }
  return found;
}

/** What the fuse carries on all phases at nominal voltage. */
export function fuseW(site: Site, connection: Connection): number {
  const phases = site.nodes.find((node) => node.id === connection.node)?.phases ?? 3;
  return connection.fuseA * NOMINAL_V * phases;
}

function limits(site: Site): Finding[] {
  const found: Finding[] = [];
  site.connections.forEach((connection, index) => {
    const most = fuseW(site, connection);
    for (const key of ['contractedImportW', 'contractedExportW'] as const) {
      if (connection[key] > most) {
        found.push({
          path: ['connections', index, key],
          what:
            `${connection[key]} W cannot pass a fuse of ${connection.fuseA} A ` +
            `(${Math.round(most)} W)`,
          mend: `enter at most ${Math.round(most)} or correct fuseA`,
        });
      }
    }
    const pairs = [
      ['defaultImportLimitW', 'contractedImportW'],
      ['failsafeImportLimitW', 'contractedImportW'],
      ['defaultExportLimitW', 'contractedExportW'],
      ['failsafeExportLimitW', 'contractedExportW'],
    ] as const;
    for (const [key, contract] of pairs) {
      if (connection[key] > connection[contract]) {
        found.push({
          path: ['connections', index, key],
          what: `${connection[key]} W is above ${contract} (${connection[contract]} W)`,
          mend: `enter at most ${connection[contract]}`,
        });
      }
    }
    if (connection.tariff.currency !== site.currency) {
      found.push({
        path: ['connections', index, 'tariff', 'currency'],
        what: `the tariff is in ${connection.tariff.currency}, the site in ${site.currency}`,
        mend: 'use one currency',
      });
    }
  });
  return found;
}

function control(site: Site, profiles: Profiles): Finding[] {
  const found = [...devices(site, profiles), ...measured(site, profiles)];
  site.terminals.forEach((terminal, index) => {
    if (terminal.control === 'none') return;
    found.push(...controlled(site, terminal, index, profiles));
    if (terminal.control === 'steps' && (terminal.stepsA?.length ?? 0) === 0) {
      found.push({
        path: ['terminals', index],
        what: `terminal '${terminal.id}' is controlled in steps but names none`,
        mend: 'add stepsA, for example [0, 6, 8, 10, 13, 16]',
      });
    }
  });
  return found;
}

function devices(site: Site, profiles: Profiles): Finding[] {
  return site.devices.flatMap(({ profile }, index) => {
    if (profiles(profile) !== undefined) return [];
    const path = ['devices', index, 'profile'];
    const speaker = THROUGH.find(({ id }) => id === profile);
    if (speaker === undefined) {
      const what = `no profile is called '${profile}'`;
      return [{ path, what, mend: 'edgewatt devices list shows the profiles' }];
    }
    const mend = `read it through its inverter: ${speaker.through.join(', ')}`;
    return [{ path, what: `'${profile}' has no Modbus of its own`, mend }];
  });
}

/** What a generic SunSpec device offers is known when it has answered. */
const isKnownLater = (profile: Profile): boolean => profile.kind === 'sunspec' && !!profile.auto;

/** A meter needs a power; that of a hybrid itself is not the power of the connection. */
function measured(site: Site, profiles: Profiles): Finding[] {
  return site.meters.flatMap((meter, index) => {
    const device = site.devices.find(({ id }) => id === meter.device);
    const profile = profiles(device?.profile ?? '');
    if (profile === undefined || isKnownLater(profile)) return [];
    const has = (key: string): boolean => key in profile.points || key in (profile.sums ?? {});
    const power = `${meter.part === undefined ? '' : `${meter.part}.`}powerW`;
    const path = ['meters', index, meter.part === undefined ? 'device' : 'part'];
    if (!has(power)) {
      const parts = has('meter.powerW') ? 'write part: meter' : 'name another device or part';
      return [{ path, what: `'${profile.id}' has no ${power}`, mend: parts }];
    }
    const isGrid = site.connections.some(({ id }) => id === meter.of);
    if (profile.role !== 'hybrid' || meter.part !== undefined || !isGrid) return [];
    const what = `the power of '${profile.id}' is that of its converter`;
    return [{ path, what, mend: 'write part: meter, or name the meter of the connection' }];
  });
}

function controlled(site: Site, terminal: Terminal, index: number, profiles: Profiles): Finding[] {
  const path = ['terminals', index, 'control'];
  const device = site.devices.find((d) => d.id === (terminal.controlDevice ?? terminal.device));
  if (device === undefined) {
    const what = `terminal '${terminal.id}' is controlled but has no device`;
    return [{ path, what, mend: 'name its device or set control: none' }];
  }
  const profile = profiles(device.profile);
  if (profile === undefined || isKnownLater(profile)) return [];
  const binds = terminal.controlDevice ? '' : (terminal.part ?? '');
  const own = profile.control.filter((spec) => spec.binds === binds);
  const spec = own.find(({ kind }) => kind === terminal.control);
  if (spec === undefined) {
    const kinds = own.map(({ kind }) => kind).join(' or ');
    const what = `'${device.profile}' offers no control of kind '${terminal.control}' here`;
    return [{ path, what, mend: `use control: ${kinds === '' ? 'none' : kinds}` }];
  }
  const found: Finding[] = [];
  const { reversion, minPowerW = 0 } = spec;
  // One that no source proves is proven at commissioning, or the guard writes nothing.
  if (reversion.to === 'none' && device.allowWithoutReversion !== true) {
    const id = `device '${device.id}'`;
    const what = `${id} has no reversion timer, so a lost gateway would leave it commanded`;
    const mend =
      'accept that by name with allowWithoutReversion: true ' +
      `at device '${device.id}', or use control: none`;
    found.push({ path, what, mend });
  }
  if (terminal.minPowerW < minPowerW) {
    const what = `'${device.profile}' does nothing below ${minPowerW} W`;
    found.push({ path: ['terminals', index], what, mend: `write minPowerW: ${minPowerW}` });
  }
  return found;
}

/** Most that a terminal may produce once its safe state stands, W into the node. */
function safeProductionW(terminal: Terminal): number {
  if (terminal.kind === 'battery' || terminal.kind === 'load' || terminal.kind === 'ev') return 0;
  if (terminal.control === 'none' || terminal.safeState.kind === 'own-mode')
    return terminal.ratedInW;
  return terminal.safeState.kind === 'zero'
    ? 0
    : Math.min(terminal.safeState.limitW, terminal.ratedInW);
}

/**
 * All safe states together, at zero load and full sun, keep the export limit (DESIGN section 3).
 */
function safeExport(site: Site): Finding[] {
  const found: Finding[] = [];
  const dcNodes = new Set(site.nodes.filter((node) => node.kind === 'dc').map((node) => node.id));
  const sumW = site.terminals
    .filter((terminal) => !dcNodes.has(terminal.node))
    .reduce((sum, terminal) => sum + safeProductionW(terminal), 0);
  site.connections.forEach((connection, index) => {
    if (site.connections.length === 1 && sumW > connection.defaultExportLimitW) {
      found.push({
        path: ['connections', index, 'defaultExportLimitW'],
        what: `with every safe state in force the site could export ${sumW} W`,
        mend:
          'lower the safe states (safeState: kind: limit) ' +
          `so that they sum to at most ${connection.defaultExportLimitW} W`,
      });
    }
  });
  return found;
}
