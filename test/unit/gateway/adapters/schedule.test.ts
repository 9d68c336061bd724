import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createClockedSchedule, createSchedule } from '../../../../gateway/adapters/schedule.ts';
import { localTime } from '../../../../gateway/contracts/values/time.ts';
import type { Log, Schedule } from '../../../../gateway/ports.ts';
import { createVirtualClock } from '../../../../simulators/clock.ts';

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const BERLIN = 'Europe/Berlin';
const START = Date.UTC(2027, 2, 26, 12, 0, 30); // Friday before the clocks go forward

interface Face {
  readonly schedule: Schedule;
  wallMs(): number;
  advance(byMs: number): Promise<void>;
}

const errors: string[] = [];
const log: Log = {
  info: () => undefined,
  warn: () => undefined,
  error: (text, fields) => errors.push(`${text} ${JSON.stringify(fields)}`),
};

const FACES: readonly [name: string, make: (startMs: number) => Face][] = [
  [
    "the machine's own time, by node-cron",
    (startMs) => {
      // Not Intl: a formatter that is made meanwhile and kept would take 0 for now ever after.
      vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout'], now: startMs });
      const advance = async (byMs: number): Promise<void> => {
        await vi.advanceTimersByTimeAsync(byMs);
      };
      return { schedule: createSchedule(log), wallMs: () => Date.now(), advance };
    },
  ],
  ...[1, 96].map((speed): [string, (startMs: number) => Face] => [
    `a clock of ours at speed ${speed}`,
    (wallMs) => {
      const clock = createVirtualClock({ wallMs, speed });
      const schedule = createClockedSchedule(clock, log);
      return { schedule, wallMs: () => clock.wallMs(), advance: (byMs) => clock.advance(byMs) };
    },
  ]),
];

const cancels: (() => void)[] = [];
beforeEach(() => {
  errors.length = 0;
});
afterEach(() => {
  for (const cancel of cancels.splice(0)) cancel();
  vi.useRealTimers();
});

/** Local minutes at which an expression ran, as 'day hour:minute'. */
async function ran(face: Face, expression: string, zone: string, days: number): Promise<string[]> {
  const seen: string[] = [];
  const run = (): Promise<void> => {
    const { day, minuteOfDay } = localTime(face.wallMs(), zone);
    seen.push(`${day} ${Math.floor(minuteOfDay / 60)}:${minuteOfDay % 60}`);
    return Promise.resolve();
  };
  cancels.push(face.schedule.every(expression, zone, run));
  await face.advance(days * DAY_MS);
  return seen;
}

describe.each(FACES)('the Schedule port on %s', (_name, make) => {
  it("keeps the zone's own time, once a day, over the change of its clock", async () => {
    const face = make(START);
    expect(await ran(face, '40 3 * * *', BERLIN, 4)).toEqual([
      '27 3:40',
      '28 3:40', // an hour earlier in UTC
      '29 3:40',
      '30 3:40',
    ]);
    const autumn = make(Date.UTC(2027, 9, 30, 12));
    expect(await ran(autumn, '20 0 * * *', BERLIN, 3)).toEqual(['31 0:20', '1 0:20', '2 0:20']);
  });

  it('understands lists, steps and weekdays', async () => {
    const face = make(START);
    expect(await ran(face, '0,30 */8 * * 1-5', 'UTC', 1)).toEqual(['26 16:0', '26 16:30']);
    expect(await ran(face, '0 12 * * 1', 'UTC', 7)).toEqual(['29 12:0']);
  });

  it('never runs twice at a time', async () => {
    const face = make(START);
    let begun = 0;
    let end: () => void = () => undefined;
    const run = (): Promise<void> => {
      begun += 1;
      return new Promise((resolve) => {
        end = resolve;
      });
    };
    cancels.push(face.schedule.every('* * * * *', 'UTC', run));
    await face.advance(5 * MINUTE_MS);
    expect(begun).toBe(1);
    end();
    await face.advance(MINUTE_MS);
    expect(begun).toBe(2);
  });

  it('tells of a run that failed, and goes on', async () => {
    const face = make(START);
    let begun = 0;
    const run = (): Promise<void> => {
      begun += 1;
      return Promise.reject(new Error('the disk is full'));
    };
    cancels.push(face.schedule.every('*/10 * * * *', 'UTC', run));
    await face.advance(30 * MINUTE_MS);
    expect(begun).toBe(3);
    expect(errors).toHaveLength(3);
    expect(errors[0]).toMatch(/slow work failed .*the disk is full/);
  });

  it('ends when it is cancelled', async () => {
    const face = make(START);
    let begun = 0;
    const cancel = face.schedule.every('* * * * *', 'UTC', () => {
      begun += 1;
      return Promise.resolve();
    });
    await face.advance(3 * MINUTE_MS);
    cancel();
    await face.advance(DAY_MS);
    expect(begun).toBe(3);
  });

  it.each(['', 'noon', '61 * * * *', '* * * *', '0 0 3 * * *'])('refuses %j', (expression) => {
    const { schedule } = make(START);
    expect(() => schedule.every(expression, 'UTC', () => Promise.resolve())).toThrow(RangeError);
  });
});
