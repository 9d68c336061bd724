import type { GatewayStatus } from '../../contracts/messages.ts';
import type { Image } from '../../contracts/values/image.ts';
import type { Site } from '../../contracts/values/site.ts';
import type { OutboxState } from '../../ports.ts';

const PLACES_MAX = 128;

/** What uses or makes energy; batteries do neither. */
function placesOf({ terminals }: Site): NonNullable<GatewayStatus['places']> {
  const places: NonNullable<GatewayStatus['places']> = [];
  for (const { id, kind, ratedInW, ratedOutW } of terminals) {
    if (kind === 'pv') places.push({ id, kind, ratedW: ratedInW });
    if (kind === 'load' || kind === 'ev') places.push({ id, kind: 'load', ratedW: ratedOutW });
  }
  return places.slice(0, PLACES_MAX);
}

/** What the cloud knows of a gateway beside its records; published when it changes, retained. */
export function gatewayStatusOf(
  site: Site,
  image: Image | undefined,
  outbox?: OutboxState,
): GatewayStatus {
  const connection = site.connections[0];
  return {
    v: 1,
    state: 'online',
    site: site.id,
    participant: site.participant,
    zone: site.zone,
    mode: image?.mode ?? 'starting',
    places: placesOf(site),
    ...(image && {
      importLimitW: image.limits.importLimitW,
      exportLimitW: image.limits.exportLimitW,
    }),
    ...(connection && {
      contractedImportW: connection.contractedImportW,
      contractedExportW: connection.contractedExportW,
    }),
    ...(outbox && {
      outbox: {
        rows: outbox.rows,
        droppedRows: outbox.droppedRows,
        refusedRows: outbox.refusedRows,
      },
    }),
  };
}

/** The last will: the broker publishes it when the gateway is gone without a word. */
export function offlineStatusOf(site: Site): GatewayStatus {
  return { ...gatewayStatusOf(site, undefined), state: 'offline', mode: 'unknown' };
}

export function encodeJson(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}
