import type { Speaker as Identity } from '../a2a/router.ts';
import type { ZoneConfig } from '../config/cloud.ts';

/** A gateway as the registry binds it. */
export interface Registered extends Identity {
  readonly connection: string;
}

/**
 * Who publishes on a gateway's topics: the certificate allows the topic, the registry says whose it
 * is.
 */
export function registryOf(zones: readonly ZoneConfig[]): ReadonlyMap<string, Registered> {
  const registry = new Map<string, Registered>();
  for (const { market } of zones) {
    for (const participant of market.participants) {
      for (const { id, connection } of participant.gateways) {
        registry.set(id, { gateway: id, participant: participant.id, zone: market.id, connection });
      }
    }
  }
  return registry;
}
