import type { Connection, Site, Terminal } from '../contracts/values/site.ts';

/** A limit is kept again so long after a step of load (DESIGN, 'A limit'). */
export const BACK_INSIDE_MS = 5_000;
const CYCLE_MS = 1_000;

export interface SlowResponse {
  readonly connection: string;
  readonly terminal: string; // the quickest that could help
  readonly tookMs: number; // meter, one cycle and its response together
}

const HELPS = new Set<Terminal['control']>(['setpoint', 'limit', 'steps', 'on-off']);

/**
 * Connections where nothing that is controlled answers a step of load within 5 s, and nothing is
 * kept free for it. With the times of a commissioning record where there is one.
 */
export function slowResponses(site: Site): SlowResponse[] {
  return site.connections.flatMap((connection) => slowAt(site, connection));
}

function slowAt(site: Site, { id, limitMarginW = 0 }: Connection): SlowResponse[] {
  const meterMs = site.meters.find((meter) => meter.of === id)?.latencyMs ?? 0;
  const [quickest] = site.terminals
    .filter(({ control }) => HELPS.has(control))
    .sort((a, b) => a.responseMs - b.responseMs || (a.id < b.id ? -1 : 1));
  if (quickest === undefined || limitMarginW > 0) return [];
  const tookMs = meterMs + CYCLE_MS + quickest.responseMs;
  return tookMs > BACK_INSIDE_MS ? [{ connection: id, terminal: quickest.id, tookMs }] : [];
}
