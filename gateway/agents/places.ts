import type { Image } from '../contracts/values/image.ts';
import { NOMINAL_V } from '../contracts/values/phases.ts';
import type { Connection, Site, StoreSpec, Terminal } from '../contracts/values/site.ts';

/** A site as the slow loop sees it: who produces, who uses, what can be moved. */
export interface Places {
  readonly connection: Connection;
  readonly pv: readonly Terminal[];
  readonly base: readonly Terminal[]; // uncontrolled load
  readonly switched: readonly Terminal[];
  readonly cars: readonly Terminal[];
  readonly storages: readonly { readonly terminal: Terminal; readonly store: StoreSpec }[];
  readonly converters: readonly Terminal[];
  readonly residuals: ReadonlySet<string>;
  readonly pvRatedW: number;
  readonly loadRatedW: number;
  readonly fuseW: number; // nothing is planned above 95 % of a fuse
}

const FUSE_SHARE = 0.95;
/** Of the rating: a production limit below it may hold the sun back. */
const CURTAILED_SHARE = 0.98;

/**
 * @throws RangeError for a site without a connection; the site file's check does not let one
 * through
 */
export function placesOf(site: Site): Places {
  const connection = site.connections[0];
  if (connection === undefined) throw new RangeError(`site ${site.id} has no connection`);
  const node = site.nodes.find(({ id }) => id === connection.node);
  const kind = (wanted: Terminal['kind']): Terminal[] =>
    site.terminals.filter((terminal) => terminal.kind === wanted);
  const loads = kind('load');
  const base = loads.filter(({ control }) => control !== 'on-off');
  return {
    connection,
    pv: kind('pv'),
    base,
    switched: loads.filter(({ control }) => control === 'on-off'),
    cars: kind('ev'),
    storages: kind('battery').flatMap((terminal) => {
      const store = site.stores.find((one) => one.terminal === terminal.id);
      return store && terminal.control === 'setpoint' ? [{ terminal, store }] : [];
    }),
    converters: kind('converter'),
    residuals: new Set(site.residuals.map(({ terminal }) => terminal)),
    pvRatedW: kind('pv').reduce((sum, { ratedInW }) => sum + ratedInW, 0),
    loadRatedW: base.reduce((sum, { ratedOutW }) => sum + ratedOutW, 0),
    fuseW: FUSE_SHARE * connection.fuseA * NOMINAL_V * (node?.phases ?? 3),
  };
}

/** Whether production may be held back now: then it does not say what the sun gives. */
export const isCurtailed = ({ pv }: Places, { decisions }: Pick<Image, 'decisions'>): boolean =>
  decisions.some(({ terminal, limitW }) => {
    const ratedW = pv.find(({ id }) => id === terminal)?.ratedInW;
    return ratedW !== undefined && limitW !== undefined && limitW < CURTAILED_SHARE * ratedW;
  });

/** Converter behind which a terminal stands, where its node is that converter's own dc node. */
export function converterOf(places: Places, terminal: Terminal): string | undefined {
  return places.converters.find(({ dcNode }) => dcNode !== undefined && dcNode === terminal.node)
    ?.id;
}
