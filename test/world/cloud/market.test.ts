import { describe, expect, it } from 'vitest';
import { createLedger } from '../../../cloud/market/ledger.ts';
import type { Awards, MarketResult, OrderReceipt } from '../../../gateway/contracts/messages.ts';
import {
  a2aNotice,
  a2aResponse,
  awards,
  marketResult,
  statement,
} from '../../../gateway/contracts/messages.ts';
import { Gateway, QUARTER, T0, world } from './fixture.ts';

const MINUTE = 60_000;
const D1 = T0 + 2 * QUARTER; // the interval that is traded

const receiptOf = (gateway: Gateway, at: number): OrderReceipt => {
  const part = gateway.responses().at(at)?.task?.artifacts?.[0]?.parts[0];
  return (part as { data: OrderReceipt }).data;
};
const awardsOf = (gateway: Gateway): Awards[] =>
  gateway
    .notices()
    .map((notice) => awards.parse((notice.message.parts[0] as { data: unknown }).data));

const sell = { id: 's1', fromMs: D1, side: 'sell', energyWh: 8_000, priceMicroPerKwh: 80_000 };
const buy = { id: 'b1', fromMs: D1, side: 'buy', energyWh: 5_000, priceMicroPerKwh: 200_000 };

function market() {
  const all = world();
  const sun = new Gateway('gw-sun', all.hub);
  const works = new Gateway('gw-works', all.hub);
  return { ...all, sun, works };
}

describe('market supervisor, an interval from order to statement', () => {
  it('clears at the gate, sends awards, settles, and replays to the byte', async () => {
    const { clock, sun, works, hub, store, cloud, errors } = market();
    await clock.advance(MINUTE);
    await sun.orders(sell);
    await works.orders(buy);
    await clock.advance(1_000);
    for (const gateway of [sun, works]) {
      expect(a2aResponse.parse(gateway.responses()[0]).task?.status.state).toBe(
        'TASK_STATE_WORKING',
      );
    }
    expect(receiptOf(sun, 0)).toEqual({ v: 1, kind: 'receipt', accepted: ['s1'], rejected: [] });

    // The gate is five minutes before delivery: nothing a second before, everything at it.
    await clock.advance(D1 - 5 * MINUTE - 1_000 - clock.wallMs());
    expect(sun.notices()).toEqual([]);
    await clock.advance(1_000);
    const interval = { fromMs: D1, durationMs: QUARTER };
    const price = 80_000; // the sale is only partly filled: it sets the price
    expect(awardsOf(sun)).toEqual([
      {
        v: 1,
        kind: 'awards',
        zone: 'z1',
        interval,
        currency: 'EUR',
        awards: [{ orderId: 's1', side: 'sell', energyWh: 5_000, priceMicroPerKwh: price }],
      },
    ]);
    expect(awardsOf(works)[0]?.awards).toEqual([
      { orderId: 'b1', side: 'buy', energyWh: 5_000, priceMicroPerKwh: price },
    ]);
    expect(a2aNotice.parse(sun.notices()[0]).task?.status.state).toBe('TASK_STATE_COMPLETED');
    const result = marketResult.parse(
      JSON.parse(new TextDecoder().decode(hub.retained('ew/v1/demo/zone-z1/market')?.payload)),
    );
    expect(result).toMatchObject({
      volumeWh: 5_000,
      priceMicroPerKwh: price,
      priceInterval: [price, price],
      orders: 2,
    });

    // Delivery: the sun gives 6 kWh, the works take 9 kWh. Settled as soon as both are there.
    await clock.advance(D1 + QUARTER + 10_000 - clock.wallMs());
    await sun.energy(1, D1, 0, 6_000);
    await clock.advance(1_000);
    expect(sun.statement()).toBeUndefined();
    await works.energy(1, D1, 9_000, 0);
    await clock.advance(1_000);
    expect(statement.parse(sun.statement()).lines).toEqual([
      {
        interval,
        soldWh: 5_000,
        boughtWh: 0,
        meteredNetWh: 6_000,
        imbalanceWh: 1_000,
        quality: 'measured',
        tradeNano: String(5_000 * price),
        imbalanceNano: String(1_000 * 70_000),
        feeNano: '0',
        version: 1,
      },
    ]);
    expect(statement.parse(works.statement()).lines).toEqual([
      {
        interval,
        version: 1,
        soldWh: 0,
        boughtWh: 5_000,
        meteredNetWh: -9_000,
        imbalanceWh: -4_000,
        quality: 'measured',
        tradeNano: String(-5_000 * price),
        imbalanceNano: String(-4_000 * 300_000),
        feeNano: String(-5_000 * 10_000),
      },
    ]);
    const lines = [...store.journal()];
    const replayed = createLedger(lines);
    expect(replayed.sumNano()).toBe(0n);
    expect(replayed.length).toBe(lines.length);
    expect(cloud.status()).toMatchObject({
      ledgerSumNano: '0',
      volumeWh: 5_000,
      entries: lines.length,
    });
    expect(Object.fromEntries(replayed.balances())).toEqual({
      'participant:sun': 5_000n * 80_000n + 1_000n * 70_000n,
      'participant:works': -5_000n * 90_000n - 4_000n * 300_000n,
      'zone:z1:clearing': 0n,
      'zone:z1:grid-fees': 50_000_000n,
      'zone:z1:balancing': 0n,
      'zone:z1:retailer': 3_000n * 320_000n,
      'zone:z1:surplus': 4_000n * 300_000n - 1_000n * 70_000n - 3_000n * 320_000n,
    } satisfies Record<string, bigint>);
    expect(errors).toEqual([]);
    await cloud.stop();
  });

  it('clears every interval, also those without orders, in order', async () => {
    const { clock, hub, cloud, sun } = market();
    await sun.orders(sell);
    await clock.advance(6 * QUARTER);
    const results = hub.log
      .filter((message) => message.topic.endsWith('/market'))
      .map((message) => JSON.parse(new TextDecoder().decode(message.payload)) as MarketResult);
    expect(results.map((result) => (result.interval.fromMs - T0) / QUARTER)).toEqual([
      1, 2, 3, 4, 5, 6,
    ]);
    expect(
      results.every((result) => result.volumeWh === 0 && result.priceMicroPerKwh === null),
    ).toBe(true);
    // A site with an order hears that it got nothing; one without an order hears nothing.
    expect(awardsOf(sun).map((one) => one.awards)).toEqual([[]]);
    await cloud.stop();
  });
});

describe('market supervisor, orders', () => {
  it('refuses one order by its code and lets the others stand', async () => {
    const { clock, sun, cloud } = market();
    await clock.advance(MINUTE);
    const given = { id: 'ok', fromMs: D1, side: 'sell', energyWh: 10_000, priceMicroPerKwh: 1 };
    await sun.orders(
      given,
      { ...given, energyWh: 10_001 }, // the id is taken
      { ...given, id: 'too-much', energyWh: 5_001 }, // 60 kW for a quarter-hour are 15 kWh
      { ...given, id: 'fits', energyWh: 5_000 },
      { ...given, id: 'odd', fromMs: D1 + 1 },
      { ...given, id: 'far', fromMs: D1 + 200 * QUARTER },
      { ...given, id: 'closed', fromMs: T0 },
      { ...given, id: 'zero', energyWh: 0 },
      { ...given, id: 'half', energyWh: 1.5 },
      { ...given, id: 'side', side: 'hold' },
    );
    await clock.advance(1_000);
    expect(receiptOf(sun, 0)).toEqual({
      v: 1,
      kind: 'receipt',
      accepted: ['ok', 'fits'],
      rejected: [
        { id: 'ok', code: 'DUPLICATE_ID_DIFFERENT' },
        { id: 'too-much', code: 'ABOVE_LIMIT' },
        { id: 'odd', code: 'INTERVAL_UNKNOWN' },
        { id: 'far', code: 'INTERVAL_UNKNOWN' },
        { id: 'closed', code: 'INTERVAL_CLOSED' },
        { id: 'zero', code: 'INVALID_QUANTITY' },
        { id: 'half', code: 'INVALID_QUANTITY' },
        { id: 'side', code: 'INVALID_SIDE' },
      ],
    });
    await cloud.stop();
  });

  it('counts the instant of receipt: at the gate it is too late', async () => {
    const { clock, sun, cloud } = market();
    const gateMs = D1 - 5 * MINUTE;
    await clock.advance(gateMs - 1 - clock.wallMs());
    await sun.orders(sell);
    await clock.advance(1);
    await sun.orders({ ...sell, id: 's2' });
    await clock.advance(1);
    expect(receiptOf(sun, 0).accepted).toEqual(['s1']);
    expect(receiptOf(sun, 1).rejected).toEqual([{ id: 's2', code: 'INTERVAL_CLOSED' }]);
    await cloud.stop();
  });

  it('takes the sender from the topic: what the payload says of it changes nothing', async () => {
    const { clock, sun, cloud } = market();
    await clock.advance(MINUTE);
    const interval = { fromMs: D1, durationMs: QUARTER };
    const order = { id: 'x', interval, side: 'sell', energyWh: 1, priceMicroPerKwh: 1 };
    await sun.request('market-supervisor', {
      v: 1,
      kind: 'orders',
      zone: 'z1',
      orders: [{ ...order, owner: 'works' }],
    });
    await sun.request('market-supervisor', { v: 1, kind: 'orders', zone: 'z2', orders: [order] });
    const stranger = new Gateway('gw-unknown', { client: () => sun.broker } as never);
    await stranger.orders({ id: 'y', fromMs: D1, side: 'sell', energyWh: 1, priceMicroPerKwh: 1 });
    await clock.advance(1_000);
    expect(cloud.status().messagesRefused).toBe(1);
    expect([0, 1].map((at) => receiptOf(sun, at).rejected)).toEqual([
      [{ id: 'x', code: 'INVALID_ORDER' }],
      [{ id: 'x', code: 'WRONG_ZONE' }],
    ]);
    await cloud.stop();
  });

  it('gives one effect to a message that comes twice, also when its task is done', async () => {
    const { clock, sun, works, store, cloud } = market();
    await clock.advance(MINUTE);
    const orders = {
      v: 1,
      kind: 'orders',
      zone: 'z1',
      orders: [
        {
          id: 's1',
          interval: { fromMs: D1, durationMs: QUARTER },
          side: 'sell',
          energyWh: 100,
          priceMicroPerKwh: 1,
        },
      ],
    };
    await sun.request('market-supervisor', orders, 'same-id');
    await sun.request('market-supervisor', orders, 'same-id');
    await works.orders({ ...buy, energyWh: 100 });
    await clock.advance(D1 - clock.wallMs());
    await sun.request('market-supervisor', orders, 'same-id');
    await clock.advance(1_000);
    const [first, second, third] = sun.responses();
    expect(second).toEqual(first);
    expect(third).toEqual(first);
    expect(awardsOf(sun)).toHaveLength(1);
    expect([...store.journal()]).toHaveLength(2); // one trade, one fee
    await cloud.stop();
  });

  it('takes a task back while its gates are open, and only for its owner', async () => {
    const { clock, sun, works, cloud } = market();
    await clock.advance(MINUTE);
    await sun.orders(sell);
    await works.orders(buy);
    await clock.advance(1_000);
    const taskId = sun.responses()[0]?.task?.id ?? '';
    const ask = (gateway: Gateway, method: string) =>
      gateway.say(gateway.topics.a2aRequest, {
        a2aVersion: '1.0',
        agent: 'market-supervisor',
        method,
        taskId,
      });
    await ask(works, 'CancelTask');
    await ask(works, 'GetTask');
    await ask(sun, 'CancelTask');
    await ask(sun, 'CancelTask');
    await ask(sun, 'GetTask');
    await clock.advance(1_000);
    expect(
      works
        .responses()
        .slice(1)
        .map((one) => one.error?.code),
    ).toEqual([-32_001, -32_001]);
    expect(
      sun
        .responses()
        .slice(1)
        .map((one) => one.task?.status.state ?? one.error?.code),
    ).toEqual(['TASK_STATE_CANCELED', -32_002, 'TASK_STATE_CANCELED']);
    await clock.advance(D1 - clock.wallMs());
    expect(awardsOf(works)[0]?.awards).toEqual([]);
    expect(awardsOf(sun)).toEqual([]);
    await cloud.stop();
  });

  it('answers what is not a request with an error, where it can tell which it was', async () => {
    const { clock, sun, cloud } = market();
    await sun.say(sun.topics.a2aRequest, {
      a2aVersion: '0.3',
      agent: 'grid',
      method: 'SendMessage',
      message: { messageId: 'm1' },
    });
    await sun.request('market-supervisor', { kind: 'joke' });
    await sun.request('market-supervisor', {}, 'm3', { taskId: 'mine' });
    await sun.say(sun.topics.a2aRequest, 'nonsense');
    await clock.advance(1_000);
    expect(sun.responses().map((one) => one.error?.code ?? one.task?.status.state)).toEqual([
      -32_009,
      'TASK_STATE_REJECTED',
      -32_001,
    ]);
    expect(cloud.status().messagesRefused).toBe(1);
    await cloud.stop();
  });
});

describe('market supervisor, settlement', () => {
  it('substitutes a missing value after the window, and corrects when it arrives', async () => {
    const { clock, sun, works, store, cloud, errors } = market();
    await clock.advance(MINUTE);
    await sun.orders(sell);
    await works.orders(buy);
    await clock.advance(D1 + QUARTER + 10_000 - clock.wallMs());
    await works.energy(1, D1, 9_000, 0);
    await clock.advance(29 * MINUTE);
    expect(works.statement()).toBeUndefined();
    await clock.advance(2 * MINUTE);
    expect(sun.statement()?.lines[0]).toMatchObject({
      quality: 'substituted',
      meteredNetWh: 5_000,
      imbalanceNano: '0',
    });
    const before = [...store.journal()].length;

    await sun.energy(1, D1, 0, 4_000);
    await clock.advance(1_000);
    expect(sun.statement()?.lines[0]).toMatchObject({
      quality: 'measured',
      imbalanceNano: String(-1_000 * 320_000),
    });
    expect(sun.statement()?.totals).toMatchObject({
      intervals: 1,
      imbalanceNano: String(-1_000 * 320_000),
    });
    expect([...store.journal()].length).toBe(before + 4); // two reversed, two posted anew
    expect(cloud.status().ledgerSumNano).toBe('0');

    // The same value again, under another key: known, so nothing is posted.
    await sun.energy(2, D1, 0, 4_000);
    await clock.advance(5 * MINUTE);
    expect([...store.journal()].length).toBe(before + 4);
    await sun.energy(3, D1, 0, 4_500, { version: 2, quality: 'corrected' });
    await clock.advance(1_000);
    expect(sun.statement()?.lines[0]).toMatchObject({
      quality: 'corrected',
      imbalanceNano: String(-500 * 320_000),
    });
    expect(cloud.status().ledgerSumNano).toBe('0');
    expect(createLedger(store.journal()).length).toBe(before + 8);
    expect(errors).toEqual([]);
    await cloud.stop();
  });

  it('settles who did not trade: all is imbalance, at the own tariff', async () => {
    const { clock, sun, works, cloud } = market();
    await clock.advance(QUARTER + 10_000);
    await works.energy(1, T0, 2_000, 100);
    await clock.advance(1_000);
    // Only the works has ever been heard of: nobody waits for the sun.
    expect(works.statement()?.lines[0]).toMatchObject({
      meteredNetWh: -1_900,
      imbalanceNano: String(-1_900 * 300_000),
    });
    expect(sun.statement()).toBeUndefined();
    await sun.energy(1, T0, 0, 50);
    await clock.advance(1_000);
    expect(sun.statement()?.lines).toHaveLength(1);
    expect(cloud.status().ledgerSumNano).toBe('0');
    await cloud.stop();
  });

  it('adds up the parts of an interval in which the counter began anew', async () => {
    const { clock, works, cloud } = market();
    await clock.advance(QUARTER + 10_000);
    await works.energy(1, T0, 500, 0, { durationMs: 300_000 });
    await clock.advance(1_000);
    expect(works.statement()).toBeUndefined();
    await works.energy(2, T0 + 300_000, 700, 0, { durationMs: 600_000 });
    await clock.advance(1_000);
    expect(works.statement()?.lines[0]).toMatchObject({
      meteredNetWh: -1_200,
      quality: 'measured',
    });
    await cloud.stop();
  });
});
