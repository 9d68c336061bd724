import type { Instant } from '../../gateway/contracts/values/time.ts';
import type { Store } from '../ports.ts';
import { type KeptStatus, keptStatus } from './audit.ts';
import type { Registered } from './registry.ts';

/** A gateway of the registry and its last word, if it ever said one. */
export interface GatewayStand {
  readonly gateway: string;
  readonly zone: string;
  readonly participant: string;
  readonly toldAtMs: Instant | null;
  readonly status: KeptStatus | null;
}

/** Every gateway of the registry, by its id. */
export function fleetStand(
  store: Pick<Store, 'rows'>,
  registry: ReadonlyMap<string, Registered>,
): GatewayStand[] {
  const rows = new Map(store.rows('grid_metrics', 'gateway').map((row) => [row.who, row]));
  const stands = [...registry.values()].map(({ gateway, zone, participant }): GatewayStand => {
    const row = rows.get(gateway);
    const status = row === undefined ? undefined : keptStatus(row.body);
    const toldAtMs = row?.fromMs ?? null;
    return { gateway, zone, participant, toldAtMs, status: status ?? null };
  });
  return stands.sort((a, b) => (a.gateway < b.gateway ? -1 : 1));
}
