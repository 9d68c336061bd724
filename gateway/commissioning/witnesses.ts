import type { Phase } from '../contracts/values/commissioning.ts';
import type { Site, Terminal } from '../contracts/values/site.ts';

/**
 * Who measures what, and what each of them should see of a pulse. Everything that has a power is a
 * witness: the terminal's own readings, each meter for itself, and the other terminals.
 */
export interface Witness {
  readonly id: string; // meter id; `own` for the terminal's own; the terminal's id for another's
  readonly role: 'own' | 'meter' | 'other';
  readonly device: string;
  readonly prefix: string; // of its point keys: '' or 'battery.'
  readonly turned: boolean; // counts + out of the node
  readonly of: string; // connection, edge or terminal
  readonly kind: 'connection' | 'edge' | 'terminal';
  readonly label: string;
  /** W seen for each W that the terminal gives: 1 in line with it, -1 upstream, 0 elsewhere. */
  readonly expectedGainShare: 1 | -1 | 0;
}

/** Node of the terminal, and those above it up to the grid, through edges and converters. */
function pathOf(site: Site, terminal: Terminal): string[] {
  const path = [terminal.node];
  for (let at: string | undefined = terminal.node; path.length <= site.nodes.length; ) {
    const here: string = at;
    at =
      site.edges.find((edge) => edge.node === here)?.parent ??
      site.terminals.find((other) => other.dcNode === here)?.node;
    if (at === undefined) break;
    path.push(at);
  }
  return path;
}

const prefixOf = (part: string | undefined): string =>
  part === undefined || part === '' ? '' : `${part}.`;

/** @throws RangeError for a terminal that the site does not have */
export function terminalOf(site: Site, id: string): Terminal {
  const terminal = site.terminals.find((one) => one.id === id);
  if (terminal === undefined) throw new RangeError(`no terminal ${id}`);
  return terminal;
}

/** Own readings first, then meters in the site file's order, then the other terminals. */
export function witnessesOf(site: Site, terminalId: string): Witness[] {
  const terminal = terminalOf(site, terminalId);
  const path = pathOf(site, terminal);
  const gainOf = (of: string): Pick<Witness, 'kind' | 'expectedGainShare'> => {
    const connection = site.connections.find(({ id }) => id === of);
    if (connection !== undefined) {
      return { kind: 'connection', expectedGainShare: path.includes(connection.node) ? -1 : 0 };
    }
    const edge = site.edges.find(({ id }) => id === of);
    if (edge !== undefined) {
      return { kind: 'edge', expectedGainShare: path.includes(edge.node) ? -1 : 0 };
    }
    const at = site.terminals.find(({ id }) => id === of);
    const carries = at !== undefined && (of === terminalId || path.includes(at.dcNode ?? '\0'));
    return { kind: 'terminal', expectedGainShare: carries ? 1 : 0 };
  };
  const ofTerminal = (one: Terminal): Witness[] =>
    one.device === undefined
      ? []
      : [
          {
            id: one.id === terminalId ? 'own' : one.id,
            role: one.id === terminalId ? 'own' : 'other',
            device: one.device,
            prefix: prefixOf(one.part),
            turned: false,
            of: one.id,
            label: one.name,
            ...gainOf(one.id),
          },
        ];
  return [
    ...ofTerminal(terminal),
    ...site.meters.map(
      (meter): Witness => ({
        id: meter.id,
        role: 'meter',
        device: meter.device,
        prefix: prefixOf(meter.part),
        turned: meter.direction === 'out-of-node',
        of: meter.of,
        label: meter.id,
        ...gainOf(meter.of),
      }),
    ),
    ...site.terminals.filter(({ id }) => id !== terminalId).flatMap(ofTerminal),
  ];
}

export const phaseKey = (phase: Phase): string => `power${phase}W`;
