import { DAY_MS, HOUR_MS, QUARTER_MS } from '../../gateway/contracts/values/time.ts';
import { createStream } from '../random.ts';

/** Midnight UTC of the year from whose days a seed takes its first. */
const YEAR_START_MS = 1_798_761_600_000; // 2027: later than any gateway's release
const YEAR_DAYS = 365;
/** Days of it, from 0, on which Berlin's clocks change at 01:00 UTC. */
const CLOCK_CHANGES: readonly number[] = [86, 303];
/** One seed in eight begins some hours before such a night's change. */
const CHANGING = 0.125;
/** One seed in four has gateways whose clock is one percent off. */
const DRIFTING = 0.25;
const DRIFT = 0.01;

/** When the world of a seed begins, UTC: any quarter-hour of a year. */
export function startOf(seed: number): number {
  const random = createStream(seed, 'start');
  const nth = CLOCK_CHANGES[Math.floor(CLOCK_CHANGES.length * random.next())] ?? 0;
  const hoursBefore = Math.floor(4 * random.next());
  if (random.next() < CHANGING) return YEAR_START_MS + nth * DAY_MS - hoursBefore * HOUR_MS;
  const quarters = Math.floor((YEAR_DAYS * DAY_MS * random.next()) / QUARTER_MS);
  return YEAR_START_MS + quarters * QUARTER_MS;
}

/** How fast the monotonic clocks of a seed's gateways run. */
export function speedOf(seed: number): number {
  const random = createStream(seed, 'clock rate');
  if (random.next() >= DRIFTING) return 1;
  return random.next() < 0.5 ? 1 - DRIFT : 1 + DRIFT;
}
