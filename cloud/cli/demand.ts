import type { KeptForecast } from '../../gateway/agents/forecasting/issued.ts';
import type { HorizonScore } from '../../gateway/contracts/values/outlook.ts';
import { DAY_MS, HOUR_MS } from '../../gateway/contracts/values/time.ts';
import type { Row, Store } from '../ports.ts';
import { lookUp } from './books.ts';

/** A zone's newest forecast of demand, and how far the newest scored day was off. */
interface ZoneDemand {
  readonly zone: string;
  readonly forecast: (KeptForecast & { readonly sites: number }) | null;
  readonly scores: readonly HorizonScore[];
}

/**
 * `edgewatt-cloud demand`: what the sites of each zone will use and make together.
 * @throws Fault where there is no database yet
 */
export function demandTable(options: { readonly config: string; readonly json?: boolean }): string {
  const { config, json } = options;
  const zones = lookUp(config, (store, file) => file.zones.map(({ id }) => demandOf(store, id)));
  return json === true ? JSON.stringify({ zones }) : zones.map(asText).join('\n\n');
}

function demandOf(store: Pick<Store, 'rows'>, zone: string): ZoneDemand {
  const newest = (kind: string): Row | undefined =>
    store.rows('forecast_data', kind).findLast((row) => row.zone === zone);
  // As `RegionDemand` writes them.
  const said = newest('demand-forecast');
  const scored = newest('demand-score');
  const { scores } = JSON.parse(scored?.body ?? '{"scores":[]}') as Pick<ZoneDemand, 'scores'>;
  return { zone, forecast: said ? JSON.parse(said.body) : null, scores };
}

const kw = (powerW = 0): string => (powerW / 1_000).toFixed(1).padStart(8);

function asText({ zone, forecast, scores }: ZoneDemand): string {
  if (forecast === null) return `${zone}: nothing is forecast before a day of it was metered`;
  const { fromMs, stepMs, sites, load, pv, issuedAtMs } = forecast;
  const minute = (atMs: number): string => new Date(atMs).toISOString().slice(0, 16);
  const rows: string[] = [];
  const first = (Math.ceil(fromMs / HOUR_MS) * HOUR_MS - fromMs) / stepMs;
  for (let n = first; n < load.midW.length; n += HOUR_MS / stepMs) {
    const cells = [load.lowW, load.midW, load.highW, pv.lowW, pv.midW, pv.highW];
    rows.push(`${minute(fromMs + n * stepMs)}${cells.map((list) => kw(list[n])).join('')}`);
  }
  const ahead = scores.filter(({ aheadMs }) => aheadMs === DAY_MS);
  const errors = ahead.map(({ what, errorPct }) => `${what} ${Math.round(errorPct)} %`);
  const off = errors.length === 0 ? '' : `, off a day ahead: ${errors.join(', ')}`;
  return [
    `${zone}: ${sites} sites, issued ${minute(issuedAtMs)} (UTC)${off}`,
    'hour (UTC)          load kW: 10 %, 50 %, 90 %  sun kW: 10 %, 50 %, 90 %',
    ...rows,
  ].join('\n');
}
