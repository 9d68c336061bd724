import type { ForecastZone } from '../agents/forecasting/forecasting.ts';
import type { GridZone } from '../agents/grid/grid.ts';
import type { Zone } from '../market/zone.ts';

/** A zone as each of the three agents sees it. */
export interface ZoneConfig {
  readonly market: Zone;
  readonly grid: Omit<GridZone, 'staleMs'>;
  readonly forecast: ForecastZone;
}

/** What compose needs to know; addresses, keys and files are the root's business. */
export interface CloudConfig {
  readonly tenant: string;
  readonly brokerUrl: string; // as clients reach it; it stands on the agents' cards
  readonly zones: readonly ZoneConfig[];
}
