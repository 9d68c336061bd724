import type { Clock, Log } from '../../gateway/ports.ts';
import type { Change, Followed, Notebook } from '../ports.ts';

/** A place that changes are brought to. */
export interface Place {
  readonly name: string;
  readonly changesMax: number; // of one delivery
  /** How long changes wait for others to come with them, real; 0 = they do not. */
  readonly waitMs: number;
  /** Again with the very same changes after a failure or a crash: then it must be done once. */
  deliver(changes: readonly Change[]): Promise<void>;
}

interface FollowerPorts {
  readonly notebook: Notebook;
  readonly clock: Clock;
  readonly log: Log;
  /** It has got further. */
  readonly moved: () => void;
}

const FIRST_PAUSE_MS = 1_000; // real
const LAST_PAUSE_MS = 60_000;

/**
 * Brings changes to one place, in order. How far a delivery goes is on disk before it begins, so
 * that after a crash the same changes are delivered together, not others.
 */
export class Follower {
  private readonly place: Place;
  private readonly ports: FollowerPorts;
  private followed: Followed;
  private work: Promise<void> | undefined;
  private again = false;
  private hurry = false;
  private ended = false;
  private pauseMs = 0;
  private sinceMs: number | undefined; // real: the oldest change was seen
  private wake: (() => void) | undefined;

  constructor(place: Place, ports: FollowerPorts) {
    this.place = place;
    this.ports = ports;
    this.followed = ports.notebook.followed(place.name);
  }

  get donePosition(): number {
    return this.followed.donePosition;
  }

  /** There is something new on disk. */
  kick(): void {
    this.again = true;
    this.work ??= this.turns().finally(() => {
      this.work = undefined;
    });
  }

  /** Delivers what is left, as far as that goes until `late`. */
  async stop(late: Promise<void>): Promise<void> {
    this.hurry = true;
    this.kick();
    this.wake?.();
    await Promise.race([this.work, late]);
    this.ended = true;
    this.wake?.();
  }

  private async turns(): Promise<void> {
    while (this.again && !this.ended) {
      this.again = false;
      try {
        const waitMs = await this.turn();
        this.pauseMs = 0;
        if (waitMs > 0) await this.pause(waitMs);
      } catch (error) {
        const { log } = this.ports;
        if (this.pauseMs === 0) log.warn(`copies wait: ${this.place.name}`, { why: String(error) });
        this.pauseMs = Math.min(LAST_PAUSE_MS, Math.max(FIRST_PAUSE_MS, 2 * this.pauseMs));
        this.again = true;
        await this.pause(this.pauseMs);
      }
    }
  }

  /** @returns how long there is reason to wait, ms */
  private async turn(): Promise<number> {
    const { notebook, clock, moved } = this.ports;
    const { donePosition, markPosition } = this.followed;
    const { changesMax, waitMs } = this.place;
    const isBegun = markPosition > donePosition;
    const found = notebook
      .noted(donePosition, changesMax)
      .filter(({ number }) => !isBegun || number <= markPosition);
    const last = found.at(-1);
    if (last === undefined) return 0;
    this.again = true;
    this.sinceMs ??= clock.realMs();
    const leftMs = this.sinceMs + waitMs - clock.realMs();
    if (!isBegun && !this.hurry && found.length < changesMax && leftMs > 0) return leftMs;
    this.follow({ donePosition, markPosition: last.number });
    await this.place.deliver(found.map(({ change }) => change));
    if (this.ended) return 0; // the database is closed: the same is delivered at the next start
    this.follow({ donePosition: last.number, markPosition: last.number });
    this.sinceMs = undefined;
    moved();
    return 0;
  }

  private follow(followed: Followed): void {
    this.followed = followed;
    this.ports.notebook.follow(this.place.name, followed);
  }

  private async pause(forMs: number): Promise<void> {
    if (this.ended || (this.hurry && this.pauseMs === 0)) return;
    const { clock } = this.ports;
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = clock.realAt(clock.realMs() + forMs, resolve);
    this.wake = resolve;
    await promise;
    this.wake = undefined;
    cancel();
  }
}
