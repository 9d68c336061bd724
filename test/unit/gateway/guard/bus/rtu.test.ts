import { describe, expect, test } from 'vitest';
import { read, rig, truth } from './rig.ts';

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
    expect(Math.min(...gaps.slice(1))).toBeGreaterThanOrEqual((3.5 * 10_000) / 19_200 - 1e-9);
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

  test('later than the proof too: a second one behind the answer finds out', async () => {
    const { ask, clock, peer, handle } = await rig({ kind: 'rtu', timeoutMs: 200, lateMs: 20 });
    peer.registers.set(999, 4_711);
    handle.prove({ fc: 3, at: 999, count: 1 }, [4_711]);
    peer.faults.delayMs = 320; // comes while the second read waits for its own
    expect(await ask(read(100))).toMatchObject({ ok: false, why: 'timeout' });
    peer.faults.delayMs = 5;
    const second = ask(read(200));
    await clock.until(() => peer.asked.at(-1)?.[1] === 999, 1_000);
    peer.faults.delayMs = 150;
    expect(await second).toMatchObject({ ok: false });
    expect(peer.asked.slice(-2).map(([, at]) => at)).toEqual([200, 999]);
    peer.faults.delayMs = 5;
    await clock.advance(1_000);
    expect(await ask(read(300))).toMatchObject({ ok: true, words: truth(300) });
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

  test('a write to a unit whose writes were quick is given up soon, and no other', async () => {
    const { ask, clock, peer, handle } = await rig({ kind: 'rtu', timeoutMs: 800 });
    handle.prove(read(999));
    const lostMs = async (): Promise<number> => {
      peer.faults.drop = true;
      const fromMs = clock.realMs();
      expect((await ask({ fc: 6, at: 5, word: 7 })).ok).toBe(false);
      peer.faults.drop = false;
      await ask(read(1));
      return clock.realMs() - fromMs;
    };
    expect(await lostMs()).toBeGreaterThanOrEqual(800);
    for (let turn = 0; turn < 30; turn += 1) await ask({ fc: 6, at: 5, word: turn });
    expect(await lostMs()).toBeLessThan(500);
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

  test('an adapter that was away for an hour is back within 10 s', async () => {
    const { bus, clock, wire } = await rig({ kind: 'rtu' });
    wire.far.refuse = 'there is no adapter';
    wire.far.hangUp('the adapter went away');
    await clock.advance(3_600_000);
    expect(bus.connected).toBe(false);
    wire.far.refuse = undefined;
    await clock.advance(10_000);
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

  test('two requests in a row to a unit have different shapes', async () => {
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
