import { describe, expect, it } from 'vitest';
import { Costs } from '../../../../gateway/guard/costs.ts';
import { Pacer } from '../../../../gateway/guard/pacer.ts';
import type { Clock } from '../../../../gateway/ports.ts';
import { createVirtualClock } from '../../../../simulators/clock.ts';

/**
 * A clock whose turns take time: `take` moves it on from inside one. Events run in the order of
 * their time.
 */
function slowClock() {
  let nowMs = 0;
  let due: { atMs: number; run: () => void }[] = [];
  const at = (atMs: number, run: () => void) => {
    const event = { atMs, run };
    due.push(event);
    return () => {
      due = due.filter((other) => other !== event);
    };
  };
  const now = (): number => nowMs;
  const clock: Clock = { speed: 1, monoMs: now, wallMs: now, realMs: now, at, realAt: at };
  const next = (): void => {
    const first = due.sort((a, b) => a.atMs - b.atMs).shift();
    if (first === undefined) throw new Error('nothing is due');
    nowMs = Math.max(nowMs, first.atMs);
    first.run();
  };
  const take = (ms: number): void => {
    nowMs += ms;
  };
  return { clock, take, next };
}

describe('the schedule', () => {
  it('is absolute: turns stand on whole cycles, whatever came before', async () => {
    const clock = createVirtualClock();
    await clock.advance(333);
    const turns: number[] = [];
    const pacer = new Pacer(clock, 1_000, () => turns.push(clock.monoMs()));
    pacer.start();
    await clock.advance(3_500);
    expect(turns).toEqual([1_000, 2_000, 3_000]);
    expect(pacer).toMatchObject({ cycles: 3, missed: 0 });
    pacer.stop();
    await clock.advance(5_000);
    expect(turns).toHaveLength(3);
  });

  it('counts the slots that a late start skipped; cycles and missed are all slots', () => {
    const { clock, take, next } = slowClock();
    const turns: number[] = [];
    const pacer = new Pacer(clock, 1_000, () => {
      turns.push(clock.monoMs());
      if (turns.length === 2) take(3_400);
    });
    pacer.start();
    for (let n = 0; n < 5; n += 1) next();
    // Slots 0 and 1 in time; 2 and 3 went by during the long turn; 4 starts late, 5 and 6 in time
    // again.
    expect(turns).toEqual([0, 1_000, 4_400, 5_000, 6_000]);
    expect(pacer).toMatchObject({ cycles: 5, missed: 2 });
  });

  it('an early turn before the start or after the end is none', async () => {
    const clock = createVirtualClock();
    let turns = 0;
    const pacer = new Pacer(clock, 1_000, () => {
      turns += 1;
    });
    pacer.early();
    await clock.advance(500);
    expect(turns).toBe(0);
    pacer.start();
    pacer.early();
    pacer.stop();
    await clock.advance(5_000);
    expect(turns).toBe(0);
  });
});

describe('what turns cost', () => {
  it('ranks the last 512', () => {
    const costs = new Costs();
    for (let n = 1; n <= 600; n += 1) costs.add(n);
    expect(costs.p50Ms).toBeGreaterThan(300);
    expect(costs.p50Ms).toBeLessThan(360);
    expect(costs.p99Ms).toBeGreaterThan(560);
    const few = new Costs();
    few.add(3);
    expect(few.p50Ms).toBe(3);
    expect(few.p99Ms).toBe(3);
  });
});
