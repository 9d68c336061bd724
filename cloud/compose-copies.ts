import type { Clock, Hash, Log } from '../gateway/ports.ts';
import { Copier } from './copies/copier.ts';
import { notingStore } from './copies/noting.ts';
import type { Lake, Notebook, Store, Tables } from './ports.ts';

/** Where copies of the cloud's books are kept beside its own database. */
export interface Copies {
  readonly tables?: Tables;
  readonly lake?: Lake;
}

/** @returns the store that notes for the copier, and the copier */
export function copied(
  tenant: string,
  ports: {
    readonly store: Store & Notebook;
    readonly clock: Clock;
    readonly hash: Hash;
    readonly log: Log;
  },
  { tables, lake }: Copies,
): { store: Store; copier: Copier } {
  const copier = new Copier(tenant, { ...ports, notebook: ports.store, tables, lake });
  return { store: notingStore(ports.store, () => copier.kick()), copier };
}
