import type { ControlSettings } from '../../contracts/values/site.ts';
import type { Timing } from '../../contracts/values/timing.ts';
import type { ControlRegisters } from './registers.ts';
import type { Target } from './targets.ts';

/** What is done about it: the site file's `control.foreignWrites`. */
export type ForeignPolicy = NonNullable<ControlSettings['foreignWrites']>;

/** Without a renewal of its own in sight, `alarm` lets the other's setpoint stand for this long. */
const STANDS_MS = 60_000;
const YIELD_MS = 15 * 60_000;
/** Somebody who wrote once is looked for so much longer, after every second cycle. */
const WATCH_MS = 10 * 60_000;
/** Told once, then with a count: somebody may write every second. */
const TELL_MS = 10 * 60_000;

const ANSWERS: Readonly<Record<ForeignPolicy, string>> = {
  insist: 'ours is written again',
  alarm: 'it stands until the next renewal',
  yield: 'nothing is written there for 15 minutes, limits apart',
};

/**
 * What somebody else wrote, in words. Undefined for a device that shows its released state: it has
 * restarted, or was released, and that is nobody's setpoint.
 */
export function strange(
  control: ControlRegisters,
  set: readonly Target[],
  release: readonly Target[],
): string | undefined {
  const odd = set.find((target) => !control.shows(target));
  if (odd === undefined || (release.length > 0 && control.agrees(release))) return undefined;
  const { key } = odd.point;
  return `${key} shows ${control.value(key) ?? 'nothing'} instead of ${odd.value}`;
}

/**
 * Setpoints of one terminal that somebody else changed: another master, a cloud, a hand at the
 * device. A protective verdict and a release are written whatever the policy.
 */
export class ForeignWrites {
  private readonly policy: ForeignPolicy;
  private readonly name: string;
  private count = 0;
  private asideUntilMs = Number.NEGATIVE_INFINITY;
  private metMs = Number.NEGATIVE_INFINITY;
  private toldMs = Number.NEGATIVE_INFINITY;
  private news: string[] = [];

  /** @param name device and terminal, for people */
  constructor(policy: ForeignPolicy, name: string) {
    this.policy = policy;
    this.name = name;
  }

  /**
   * @param what which register shows what
   * @param renewalMs until the lease would be renewed anyway; 0 where it never is
   */
  met(what: string, nowMs: number, renewalMs: number): void {
    this.count += 1;
    this.metMs = nowMs;
    if (this.policy === 'yield') this.asideUntilMs = nowMs + YIELD_MS;
    if (this.policy === 'alarm')
      this.asideUntilMs = nowMs + (renewalMs > 0 ? renewalMs : STANDS_MS);
    if (nowMs - this.toldMs < TELL_MS) return;
    this.toldMs = nowMs;
    const times = this.count === 1 ? '' : ` (${this.count} times by now)`;
    this.news.push(`Somebody else commands ${this.name}${times}: ${what}; ${ANSWERS[this.policy]}`);
  }

  /** The registers are to be looked at again, as they were last at `seenMs`. */
  isLookDue(seenMs: number, nowMs: number, { cycleMs, freshMs }: Timing): boolean {
    return nowMs >= seenMs + (nowMs - this.metMs < WATCH_MS ? 2 * cycleMs : freshMs.control);
  }

  /** Nothing that is not protective is written now. */
  standsAside(nowMs: number): boolean {
    return nowMs < this.asideUntilMs;
  }

  /** What was not told yet. */
  tell(): string[] {
    const news = this.news;
    this.news = [];
    return news;
  }
}
