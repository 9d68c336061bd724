import { beforeEach, describe, expect, it } from 'vitest';
import { openStoreInProcess } from '../../../../gateway/adapters/sqlite/store.ts';
import { historyRecords, importHistory } from '../../../../gateway/agents/history.ts';
import type { A2aRequest, OrderBatch } from '../../../../gateway/contracts/messages.ts';
import { gatewayTopics, zoneTopics } from '../../../../gateway/contracts/topics.ts';
import type { TelemetryRecord } from '../../../../gateway/contracts/values/record.ts';
import type { AgentStore } from '../../../../gateway/ports.ts';
import { BRIGHTWORKS } from '../../../../simulators/sites/brightworks.ts';
import { MILLHOUSE } from '../../../../simulators/sites/millhouse.ts';
import { SUNFIELD } from '../../../../simulators/sites/sunfield.ts';
import { Bench, image, NOON, QUARTER, week, zoneForecast } from '../../../fixtures/agent/bench.ts';

const POWERS: Record<string, Record<string, number>> = {
  brightworks: { grid: 91_000, battery1: 9_000, compressor1: -15_000, rest: -85_000 },
  sunfield: { grid: -30_000, pv1: 40_000, battery1: -10_000 },
  millhouse: { grid: 500, hybrid1: 1_500, pv1: 3_000, battery1: -1_400, ev1: 0, house: -2_000 },
};

describe.each([BRIGHTWORKS, SUNFIELD, MILLHOUSE])('agent of $id', (site) => {
  let bench: Bench;
  let store: AgentStore;
  const powers = POWERS[site.id] ?? {};
  const points = { 'battery1.socPct': 60, 'ev1.state': 1 };

  beforeEach(async () => {
    store = openStoreInProcess();
    const pvW = { brightworks: 0, millhouse: 2_000 }[site.id] ?? 8_000;
    await importHistory(store, site, week(NOON, pvW));
    bench = new Bench(site, store);
    await bench.agent.start();
    bench.connect();
    bench.message(zoneTopics(site.tenant, site.zone).forecast, zoneForecast(NOON));
    bench.see(powers, points);
    await bench.clock.advance(5_000);
  });

  it('plans the next day and hands the guard its first hours', () => {
    const intent = bench.intents().at(-1);
    expect(intent?.plan).toHaveLength(12);
    expect(intent?.cloudConnected).toBe(true);
    expect(intent?.expiresAtMs).toBeGreaterThan(NOON + 29 * 60_000);
    expect(intent?.plan[0]?.fromMs).toBeLessThanOrEqual(bench.clock.wallMs());
    for (const step of intent?.plan ?? []) {
      expect(step.why.length).toBeGreaterThan(5);
      expect(Number.isFinite(step.expectGridW)).toBe(true);
      for (const one of step.terminals) {
        expect(site.terminals.some(({ id }) => id === one.terminal)).toBe(true);
        expect(one.minW).toBeLessThanOrEqual(one.maxW);
      }
    }
    expect(JSON.stringify(intent).length).toBeLessThan(60_000);
    const day = bench.agent.day();
    expect(day?.planned.length).toBeGreaterThanOrEqual(90);
    expect(day?.prices.filter((one) => one.importNanoPerWh !== null).length).toBeGreaterThan(60);
  });

  it('says what is true now, in words, with every row of the ladder', () => {
    const live = bench.agent.live();
    expect(live?.headline).toMatch(/^[A-Z].*\.$/);
    expect(live?.ladder).toHaveLength(10);
    expect(live?.ladder.filter((row) => row.decides).map((row) => row.authority)).toEqual(['Plan']);
    const sum = (live?.flows ?? []).reduce((total, { powerW }) => total + (powerW ?? 0), 0);
    expect(Math.abs(sum)).toBeLessThan(1);
    expect(live?.flows.every(({ doing }) => doing !== '' && !doing.includes('-'))).toBe(true);
    expect(live?.devices[0]?.errorPct).toBe(1);
  });

  it('acknowledges images at once, and records when they are on disk', async () => {
    expect(bench.frames).toContainEqual({ t: 'image-ack', cycle: 1 });
    const record: TelemetryRecord = {
      epoch: 4,
      seq: 9,
      kind: 'event',
      atMs: NOON,
      code: 'MODE',
      mode: 'planning',
      text: 'The cloud is connected.',
    };
    bench.frame({ t: 'records', records: [record] });
    await bench.clock.advance(10);
    expect(bench.frames).toContainEqual({ t: 'records-ack', epoch: 4, seq: 9 });
    await bench.clock.advance(3_000);
    const { telemetry } = gatewayTopics(site.tenant, site.gateway);
    expect(bench.sent.find(({ topic }) => topic === telemetry)?.body['records']).toEqual([record]);
    expect(bench.agent.day()?.events.at(-1)?.text).toBe('The cloud is connected.');
  });

  it('hands directives on unchanged and plans inside the limit that they announce', async () => {
    const body = JSON.stringify({
      v: 1,
      kind: 'envelope',
      gateway: site.gateway,
      sequence: 7,
      issuedAtMs: NOON,
      fromMs: NOON,
      untilMs: NOON + 8 * 3_600_000,
      importLimitW: 12_000,
      exportLimitW: 3_000,
      onLost: 'keep',
      why: 'test',
    });
    const directive = { body, keyId: 'k1', signature: 'c2ln' };
    bench.message(gatewayTopics(site.tenant, site.gateway).directive, directive);
    await bench.clock.advance(5_000);
    expect(bench.frames).toContainEqual({ t: 'directive', directive });
    expect(bench.agent.day()?.limits).toHaveLength(1);
    if (site.id === 'sunfield') {
      for (const step of bench.intents().at(-1)?.plan ?? []) {
        expect(step.expectGridW).toBeGreaterThanOrEqual(-3_001);
      }
    }
  });

  it('orders each coming interval once, follows its award, and counts it in the day', async () => {
    const topics = gatewayTopics(site.tenant, site.gateway);
    const batches = (): { id: string; batch: OrderBatch }[] =>
      bench.sent
        .filter(({ topic }) => topic === topics.a2aRequest)
        .map(({ body }) => {
          const request = body as unknown as A2aRequest;
          const part = request.message?.parts[0];
          return {
            id: request.message?.messageId ?? '',
            batch: (part && 'data' in part ? part.data : undefined) as OrderBatch,
          };
        });
    for (let minute = 0; minute < 40; minute += 1) {
      await bench.clock.advance(60_000);
      bench.see(powers, points);
    }
    const orders = batches().flatMap(({ batch }) => batch.orders);
    expect(orders.length).toBeGreaterThan(0);
    expect(new Set(orders.map(({ id }) => id)).size).toBe(orders.length);
    const planned = bench.agent.day()?.planned ?? [];
    const slot = planned.slice(4).find(({ gridW }) => Math.abs(gridW ?? 0) > 2_000);
    const first = orders[0];
    if (first === undefined || slot === undefined) throw new Error('nothing to award');
    const interval = { fromMs: slot.fromMs, durationMs: QUARTER };
    const soldWh = Math.round(-(slot.gridW ?? 0) / 4);
    const award = {
      orderId: first.id,
      side: soldWh > 0 ? 'sell' : 'buy',
      energyWh: Math.abs(soldWh),
      priceMicroPerKwh: 120_000,
    };
    const notice = {
      a2aVersion: '1.0',
      agent: 'market-supervisor',
      message: {
        messageId: 'n1',
        role: 'ROLE_AGENT',
        parts: [
          {
            data: {
              v: 1,
              kind: 'awards',
              zone: 'z1',
              interval,
              currency: 'EUR',
              awards: [award],
            },
          },
        ],
      },
    };
    bench.message(topics.a2aNotice, notice);
    bench.message(topics.a2aNotice, notice);
    await bench.clock.advance(5_000);
    expect(bench.intents().at(-1)?.positions).toEqual([{ ...interval, soldWh }]);
    const told = bench.agent
      .day()
      ?.events.filter(({ text }) => /^(Sold|Bought) .*kWh for/.test(text));
    expect(told).toHaveLength(1);
  });

  it('ends in order on the word of the guard', async () => {
    bench.frame({ t: 'stopping' });
    let ended = false;
    void bench.agent.ended.then(() => {
      ended = true;
    });
    await bench.clock.advance(8_000);
    expect(ended).toBe(true);
    const { status } = gatewayTopics(site.tenant, site.gateway);
    expect(bench.sent.filter(({ topic }) => topic === status).at(-1)?.body['state']).toBe(
      'offline',
    );
    await expect(store.outbox()).rejects.toThrow();
  });
});

describe('an alarm', () => {
  const untilMs = NOON + 20 * 86_400_000;
  const brokerCheck = {
    ownCertificate: { fromMs: 0, untilMs },
    examine: () => Promise.resolve(undefined),
  };

  it('is in the cloud with the next status, within a minute when the link was away', async () => {
    const bench = new Bench(SUNFIELD, openStoreInProcess(), { brokerCheck });
    const { status } = gatewayTopics(SUNFIELD.tenant, SUNFIELD.gateway);
    const told = () =>
      bench.sent.filter(({ topic }) => topic === status).map(({ body }) => body['alarms']);
    const see = (state: 'ok' | 'silent'): void => {
      const { clock } = bench;
      bench.cycle += 1;
      const seen = image(bench.cycle, clock.monoMs(), clock.wallMs(), {});
      const devices = seen.devices.map((device) => ({ ...device, state }));
      bench.frame({ t: 'image', image: { ...seen, devices } });
    };
    await bench.agent.start();
    see('silent');
    await bench.clock.advance(3_600_000);
    expect(told()).toEqual([]);
    bench.connect();
    const fromMs = bench.clock.realMs();
    see('silent');
    await bench.clock.until(() => told().length > 0, 60_000);
    expect(bench.clock.realMs() - fromMs).toBeLessThan(60_000);
    expect(told()).toEqual([['OWN_CERTIFICATE', 'DEVICE_SILENT:meter1']]);
    expect(bench.sent.find(({ topic }) => topic === status)?.body['certificateUntilMs']).toBe(
      untilMs,
    );
    await bench.clock.advance(2_000);
    see('ok');
    await bench.clock.advance(1_000);
    expect(told().at(-1)).toEqual(['OWN_CERTIFICATE']);
    await bench.agent.stop(0);
  });
});

describe('history from elsewhere', () => {
  it('keeps every Wh, spreads an hour, and closes the sum at the connection', () => {
    const rows = [{ fromMs: 0, durationMs: 3_600_000, loadWh: 10_001, pvWh: 3_001 }];
    const records = historyRecords(MILLHOUSE, rows);
    const wh = (place: string): number =>
      records
        .filter((one) => one.place === place)
        .reduce((sum, one) => sum + one.inWh - one.outWh, 0);
    expect(wh('house')).toBe(-10_001);
    expect(wh('pv1')).toBe(3_001);
    expect(wh('grid')).toBe(7_000);
    expect(records.filter((one) => one.place === 'grid').map((one) => one.fromMs)).toEqual([
      0, 900_000, 1_800_000, 2_700_000,
    ]);
  });
});
