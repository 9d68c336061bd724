import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { handler as trade } from '../../../../cloud/handlers/energy-trading-actions.ts';
import { handler as grid } from '../../../../cloud/handlers/grid-management.ts';
import { handler as history } from '../../../../cloud/handlers/historical-data.ts';
import { type Handler, portsOfProcess } from '../../../../cloud/handlers/lambda.ts';
import { type LambdaName, ROUTES, RULES } from '../../../../cloud/handlers/routes.ts';
import { handler as market } from '../../../../cloud/handlers/trading-api.ts';
import { handler as forecast } from '../../../../cloud/handlers/weather-forecast.ts';
import {
  agentEvent,
  apiEvent,
  energyRecord,
  forecastOf,
  NOW_MS,
  orders,
  QUARTER_MS,
  ruleEvent,
  START_MS,
  said,
  settledLine,
  statementOf,
  told,
  topicsOf,
  zoneOf,
} from '../../../fixtures/aws/lambdas.ts';

const HANDLERS: Readonly<Record<LambdaName, Handler>> = {
  'weather-forecast': forecast,
  'historical-data': history,
  'trading-api': market,
  'grid-management': grid,
  'energy-trading-actions': trade,
};
const NAMES = Object.keys(HANDLERS) as LambdaName[];
const INTERVAL = '2026-11-22T12:00Z';
const BOOK = [{ id: 'b', owner: 'x', side: 'buy', energyWh: 1_000, priceMicroPerKwh: 110_000 }];
/** A sound value for each parameter that a route may have. */
const VALUES: Readonly<Record<string, string>> = {
  zone: 'z1',
  hours: '2',
  gateway: 'gw-sunfield',
  participant: 'sunfield',
  importW: '1000',
  exportW: '0',
  interval: INTERVAL,
  orders: JSON.stringify(BOOK),
};
const gateway = topicsOf('gw-sunfield');
const interval = { fromMs: START_MS, durationMs: QUARTER_MS };
const STATUS = { v: 1, state: 'online', site: 's', participant: 'sunfield', zone: 'z1' };
const RESULT = { v: 1, zone: 'z1', interval, volumeWh: 0, orders: 0 };
/** A sound message of each class that a rule hands over. */
const MESSAGES: Readonly<Record<string, unknown>> = {
  telemetry: ruleEvent(gateway.telemetry, { v: 1, records: [energyRecord(1, START_MS, 1)] }),
  status: ruleEvent(gateway.status, { ...STATUS, mode: 'rules' }),
  'a2a-request': ruleEvent(gateway.a2aRequest, orders(['o1'], START_MS + 4 * QUARTER_MS)),
  forecast: ruleEvent(zoneOf('z1').forecast, forecastOf(NOW_MS)),
  market: ruleEvent(zoneOf('z1').market, {
    ...RESULT,
    priceMicroPerKwh: null,
    priceInterval: null,
  }),
  statement: ruleEvent(gateway.statement, statementOf('sunfield', [settledLine(START_MS, 900)])),
};

const folder = mkdtempSync(join(tmpdir(), 'events-'));
beforeAll(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: NOW_MS });
  vi.stubEnv('EDGEWATT_CONFIG', 'docs/examples/cloud.yaml');
  vi.stubEnv('EDGEWATT_TABLES', `sqlite:${join(folder, 'tables.db')}`);
  vi.stubEnv('EDGEWATT_LAKE', `files:${join(folder, 'lake')}`);
});
afterAll(async () => {
  await (await portsOfProcess()).tables.close();
  vi.useRealTimers();
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

describe.each(NAMES)('%s', (name) => {
  const handler = HANDLERS[name];
  const kinds = Object.keys(RULES).filter((kind) => RULES[kind] === name);
  const asked = ROUTES[name].filter(({ agent }) => agent === true);

  it('is spoken to in all three ways', () => {
    expect([kinds.length > 0, ROUTES[name].length > 0, asked.length > 0]).toEqual([
      true,
      true,
      true,
    ]);
  });

  it.each(kinds)('takes %s from its rule', async (kind) => {
    expect(await handler(MESSAGES[kind])).toEqual({ result: 'taken' });
  });

  it.each(ROUTES[name])('answers $path over the API, once with a token', async (route) => {
    const { path, post, parameters } = route;
    const own = Object.keys(parameters).map((key) => [key, VALUES[key] ?? `no value for ${key}`]);
    const inPath = own.filter(([key]) => path.includes(`{${key}}`));
    const rest = Object.fromEntries(own.filter(([key]) => !path.includes(`{${key}}`)));
    const more = post === true ? { body: { ...rest, orders: BOOK } } : { query: rest };
    const routeKey = `${post === true ? 'POST' : 'GET'} ${path}`;
    const event = (claims?: Record<string, unknown>) =>
      apiEvent(routeKey, Object.fromEntries(inPath), { ...more, ...(claims && { claims }) });
    expect(said(await handler(event())).status).toBe(200);
    expect(said(await handler(event({ sub: 'somebody' }))).status).toBe(403);
  });

  it.each(asked)('answers $action to an agent of Bedrock', async ({ action, parameters }) => {
    const own = Object.keys(parameters).map((key) => [key, VALUES[key] ?? `no value for ${key}`]);
    const answer = await handler(agentEvent(name, action, Object.fromEntries(own)));
    expect(answer).toMatchObject({
      messageVersion: '1.0',
      response: { actionGroup: name, function: action },
    });
    const { state, body } = told(answer);
    expect(state, JSON.stringify(body)).toBeUndefined();
    expect(body['zone']).toBe('z1');
    expect(JSON.stringify(body)).not.toContain('gw-sunfield'); // nothing of a single site
  });
});
