import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openStoreInProcess } from '../../../../../gateway/adapters/sqlite/store.ts';
import type { TelemetryBatch } from '../../../../../gateway/contracts/messages.ts';
import type { TelemetryRecord } from '../../../../../gateway/contracts/values/record.ts';
import { Refused } from '../../../../../gateway/contracts/values/refused.ts';
import { Pump } from '../../../../../gateway/link/outbox/pump.ts';
import { Pacer } from '../../../../../gateway/link/pacer.ts';
import { Intake } from '../../../../../gateway/link/telemetry/intake.ts';
import type { AgentStore, Broker, Log } from '../../../../../gateway/ports.ts';
import { createVirtualClock } from '../../../../../simulators/clock.ts';

const quiet: Log = { info: () => {}, warn: () => {}, error: () => {} };

interface Fate {
  readonly lost: boolean; // taken by the broker, never reaches the cloud
  readonly twice: boolean; // delivered twice
  readonly ackLost: boolean; // stored, but the cloud's answer is lost
}
const FINE: Fate = { lost: false, twice: false, ackLost: false };

const keyOf = ({ epoch, seq }: TelemetryRecord): string => `${epoch}/${seq}`;

/** Broker and cloud, as the gateway can know them: by what it sends and what comes back. */
class World {
  readonly clock = createVirtualClock();
  readonly effects = new Map<string, number>(); // of a key at the cloud: stored, counted, booked
  readonly arrivals = new Map<string, number>();
  readonly sentAtMs: number[] = [];
  readonly sizes: number[] = [];
  fate: Fate = FINE;
  /** The broker answers a batch with one of these by its no. */
  brokerRefuses: (key: string) => boolean = () => false;
  /** The cloud takes a batch without these, and says so. */
  cloudRefuses: (key: string) => boolean = () => false;
  up = true;
  pump: Pump;
  intake: Intake;
  readonly guardForgot = new Set<string>();
  readonly store: AgentStore = openStoreInProcess();
  produced = 0;
  private epoch = 1;
  private readonly kept: TelemetryRecord[] = []; // by the guard, until told that they are on disk

  private readonly ackTimeoutMs: number;

  constructor(ackTimeoutMs = 5_000) {
    this.ackTimeoutMs = ackTimeoutMs;
    [this.pump, this.intake] = this.agent();
    this.pump.online(true);
  }

  agent(): [Pump, Intake] {
    const { clock, store, ackTimeoutMs } = this;
    const broker = { publish: (_topic, payload) => this.publish(payload) } as Broker;
    const pump: Pump = new Pump({
      store,
      pacer: new Pacer(broker, clock),
      clock,
      log: quiet,
      topic: 't',
      ackTimeoutMs,
    });
    const intake = new Intake(store, clock, quiet, (epoch, seq) => {
      for (const record of this.kept) {
        if (record.epoch === epoch && record.seq <= seq)
          this.guardForgot.add(`${epoch}/${record.seq}`);
      }
      this.kept.splice(
        0,
        this.kept.length,
        ...this.kept.filter((r) => !this.guardForgot.has(`${r.epoch}/${r.seq}`)),
      );
      pump.kick();
    });
    return [pump, intake];
  }

  async publish(payload: Uint8Array): Promise<void> {
    if (!this.up) throw new Error('offline');
    this.sentAtMs.push(this.clock.realMs());
    this.sizes.push(payload.length);
    const fate = this.fate;
    if (fate.lost) return;
    const batch = JSON.parse(new TextDecoder().decode(payload)) as TelemetryBatch;
    if (batch.records.map(keyOf).some(this.brokerRefuses)) throw new Refused('reason 153');
    const pump = this.pump;
    for (let time = 0; time < (fate.twice ? 2 : 1); time += 1) {
      this.clock.realAt(this.clock.realMs() + 30, () => this.cloud(batch, pump, fate.ackLost));
    }
  }

  /** The cloud stores each key once and says so, whether it was new or not. */
  private cloud(batch: TelemetryBatch, pump: Pump, ackLost: boolean): void {
    const [bad, good] = [true, false].map((is) =>
      batch.records.filter((record) => this.cloudRefuses(keyOf(record)) === is),
    ) as [TelemetryRecord[], TelemetryRecord[]];
    for (const key of good.map(keyOf)) {
      this.arrivals.set(key, (this.arrivals.get(key) ?? 0) + 1);
      if (!this.effects.has(key)) this.effects.set(key, 1);
    }
    if (ackLost || pump !== this.pump || !this.up) return;
    const range = ({ epoch, seq }: TelemetryRecord) => ({ epoch, fromSeq: seq, toSeq: seq });
    const refused = bad.map((record) => ({ ...range(record), why: 'text: too long' }));
    void pump.acknowledged({ v: 1, stored: good.map(range), refused });
  }

  produce(count: number, bytes: number): void {
    const records = Array.from({ length: count }, (): TelemetryRecord => {
      this.produced += 1;
      return {
        epoch: this.epoch,
        seq: this.produced,
        kind: 'event',
        atMs: this.produced,
        code: 'X',
        mode: 'rules',
        text: 'x'.repeat(bytes),
      };
    });
    this.kept.push(...records);
    this.intake.take(records);
  }

  setBroker(up: boolean): void {
    this.up = up;
    this.pump.online(up);
  }

  /** kill -9 of the agent: memory is gone, the file and what the guard still holds are not. */
  restart(): void {
    this.pump.online(false);
    [this.pump, this.intake] = this.agent();
    this.intake.take(this.kept);
    this.pump.online(this.up);
  }

  async finish(): Promise<void> {
    this.fate = FINE;
    this.setBroker(true);
    await this.clock.advance(20_000);
    let drained: boolean | undefined;
    void this.pump.drain(600_000).then((all) => {
      drained = all;
    });
    await this.clock.until(() => drained !== undefined, 700_000);
    expect(drained).toBe(true);
  }

  verify(): void {
    expect(this.effects.size).toBe(this.produced);
    expect(this.guardForgot.size).toBe(this.produced);
    expect(Math.max(0, ...this.sizes)).toBeLessThanOrEqual(100_000);
    this.sentAtMs.forEach((atMs, i) => {
      const sixth = this.sentAtMs[i + 5];
      if (sixth !== undefined) expect(sixth - atMs).toBeGreaterThanOrEqual(1_000);
    });
  }
}

const act = fc.oneof(
  fc.record({
    do: fc.constant('produce' as const),
    count: fc.integer({ min: 1, max: 400 }),
    bytes: fc.constantFrom(10, 900),
  }),
  fc.record({ do: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 8_000 }) }),
  fc.record({ do: fc.constant('broker' as const), up: fc.boolean() }),
  fc.record({
    do: fc.constant('fate' as const),
    lost: fc.boolean(),
    twice: fc.boolean(),
    ackLost: fc.boolean(),
  }),
  fc.record({ do: fc.constant('restart' as const) }),
);

describe('outbox', () => {
  it('loses nothing and has no second effect, whatever fails', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(act, { minLength: 3, maxLength: 25 }), async (acts) => {
        const world = new World();
        for (const one of acts) {
          if (one.do === 'produce') world.produce(one.count, one.bytes);
          else if (one.do === 'pass') await world.clock.advance(one.ms);
          else if (one.do === 'broker') world.setBroker(one.up);
          else if (one.do === 'fate') world.fate = one;
          else world.restart();
        }
        await world.finish();
        world.verify();
      }),
      { numRuns: 60 },
    );
  });

  it('sends nothing twice when nothing goes wrong', async () => {
    const world = new World();
    for (let i = 0; i < 20; i += 1) {
      world.produce(300, 500);
      await world.clock.advance(700);
    }
    await world.finish();
    world.verify();
    expect([...world.arrivals.values()].every((count) => count === 1)).toBe(true);
  });

  it('sends the news first and the backlog at most twice a second', async () => {
    const world = new World();
    world.setBroker(false);
    world.produce(3_000, 900);
    await world.clock.advance(5_000);
    world.setBroker(true);
    await world.clock.advance(300);
    expect(world.effects.has('1/3000')).toBe(true);
    expect(world.effects.has('1/1')).toBe(false);
    await world.clock.advance(4_700);
    expect(world.sentAtMs.length).toBeLessThanOrEqual(11);
    world.produce(1, 10);
    await world.clock.advance(1_000);
    expect(world.effects.has('1/3001')).toBe(true);
    expect(world.effects.has('1/1')).toBe(false);
  });

  it('does not wait long at the end for an answer that got lost before', async () => {
    const world = new World(30_000);
    world.fate = { ...FINE, ackLost: true };
    world.produce(10, 100);
    await world.clock.advance(2_000);
    world.fate = FINE;
    const fromMs = world.clock.realMs();
    let drained: boolean | undefined;
    void world.pump.drain(8_000).then((all) => {
      drained = all;
    });
    await world.clock.until(() => drained !== undefined, 10_000);
    expect(drained).toBe(true);
    expect(world.clock.realMs() - fromMs).toBeLessThan(5_000);
    expect([...world.effects.values()].every((count) => count === 1)).toBe(true);
  });

  describe('what is refused for good', () => {
    const settled = (world: World) =>
      world.clock.until(() => world.effects.size === world.produced - BAD.size, 600_000);
    const BAD = new Set(['1/7', '1/150', '1/151', '1/299']);

    it('by the broker: leaves the outbox alone, counted; all others arrive', async () => {
      const world = new World();
      world.brokerRefuses = (key) => BAD.has(key);
      world.produce(300, 100);
      for (let minute = 0; minute < 30; minute += 1) {
        await world.clock.advance(60_000);
        world.produce(1, 10); // what passes proves that the way is open
      }
      expect(await settled(world)).toBe(true);
      const outbox = await world.store.outbox();
      expect(outbox).toMatchObject({ rows: 0, refusedRows: BAD.size, droppedRows: 0 });
      expect(new Set(outbox.gaps.map(({ why }) => why))).toEqual(new Set(['refused']));
      expect([...BAD].filter((key) => world.effects.has(key))).toEqual([]);
      expect([...world.arrivals.values()].every((count) => count === 1)).toBe(true);
      const before = world.sentAtMs.length;
      await world.clock.advance(600_000);
      expect(world.sentAtMs.length).toBe(before); // nobody offers them again
    });

    it('by the cloud: at its word', async () => {
      const world = new World();
      world.cloudRefuses = (key) => BAD.has(key);
      world.produce(300, 100);
      expect(await settled(world)).toBe(true);
      await world.clock.advance(1_000);
      const outbox = await world.store.outbox();
      expect(outbox).toMatchObject({ rows: 0, refusedRows: BAD.size });
      expect([...world.arrivals.values()].every((count) => count === 1)).toBe(true);
    });

    it('not when everything is: then it is the way, and all arrive when it is mended', async () => {
      const world = new World();
      world.brokerRefuses = () => true;
      for (let minute = 0; minute < 30; minute += 1) {
        world.produce(50, 500);
        await world.clock.advance(60_000);
      }
      expect(await world.store.outbox()).toMatchObject({ rows: 1_500, refusedRows: 0 });
      expect(world.sentAtMs.length).toBeLessThan(150); // it does not storm the broker meanwhile
      world.brokerRefuses = () => false;
      await world.finish();
      world.verify();
    });
  });
});
