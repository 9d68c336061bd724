import { describe, expect, test } from 'vitest';
import type { ControlSpec } from '../../../../../devices/profile.ts';
import { rig, TIMED, UNTIMED } from './rig.ts';

/** A device that falls back by itself unless it is written again within a minute. */
const CYCLIC: ControlSpec = {
  ...UNTIMED,
  set: [
    { point: 'deafW', value: { from: 'powerW' } },
    { point: 'deafMode', value: { const: 802 }, together: true },
  ],
  release: [{ point: 'deafMode', value: { const: 803 } }],
  reversion: { to: 'own-mode', minS: 60, maxS: 60, renewedBy: 'any-write' },
};

describe('registers that cannot be read', () => {
  test('go in one frame, are never read, and what was written stands', async () => {
    const { peer, submit, clear, lease } = await rig({ control: CYCLIC });
    const sent: number[][] = [];
    peer.asked.length = 0;
    await submit(-3_000);
    sent.push(...peer.asked.filter(([fc]) => fc >= 5).map(([fc, at]) => [fc, at]));
    expect(sent).toEqual([[16, 30]]);
    expect([30, 31, 32, 33].map((at) => peer.registers.get(at))).toEqual([
      0xffff,
      -3_000 & 0xffff,
      0,
      802,
    ]);
    expect(lease().lastVerified?.powerW).toBe(-3_000);
    const reads = peer.asked.filter(([fc]) => fc === 3);
    expect(reads.some(([, at, count]) => at < 34 && at + count > 30)).toBe(false);
    clear();
    await submit(-3_000);
    expect(peer.asked.filter(([fc]) => fc >= 5)).toEqual([]);
  });

  test('are written again before the device falls back', async () => {
    const { peer, submit, cycles, clear } = await rig({ control: CYCLIC });
    await submit(2_000);
    clear();
    await cycles(45, 2_000);
    expect(peer.asked.filter(([fc, at]) => fc === 16 && at === 30)).toHaveLength(2);
  });

  test('are given back, and written again after another connection', async () => {
    const { peer, wire, submit, clear, clock, lease } = await rig({ control: CYCLIC });
    await submit(2_000);
    await submit(0, { kind: 'release' });
    expect(peer.registers.get(33)).toBe(803);
    expect(lease().lastVerified?.kind).toBe('release');
    clear();
    wire.far.hangUp('reset');
    await clock.advance(5_000);
    await submit(0, { kind: 'release' });
    expect(peer.asked.filter(([fc, at]) => fc === 16 && at === 32)).toHaveLength(1);
  });

  test('an unproven fallback counts as none', async () => {
    const control: ControlSpec = {
      ...CYCLIC,
      reversion: { ...CYCLIC.reversion, unproven: true },
    };
    const refused = await rig({ control });
    await refused.submit(1_000);
    expect(refused.lease().refused).toContain('no proven reversion timer');
    expect(refused.writes()).toEqual([]);
    const allowed = await rig({ control, allowed: true });
    await allowed.submit(1_000);
    expect(allowed.lease().armed).toBe(true);
  });
});

describe('stored registers beside volatile ones', () => {
  const control: ControlSpec = {
    ...UNTIMED,
    set: [{ point: 'storedMode', value: { const: 4 } }, ...UNTIMED.set],
    writesPerDay: 10,
  };

  test('are written once, and counted alone', async () => {
    const { submit, writes, writer } = await rig({ control, allowed: true });
    for (const powerW of [1_000, 2_000, 3_000]) await submit(powerW);
    expect(writes().filter(([at]) => at === 40)).toEqual([[40, 4]]);
    expect(writes().filter(([at]) => at === 20).length).toBeGreaterThanOrEqual(3);
    expect(Object.values(writer.budget())).toEqual([1]);
  });

  test('are left alone where they show the value already', async () => {
    const { peer, submit, writes, writer } = await rig({ control, allowed: true });
    peer.registers.set(40, 4);
    await submit(1_000);
    expect(writes().some(([at]) => at === 40)).toBe(false);
    expect(writer.budget()).toEqual({});
  });
});

test('a heartbeat counts on while a setpoint stands, and rests when it is given back', async () => {
  const control: ControlSpec = { ...TIMED, heartbeat: { point: 'heartbeat', everyS: 5 } };
  const { submit, cycles, clear, writes } = await rig({ control });
  await submit(10_000);
  clear();
  await cycles(20, 10_000);
  const beats = writes().filter(([at]) => at === 41);
  expect(beats.length).toBeGreaterThanOrEqual(3);
  expect(beats.map(([, value]) => value)).toEqual(beats.map((_, n) => (beats[0]?.[1] ?? 0) + n));
  await submit(0, { kind: 'release' });
  clear();
  await cycles(10, 0, { kind: 'release' });
  expect(writes().filter(([at]) => at === 41)).toEqual([]);
});

test('a timer in minutes is believed as the device holds it', async () => {
  const control: ControlSpec = {
    ...UNTIMED,
    arm: [{ point: 'minutesS', value: { from: 'timeoutS' } }],
    reversion: { to: 'own-mode', minS: 90, maxS: 90, renewedBy: 'none' },
  };
  const { peer, clock, submit, lease } = await rig({ control });
  await submit(1_000);
  expect(peer.registers.get(42)).toBe(1);
  expect(lease().armed).toBe(true);
  expect(lease().armedUntilMonoMs - clock.monoMs()).toBeLessThanOrEqual(60_000);
});

test('a setting is written where the profile says, also a single one by function 16', async () => {
  const control: ControlSpec = {
    ...UNTIMED,
    set: [{ point: 'asideW', value: { from: 'powerW' } }],
    release: [],
  };
  const { peer, submit } = await rig({ control, allowed: true, profile: { writeFunction: 16 } });
  await submit(1_500);
  expect(peer.asked.filter(([fc]) => fc >= 5).map(([fc, at]) => [fc, at])).toContainEqual([16, 50]);
  expect(peer.registers.get(50)).toBe(1_500);
});

test('a refusal says what a person has to do at the device first', async () => {
  const unlock = { by: 'setting', how: 'the installer enables external control' } as const;
  const { peer, submit, lease } = await rig({ control: { ...UNTIMED, unlock }, allowed: true });
  peer.faults.bend = (frame) => {
    const isWrite = (frame[7] ?? 0) === 6;
    return [isWrite ? Uint8Array.of(...frame.slice(0, 5), 3, frame[6] ?? 0, 0x86, 2) : frame];
  };
  await submit(1_000);
  expect(lease().refused).toBe(
    'sizeW refused with exception 2; the installer enables external control',
  );
});

describe('a device that wants a code first', () => {
  const CODE = 123_456_789;
  const HIGH = CODE >>> 16;
  const unlock = {
    by: 'code',
    how: 'enter it there',
    write: { point: 'codeNumber', everyS: 60 },
  } as const;
  const control: ControlSpec = { ...UNTIMED, unlock };
  const codes = (asked: readonly (readonly [number, number, number])[]) =>
    asked.filter(([, at]) => at === 44).length;

  test('gets it before the first write, and again when it forgets it', async () => {
    const { peer, cycles, order, clear } = await rig({ control, allowed: true, code: CODE });
    await cycles(3, 1_000);
    const first = order().filter((one) => one !== 'read')[0];
    expect(first).toBe('write 44');
    expect([peer.registers.get(44), peer.registers.get(45)]).toEqual([HIGH, CODE & 0xffff]);
    expect(codes(peer.asked)).toBe(1);
    clear();
    await cycles(30, 1_000);
    await cycles(2, 2_000);
    expect(codes(peer.asked)).toBe(0);
    await cycles(30, 2_000);
    await cycles(2, 1_500);
    expect(codes(peer.asked)).toBe(1);
  });

  test('gets nothing where the site names none; the code is in no line and no view', async () => {
    const without = await rig({ control, allowed: true });
    await without.cycles(3, 1_000);
    expect(codes(without.peer.asked)).toBe(0);
    const made = await rig({ control, allowed: true, code: CODE });
    made.peer.faults.exception = 2;
    await made.cycles(3, 1_000);
    const seen = JSON.stringify([made.lines, made.lease(), made.writer.budget()]);
    expect(made.lease().refused).toBe('codeNumber refused with exception 2; enter it there');
    expect(seen).not.toContain(String(CODE));
    expect(seen).not.toContain(String(HIGH));
  });
});
