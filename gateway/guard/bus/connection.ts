import type { Clock, Log, Wire } from '../../ports.ts';

export interface ConnectionOptions {
  readonly wire: Wire;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
  /** Least real time from the end of a connection, or of an attempt, to the next attempt. */
  readonly delayMs: () => number;
  /**
   * Longest real time between two attempts: a repaired device should not wait longer than a person
   * would, and looking for an adapter costs nobody anything.
   */
  readonly capMs: number;
  /** Nothing is under way on it: the far end may close it without harm. */
  readonly idle: () => boolean;
  readonly opened: () => void;
  readonly closed: () => void;
}

/** Real milliseconds. */
const OPEN_WITHIN_MS = 5_000;
const BACK_OFF_FIRST_MS = 250;
/** Back within this, and after an answer not longer ago than that, it is the same session. */
const REPLACED_MS = 2_000;
const ANSWERED_MS = 10_000;
/** Closings between requests, in a row and each this close to the last, that are told once. */
const KICKED = 5;
const KICKED_WITHIN_MS = 15_000;

/**
 * Keeps a wire open: closes before it opens, bounds the attempt, and backs off with full jitter,
 * never faster than the device's connect delay. A connection that has carried an answer resets the
 * back-off.
 */
export class Connection {
  open = false;
  opens = 0;
  /**
   * Connections, without those that only replaced one which we gave up for a broken answer: in
   * between the device has not restarted.
   */
  sessions = 0;
  /** Connections, without those that replaced at once one which we gave up ourselves. */
  outages = 0;
  why = 'not connected yet';
  private readonly options: ConnectionOptions;
  private wanted = false;
  private attempt = 0; // the one that counts; older ones are ignored
  private failures = 0;
  private carried = false; // an answer came over this connection
  private provenAtMs = Number.NEGATIVE_INFINITY; // the last answer
  private sameUntilMs = Number.NEGATIVE_INFINITY; // a connection by then continues the session
  private replacedUntilMs = Number.NEGATIVE_INFINITY; // one by then takes the place of the last
  private kicked = 0;
  private kickedAtMs = Number.NEGATIVE_INFINITY;
  private timer: (() => void) | undefined;
  private told: string | undefined;

  constructor(options: ConnectionOptions) {
    this.options = options;
    options.wire.onClose = (reason) => this.wireClosed(reason);
  }

  start(): void {
    if (this.wanted) return;
    this.wanted = true;
    this.tryOpen();
  }

  stop(): void {
    this.wanted = false;
    this.attempt += 1;
    this.open = false;
    this.why = 'stopped';
    this.timer?.();
    this.timer = undefined;
    this.options.wire.close();
  }

  /** An attempt has ended without a connection, and none since has succeeded. */
  get failed(): boolean {
    return !this.open && this.failures > 0;
  }

  /** An answer came over it. */
  proven(nowMs: number): void {
    this.failures = 0;
    this.carried = true;
    this.provenAtMs = nowMs;
  }

  /** Nothing more on it can be understood; the device is there. */
  garbled(reason: string): void {
    if (!this.wanted || !this.open) return;
    this.lost(reason);
    const nowMs = this.options.clock.realMs();
    if (nowMs - this.provenAtMs < ANSWERED_MS) this.sameUntilMs = nowMs + REPLACED_MS;
  }

  /** It cannot be used any more. */
  lost(reason: string): void {
    if (!this.wanted || !this.open) return;
    const waitMs = this.down(reason, reason);
    // The pause is ours: it says nothing of the far end.
    this.replacedUntilMs = this.options.clock.realMs() + waitMs + REPLACED_MS;
  }

  private wireClosed(reason: string): void {
    if (!this.wanted || !this.open) return;
    if (this.carried && this.options.idle()) this.closedBetween(reason);
    else this.down(reason, reason);
  }

  /**
   * Some devices close a connection that nobody uses: no fault, and it is opened again at once.
   * One that does so again and again gives its only place to another client.
   */
  private closedBetween(reason: string): void {
    const nowMs = this.options.clock.realMs();
    this.kicked = nowMs - this.kickedAtMs < KICKED_WITHIN_MS ? this.kicked + 1 : 1;
    this.kickedAtMs = nowMs;
    const often = `${KICKED} times in a row between requests`;
    const why = 'does another client take its place?';
    this.down(reason, this.kicked === KICKED ? `${reason} ${often}; ${why}` : '');
  }

  /**
   * @param said the line about it; '' where it is not worth one
   * @returns the pause until the next attempt, ms
   */
  private down(reason: string, said: string): number {
    this.attempt += 1;
    this.open = false;
    this.carried = false;
    this.sameUntilMs = Number.NEGATIVE_INFINITY;
    this.replacedUntilMs = Number.NEGATIVE_INFINITY;
    this.why = reason;
    if (said !== '') this.tell(said);
    this.options.wire.close();
    this.options.closed();
    return this.later();
  }

  private later(): number {
    if (!this.wanted) return 0;
    const { clock, random, delayMs, capMs } = this.options;
    const ceiling = Math.min(capMs, BACK_OFF_FIRST_MS * 2 ** Math.min(this.failures, 10));
    this.failures += 1;
    const waitMs = Math.max(random() * ceiling, delayMs());
    this.timer?.();
    this.timer = clock.realAt(clock.realMs() + waitMs, () => {
      this.timer = undefined;
      this.tryOpen();
    });
    return waitMs;
  }

  private tryOpen(): void {
    const { wire, clock } = this.options;
    this.attempt += 1;
    const attempt = this.attempt;
    const giveUp = clock.realAt(clock.realMs() + OPEN_WITHIN_MS, () =>
      this.ended(attempt, `${wire.label}: no connection within ${OPEN_WITHIN_MS / 1_000} s`),
    );
    wire.close();
    wire.open().then(
      () => {
        giveUp();
        this.succeeded(attempt);
      },
      (error: unknown) => {
        giveUp();
        this.ended(attempt, error instanceof Error ? error.message : String(error));
      },
    );
  }

  private succeeded(attempt: number): void {
    if (attempt !== this.attempt) return;
    this.open = true;
    this.opens += 1;
    const nowMs = this.options.clock.realMs();
    if (nowMs > this.sameUntilMs) this.sessions += 1;
    if (nowMs > this.replacedUntilMs) this.outages += 1;
    this.why = '';
    if (this.told !== undefined || this.opens === 1) {
      this.options.log.info(`${this.options.wire.label}: connected`);
    }
    this.told = undefined;
    this.options.opened();
  }

  private ended(attempt: number, reason: string): void {
    if (attempt !== this.attempt) return;
    this.attempt += 1;
    this.why = reason;
    this.tell(reason);
    this.options.wire.close();
    this.later();
  }

  /** Each reason once, not at every attempt. */
  private tell(reason: string): void {
    if (reason === this.told) return;
    this.told = reason;
    this.options.log.warn(`${this.options.wire.label}: ${reason}`);
  }
}
