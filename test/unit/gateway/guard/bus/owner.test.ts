import { describe, expect, test } from 'vitest';
import { createBus } from '../../../../../gateway/guard/bus/owner.ts';
import type { Request } from '../../../../../gateway/guard/bus/pdu.ts';
import type { BusHandle, BusResult } from '../../../../../gateway/guard/bus/types.ts';
import type { Log } from '../../../../../gateway/ports.ts';
import { createVirtualClock } from '../../../../../simulators/clock.ts';
import { createMemoryWire } from '../../../../../simulators/wires/memory.ts';
import { createPeer, frameOf, servePeer } from '../../../../../simulators/wires/peer.ts';

const QUIET: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };

interface RigOptions {
  readonly kind?: 'tcp' | 'rtu';
  readonly units?: readonly number[];
  readonly answering?: readonly number[];
  readonly timeoutMs?: number;
  readonly lateMs?: number;
  readonly pauseMs?: number;
  readonly connectDelayMs?: number;
  readonly lax?: boolean;
  readonly log?: Log;
}

async function rig(options: RigOptions = {}) {
  const kind = options.kind ?? 'tcp';
  const units = options.units ?? [1];
  const clock = createVirtualClock();
  const wire = createMemoryWire(clock, 'memory', 1);
  const peer = createPeer(kind, options.answering ?? units);
  for (let at = 0; at < 1_000; at += 1) peer.registers.set(at, (at * 7) & 0xffff);
  servePeer(peer, wire.far);
  const bus = createBus({
    bus:
      kind === 'tcp'
        ? { id: 'b', kind: 'tcp', host: 'h', port: 502 }
        : { id: 'b', kind: 'serial', path: '/dev/x', baud: 19_200, parity: 'none', stopBits: 1 },
    wire,
    clock,
    log: options.log ?? QUIET,
    stretch: 1,
    random: () => 0.5,
    unitsOnBus: units.length,
  });
  const handles = units.map((unit) =>
    bus.attach({
      unit,
      timeoutMs: options.timeoutMs ?? 200,
      pauseMs: options.pauseMs ?? 0,
      lateMs: options.lateMs ?? 150,
      connectDelayMs: options.connectDelayMs ?? 0,
      ...(options.lax === undefined ? {} : { lax: options.lax }),
    }),
  );
  bus.start();
  await clock.advance(10);
  const handle = handles[0]!;
  const ask = async (request: Request, who: BusHandle = handle): Promise<BusResult> => {
    let result: BusResult | undefined;
    void who.request(request, 'control').then((answer) => {
      result = answer;
    });
    await clock.until(() => result !== undefined, 120_000);
    if (result === undefined) throw new Error('never settled');
    return result;
  };
  return { clock, wire, peer, bus, handle, handles, ask };
}

const read = (at: number, count = 2): Request => ({ fc: 3, at, count });
const truth = (at: number, count = 2): number[] =>
  Array.from({ length: count }, (_, index) => ((at + index) * 7) & 0xffff);

describe.each(['tcp', 'rtu'] as const)('%s', (kind) => {
  test('reads, writes and reads back', async () => {
    const { ask } = await rig({ kind });
    expect(await ask(read(10))).toMatchObject({ ok: true, words: truth(10) });
    expect(await ask({ fc: 6, at: 5, word: 77 })).toMatchObject({ ok: true, words: [] });
    expect(await ask({ fc: 16, at: 6, words: [1, 2] })).toMatchObject({ ok: true });
    expect(await ask(read(5, 3))).toMatchObject({ ok: true, words: [77, 1, 2] });
    expect(await ask({ fc: 15, at: 3, bits: [true, false, true] })).toMatchObject({ ok: true });
    expect(await ask({ fc: 1, at: 3, count: 3 })).toMatchObject({ ok: true, words: [1, 0, 1] });
    expect(await ask({ fc: 23, at: 5, count: 2, writeAt: 5, words: [9] })).toMatchObject({
      words: [9, 1],
    });
  });

  test('one in flight, however many ask at once', async () => {
    const { clock, wire, peer, handle } = await rig({ kind });
    peer.faults.delayMs = 20;
    let inFlight = 0;
    let most = 0;
    const heard = wire.far.onBytes;
    wire.far.onBytes = (bytes) => {
      inFlight += 1;
      most = Math.max(most, inFlight);
      heard?.(bytes);
    };
    const results: BusResult[] = [];
    for (let at = 0; at < 20; at += 1) {
      void handle.request(read(at * 3), 'control').then((result) => {
        inFlight -= 1;
        results.push(result);
      });
    }
    await clock.until(() => results.length === 20, 10_000);
    expect(most).toBe(1);
    expect(results.map((result) => result.ok && result.words[0])).toEqual(
      Array.from({ length: 20 }, (_, at) => at * 21),
    );
  });

  test('a silent device: time-out as data, then the next answer is right', async () => {
    const { ask, peer, handle } = await rig({ kind });
    peer.faults.drop = true;
    expect(await ask(read(10))).toMatchObject({ ok: false, why: 'timeout', sent: true });
    peer.faults.drop = false;
    expect(await ask(read(20, 3))).toMatchObject({ ok: true, words: truth(20, 3) });
    expect(handle.stats.timeouts).toBe(1);
  });

  test('the peer hangs up with a request in flight: everything settles at once', async () => {
    const { clock, wire, peer, handle } = await rig({ kind });
    peer.faults.drop = true;
    const results: BusResult[] = [];
    for (const at of [1, 2, 3]) {
      void handle.request(read(at), 'control').then((result) => results.push(result));
    }
    await clock.advance(5);
    wire.far.hangUp('reset');
    await clock.advance(0);
    expect(results).toMatchObject([
      { why: 'closed', sent: true },
      { why: 'closed', sent: false },
      { why: 'closed', sent: false },
    ]);
  });

  test('own stop with a request in flight settles it', async () => {
    const { clock, bus, peer, handle } = await rig({ kind });
    peer.faults.drop = true;
    let result: BusResult | undefined;
    void handle.request(read(1), 'control').then((answer) => {
      result = answer;
    });
    await clock.advance(5);
    bus.stop();
    await clock.advance(0);
    expect(result).toMatchObject({ ok: false, why: 'closed' });
    await clock.advance(60_000);
    expect(clock.pending).toBe(0);
  });

  test('byte count shorter than asked, exception of another unit, wrong echo: refused', async () => {
    const { ask, peer } = await rig({ kind });
    peer.faults.bend = () => [frameOf(kind, 1, [3, 2, 0, 9], 1)];
    expect(await ask(read(1, 4))).toMatchObject({ ok: false, why: 'bad-frame' });
    peer.faults.bend = (_, count) => [frameOf(kind, 9, [0x83, 2], count)];
    expect(await ask(read(1, 4))).toMatchObject({ ok: false, why: 'bad-frame' });
    peer.faults.bend = (_, count) => [frameOf(kind, 1, [6, 0, 9, 0, 9], count)];
    const written = await ask({ fc: 6, at: 9, word: 8 });
    expect(written).toMatchObject({ ok: false, why: 'bad-frame', sent: true });
  });

  test('a dead unit does not hold up its neighbour, and is asked again when it is back', async () => {
    const { ask, clock, peer, handles } = await rig({ kind, units: [1, 2], answering: [2] });
    const [dead, alive] = handles as [BusHandle, BusHandle];
    for (let at = 1; at <= 3; at += 1) await ask(read(at, at), dead);
    const before = clock.monoMs();
    for (let turn = 0; turn < 20; turn += 1) {
      expect(await ask(read(1), dead)).toMatchObject({ ok: false, why: 'unit-down', sent: false });
      expect((await ask(read(2), alive)).ok).toBe(true);
    }
    expect(clock.monoMs() - before).toBeLessThan(1_000);
    expect(dead.down).toBe(true);
    const again = createPeer(kind, [1, 2]);
    peer.heard = again.heard;
    await clock.advance(60_000);
    expect((await ask(read(3), dead)).ok).toBe(true);
    expect(dead.down).toBe(false);
  });

  test('exception 0x0B counts against the unit, not the connection; 6 against neither', async () => {
    const { ask, bus, peer, handle } = await rig({ kind });
    peer.faults.exception = 6;
    for (let turn = 0; turn < 5; turn += 1) {
      expect(await ask(read(turn))).toMatchObject({ why: 'exception', exception: 6 });
    }
    expect(handle.down).toBe(false);
    peer.faults.exception = 11;
    for (let turn = 0; turn < 3; turn += 1) await ask(read(turn));
    expect(handle.down).toBe(true);
    expect(bus.opens).toBe(1);
  });

  test('nothing outside of the protocol is ever queued', async () => {
    const { handle } = await rig({ kind });
    expect(() => handle.request(read(0, 126), 'control')).toThrow(RangeError);
  });
});

describe('Modbus TCP', () => {
  test('an answer after its time-out is counted and never used', async () => {
    const { ask, bus, peer } = await rig({ timeoutMs: 100 });
    peer.faults.delayMs = 130;
    expect(await ask(read(100))).toMatchObject({ ok: false, why: 'timeout' });
    peer.faults.delayMs = 60;
    expect(await ask(read(200))).toMatchObject({ ok: true, words: truth(200) });
    expect(bus.late).toBe(1);
  });

  test('transaction ids use 16 bits and go on over a reconnect', async () => {
    const { ask, clock, wire } = await rig();
    const ids: number[] = [];
    const heard = wire.far.onBytes;
    wire.far.onBytes = (bytes) => {
      ids.push(((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0));
      heard?.(bytes);
    };
    for (let turn = 0; turn < 300; turn += 1) await ask(read(turn));
    wire.far.hangUp('idle');
    await clock.advance(2_000);
    await ask(read(1));
    expect(ids).toEqual(Array.from({ length: 301 }, (_, index) => index + 1));
  });

  test('an answer 256 requests old is not taken', async () => {
    const { ask, wire, peer } = await rig();
    for (let turn = 0; turn < 256; turn += 1) await ask(read(turn));
    peer.faults.bend = (frame, count) => [
      frameOf('tcp', 1, [3, 4, 0xde, 0xad, 0xbe, 0xef], count - 256),
      frame,
    ];
    expect(await ask(read(42))).toMatchObject({ ok: true, words: truth(42) });
    expect(wire.opened).toBe(true);
  });

  test.each([
    ['protocol id not 0', [0, 1, 0, 7, 0, 5, 1, 3, 2, 0, 1]],
    ['length 60000', [0, 1, 0, 0, 0xea, 0x60, 1, 3, 2, 0, 1]],
    ['length 0', [0, 1, 0, 0, 0, 0, 1, 3, 2, 0, 1]],
    ['a web server on port 502', [...Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')]],
  ])('%s: the connection is closed and made anew', async (_, bytes) => {
    const { ask, bus, clock, peer } = await rig();
    peer.faults.bend = () => [Uint8Array.from(bytes)];
    expect(await ask(read(1))).toMatchObject({ ok: false, why: 'closed', sent: true });
    peer.faults.bend = undefined;
    await clock.advance(2_000);
    expect(bus.opens).toBe(2);
    expect((await ask(read(2))).ok).toBe(true);
  });

  test('half open: three time-outs in a row and the connection is replaced', async () => {
    const { ask, bus, clock, peer } = await rig();
    peer.faults.drop = true;
    for (let turn = 0; turn < 3; turn += 1) await ask(read(turn));
    expect(bus.connected).toBe(false);
    peer.faults.drop = false;
    await clock.advance(6_000);
    expect(bus.opens).toBe(2);
    expect((await ask(read(5))).ok).toBe(true);
  });

  test('a refused connection is tried again with growing pauses, never faster than the device allows', async () => {
    const told: string[] = [];
    const log: Log = { ...QUIET, warn: (text) => told.push(text) };
    const { wire, clock, bus } = await rig({ connectDelayMs: 1_000, log });
    const tries: number[] = [];
    const open = wire.open;
    wire.open = () => {
      tries.push(clock.monoMs());
      return open();
    };
    wire.far.refuse = 'nobody listens there';
    wire.far.hangUp('reset');
    await clock.advance(120_000);
    const pauses = tries.slice(1).map((at, index) => at - (tries[index] ?? 0));
    expect(Math.min(...pauses)).toBeGreaterThanOrEqual(1_000);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(15_000);
    expect(tries.length).toBeLessThan(30);
    expect(told).toHaveLength(2); // the reset, then the refusal once
    wire.far.refuse = undefined;
    await clock.advance(16_000);
    expect(bus.connected).toBe(true);
  });

  test('a gateway that answers with another transaction id needs to be allowed by name', async () => {
    const strange = (frame: Uint8Array): Uint8Array[] => {
      const other = frame.slice();
      other[1] = (other[1] ?? 0) + 1;
      return [other];
    };
    const strict = await rig();
    strict.peer.faults.bend = strange;
    expect(await strict.ask(read(1))).toMatchObject({ ok: false, why: 'timeout' });
    const lax = await rig({ lax: true });
    lax.peer.faults.bend = strange;
    expect(await lax.ask(read(1))).toMatchObject({ ok: true, words: truth(1) });
    lax.peer.faults.drop = true;
    await lax.ask(read(2));
    expect(lax.bus.connected).toBe(false); // after a time-out nothing on it can be told apart
  });

  test('fragments, and two frames in one segment', async () => {
    const { ask, peer } = await rig();
    peer.faults.bend = (frame) => [...frame].map((byte) => Uint8Array.of(byte));
    expect(await ask(read(7, 5))).toMatchObject({ ok: true, words: truth(7, 5) });
    peer.faults.bend = (frame, count) => [
      Uint8Array.from([...frameOf('tcp', 1, [3, 2, 9, 9], count + 500), ...frame]),
    ];
    expect(await ask(read(8, 5))).toMatchObject({ ok: true, words: truth(8, 5) });
  });
});

describe('Modbus RTU', () => {
  test('the gap of 3.5 characters is kept before each request', async () => {
    const { ask, clock, wire } = await rig({ kind: 'rtu' });
    let answeredAtMs = 0;
    const gaps: number[] = [];
    const heard = wire.far.onBytes;
    wire.far.onBytes = (bytes) => {
      gaps.push(clock.realMs() - 1 - answeredAtMs); // 1 ms on the memory wire
      heard?.(bytes);
    };
    for (let turn = 0; turn < 10; turn += 1) {
      await ask(read(turn));
      answeredAtMs = clock.realMs();
    }
    expect(Math.min(...gaps.slice(1))).toBeGreaterThanOrEqual((3.5 * 11_000) / 19_200 - 1e-9);
  });

  test('every seventh answer late: no wrong value, most reads succeed', async () => {
    const { ask, peer, handle } = await rig({ kind: 'rtu', timeoutMs: 150, lateMs: 60 });
    peer.registers.set(999, 4_711);
    handle.prove({ fc: 3, at: 999, count: 1 }, [4_711]);
    peer.faults.delayMs = 120;
    peer.faults.late = { every: 7, byMs: 60 }; // 30 ms after the deadline
    let wrong = 0;
    let right = 0;
    for (let turn = 0; turn < 60; turn += 1) {
      const at = (turn * 13) % 500;
      const result = await ask(read(at, 2)); // always the same shape: the worst case
      if (!result.ok) continue;
      if (result.words.join() === truth(at).join()) right += 1;
      else wrong += 1;
    }
    expect(wrong).toBe(0);
    expect(right).toBeGreaterThan(40);
  });

  test('later than the late window: the proof read finds out, still no wrong value', async () => {
    const { ask, clock, peer, handle } = await rig({ kind: 'rtu', timeoutMs: 150, lateMs: 20 });
    peer.registers.set(999, 4_711);
    handle.prove({ fc: 3, at: 999, count: 1 }, [4_711]);
    peer.faults.delayMs = 120;
    peer.faults.late = { every: 7, byMs: 110 };
    let wrong = 0;
    let right = 0;
    for (let turn = 0; turn < 120; turn += 1) {
      await clock.advance(1_000);
      const result = await ask(read(turn * 3, 2));
      if (!result.ok) continue;
      if (result.words.join() === truth(turn * 3).join()) right += 1;
      else wrong += 1;
    }
    expect(wrong).toBe(0);
    expect(right).toBeGreaterThan(60);
  });

  test('a write waits for the proof after a time-out', async () => {
    const { ask, peer, handle } = await rig({ kind: 'rtu' });
    handle.prove({ fc: 3, at: 999, count: 1 });
    peer.faults.drop = true;
    await ask(read(1));
    peer.faults.drop = false;
    peer.asked.length = 0;
    expect(await ask({ fc: 6, at: 4, word: 1 })).toMatchObject({ ok: true });
    expect(peer.asked.map(([fc, at]) => [fc, at])).toEqual([
      [3, 999],
      [6, 4],
    ]);
  });

  test('a proof that fails keeps the write from leaving', async () => {
    const { ask, peer, handle } = await rig({ kind: 'rtu' });
    handle.prove({ fc: 3, at: 999, count: 1 }, [1]); // the device gives another word
    peer.faults.drop = true;
    await ask(read(1));
    peer.faults.drop = false;
    peer.asked.length = 0;
    const written = await ask({ fc: 6, at: 4, word: 1 });
    expect(written).toMatchObject({ ok: false, why: 'bad-frame', sent: false });
    expect(peer.asked.some(([fc]) => fc === 6)).toBe(false);
  });

  test('check sum errors, truncation and noise: nothing false, then right again', async () => {
    const { ask, peer } = await rig({ kind: 'rtu' });
    const bends: ((frame: Uint8Array) => Uint8Array[])[] = [
      (frame) => [frame.map((byte, index) => (index === 3 ? byte ^ 4 : byte))],
      (frame) => [frame.slice(0, 5)],
      (frame) => [Uint8Array.of(0x55, 0xaa), frame],
      (frame) => [Uint8Array.from([...frame, ...frame])],
    ];
    for (const bend of bends) {
      peer.faults.bend = bend;
      expect((await ask(read(30))).ok).toBe(false);
      peer.faults.bend = undefined;
      expect(await ask(read(40, 3))).toMatchObject({ ok: true, words: truth(40, 3) });
    }
  });

  test('an adapter that hands every request back is understood', async () => {
    const { ask, peer } = await rig({ kind: 'rtu' });
    const heard = peer.heard.bind(peer);
    peer.heard = (bytes, reply) => {
      reply(bytes, 0);
      heard(bytes, (answer) => reply(answer, 2));
    };
    expect(await ask(read(30))).toMatchObject({ ok: true, words: truth(30) });
    expect(await ask({ fc: 6, at: 3, word: 99 })).toMatchObject({ ok: true });
    expect(peer.registers.get(3)).toBe(99);
  });

  test('a serial port is not opened again for a silent unit', async () => {
    const { ask, bus, peer } = await rig({ kind: 'rtu' });
    peer.faults.drop = true;
    for (let turn = 0; turn < 6; turn += 1) await ask(read(turn));
    expect(bus.opens).toBe(1);
    expect(bus.connected).toBe(true);
  });

  test('a line that is never silent: whoever waits is told', async () => {
    const { ask, clock, wire, peer } = await rig({ kind: 'rtu' });
    peer.faults.drop = true;
    await ask(read(1));
    const babble = (): void => {
      wire.far.send(Uint8Array.of(0x31, 0x32));
      clock.realAt(clock.realMs() + 50, babble);
    };
    babble();
    expect(await ask(read(2))).toMatchObject({ ok: false, why: 'bad-frame', sent: false });
  });

  test('two requests in a row to a unit have different shapes where there is a choice', async () => {
    const { clock, wire, peer, handle } = await rig({ kind: 'rtu' });
    const order: number[] = [];
    const heard = wire.far.onBytes;
    wire.far.onBytes = (bytes) => {
      order.push(bytes[5] ?? 0);
      heard?.(bytes);
    };
    peer.faults.delayMs = 5;
    let settled = 0;
    for (const count of [2, 2, 2, 4, 4, 4]) {
      void handle.request(read(10, count), 'control').then(() => {
        settled += 1;
      });
    }
    await clock.until(() => settled === 6, 1_000);
    expect(order).toEqual([2, 4, 2, 4, 2, 4]);
  });
});

test('writes overtake reads, units take turns', async () => {
  const { clock, peer, handles } = await rig({ units: [1, 2, 3] });
  const [one, two, three] = handles as [BusHandle, BusHandle, BusHandle];
  const order: string[] = [];
  const note = (name: string) => () => {
    order.push(name);
  };
  void one.request(read(0), 'control').then(note('1a'));
  void one.request(read(1), 'slow').then(note('1slow'));
  void one.request(read(2), 'control').then(note('1b'));
  void one.request(read(3), 'control').then(note('1c'));
  void two.request(read(4), 'control').then(note('2a'));
  void three.request(read(5), 'control').then(note('3a'));
  void three.request({ fc: 6, at: 6, word: 1 }, 'write').then(note('3write'));
  await clock.advance(200);
  expect(order).toEqual(['1a', '3write', '1b', '2a', '3a', '1c', '1slow']);
  expect(peer.asked).toHaveLength(7);
});
