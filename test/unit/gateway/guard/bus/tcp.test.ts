import { describe, expect, test } from 'vitest';
import type { Log } from '../../../../../gateway/ports.ts';
import { frameOf } from '../../../../../simulators/wires/peer.ts';
import { QUIET, read, rig, truth } from './rig.ts';

describe('Modbus TCP', () => {
  test('an answer after its time-out is counted and never used', async () => {
    const { ask, bus, peer } = await rig({ timeoutMs: 100 });
    peer.faults.delayMs = 130;
    expect(await ask(read(100))).toMatchObject({ ok: false, why: 'timeout' });
    peer.faults.delayMs = 60;
    expect(await ask(read(200))).toMatchObject({ ok: true, words: truth(200) });
    expect(bus.late).toBe(1);
  });

  test('a device that answers in bursts is left alone until its answer has come', async () => {
    const { ask, clock, peer } = await rig({ timeoutMs: 100, lateMs: 400 });
    peer.faults.delayMs = 300;
    expect(await ask(read(100))).toMatchObject({ ok: false, why: 'timeout' });
    peer.faults.delayMs = 0;
    const next = ask(read(200));
    await clock.advance(150);
    expect(peer.asked).toHaveLength(1);
    await clock.advance(100);
    expect(peer.asked).toHaveLength(2); // with the late answer, not with the end of its window
    expect(await next).toMatchObject({ ok: true, words: truth(200) });
  });

  test('600 time-outs leave nothing behind, and the next answer is right', async () => {
    const { ask, bus, clock, peer } = await rig({ timeoutMs: 20, lateMs: 0 });
    peer.faults.drop = true;
    let timeouts = 0;
    for (let turn = 0; timeouts < 600; turn += 1) {
      const result = await ask(read(turn % 500));
      if (!result.ok && result.why === 'timeout') timeouts += 1;
      else await clock.advance(20_000); // a new connection, or a unit that is asked again later
    }
    expect(clock.pending).toBeLessThan(5);
    peer.faults.drop = false;
    await clock.advance(60_000);
    expect(bus.connected).toBe(true);
    expect(await ask(read(7))).toMatchObject({ ok: true, words: truth(7) });
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

  test('given up for a broken answer: the same session; hung up or silent: another', async () => {
    const { ask, bus, handle, clock, peer, wire } = await rig();
    await ask(read(1));
    peer.faults.bend = () => [Uint8Array.from([0, 1, 0, 7, 0, 5, 1])];
    await ask(read(1));
    peer.faults.bend = undefined;
    await clock.advance(1_000);
    expect([bus.opens, handle.sessions]).toEqual([2, 1]);
    await ask(read(1));
    wire.far.hangUp('reset');
    await clock.advance(1_000);
    expect([bus.opens, handle.sessions]).toEqual([3, 2]);
    // Nothing understood for ten seconds: who knows what became of it.
    peer.faults.bend = () => [Uint8Array.from([0, 1, 0, 7, 0, 5, 1])];
    const { sessions, outages } = handle;
    for (let turn = 0; turn < 30; turn += 1) {
      await ask(read(1));
      await clock.advance(1_000);
    }
    expect(handle.sessions).toBeGreaterThan(sessions);
    // Its pauses between attempts, some longer than a moment, were ours: the wire was not away.
    expect(handle.outages).toBe(outages);
    peer.faults.bend = undefined;
    await clock.advance(30_000);
    wire.far.hangUp('reset');
    await clock.advance(10_000);
    expect(handle.outages).toBe(outages + 1);
  });

  test('half open: three time-outs in a row and the connection is replaced', async () => {
    const { ask, bus, clock, peer } = await rig();
    expect((await ask(read(1))).ok).toBe(true); // a device that has answered is no different
    peer.faults.drop = true;
    for (let turn = 0; turn < 3; turn += 1) await ask(read(turn));
    expect(bus.connected).toBe(false);
    peer.faults.drop = false;
    await clock.advance(6_000);
    expect(bus.opens).toBe(2);
    expect((await ask(read(5))).ok).toBe(true);
  });

  test('a refused connection is tried again with growing pauses', async () => {
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

  test('another transaction id than asked needs to be allowed by name', async () => {
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
