import type { BrokerCheck, Clock, Log } from '../../ports.ts';
import { certificateTrouble, type Trouble, troubleOf } from './trouble.ts';

const FIRST_LOOK_MS = 5_000; // real, after the session ended
const LOOK_EVERY_MS = 60_000;
const TAKEN_WITHIN_MS = 600_000;
const TAKEN_OFTEN = 3;
/** MQTT 5, 3.14.2.1: session taken over. */
const TAKEN_OVER = /reason 142\b/;

export interface WatchDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly check?: BrokerCheck | undefined; // without one only what the broker says counts
}

/**
 * Watches the session with the broker. While there is none it looks why, once a minute and without
 * beginning one; the broker's clients often know no more than that a connection was lost.
 */
export class LinkWatch {
  private readonly deps: WatchDeps;
  private takenAtMs: number[] = []; // real
  private lookCode: string | undefined;
  private looks = 0; // since the session ended
  private cancel: (() => void) | undefined;

  constructor(deps: WatchDeps) {
    this.deps = deps;
  }

  /** The session came, or ended, or did not come about. @param why the broker's client's words */
  turned(connected: boolean, why: string): void {
    const { clock } = this.deps;
    this.stop();
    this.lookCode = undefined;
    this.looks = 0;
    if (connected) return;
    if (TAKEN_OVER.test(why)) this.takenAtMs.push(clock.realMs());
    this.later(FIRST_LOOK_MS);
  }

  /** What holds now. @param isClockTrusted as the guard judges the clock */
  troubles(isClockTrusted: boolean): Trouble[] {
    const { clock, check } = this.deps;
    const sinceMs = clock.realMs() - TAKEN_WITHIN_MS;
    if (this.takenAtMs.length > 0) {
      this.takenAtMs = this.takenAtMs.filter((atMs) => atMs > sinceMs);
    }
    const witness = { wallMs: clock.wallMs(), isClockTrusted, own: check?.ownCertificate };
    const way = this.lookCode === undefined ? this.refused() : troubleOf(this.lookCode, witness);
    const own = certificateTrouble(witness);
    return [
      ...(this.takenAtMs.length >= TAKEN_OFTEN ? [TAKEN] : []),
      ...(way ? [way] : []),
      ...(own && own.code !== way?.code ? [own] : []),
    ];
  }

  stop(): void {
    this.cancel?.();
    this.cancel = undefined;
  }

  /** The way is free, and twice in a row nobody let us in. */
  private refused(): Trouble | undefined {
    return this.looks >= 2 ? REFUSED : undefined;
  }

  private later(inMs: number): void {
    const { clock, check } = this.deps;
    if (check === undefined) return;
    const cancel = clock.realAt(clock.realMs() + inMs, () => void look());
    this.cancel = cancel;
    const look = async (): Promise<void> => {
      const code = await check.examine();
      if (this.cancel !== cancel) return; // meanwhile it turned
      if (code !== undefined && code !== this.lookCode) {
        this.deps.log.warn('the way to the broker was looked at', { code });
      }
      this.lookCode = code;
      this.looks = code === undefined ? this.looks + 1 : 0;
      this.later(LOOK_EVERY_MS);
    };
  }
}

const TAKEN: Trouble = {
  code: 'CLIENT_ID_TAKEN',
  text: 'Somebody else connects to the broker as this gateway, and each ends the other’s session.',
  mend: 'Find the second one with this gateway’s id, or have its certificate revoked.',
};
const REFUSED: Trouble = {
  code: 'BROKER_REFUSES',
  text: 'The broker answers, and begins no session with this gateway.',
  mend: 'Look at password, client id and policy; the log says how it ended the last one.',
};
