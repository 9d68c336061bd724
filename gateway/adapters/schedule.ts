import { createTask, schedule, validateDetailed } from 'node-cron';
import { DAY_MS, MINUTE_MS } from '../contracts/values/time.ts';
import type { Clock, Log, Schedule } from '../ports.ts';

/** Runs never overlap, and one that fails is told and followed by the next. */
function careful(expression: string, run: () => Promise<void>, log: Log): () => void {
  let isRunning = false;
  return () => {
    if (isRunning) return;
    isRunning = true;
    run()
      .catch((error: unknown) => log.error('slow work failed', { expression, why: String(error) }))
      .finally(() => {
        isRunning = false;
      });
  };
}

/** Five fields: a minute is the finest step that the faces share. @throws RangeError */
function mustBeCron(expression: string): void {
  const { valid, errors } = validateDetailed(expression);
  const [first] = errors;
  if (!valid) throw new RangeError(`'${expression}': ${first?.message ?? 'no cron expression'}`);
  if (expression.trim().split(/\s+/).length !== 5) {
    throw new RangeError(`'${expression}': not five fields`);
  }
}

/** On this machine's own time, by node-cron. */
export function createSchedule(log: Log): Schedule {
  const logger = {
    info: () => undefined,
    debug: () => undefined,
    warn: (message: string) => log.warn(message),
    error: (message: string | Error) => log.error(String(message)),
  };
  return {
    every(expression, timezone, run) {
      mustBeCron(expression);
      const work = careful(expression, run, log);
      const task = schedule(expression, work, { timezone, logger, unref: true });
      return () => void task.destroy();
    },
  };
}

/** Offsets of all zones from UTC are a multiple of this. */
const ZONE_STEP_MIN = 15;

/** Whether a minute may match at all, before the zone is asked what time it is there. */
function mayMatch(expression: string): (atMs: number) => boolean {
  const [minute = ''] = expression.trim().split(/\s+/);
  if (!/^\d+$/.test(minute)) return () => true;
  const least = Number(minute) % ZONE_STEP_MIN;
  return (atMs) => Math.floor(atMs / MINUTE_MS) % ZONE_STEP_MIN === least;
}

/**
 * On a clock of ours, scaled or virtual, with node-cron's own idea of what matches. What came due
 * while the clock leapt is run once.
 */
export function createClockedSchedule(clock: Clock, log: Log): Schedule {
  const minuteOf = (atMs: number): number => Math.floor(atMs / MINUTE_MS) * MINUTE_MS;
  return {
    every(expression, timezone, run) {
      mustBeCron(expression);
      const pattern = createTask(expression, () => undefined, { timezone });
      const work = careful(expression, run, log);
      const may = mayMatch(expression);
      let seenMs = minuteOf(clock.wallMs());
      let cancel = (): void => undefined;
      const arm = (): void => {
        const waitMs = seenMs + MINUTE_MS - clock.wallMs();
        cancel = clock.at(clock.monoMs() + Math.max(1, waitMs), turn);
      };
      const turn = (): void => {
        const nowMs = minuteOf(clock.wallMs());
        let isDue = false;
        for (let atMs = Math.max(seenMs, nowMs - DAY_MS) + MINUTE_MS; atMs <= nowMs && !isDue; ) {
          isDue = may(atMs) && pattern.match(new Date(atMs));
          atMs += MINUTE_MS;
        }
        seenMs = Math.max(seenMs, nowMs);
        arm();
        if (isDue) work();
      };
      arm();
      return () => {
        cancel();
        void pattern.destroy();
      };
    },
  };
}
