import { describe, expect, it } from 'vitest';
import { createVerifier } from '../../../gateway/adapters/crypto.ts';
import type { Awards } from '../../../gateway/contracts/messages.ts';
import { Gateway, keys, QUARTER, T0, type World, world } from './fixture.ts';

const MINUTE = 60_000;
const D1 = T0 + 2 * QUARTER;
const sell = { id: 's1', fromMs: D1, side: 'sell', energyWh: 8_000, priceMicroPerKwh: 80_000 };
const buy = { id: 'b1', fromMs: D1, side: 'buy', energyWh: 5_000, priceMicroPerKwh: 200_000 };
const status = (id: string, participant: string) => ({
  v: 1,
  state: 'online',
  site: id,
  participant,
  zone: 'z1',
  mode: 'trading',
});
const awardsOf = (gateway: Gateway): Awards[] =>
  gateway
    .notices()
    .map((notice) => (notice.message.parts[0] as { data: Awards }).data)
    .filter((data) => data.kind === 'awards');

/** The process is gone, its connection and timers with it; the disk stays. */
function crash(one: World): void {
  void one.cloud.stop();
}
const again = (one: World): World => world({ clock: one.clock, hub: one.hub, store: one.store });

describe('cloud, restarted', () => {
  it('ends with the same journal whenever it is killed', async () => {
    const journals: string[] = [];
    const stops = [
      undefined,
      2 * MINUTE,
      D1 - T0 - 5 * MINUTE - 1,
      D1 - T0 - 5 * MINUTE + 1,
      D1 - T0 + 1,
      D1 - T0 + QUARTER + 15_000,
    ];
    for (const stopMs of stops) {
      let one = world();
      const sun = new Gateway('gw-sun', one.hub);
      const works = new Gateway('gw-works', one.hub);
      const restartAt = async (untilMs: number) => {
        if (stopMs !== undefined && T0 + stopMs > one.clock.wallMs() && T0 + stopMs <= untilMs) {
          await one.clock.advance(T0 + stopMs - one.clock.wallMs());
          crash(one);
          one = again(one);
        }
        await one.clock.advance(untilMs - one.clock.wallMs());
      };
      await restartAt(T0 + MINUTE);
      await sun.orders(sell);
      await works.orders(buy);
      await restartAt(D1 + QUARTER + 10_000);
      await sun.energy(1, D1, 0, 6_000);
      await restartAt(D1 + QUARTER + 20_000);
      await works.energy(1, D1, 9_000, 0);
      await restartAt(D1 + QUARTER + 30_000);
      expect(awardsOf(sun).every((one) => one.awards[0]?.energyWh === 5_000)).toBe(true);
      expect(awardsOf(sun).length).toBeGreaterThanOrEqual(1);
      expect(one.errors).toEqual([]);
      journals.push([...one.store.journal()].join('\n'));
      await one.cloud.stop();
    }
    expect(journals[0]).toContain('"id":"retail/z1/');
    expect(new Set(journals).size).toBe(1);
  });

  it('does not trade an interval whose delivery has begun, and says so', async () => {
    const first = world();
    const sun = new Gateway('gw-sun', first.hub);
    const works = new Gateway('gw-works', first.hub);
    await first.clock.advance(MINUTE);
    await sun.orders(sell);
    await works.orders(buy);
    await first.clock.advance(1_000);
    crash(first);
    await first.clock.advance(D1 + MINUTE - first.clock.wallMs());
    const second = again(first);
    await second.clock.advance(1_000);
    expect(awardsOf(sun).map((one) => one.awards)).toEqual([[]]);
    expect([...second.store.journal()]).toEqual([]);
    expect(second.errors.join()).toContain('was missed');
    await second.cloud.stop();
  });

  it('answers a message from before the restart as it did then', async () => {
    const first = world();
    const sun = new Gateway('gw-sun', first.hub);
    await first.clock.advance(MINUTE);
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
    await sun.request('market-supervisor', orders, 'same');
    await first.clock.advance(1_000);
    crash(first);
    const second = again(first);
    await sun.request('market-supervisor', orders, 'same');
    await sun.orders({ id: 's2', fromMs: D1, side: 'sell', energyWh: 1, priceMicroPerKwh: 1 });
    await second.clock.advance(1_000);
    const [before, after, other] = sun.responses();
    expect(after).toEqual(before);
    expect(other?.task?.id).not.toBe(before?.task?.id);
    await second.cloud.stop();
  });

  it('never uses a directive sequence twice', async () => {
    const first = world();
    const sun = new Gateway('gw-sun', first.hub);
    await first.clock.advance(20 * MINUTE);
    crash(first);
    const second = again(first);
    await second.clock.advance(20 * MINUTE);
    const sequences = sun.directives().map((one) => one.body.sequence);
    expect(sequences.length).toBeGreaterThan(20);
    expect(sequences).toEqual(sequences.toSorted((a, b) => a - b));
    expect(new Set(sequences).size).toBe(sequences.length);
    await second.cloud.stop();
  });
});

describe('cloud and broker', () => {
  it('keeps its gates without a broker, and says what still counts when it comes', async () => {
    const one = world();
    const sun = new Gateway('gw-sun', one.hub);
    const works = new Gateway('gw-works', one.hub);
    await sun.say(sun.topics.status, status('sun', 'sun'));
    await one.clock.advance(MINUTE);
    await sun.orders(sell);
    await works.orders(buy);
    await one.clock.advance(MINUTE);
    one.hub.down();
    await one.clock.advance(D1 + MINUTE - one.clock.wallMs());
    expect(awardsOf(sun)).toEqual([]);
    one.hub.up();
    await sun.say(sun.topics.status, status('sun', 'sun'));
    await one.clock.advance(1_000);
    expect(awardsOf(sun)[0]?.awards[0]?.energyWh).toBe(5_000);
    expect(one.hub.retained('ew/v1/demo/zone-z1/market')).toBeDefined();
    // The works comes online later, and hears of it then.
    expect(awardsOf(works)).toEqual([]);
    await works.say(works.topics.status, status('works', 'works'));
    await one.clock.advance(1_000);
    expect(awardsOf(works)[0]?.awards[0]?.energyWh).toBe(5_000);
    expect(one.errors).toEqual([]);
    await one.cloud.stop();
  });
});

describe('grid agent', () => {
  it('signs an envelope for every gateway, with a heartbeat between', async () => {
    const one = world();
    const sun = new Gateway('gw-sun', one.hub);
    const works = new Gateway('gw-works', one.hub);
    await one.clock.advance(4 * MINUTE);
    const verifier = createVerifier();
    for (const { signed } of sun.directives()) {
      expect(verifier.verify(signed.body, signed.signature, keys.publicKey)).toBe(true);
      expect(
        verifier.verify(signed.body.replace('60000', '90000'), signed.signature, keys.publicKey),
      ).toBe(false);
    }
    const [first] = sun.directives();
    expect(first?.body).toMatchObject({
      v: 1,
      kind: 'envelope',
      gateway: 'gw-sun',
      importLimitW: 60_000,
      exportLimitW: 60_000,
      fromMs: T0,
      untilMs: T0 + 30 * MINUTE,
      onLost: 'keep',
    });
    expect(works.directives()[0]?.body).toMatchObject({
      gateway: 'gw-works',
      importLimitW: 140_000,
      exportLimitW: 0,
    });
    const beats = sun.directives().filter((each) => each.body.kind === 'heartbeat');
    expect(beats.length).toBe(8); // every 30 s
    await one.cloud.stop();
  });

  it('reduces everybody pro rata when the transformer is full, and lifts it again', async () => {
    const one = world();
    const sun = new Gateway('gw-sun', one.hub);
    const works = new Gateway('gw-works', one.hub);
    const latest = (gateway: Gateway) => gateway.directives().at(-1)?.body;
    let seq = 0;
    const run = async (minutes: number, powerW: number) => {
      for (let n = 0; n < minutes; n += 1) {
        seq += 1;
        await works.load(seq, one.clock.wallMs() - MINUTE, powerW);
        await sun.load(seq, one.clock.wallMs() - MINUTE, 20_000);
        await one.clock.advance(MINUTE);
      }
    };
    await run(6, 135_000); // 155 kVA on 100: too much at any temperature
    const reduced = latest(works).importLimitW + latest(sun).importLimitW;
    expect(reduced).toBeLessThan(155_000);
    expect(latest(works).importLimitW / latest(sun).importLimitW).toBeCloseTo(140 / 60, 2);
    expect(latest(works).why).toContain('transformer is full');
    expect(works.notices().at(-1)?.message.parts[0]).toMatchObject({
      data: { kind: 'grid-notice' },
    });
    await run(60, 30_000);
    expect(latest(works).importLimitW).toBe(140_000);
    expect(one.errors).toEqual([]);
    await one.cloud.stop();
  });
});

describe('agent cards', () => {
  it('are retained, one for each agent, with the way to reach it', async () => {
    const one = world();
    await one.clock.advance(1_000);
    for (const name of ['market-supervisor', 'grid', 'forecasting']) {
      const payload = one.hub.retained(`ew/v1/demo/agent-${name}/card`)?.payload;
      const card = JSON.parse(new TextDecoder().decode(payload));
      expect(card).toMatchObject({
        name,
        supportedInterfaces: [{ protocolVersion: '1.0', tenant: 'demo' }],
        capabilities: { pushNotifications: false },
      });
      expect(card.skills.length).toBeGreaterThan(0);
      for (const skill of card.skills) {
        expect(skill).toMatchObject({ id: expect.any(String), tags: expect.any(Array) });
      }
    }
    await one.cloud.stop();
  });
});

describe('ingest', () => {
  it('stores a record once, however often it comes, and acknowledges it each time', async () => {
    const one = world();
    const sun = new Gateway('gw-sun', one.hub);
    for (let n = 0; n < 3; n += 1) await sun.energy(7, T0 - QUARTER, 100, 0);
    await sun.say(sun.topics.telemetry, { v: 1, records: [{ nonsense: true }] });
    await one.clock.advance(1_000);
    expect(sun.all(sun.topics.telemetryAck)).toEqual(
      Array.from({ length: 3 }, () => ({ v: 1, stored: [{ epoch: 1, fromSeq: 7, toSeq: 7 }] })),
    );
    expect(one.store.recordCount()).toBe(1);
    expect(one.cloud.status()).toMatchObject({
      recordsStored: 1,
      recordsRepeated: 2,
      messagesRefused: 1,
    });
    await one.cloud.stop();
  });
});

describe('ingest of a batch with a record that is none', () => {
  it('stores the others, and says which one it will never take', async () => {
    const one = world();
    const sun = new Gateway('gw-sun', one.hub);
    const event = (seq: number, text: string) => ({
      ...{ epoch: 1, seq, kind: 'event', atMs: T0, code: 'X', mode: 'rules', text },
    });
    const records = [event(1, 'a'), event(2, 'x'.repeat(513)), { seq: 3 }, event(4, 'b')];
    await sun.say(sun.topics.telemetry, { v: 1, records });
    await one.clock.advance(1_000);
    expect(sun.all(sun.topics.telemetryAck)).toEqual([
      {
        v: 1,
        stored: [
          { epoch: 1, fromSeq: 1, toSeq: 1 },
          { epoch: 1, fromSeq: 4, toSeq: 4 },
        ],
        refused: [{ epoch: 1, fromSeq: 2, toSeq: 2, why: expect.stringMatching(/^text: /) }],
      },
    ]);
    expect(one.cloud.status()).toMatchObject({ recordsStored: 2, recordsRefused: 1 });
    await one.cloud.stop();
  });
});

describe('forecasting agent', () => {
  it('publishes what the sources say, retained, and again only when it is new', async () => {
    const one = world();
    const sun = new Gateway('gw-sun', one.hub);
    await one.clock.advance(MINUTE);
    expect(sun.all('ew/v1/demo/zone-z1/forecast')).toEqual([]);
    const at = T0 / 1_000;
    one.sources.price = JSON.stringify({
      unix_seconds: [at, at + 900],
      price: [100, 50],
      unit: 'EUR / MWh',
    });
    await one.clock.advance(2 * QUARTER);
    expect(sun.all('ew/v1/demo/zone-z1/forecast')).toHaveLength(1);
    expect(sun.all('ew/v1/demo/zone-z1/forecast')[0]).toMatchObject({
      zone: 'z1',
      weather: { ghiWPerM2: [] },
      price: { fromMs: T0, stepMs: QUARTER, priceNanoPerWh: [100_000, 50_000], currency: 'EUR' },
    });
    await sun.request('forecasting', { v: 1, kind: 'get-forecast' });
    await one.clock.advance(1_000);
    expect(sun.responses()[0]?.task).toMatchObject({
      status: { state: 'TASK_STATE_COMPLETED' },
      artifacts: [{ name: 'forecast' }],
    });
    await one.cloud.stop();
  });
});
