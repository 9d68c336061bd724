import { describe, expect, test } from 'vitest';
import { rig, verdict } from './rig.ts';

describe('a device with a reversion timer', () => {
  test('timer and reversion value are written and read back before the setpoint', async () => {
    const { submit, clear, writes, order, lease, clock } = await rig();
    clear();
    await submit(-12_345);
    expect(writes()).toEqual([
      [12, 60],
      [13, 0],
      [10, -1_234],
      [11, 1],
    ]);
    expect(order()).toEqual([
      'read',
      'write 12',
      'write 13',
      'read',
      'write 10',
      'write 11',
      'read',
    ]);
    expect(lease()).toMatchObject({
      armed: true,
      lastVerified: { powerW: -12_345 },
      mismatches: 0,
      unknownOutcome: false,
    });
    expect(lease().armedUntilMonoMs - clock.monoMs()).toBeGreaterThan(59_000);
  });

  test('rounding never asks for more than the verdict did', async () => {
    const { submit, writes, clear } = await rig();
    clear();
    await submit(19_999);
    await submit(-19_999);
    const powers = writes().filter(([at]) => at === 10);
    expect(powers).toEqual([
      [10, 1_999],
      [10, -1_999],
    ]);
  });

  test('the timer that does not read back keeps the setpoint from being written', async () => {
    const { peer, submit, writes, clear, lease } = await rig();
    const set = peer.registers.set.bind(peer.registers);
    peer.registers.set = (at, value) => (at === 12 ? peer.registers : set(at, value));
    clear();
    await submit(5_000);
    expect(writes().some(([at]) => at === 10)).toBe(false);
    expect(lease()).toMatchObject({ armed: false, mismatches: 1, lastVerified: undefined });
  });

  test('unchanged: no write, only the lease is renewed by a third of its time', async () => {
    const { cycles, submit, clear, writes, lease } = await rig();
    await submit(5_000);
    clear();
    await cycles(59, 5_000);
    expect(writes()).toEqual([
      [12, 60],
      [12, 60],
    ]);
    expect(lease().armed).toBe(true);
  });

  test('a change inside the deadband is not written, too much is once it settles', async () => {
    const { submit, cycles, clear, writes, lease } = await rig();
    await submit(5_000);
    clear();
    for (let powerW = 5_010; powerW <= 5_040; powerW += 10) await submit(powerW);
    expect(writes()).toEqual([]);
    expect(lease().lastVerified?.powerW).toBe(5_000); // what the register holds
    await submit(5_060); // the steps add up to more than the deadband
    expect(writes()).toEqual([
      [10, 506],
      [11, 1],
    ]);
    clear();
    await submit(5_040);
    expect(writes()).toEqual([]);
    await cycles(4, 5_040);
    expect(writes()[0]).toEqual([10, 504]);
  });

  test('says what it was told: a step not worth a write counts, its own mode not', async () => {
    const { submit, lease } = await rig();
    expect(lease().toldW).toBeUndefined();
    await submit(5_000);
    expect(lease().toldW).toBe(5_000);
    await submit(5_010); // inside the deadband: not written, and all the same in force
    expect(lease().toldW).toBe(5_010);
    await submit(0, { kind: 'release' });
    expect(lease().toldW).toBeNaN();
  });

  test('a slow ramp towards zero is not a write a second, and ends at zero exactly', async () => {
    const { submit, clear, writes } = await rig();
    await submit(400);
    clear();
    let cyclesCount = 0;
    for (let powerW = 396; powerW > 0; powerW -= 4) {
      cyclesCount += 1;
      await submit(powerW);
    }
    const powers = writes().filter(([at]) => at === 10);
    expect(powers.length).toBeLessThan(cyclesCount / 2);
    await submit(0);
    expect(
      writes()
        .filter(([at]) => at === 10)
        .at(-1),
    ).toEqual([10, 0]);
  });

  test('towards zero at once where it protects', async () => {
    const { submit, clear, writes } = await rig();
    await submit(5_000);
    clear();
    await submit(4_990, { protective: true });
    expect(writes()[0]).toEqual([10, 499]);
  });

  test('written but not applied: told after three, spaced out unless protective', async () => {
    const { peer, cycles, submit, clear, lease, lines, writes } = await rig();
    await submit(1_000);
    const set = peer.registers.set.bind(peer.registers);
    peer.registers.set = (at, value) => (at === 10 ? peer.registers : set(at, value));
    await cycles(3, 9_000);
    expect(lease()).toMatchObject({ mismatches: 3, lastVerified: undefined });
    expect(lines.filter((text) => text.includes('something else'))).toHaveLength(1);
    clear();
    await cycles(3, 9_000);
    expect(writes()).toEqual([]);
    peer.registers.set = set;
    await submit(0, { protective: true });
    expect(lease()).toMatchObject({ mismatches: 0, lastVerified: { powerW: 0 } });
  });

  test('answer to a write lost: read back, and no second write when applied', async () => {
    const { peer, submit, clear, order, lease, writes } = await rig();
    await submit(1_000);
    peer.faults.bend = (frame) => (frame[7] === 6 ? [] : [frame]); // executed, never acknowledged
    clear();
    await submit(2_000);
    expect(writes()).toEqual([[10, 200]]);
    expect(lease()).toMatchObject({ unknownOutcome: true, lastVerified: undefined });
    peer.faults.bend = undefined;
    clear();
    await submit(2_000);
    expect(order()).toEqual(['read']);
    expect(lease()).toMatchObject({ unknownOutcome: false, lastVerified: { powerW: 2_000 } });
  });

  test('the device restarts and forgets: timer first, then the setpoint', async () => {
    const { peer, cycles, submit, clear, writes, lease } = await rig();
    await submit(3_000);
    for (const at of [10, 11, 12, 13]) peer.registers.set(at, 0);
    clear();
    await cycles(8, 3_000);
    expect(writes()).toEqual([
      [12, 60],
      [13, 0],
      [10, 300],
      [11, 1],
    ]);
    expect(lease()).toMatchObject({ armed: true, mismatches: 0 });
  });

  test('another connection: armed and written anew', async () => {
    const { wire, cycles, submit, clear, writes } = await rig();
    await submit(3_000);
    clear();
    wire.far.hangUp('reset');
    await cycles(3, 3_000);
    expect(writes().slice(0, 3)).toEqual([
      [12, 60],
      [13, 0],
      [10, 300],
    ]);
  });

  test('no connection for longer than the timer: not shown as armed', async () => {
    const { peer, cycles, submit, lease } = await rig();
    await submit(3_000);
    peer.faults.drop = true;
    await cycles(70, 3_000);
    expect(lease().armed).toBe(false);
  });

  test('latest wins: what was overtaken is never written', async () => {
    const { clock, peer, writer, writes, clear } = await rig();
    peer.faults.delayMs = 50;
    clear();
    for (const powerW of [1_000, 2_000, 3_000, 4_000]) {
      writer.submit([verdict(powerW)], clock.monoMs());
      await clock.advance(20);
    }
    await clock.advance(2_000);
    expect(writes().filter(([at]) => at === 10)).toEqual([
      [10, 100],
      [10, 400],
    ]);
  });

  test('asked once, not possible at first: tried again by itself', async () => {
    const { clock, peer, submit, lease } = await rig();
    peer.faults.exception = 6;
    await submit(2_000);
    expect(lease().lastVerified).toBeUndefined();
    peer.faults.exception = undefined;
    await clock.advance(2_000);
    expect(lease().lastVerified?.powerW).toBe(2_000);
  });

  test('release, and it is read back', async () => {
    const { submit, clear, writes, lease, peer } = await rig();
    await submit(3_000);
    clear();
    await submit(0, { kind: 'release' });
    expect(writes()).toEqual([[11, 0]]);
    expect(peer.registers.get(11)).toBe(0);
    expect(lease()).toMatchObject({ armed: false, lastVerified: { kind: 'release' } });
    clear();
    await submit(0, { kind: 'release' });
    expect(writes()).toEqual([]);
  });

  test('the last writes before a stop are verified, or named in bounded time', async () => {
    const good = await rig();
    await good.submit(3_000);
    let result: unknown;
    void good.writer.releaseAll([verdict(0, { protective: true })]).then((done) => {
      result = done;
    });
    await good.clock.advance(5_000);
    expect(result).toEqual({ verified: true, failed: [] });
    expect(good.peer.registers.get(10)).toBe(0);
    good.clear();
    await good.submit(9_000); // too late: nothing is taken any more
    expect(good.writes()).toEqual([]);

    const dead = await rig();
    await dead.submit(3_000);
    dead.peer.faults.drop = true;
    void dead.writer.releaseAll([verdict(0)]).then((done) => {
      result = done;
    });
    await dead.clock.advance(5_000);
    expect(result).toEqual({ verified: false, failed: ['battery1'] });
  });

  test('exceptions: 6 is tried again, 3 is told and spaced out', async () => {
    const { peer, cycles, lease, lines, clear } = await rig();
    peer.faults.exception = 6;
    await cycles(2, 1_000);
    expect(lease().refused).toBeUndefined();
    peer.faults.exception = undefined;
    await cycles(1, 1_000);
    expect(lease().lastVerified?.powerW).toBe(1_000);
    const answer = peer.faults;
    answer.bend = (frame) =>
      frame[7] === 6 ? [Uint8Array.from([...frame.slice(0, 5), 3, 1, 0x86, 3])] : [frame];
    clear();
    await cycles(5, 2_000);
    expect(lease().refused).toContain('exception 3');
    expect(lines.filter((text) => text.includes('exception 3'))).toHaveLength(1);
    expect(peer.asked.filter(([fc]) => fc === 6)).toHaveLength(1);
  });
});
