import { type Instant, QUARTER_MS } from '../contracts/values/time.ts';
import type { Clock } from '../ports.ts';

const AFTER_MS = 1_000; // what ends then has ended

/** When a plan is due, whatever happens: each quarter-hour, and where a limit begins or ends. */
export class Occasions {
  private readonly clock: Clock;
  private readonly due: (why: string) => void;
  private cancelQuarter: (() => void) | undefined;
  private cancelLimit: (() => void) | undefined;

  constructor(clock: Clock, due: (why: string) => void) {
    this.clock = clock;
    this.due = due;
  }

  /** From now on, at each start of a quarter-hour. */
  quarters(): void {
    const { clock } = this;
    const nowMs = clock.wallMs();
    const waitMs = QUARTER_MS - (nowMs % QUARTER_MS) + AFTER_MS;
    this.cancelQuarter = clock.at(clock.monoMs() + waitMs, () => {
      this.due('a new quarter-hour');
      this.quarters();
    });
  }

  /** A limit that begins or ends inside a quarter-hour is not held to the end of it. */
  limit(atMs: Instant | undefined): void {
    const { clock } = this;
    const waitMs = (atMs ?? Infinity) - clock.wallMs();
    this.cancelLimit?.();
    this.cancelLimit = undefined;
    if (!(waitMs <= QUARTER_MS)) return;
    this.cancelLimit = clock.at(clock.monoMs() + waitMs + AFTER_MS, () =>
      this.due('a limit begins or ends'),
    );
  }

  stop(): void {
    this.cancelQuarter?.();
    this.cancelLimit?.();
  }
}
