import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  admitted,
  type Part,
  type PlacedLoad,
  type Slots,
  scheduleOf,
  slotsOf,
} from '../../../../../gateway/guard/measurements/schedule.ts';

const CYCLE_MS = 1_000;
const TIMES = { cycleMs: CYCLE_MS, freshMs: { control: 5_000, state: 30_000, slow: 900_000 } };
const TURNS = 400;
/** What the guard writes right behind a turn, and reads back. */
const WRITES_MS = 90;
const MIDDLE_MS = CYCLE_MS / 2;

interface Job {
  readonly atMs: number;
  readonly rank: number; // least first
  readonly costMs: number;
  readonly done: (endMs: number) => void;
}

/** One wire, one request at a time, none taken back once it is on the way. */
function serve(jobs: readonly Job[], fromMs: number): number {
  const waiting = [...jobs];
  let nowMs = fromMs;
  while (waiting.length > 0) {
    nowMs = Math.max(nowMs, Math.min(...waiting.map(({ atMs }) => atMs)));
    const ready = waiting.filter(({ atMs }) => atMs <= nowMs);
    const next = ready.reduce((best, one) => (one.rank < best.rank ? one : best));
    waiting.splice(waiting.indexOf(next), 1);
    nowMs += next.costMs;
    next.done(nowMs);
  }
  return nowMs;
}

const RANK = { vital: 1, control: 2, rest: 3 } as const;
const leadOf = ({ slots }: Slots, part: Part): number =>
  slots.find((slot) => slot.part === part)?.leadMs ?? MIDDLE_MS;

/** Turns with all their reads; what was late, and how long each of the others had to wait. */
function run(loads: readonly PlacedLoad[]) {
  const { pace } = scheduleOf(loads, TIMES, 0);
  const plan = slotsOf(loads, 'line', pace, CYCLE_MS);
  const rest = loads.filter(({ part }) => part === 'rest');
  const lastCycle = new Map(rest.map((load) => [load, Number.NEGATIVE_INFINITY]));
  const waits: number[] = []; // cycles beyond the period
  const late: { turn: number; part: Part; hadTooLong: boolean }[] = [];
  let freeMs = 0;
  for (let turn = 1; turn <= TURNS; turn += 1) {
    const turnMs = turn * CYCLE_MS;
    const due = rest.flatMap((load) => {
      const last = lastCycle.get(load) ?? 0;
      const overdueShare = (turn - last) / (load.everyCycles * pace.restFactor);
      return overdueShare < 1 ? [] : [{ load, costMs: load.costMs, overdueShare }];
    });
    const now = admitted(due, plan.roomMs);
    const hadTooLong = now.reduce((sum, { costMs }) => sum + costMs, 0) > plan.roomMs;
    for (const { load } of now) {
      const last = lastCycle.get(load) ?? 0;
      if (Number.isFinite(last)) waits.push(turn - last - load.everyCycles * pace.restFactor);
      lastCycle.set(load, turn);
    }
    const jobs: Job[] = [
      { atMs: turnMs - CYCLE_MS, rank: 0, costMs: WRITES_MS, done: () => undefined },
      ...now.map(({ costMs }) => {
        return {
          atMs: turnMs - leadOf(plan, 'rest'),
          rank: RANK.rest,
          costMs,
          done: () => undefined,
        };
      }),
      ...loads.flatMap(({ part, costMs, answerMs }) => {
        if (part === 'rest') return [];
        const done = (endMs: number): void => {
          if (endMs - costMs + answerMs > turnMs) late.push({ turn, part, hadTooLong });
        };
        return [{ atMs: turnMs - leadOf(plan, part), rank: RANK[part], costMs, done }];
      }),
    ];
    freeMs = serve(jobs, freeMs);
  }
  return { plan, pace, waits, late };
}

const ms = (min: number, max: number) => fc.integer({ min, max });
const placed = (part: Part, everyCycles: number, costMs: number): PlacedLoad => {
  return { part, everyCycles, costMs, answerMs: costMs - 2 };
};
const lines = fc
  .record({
    vital: ms(25, 90),
    control: fc.array(ms(25, 90), { maxLength: 9 }),
    rest: fc.array(fc.record({ every: fc.constantFrom(10, 30, 300), costMs: ms(25, 280) }), {
      maxLength: 12,
    }),
  })
  .map(({ vital, control, rest }) => [
    placed('vital', 1, vital),
    ...control.map((costMs) => placed('control', 1, costMs)),
    ...rest.map(({ every, costMs }) => placed('rest', every, costMs)),
  ]);

it('what a turn decides by is there before it, whatever else a line has to carry', () => {
  fc.assert(
    fc.property(lines, (loads) => {
      const { plan, pace, waits, late } = run(loads);
      fc.pre(pace.controlCycles === 1 && plan.slots.length > 1);
      // Only a read that is longer than all the room there is may cost a turn its newest reading.
      expect(late.filter(({ hadTooLong }) => !hadTooLong)).toEqual([]);
      // Nobody waits for ever: one goes in each cycle, the most overdue first.
      const others = loads.filter(({ part }) => part === 'rest').length;
      expect(Math.max(0, ...waits)).toBeLessThanOrEqual(others);
    }),
    { numRuns: 60 },
  );
});

it('as late as its answer still comes in time, and the others before it', () => {
  fc.assert(
    fc.property(lines, (loads) => {
      const { plan, pace } = run(loads);
      const [vital] = loads;
      expect(plan.slots.at(-1)).toMatchObject({ part: 'vital' });
      const leadMs = leadOf(plan, 'vital');
      expect(leadMs - (vital?.answerMs ?? 0)).toBeGreaterThanOrEqual(3);
      expect(leadMs - (vital?.answerMs ?? 0)).toBeLessThanOrEqual(4);
      if (pace.controlCycles > 1) expect(plan.slots).toHaveLength(1);
    }),
    { numRuns: 60 },
  );
});
