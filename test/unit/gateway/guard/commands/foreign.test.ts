import { describe, expect, test } from 'vitest';
import { rig } from './rig.ts';

const SETPOINT = 10; // tens of watts
/** Somebody else writes 2 kW where we had written 3. */
async function contested(foreignWrites?: 'insist' | 'alarm' | 'yield') {
  const made = await rig(foreignWrites === undefined ? {} : { foreignWrites });
  await made.submit(3_000);
  made.peer.registers.set(SETPOINT, 200);
  made.clear();
  return made;
}

describe('somebody else changes our setpoint', () => {
  test('it is told once, with what was found', async () => {
    const { writer, cycles, peer } = await contested();
    expect(writer.foreign()).toEqual([]);
    await cycles(8, 3_000);
    expect(writer.foreign()).toEqual([
      'Somebody else commands inverter1 (battery1): setW shows 2000 instead of 3000; ' +
        'ours is written again',
    ]);
    peer.registers.set(SETPOINT, 100);
    await cycles(8, 3_000);
    expect(writer.foreign()).toEqual([]); // again, but within ten minutes
    await cycles(600, 3_000);
    peer.registers.set(SETPOINT, 100);
    await cycles(8, 3_000);
    expect(writer.foreign()).toEqual([
      expect.stringContaining('(3 times by now): setW shows 1000'),
    ]);
  });

  test('insist, as without a word in the site file: ours is written again', async () => {
    const { cycles, peer, lease } = await contested();
    await cycles(8, 3_000);
    expect(peer.registers.get(SETPOINT)).toBe(300);
    expect(lease()).toMatchObject({ aside: false, lastVerified: { powerW: 3_000 } });
  });

  test("the other's setpoint is replaced before the timer is armed anew", async () => {
    const { cycles, writes } = await contested();
    await cycles(8, 3_000);
    expect(writes().map(([at]) => at)).toEqual([SETPOINT, 11]); // and enable; the timer runs on
  });

  test('a timer that somebody else has changed is armed first', async () => {
    const { cycles, peer, writes } = await contested();
    peer.registers.set(12, 3_600);
    await cycles(8, 3_000);
    expect(writes().map(([at]) => at)).toEqual([12, 13, SETPOINT, 11]);
  });

  test('alarm: it stands until the next renewal', async () => {
    const { cycles, peer, lease, writes } = await contested('alarm');
    await cycles(15, 3_000);
    expect(writes()).toEqual([]);
    expect(lease().aside).toBe(true);
    await cycles(20, 3_000);
    expect(peer.registers.get(SETPOINT)).toBe(300);
    expect(lease()).toMatchObject({ aside: false, armed: true });
  });

  test('yield: nothing is written for a quarter of an hour, and then ours again', async () => {
    const { cycles, writes, peer, lease } = await contested('yield');
    await cycles(8, 3_000); // by now it is seen
    await cycles(880, 4_000);
    expect(writes()).toEqual([]);
    expect(lease()).toMatchObject({ aside: true, lastVerified: undefined });
    await cycles(30, 4_000);
    expect(peer.registers.get(SETPOINT)).toBe(400);
  });

  test('a protective verdict and a release are written whatever the policy', async () => {
    const { cycles, peer, submit } = await contested('yield');
    await cycles(8, 3_000);
    expect(peer.registers.get(SETPOINT)).toBe(200);
    await submit(-500, { protective: true });
    expect(peer.registers.get(SETPOINT)).toBe(-50 & 0xffff);
    await submit(0, { kind: 'release' });
    expect(peer.registers.get(11)).toBe(0);
  });

  test('a device that has restarted is nobody else: it is commanded again at once', async () => {
    const { cycles, peer, writer, lease } = await contested('yield');
    for (const at of [10, 11, 12, 13]) peer.registers.set(at, 0);
    await cycles(8, 3_000);
    expect(peer.registers.get(SETPOINT)).toBe(300);
    expect(lease().aside).toBe(false);
    expect(writer.foreign()).toEqual([]);
  });
});
