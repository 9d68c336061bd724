import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { handler as trade } from '../../../../cloud/handlers/energy-trading-actions.ts';
import { handler as grid } from '../../../../cloud/handlers/grid-management.ts';
import { handler as history } from '../../../../cloud/handlers/historical-data.ts';
import { portsOfProcess } from '../../../../cloud/handlers/lambda.ts';
import { handler as provision } from '../../../../cloud/handlers/provisioning-hook.ts';
import { handler as market } from '../../../../cloud/handlers/trading-api.ts';
import { handler as forecast } from '../../../../cloud/handlers/weather-forecast.ts';
import {
  agentEvent,
  apiEvent,
  energyRecord,
  forecastOf,
  NOW_MS,
  orders,
  provisioningEvent,
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

const TAKEN = { result: 'taken' };
const REFUSED = { result: 'refused' };
const folder = mkdtempSync(join(tmpdir(), 'lambdas-'));
let run = 0;

beforeEach(() => {
  run += 1;
  vi.useFakeTimers({ toFake: ['Date'], now: NOW_MS });
  vi.stubEnv('EDGEWATT_CONFIG', 'docs/examples/cloud.yaml');
  vi.stubEnv('EDGEWATT_TABLES', `sqlite:${join(folder, `${run}.db`)}`);
  vi.stubEnv('EDGEWATT_LAKE', `files:${join(folder, `lake-${run}`)}`);
});
afterEach(async () => {
  await (await portsOfProcess()).tables.close();
  vi.useRealTimers();
  vi.unstubAllEnvs();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const own = (participant: string) => ({
  claims: { edgewatt_role: 'participant', edgewatt_participant: participant },
});

describe('weather-forecast', () => {
  const route = 'GET /v1/zones/{zone}/forecast';

  it('takes what the forecasting agent says, and gives the newest from now on', async () => {
    expect(said(await forecast(apiEvent(route, { zone: 'z1' }))).status).toBe(404);
    for (const issuedAtMs of [NOW_MS - 10, NOW_MS - 1_000]) {
      const event = ruleEvent(zoneOf('z1').forecast, forecastOf(issuedAtMs));
      expect(await forecast(event)).toEqual(TAKEN);
    }
    const { status, body } = said(
      await forecast(apiEvent(route, { zone: 'z1' }, { query: { hours: '2' } })),
    );
    expect([status, body['issuedAtMs']]).toEqual([200, NOW_MS - 10]);
    expect(body['weather']).toMatchObject({ fromMs: START_MS });
    expect((body['weather'] as { ghiWPerM2: number[] }).ghiWPerM2.slice(0, 2)).toEqual([1, 2]);
    const { priceNanoPerWh } = body['price'] as { priceNanoPerWh: number[] };
    expect(priceNanoPerWh.length).toBe(NOW_MS === START_MS ? 8 : 9);
  });

  it('answers an agent in its own form', async () => {
    await forecast(ruleEvent(zoneOf('z1').forecast, forecastOf(NOW_MS)));
    const asked = agentEvent('weather-forecast', 'get-forecast', { zone: 'z1', hours: 1 });
    const answer = await forecast(asked);
    expect(answer).toMatchObject({
      messageVersion: '1.0',
      response: { actionGroup: 'weather-forecast', function: 'get-forecast' },
      sessionAttributes: { locale: 'en' },
    });
    expect(told(answer)).toMatchObject({ body: { zone: 'z1', issuedAtMs: NOW_MS } });
  });

  it('believes a forecast only on the topic of its zone', async () => {
    const at = (topic: string, payload: unknown) => forecast(ruleEvent(topic, payload));
    expect(await at(zoneOf('z2').forecast, forecastOf(NOW_MS))).toEqual(REFUSED);
    expect(await at(zoneOf('z1').forecast, '{"v":1')).toEqual(REFUSED);
    const other = zoneOf('z1').forecast.replace('/demo/', '/other/');
    expect(await at(other, forecastOf(NOW_MS))).toEqual(REFUSED);
  });
});

describe('historical-data', () => {
  const { telemetry } = topicsOf('gw-sunfield');
  const batch = (...records: unknown[]) => ({ v: 1, records });

  it('stores a batch once in the table and once in the lake, however often it comes', async () => {
    const records = [1, 2, 3].map((n) => energyRecord(n, START_MS - n * QUARTER_MS, 100 * n));
    for (let n = 0; n < 3; n += 1) {
      expect(await history(ruleEvent(telemetry, batch(...records)))).toEqual(TAKEN);
    }
    const { body } = said(
      await history(apiEvent('GET /v1/gateways/{gateway}/energy', { gateway: 'gw-sunfield' })),
    );
    expect((body['records'] as { inWh: number }[]).map((one) => one.inWh)).toEqual([300, 200, 100]);
    const { lake } = await portsOfProcess();
    const day = new Date(START_MS - QUARTER_MS).toISOString().slice(0, 10);
    const lines = await lake.read('demo', 'telemetry', day);
    expect(lines.map((line) => JSON.parse(line).seq)).toEqual([1, 2, 3]);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ gateway: 'gw-sunfield', inWh: 100 });
    const place = join(folder, `lake-${run}/telemetry/tenant=demo/date=${day}`);
    expect(readdirSync(place)).toHaveLength(1);
  });

  it('gives the energy of a gateway to its participant and to operators', async () => {
    const ask = (more: object) =>
      history(apiEvent('GET /v1/gateways/{gateway}/energy', { gateway: 'gw-sunfield' }, more));
    expect(said(await ask(own('sunfield'))).status).toBe(200);
    expect(said(await ask(own('millhouse'))).status).toBe(403);
    expect(said(await ask({ claims: { edgewatt_role: 'participant' } })).status).toBe(403);
    expect(said(await ask({ claims: { sub: 'somebody' } })).status).toBe(403);
  });

  it('sums a zone where three sites or more were metered, and never one alone', async () => {
    const sites = ['gw-sunfield', 'gw-millhouse', 'gw-brightworks'];
    for (const [n, site] of sites.entries()) {
      const all = energyRecord(1, START_MS - QUARTER_MS, 100 + n);
      const some = energyRecord(2, START_MS - 2 * QUARTER_MS, 5);
      const records = n < 2 ? [all, some] : [all];
      await history(ruleEvent(topicsOf(site).telemetry, batch(...records)));
    }
    const asked = agentEvent('historical-data', 'get-demand', { zone: 'z1' });
    expect(told(await history(asked)).body).toEqual({
      zone: 'z1',
      intervals: [
        { fromMs: START_MS - QUARTER_MS, durationMs: QUARTER_MS, sites: 3, inWh: 303, outWh: 0 },
      ],
    });
    const alone = agentEvent('historical-data', 'get-energy', { gateway: 'gw-sunfield' });
    expect(told(await history(alone))).toEqual({
      state: 'REPROMPT',
      body: { error: 'there is no such action' },
    });
  });

  it('refuses strangers and what is no batch', async () => {
    const record = energyRecord(1, START_MS, 1);
    const stranger = ruleEvent(topicsOf('gw-nobody').telemetry, batch(record));
    expect(await history(stranger)).toEqual(REFUSED);
    expect(await history(ruleEvent(telemetry, { v: 2, records: [record] }))).toEqual(REFUSED);
    expect(await history(ruleEvent(telemetry, batch({ ...record, inWh: -1 })))).toEqual(REFUSED);
  });
});

describe('trading-api', () => {
  const result = (zone: string) => ({
    v: 1,
    zone,
    interval: { fromMs: START_MS, durationMs: QUARTER_MS },
    volumeWh: 1_000,
    priceMicroPerKwh: 95_000,
    priceInterval: [90_000, 100_000],
    orders: 2,
  });

  it('gives the results of a zone, each interval once', async () => {
    for (let n = 0; n < 2; n += 1) {
      expect(await market(ruleEvent(zoneOf('z1').market, result('z1')))).toEqual(TAKEN);
    }
    const asked = apiEvent('GET /v1/zones/{zone}/results', { zone: 'z1' });
    expect(said(await market(asked)).body).toEqual({
      zone: 'z1',
      currency: 'EUR',
      results: [result('z1')],
    });
    expect(await market(ruleEvent(zoneOf('z1').market, result('z2')))).toEqual(REFUSED);
  });

  it('keeps each settled interval once, the newest word of it', async () => {
    const { statement } = topicsOf('gw-sunfield');
    const lines = [settledLine(START_MS - QUARTER_MS, 900), settledLine(START_MS, 1_100)];
    const corrected = settledLine(START_MS - QUARTER_MS, -50);
    for (const list of [lines, lines, [corrected]]) {
      expect(await market(ruleEvent(statement, statementOf('sunfield', list)))).toEqual(TAKEN);
    }
    const ask = (more: object) =>
      market(
        apiEvent(
          'GET /v1/zones/{zone}/participants/{participant}/statement',
          { zone: 'z1', participant: 'sunfield' },
          more,
        ),
      );
    expect(said(await ask(own('sunfield'))).body).toEqual({
      zone: 'z1',
      participant: 'sunfield',
      currency: 'EUR',
      lines: [corrected, lines[1]],
    });
    expect(said(await ask(own('millhouse'))).status).toBe(403);
    const { tables } = await portsOfProcess();
    const produced = await tables.rows('producer_metrics', 'delivery', 'z1', 0);
    const consumed = await tables.rows('consumer_metrics', 'delivery', 'z1', 0);
    expect([produced.length, consumed.length]).toEqual([1, 1]);
  });

  it('believes a statement only of the participant to whom the gateway belongs', async () => {
    const said = statementOf('millhouse', [settledLine(START_MS, 1)]);
    expect(await market(ruleEvent(topicsOf('gw-sunfield').statement, said))).toEqual(REFUSED);
  });
});

describe('grid-management', () => {
  const status = (state: 'online' | 'offline') => ({
    v: 1,
    state,
    site: 'sunfield',
    participant: 'sunfield',
    zone: 'z1',
    mode: 'trading',
  });

  it('counts who is online; names are for operators', async () => {
    await grid(ruleEvent(topicsOf('gw-sunfield').status, status('online')));
    await grid(ruleEvent(topicsOf('gw-millhouse').status, status('online')));
    await grid(ruleEvent(topicsOf('gw-millhouse').status, status('offline')));
    const route = 'GET /v1/zones/{zone}/grid';
    const { body } = said(await grid(apiEvent(route, { zone: 'z1' })));
    expect(body).toEqual({
      zone: 'z1',
      gateways: 3,
      online: 1,
      contractedImportW: 84_500,
      contractedExportW: 60_000,
      transformerRatedVa: 40_000,
      offline: ['gw-millhouse', 'gw-brightworks'],
    });
    const less = told(await grid(agentEvent('grid-management', 'get-grid', { zone: 'z1' })));
    expect(less.body).not.toHaveProperty('offline');
    expect(said(await grid(apiEvent(route, { zone: 'z1' }, own('sunfield')))).body).toEqual(
      less.body,
    );
  });

  it('says what envelopes would leave, and sends nothing', async () => {
    const ask = (importW: number) =>
      agentEvent('grid-management', 'preview-envelopes', { zone: 'z1', importW, exportW: 0 });
    expect(told(await grid(ask(39_000))).body).toMatchObject({ importShare: 1, binding: false });
    const full = told(await grid(ask(60_000))).body;
    expect(full).toMatchObject({ importShare: 40_000 / 84_500, exportShare: 1 });
    expect(told(await grid(ask(-1)))).toMatchObject({ state: 'REPROMPT' });
  });
});

describe('energy-trading-actions', () => {
  const NEXT_MS = START_MS + 4 * QUARTER_MS;

  it('keeps each order of a gateway once, by its participant', async () => {
    const { a2aRequest } = topicsOf('gw-sunfield');
    for (const ids of [['o1', 'o2'], ['o1', 'o2'], ['o2']]) {
      expect(await trade(ruleEvent(a2aRequest, orders(ids, NEXT_MS)))).toEqual(TAKEN);
    }
    const { tables } = await portsOfProcess();
    const kept = await tables.rows('trade_data', 'order', 'z1', 0);
    expect(kept.map((row) => [row.key, row.who, row.fromMs])).toEqual([
      ['order/sunfield/o1', 'sunfield', NEXT_MS],
      ['order/sunfield/o2', 'sunfield', NEXT_MS],
    ]);
  });

  it('keeps no order that cannot stand: after its gate, above the connection', async () => {
    const { a2aRequest } = topicsOf('gw-sunfield');
    await trade(ruleEvent(a2aRequest, orders(['late'], START_MS)));
    const large = orders(['large'], NEXT_MS);
    const [part] = large.message.parts;
    if (part?.data.orders[0]) part.data.orders[0].energyWh = 7_501;
    await trade(ruleEvent(a2aRequest, large));
    const { tables } = await portsOfProcess();
    expect(await tables.rows('trade_data', 'order', 'z1', 0)).toEqual([]);
    expect(await trade(ruleEvent(a2aRequest, { method: 'SendMessage' }))).toEqual(REFUSED);
  });

  it('clears a call auction that binds nobody', async () => {
    const book = [
      { id: 'b', owner: 'x', side: 'buy', energyWh: 1_000, priceMicroPerKwh: 110_000 },
      { id: 's', owner: 'y', side: 'sell', energyWh: 600, priceMicroPerKwh: 90_000 },
      { id: 'odd', owner: 'y', side: 'sell', energyWh: 0.5, priceMicroPerKwh: 1 },
    ];
    const cleared = {
      zone: 'z1',
      currency: 'EUR',
      binding: false,
      volumeWh: 600,
      priceMicroPerKwh: 110_000,
      fills: [
        { orderId: 'b', energyWh: 600 },
        { orderId: 's', energyWh: 600 },
      ],
      rejected: [{ orderId: 'odd', code: 'INVALID_QUANTITY' }],
    };
    const interval = '2026-11-22T12:00Z';
    const route = 'POST /v1/zones/{zone}/auction/preview';
    const body = { interval, orders: book };
    expect(said(await trade(apiEvent(route, { zone: 'z1' }, { body }))).body).toEqual(cleared);
    const parameters = { zone: 'z1', interval, orders: JSON.stringify(book) };
    const asked = agentEvent('energy-trading-actions', 'preview-auction', parameters);
    expect(told(await trade(asked)).body).toEqual(cleared);
  });

  it.each([
    [{ zone: 'z1', interval: 'x', orders: 'not a list' }, /^orders: /],
    [{ zone: 'z1', orders: '[]' }, /^interval: /],
    [{ zone: 'z1', interval: 'x', orders: '[]', owner: 'me' }, /^an unknown parameter/],
    [{ zone: '../z1', interval: 'x', orders: '[]' }, /^zone: letters/],
    [{ zone: 'z7', interval: 'x', orders: '[]' }, /^there is no such zone/],
  ])('tells an agent what is wrong with %o', async (parameters, what) => {
    const asked = agentEvent('energy-trading-actions', 'preview-auction', parameters);
    const { state, body } = told(await trade(asked));
    expect(state).toBe('REPROMPT');
    expect(body['error']).toMatch(what);
  });
});

describe('every Lambda', () => {
  it('throws on an event of unknown form, so that it is kept', async () => {
    for (const handler of [forecast, history, market, grid, trade]) {
      for (const event of [undefined, {}, { Records: [] }, ruleEvent('ew/v1', {})]) {
        await expect(handler(event)).rejects.toThrow('an event of unknown form');
      }
    }
  });

  it('answers 404 to a route that is not its own', async () => {
    const other = apiEvent('GET /v1/zones/{zone}/grid', { zone: 'z1' });
    expect(said(await forecast(other)).status).toBe(404);
  });

  it('cannot be talked into another form by what a gateway says', async () => {
    const forged = agentEvent('historical-data', 'get-demand', { zone: 'z1' });
    const { telemetry } = topicsOf('gw-sunfield');
    expect(await history(ruleEvent(telemetry, forged))).toEqual(REFUSED);
  });
});

describe('provisioning-hook', () => {
  it('lets a registered gateway in, once', async () => {
    const first = provisioningEvent();
    expect(await provision(first)).toEqual({ allowProvisioning: true });
    expect(await provision(first)).toEqual({ allowProvisioning: true });
    expect(await provision({ ...first, certificateId: 'another' })).toEqual({
      allowProvisioning: false,
    });
  });

  it('lets nobody else in', async () => {
    const first = provisioningEvent();
    for (const SerialNumber of ['gw-nobody', '', '../gw-sunfield', undefined]) {
      expect(await provision({ ...first, parameters: { SerialNumber } })).toEqual({
        allowProvisioning: false,
      });
    }
    expect(await provision({})).toEqual({ allowProvisioning: false });
  });
});
