/**
 * What the five Lambdas answer, once: the API's routes, the agents' functions and the handlers are
 * all made of this table. A parameter's text is what an agent reads about it.
 */
export interface Route {
  readonly action: string; // an agent's function has this name
  readonly path: string; // GET, or POST where `post` says so
  readonly post?: true;
  readonly says: string;
  readonly agent?: true; // agents may ask; without it people alone
  readonly parameters: Readonly<Record<string, Parameter>>;
}

export interface Parameter {
  readonly type: 'string' | 'integer' | 'array';
  readonly required: boolean;
  readonly says: string;
}

export type LambdaName =
  | 'weather-forecast'
  | 'historical-data'
  | 'trading-api'
  | 'grid-management'
  | 'energy-trading-actions';

const zone: Parameter = { type: 'string', required: true, says: 'Id of the market zone.' };
const hours: Parameter = { type: 'integer', required: false, says: 'How many hours, 1 to 48.' };
const orders: Parameter = {
  type: 'array',
  required: true,
  says:
    'JSON list of at most 200 orders: {"id", "owner", "side": "buy" | "sell", "energyWh", ' +
    '"priceMicroPerKwh"}; energy in whole Wh, price in millionths of the currency per kWh.',
};
const watts = (says: string): Parameter => ({ type: 'integer', required: true, says });

export const ROUTES: Readonly<Record<LambdaName, readonly Route[]>> = {
  'weather-forecast': [
    {
      action: 'get-forecast',
      path: '/v1/zones/{zone}/forecast',
      says: "The newest weather and day-ahead prices of a zone, from now on. Null means 'unknown'.",
      agent: true,
      parameters: { zone, hours },
    },
  ],
  'historical-data': [
    {
      action: 'get-demand',
      path: '/v1/zones/{zone}/demand',
      says:
        'Energy of all sites of a zone together, by interval; left out where fewer than three ' +
        'sites were metered.',
      agent: true,
      parameters: { zone, hours },
    },
    {
      action: 'get-energy',
      path: '/v1/gateways/{gateway}/energy',
      says: "Energy records of one gateway's connection.",
      parameters: {
        gateway: { type: 'string', required: true, says: 'Id of the gateway.' },
        hours,
      },
    },
  ],
  'trading-api': [
    {
      action: 'get-results',
      path: '/v1/zones/{zone}/results',
      says: 'What the auctions of a zone gave: volume and uniform price of each interval.',
      agent: true,
      parameters: { zone, hours },
    },
    {
      action: 'get-statement',
      path: '/v1/zones/{zone}/participants/{participant}/statement',
      says: 'Settled intervals of one participant.',
      parameters: {
        zone,
        participant: { type: 'string', required: true, says: 'Id of the participant.' },
        hours,
      },
    },
  ],
  'grid-management': [
    {
      action: 'get-grid',
      path: '/v1/zones/{zone}/grid',
      says: 'How many gateways of a zone are online, and the contracted power of all.',
      agent: true,
      parameters: { zone },
    },
    {
      action: 'preview-envelopes',
      path: '/v1/zones/{zone}/envelopes/preview',
      says:
        'Which share of the contracted power the envelopes would leave at a load of the ' +
        'transformer. Nothing is sent to anybody.',
      agent: true,
      parameters: {
        zone,
        importW: watts('Power through the transformer into the zone, W, 0 or more.'),
        exportW: watts('Power through the transformer out of the zone, W, 0 or more.'),
      },
    },
  ],
  'energy-trading-actions': [
    {
      action: 'preview-auction',
      path: '/v1/zones/{zone}/auction/preview',
      post: true,
      says:
        'Clears a call auction of the given orders and says volume, price and fills. Binding ' +
        'for nobody: nothing is stored.',
      agent: true,
      parameters: {
        zone,
        interval: {
          type: 'string',
          required: true,
          says: 'Delivery interval, as in 2026-11-22T12:00Z.',
        },
        orders,
      },
    },
  ],
};

/** Which Lambda takes what is said on topics, by their class. */
export const RULES: Readonly<Record<string, LambdaName>> = {
  telemetry: 'historical-data',
  status: 'grid-management',
  'a2a-request': 'energy-trading-actions',
  forecast: 'weather-forecast',
  market: 'trading-api',
  statement: 'trading-api',
};
