import { describe, expect, test } from 'vitest';
import type { BusHandle, BusResult } from '../../../../../gateway/guard/bus/types.ts';
import type { Log } from '../../../../../gateway/ports.ts';
import { createPeer, frameOf } from '../../../../../simulators/wires/peer.ts';
import { QUIET, read, rig, truth } from './rig.ts';

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

  test('writes under a mask, and says who it is object by object', async () => {
    const { ask, peer } = await rig({ kind });
    peer.registers.set(8, 0x12);
    expect(await ask({ fc: 22, at: 8, andMask: 0xf2, orMask: 0x25 })).toMatchObject({ ok: true });
    expect(peer.registers.get(8)).toBe(0x17); // as printed in the specification, section 6.16
    const first = await ask({ fc: 43, level: 1, objectId: 0 });
    expect(first).toMatchObject({ ok: true, words: [1, 1, 0xff, 1, 1, 0, 2, 69, 87] });
    const last = await ask({ fc: 43, level: 1, objectId: 2 });
    expect(last).toMatchObject({ ok: true, words: [1, 1, 0, 0, 1, 2, 3, 49, 46, 48] });
  });

  test('a unit that takes few registers at once is not asked for more', async () => {
    const { ask, peer } = await rig({ kind, maxRegisters: 10 });
    expect((await ask(read(1, 10))).ok).toBe(true);
    peer.asked.length = 0;
    expect(await ask(read(1, 11))).toMatchObject({ ok: false, sent: false });
    expect(peer.asked).toEqual([]);
  });

  test('a new connection is given time before it is asked', async () => {
    const { ask, clock, peer } = await rig({ kind, settleMs: 1_000 });
    const fromMs = clock.realMs();
    expect((await ask(read(1))).ok).toBe(true);
    expect(clock.realMs() - fromMs).toBeGreaterThanOrEqual(990); // the rig waited 10 ms
    expect(peer.asked).toHaveLength(1);
  });

  test('closed between two requests: no warning, no failed request, open again', async () => {
    const warned: string[] = [];
    const log: Log = { ...QUIET, warn: (text) => warned.push(text) };
    const { ask, bus, clock, wire } = await rig({ kind, log });
    for (let turn = 0; turn < 5; turn += 1) {
      expect((await ask(read(turn))).ok).toBe(true);
      await clock.advance(2_000);
      wire.far.hangUp('the device closed the connection');
      await clock.advance(500);
      expect(bus.connected).toBe(true);
      expect(warned.length).toBe(turn < 4 ? 0 : 1);
    }
    expect(warned[0]).toContain('does another client take its place?');
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

  test('short byte count, exception of another unit, wrong echo: refused', async () => {
    const { ask, peer } = await rig({ kind });
    peer.faults.bend = () => [frameOf(kind, 1, [3, 2, 0, 9], 1)];
    expect(await ask(read(1, 4))).toMatchObject({ ok: false, why: 'bad-frame' });
    peer.faults.bend = (_, count) => [frameOf(kind, 9, [0x83, 2], count)];
    expect(await ask(read(1, 4))).toMatchObject({ ok: false, why: 'bad-frame' });
    peer.faults.bend = (_, count) => [frameOf(kind, 1, [6, 0, 9, 0, 9], count)];
    const written = await ask({ fc: 6, at: 9, word: 8 });
    expect(written).toMatchObject({ ok: false, why: 'bad-frame', sent: true });
  });

  test('a dead unit does not hold up its neighbour, and is asked again', async () => {
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

  test('exception 0x0B counts against the unit, 6 against nobody', async () => {
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

test('a unit that failed goes behind those that answer', async () => {
  const { clock, peer, handles } = await rig({ kind: 'rtu', units: [1, 2, 3], answering: [2, 3] });
  const [dead, two, three] = handles as [BusHandle, BusHandle, BusHandle];
  const order: number[] = [];
  const ask = (who: BusHandle) =>
    void who.request(read(1), 'control').then(() => order.push(who.unit));
  ask(dead);
  await clock.advance(400);
  for (const who of [dead, two, three]) ask(who);
  await clock.advance(1_000);
  expect(order).toEqual([1, 2, 3, 1]);
  expect(peer.asked).toHaveLength(2);
});

describe('requests in flight at once, by choice of the device', () => {
  test('four fly, their answers come in any order, each to its own request', async () => {
    const { clock, wire, peer, handle } = await rig({ depth: 4 });
    let flying = 0;
    let most = 0;
    const heard = wire.far.onBytes;
    wire.far.onBytes = (bytes) => {
      flying += 1;
      most = Math.max(most, flying);
      heard?.(bytes);
    };
    const kept: Uint8Array[] = [];
    peer.faults.bend = (frame) => {
      kept.push(frame);
      return kept.length < 4 ? [] : kept.splice(0).reverse();
    };
    const results: BusResult[] = [];
    for (let at = 0; at < 12; at += 1) {
      void handle.request(read(at * 5), 'control').then((result) => {
        flying -= 1;
        results[at] = result;
      });
    }
    await clock.until(() => results.filter(Boolean).length === 12, 5_000);
    expect(most).toBe(4);
    expect(results.map((result) => result.ok && result.words)).toEqual(
      Array.from({ length: 12 }, (_, at) => truth(at * 5)),
    );
  });

  test('beside a unit that wants one at a time nothing else flies', async () => {
    const { clock, wire, peer, handles } = await rig({ units: [1, 2], depths: [4, 1] });
    const [deep, flat] = handles as [BusHandle, BusHandle];
    let flying: number[] = [];
    const wrong: number[][] = [];
    const heard = wire.far.onBytes;
    wire.far.onBytes = (bytes) => {
      flying.push(bytes[6] ?? 0);
      if (flying.includes(2) && flying.length > 1) wrong.push([...flying]);
      heard?.(bytes);
    };
    peer.faults.delayMs = 5;
    let done = 0;
    const ask = (who: BusHandle, at: number) =>
      void who.request(read(at), 'control').then(() => {
        flying = flying.filter((_, index) => index !== flying.indexOf(who.unit));
        done += 1;
      });
    for (let at = 0; at < 6; at += 1) for (const who of [deep, flat]) ask(who, at);
    await clock.until(() => done === 12, 5_000);
    expect(done).toBe(12);
    expect(wrong).toEqual([]);
  });

  test('one of several times out: the others keep their answers', async () => {
    const { clock, peer, handle } = await rig({ depth: 4 });
    peer.faults.bend = (frame, count) => (count === 2 ? [] : [frame]);
    const results: BusResult[] = [];
    for (let at = 0; at < 4; at += 1) {
      void handle.request(read(at), 'control').then((result) => {
        results[at] = result;
      });
    }
    await clock.advance(1_000);
    expect(results.map((result) => (result.ok ? result.words : result.why))).toEqual([
      truth(0),
      'timeout',
      truth(2),
      truth(3),
    ]);
  });
});
