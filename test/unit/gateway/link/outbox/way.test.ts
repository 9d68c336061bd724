import { describe, expect, it } from 'vitest';
import { openStoreInProcess } from '../../../../../gateway/adapters/sqlite/store.ts';
import type { TelemetryBatch } from '../../../../../gateway/contracts/messages.ts';
import type { TelemetryRecord } from '../../../../../gateway/contracts/values/record.ts';
import { Pump } from '../../../../../gateway/link/outbox/pump.ts';
import { Pacer } from '../../../../../gateway/link/pacer.ts';
import type { Broker, Log } from '../../../../../gateway/ports.ts';
import { createVirtualClock } from '../../../../../simulators/clock.ts';

const quiet: Log = { info: () => {}, warn: () => {}, error: () => {} };
const ACK_MS = 20_000; // as the adapters wait for a PUBACK
const AWAY_MS = 1_000;

interface Way {
  readonly bytesPerS: number;
  readonly holeBytes?: number; // a larger publish vanishes, and all behind it on its connection
  readonly answerMs?: number; // of the cloud, default 50 ms
}

/** A gateway's outbox and a way to the cloud whose bytes take their time, one after the other. */
class Rig {
  readonly clock = createVirtualClock();
  readonly store = openStoreInProcess();
  readonly arrivedMs = new Map<number, number>(); // record -> real time at the cloud
  readonly urgentMs: number[] = []; // how long each urgent message took
  readonly publishMs: number[] = []; // how long each wait for the broker's word took
  readonly sizes: number[] = [];
  stalls = 0;
  private readonly way: Way;
  private readonly pacer: Pacer;
  private readonly pump: Pump;
  private connection = 0;
  private isDead = false; // bytes of this connection vanish
  private freeMs = 0; // the wire has sent everything by then
  private produced = 0;

  constructor(way: Way) {
    this.way = way;
    const broker = { publish: (topic, payload) => this.publish(topic, payload) } as Broker;
    this.pacer = new Pacer(broker, this.clock);
    const { store, clock, pacer } = this;
    this.pump = new Pump({ store, pacer, clock, log: quiet, topic: 'up' });
  }

  connect(): void {
    this.connection += 1;
    this.isDead = false;
    this.freeMs = this.clock.realMs();
    this.pump.online(true);
  }

  async record(count: number, bytes: number): Promise<void> {
    const records = Array.from({ length: count }, (): TelemetryRecord => {
      this.produced += 1;
      const text = 'x'.repeat(bytes);
      return {
        epoch: 1,
        seq: this.produced,
        kind: 'event',
        atMs: 0,
        code: 'X',
        mode: 'rules',
        text,
      };
    });
    await this.store.addRecords(records);
    this.pump.kick();
  }

  /** One live record a second, an urgent message every five. */
  async live(seconds: number, bytes: number): Promise<number> {
    let worstMs = 0;
    for (let second = 0; second < seconds; second += 1) {
      const seq = this.produced + 1;
      const fromMs = this.clock.realMs();
      await this.record(1, bytes);
      if (second % 5 === 0) void this.urgent(fromMs);
      await this.clock.advance(1_000);
      this.waiting.set(seq, fromMs);
    }
    await this.clock.advance(30_000);
    for (const [seq, fromMs] of this.waiting) {
      worstMs = Math.max(worstMs, (this.arrivedMs.get(seq) ?? Number.POSITIVE_INFINITY) - fromMs);
    }
    return worstMs;
  }

  private readonly waiting = new Map<number, number>();

  private async urgent(fromMs: number): Promise<void> {
    await this.pacer.publish('now', 'order', new Uint8Array(200)).catch(() => undefined);
    this.urgentMs.push(this.clock.realMs() - fromMs);
  }

  private publish(topic: string, payload: Uint8Array): Promise<void> {
    const { clock, connection } = this;
    const fromMs = clock.realMs();
    const { bytesPerS, holeBytes = Number.POSITIVE_INFINITY } = this.way;
    this.freeMs = Math.max(this.freeMs, fromMs) + (payload.length / bytesPerS) * 1_000;
    this.isDead ||= payload.length > holeBytes;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const end = (settle: () => void): void => {
      this.publishMs.push(clock.realMs() - fromMs);
      settle();
    };
    const cancel = clock.realAt(fromMs + ACK_MS, () => {
      end(() => reject(new Error('no PUBACK')));
      this.stall(connection);
    });
    if (!this.isDead) {
      clock.realAt(this.freeMs + 20, () => {
        if (connection !== this.connection) return;
        cancel();
        if (topic === 'up') this.arrive(payload);
        end(resolve);
      });
    }
    return promise;
  }

  /** The adapters end such a connection and make a new one. */
  private stall(connection: number): void {
    if (connection !== this.connection) return;
    this.stalls += 1;
    this.connection += 1;
    this.pump.online(false);
    this.clock.realAt(this.clock.realMs() + AWAY_MS, () => this.connect());
  }

  private arrive(payload: Uint8Array): void {
    this.sizes.push(payload.length);
    const { records } = JSON.parse(new TextDecoder().decode(payload)) as TelemetryBatch;
    const nowMs = this.clock.realMs();
    for (const { seq } of records) {
      if (!this.arrivedMs.has(seq)) this.arrivedMs.set(seq, nowMs);
    }
    const stored = records.map(({ epoch, seq }) => ({ epoch, fromSeq: seq, toSeq: seq }));
    this.clock.realAt(nowMs + (this.way.answerMs ?? 50), () => {
      void this.pump.acknowledged({ v: 1, stored });
    });
  }
}

describe('the way to the cloud', () => {
  it('of 16 kbit/s: what is urgent passes, news arrive, and the backlog beside them', async () => {
    const rig = new Rig({ bytesPerS: 2_000 });
    await rig.record(300, 200);
    rig.connect();
    const worstMs = await rig.live(240, 200);
    expect(Math.max(...rig.urgentMs)).toBeLessThanOrEqual(5_000);
    expect(rig.urgentMs).toHaveLength(48);
    expect(worstMs).toBeLessThanOrEqual(6_000);
    expect(rig.stalls).toBe(0);
    expect(rig.arrivedMs.size).toBe(540);
  });

  it('that swallows large packets: smaller ones are tried, and every wait ends', async () => {
    const rig = new Rig({ bytesPerS: 1_000_000, holeBytes: 1_400 });
    await rig.record(300, 200);
    rig.connect();
    await rig.live(500, 200);
    expect(rig.stalls).toBeGreaterThan(0);
    expect(rig.stalls).toBeLessThanOrEqual(3);
    expect(Math.max(...rig.publishMs)).toBeLessThanOrEqual(30_000);
    expect(Math.max(...rig.sizes)).toBeLessThanOrEqual(1_400);
    expect(rig.arrivedMs.size).toBe(800);
  });

  it.each([
    ['answers at once', 50],
    ['takes 10 s to answer', 10_000],
  ])(
    'to a cloud that %s: five times the live rate, live 5 s late at most',
    async (_how, answerMs) => {
      const rig = new Rig({ bytesPerS: 125_000, answerMs });
      await rig.record(2_400, 300);
      rig.connect();
      const fromMs = rig.clock.realMs();
      const worstMs = await rig.live(300, 300);
      expect(worstMs).toBeLessThanOrEqual(5_000);
      const backlogMs = Math.max(
        ...Array.from({ length: 2_400 }, (_, i) => rig.arrivedMs.get(i + 1) ?? Infinity),
      );
      const perS = 2_400 / ((backlogMs - fromMs) / 1_000);
      expect(perS).toBeGreaterThanOrEqual(5);
    },
  );
});
