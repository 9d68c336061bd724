import type { DeviceMap } from '../../devices/profile.ts';
import type { Clock, Log } from '../ports.ts';
import type { Request } from './bus/pdu.ts';
import type { BusResult } from './bus/types.ts';
import type { Poller } from './measurements/types.ts';

/** What the gateway file lets through to devices (docs/proxy.md). */
export interface PassRules {
  readonly devices: readonly string[];
  readonly writes: boolean;
  readonly sharePct: number; // of a wire's time, at most
}

type Passable = Exclude<Request, { fc: 22 | 23 | 43 }>;

/** Answers of others' requests: a Modbus PDU as bytes. */
type Pdu = readonly number[];

/** A wire may be ahead of its share by this much (real ms). */
const AHEAD_MS = 500;
/** A device that takes longer to be silent would cost the guard its fresh readings. */
const SLOWEST_MS = 2_000;
/** After a time-out nothing passes to that device for so long (real ms). */
const CLOSED_MS = 10 * 60_000;

const ILLEGAL_FUNCTION = 1;
const ILLEGAL_VALUE = 3;
const BUSY = 6;
const NO_PATH = 10;
const NO_ANSWER = 11;
/** The same write with the same end is told once, then with a count. */
const TELL_MS = 10 * 60_000;
const TOLD_MAX = 100;

const refusal = (fc: number, code: number): Pdu => [fc | 0x80, code];

/**
 * Requests of other masters as jobs of the lowest priority: one at a time, within a share of the
 * wire's time, never to a register that is ours to write or that wears out, and for a while never
 * again to a device that did not answer one.
 */
export class PassThrough {
  private readonly rules: PassRules;
  private readonly all: ReadonlySet<string>;
  private readonly poller: Pick<Poller, 'bus' | 'map'>;
  private readonly clock: Pick<Clock, 'realMs'>;
  private readonly log: Log;
  private readonly closedUntilMs = new Map<string, number>();
  private creditMs = AHEAD_MS;
  private creditAtMs: number;
  private isBusy = false;
  private readonly told = new Map<string, { atMs: number; count: number }>();
  private news: string[] = [];

  constructor(
    rules: PassRules,
    poller: Pick<Poller, 'bus' | 'map'>,
    clock: Pick<Clock, 'realMs'>,
    log: Log,
    all: readonly { readonly id: string }[] = [],
  ) {
    this.all = new Set(all.map(({ id }) => id));
    this.rules = rules;
    this.poller = poller;
    this.clock = clock;
    this.log = log;
    this.creditAtMs = clock.realMs();
  }

  /**
   * @param isLocal asked by who may read the gateway's own files: every device of the site, reads
   *   only
   * @param from address of the other master
   */
  async ask(device: string, pdu: Pdu, isLocal = false, from = 'somebody'): Promise<Pdu> {
    const answer = await this.judged(device, pdu, isLocal);
    const request = requestOf(pdu);
    if (request !== undefined && request.fc >= 5) this.record(device, request, answer, from);
    return answer;
  }

  /** Writes that were asked for and how they ended, not told yet: for the record. */
  tell(): string[] {
    const { news } = this;
    this.news = [];
    return news;
  }

  private record(device: string, { fc, at }: Passable, answer: Pdu, from: string): void {
    const [code = 0, exception] = answer;
    const end = code === fc ? 'done' : `refused with exception ${exception}`;
    const text = `${from} wrote to ${device} through the proxy (function ${fc} at ${at}): ${end}`;
    const nowMs = this.clock.realMs();
    const before = this.told.get(text) ?? { atMs: Number.NEGATIVE_INFINITY, count: 0 };
    const isDue = nowMs - before.atMs >= TELL_MS;
    if (this.told.size >= TOLD_MAX) this.told.clear();
    this.told.set(text, { atMs: isDue ? nowMs : before.atMs, count: before.count + 1 });
    if (!isDue || this.news.length >= TOLD_MAX) return;
    this.news.push(before.count === 0 ? text : `${text} (${before.count + 1} times by now)`);
  }

  private async judged(device: string, pdu: Pdu, isLocal: boolean): Promise<Pdu> {
    const fc = pdu[0] ?? 0;
    const isOpen = isLocal ? this.all.has(device) : this.rules.devices.includes(device);
    const map = isOpen ? this.poller.map(device) : undefined;
    if (map === undefined || map.limits.timeoutMs > SLOWEST_MS) return refusal(fc, NO_PATH);
    const request = requestOf(pdu);
    if (request === undefined) return refusal(fc, ILLEGAL_FUNCTION);
    const isWriting = request.fc >= 5;
    if (isWriting && (isLocal || !this.rules.writes || isOurs(map, request))) {
      return refusal(fc, ILLEGAL_FUNCTION);
    }
    const nowMs = this.clock.realMs();
    if (nowMs < (this.closedUntilMs.get(device) ?? 0)) return refusal(fc, NO_ANSWER);
    this.creditMs += ((nowMs - this.creditAtMs) * this.rules.sharePct) / 100;
    this.creditMs = Math.min(AHEAD_MS, this.creditMs);
    this.creditAtMs = nowMs;
    if (this.isBusy || this.creditMs <= 0) return refusal(fc, BUSY);
    return this.run(device, pdu, request);
  }

  private async run(device: string, pdu: Pdu, request: Request): Promise<Pdu> {
    const fc = pdu[0] ?? 0;
    const fromMs = this.clock.realMs();
    this.isBusy = true;
    try {
      const result = await this.poller.bus(device).request(request, 'slow');
      this.creditMs -= result.ok ? result.tookMs : this.clock.realMs() - fromMs;
      if (result.ok) return answerOf(pdu, result.words);
      return refusal(fc, this.failed(device, result));
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      return refusal(fc, ILLEGAL_VALUE); // more than the device takes at once
    } finally {
      this.isBusy = false;
    }
  }

  /** @returns exception code */
  private failed(device: string, result: BusResult & { ok: false }): number {
    if (result.why === 'exception') return result.exception ?? NO_ANSWER;
    if (!result.sent) return NO_ANSWER;
    this.closedUntilMs.set(device, this.clock.realMs() + CLOSED_MS);
    this.log.warn(`${device} did not answer another master's request; nothing passes for a while`);
    return NO_ANSWER;
  }
}

const wordAt = (pdu: Pdu, at: number): number => ((pdu[at] ?? 0) << 8) | (pdu[at + 1] ?? 0);

/** Functions 1 to 6, 15 and 16, well formed. */
function requestOf(pdu: Pdu): Passable | undefined {
  const fc = pdu[0] ?? 0;
  const [at, second] = [wordAt(pdu, 1), wordAt(pdu, 3)];
  if (fc >= 1 && fc <= 6 && pdu.length !== 5) return undefined;
  switch (fc) {
    case 1:
    case 2:
    case 3:
    case 4:
      return { fc, at, count: second };
    case 5:
      return second === 0 || second === 0xff00 ? { fc, at, on: second !== 0 } : undefined;
    case 6:
      return { fc, at, word: second };
    case 15:
    case 16: {
      const size = fc === 15 ? Math.ceil(second / 8) : 2 * second;
      if (second < 1 || pdu[5] !== size || pdu.length !== 6 + size) return undefined;
      const one = (n: number): boolean => (((pdu[6 + (n >> 3)] ?? 0) >> (n & 7)) & 1) === 1;
      const numbers = Array.from({ length: second }, (_, n) => n);
      if (fc === 15) return { fc, at, bits: numbers.map(one) };
      return { fc, at, words: numbers.map((n) => wordAt(pdu, 6 + 2 * n)) };
    }
    default:
      return undefined;
  }
}

/** Whether a write touches what the guard commands, or what is kept in flash. */
function isOurs(map: DeviceMap, request: Passable): boolean {
  const count =
    request.fc === 16 ? request.words.length : request.fc === 15 ? request.bits.length : 1;
  const own = map.control.flatMap(({ arm, set, release, heartbeat, unlock }) => [
    ...[...arm, ...set, ...release].map(({ point }) => point),
    ...[heartbeat?.point ?? [], unlock?.write?.point ?? []].flat(),
  ]);
  return Object.values(map.points).some((point) => {
    if (!own.includes(point.key) && point.stored !== true) return false;
    return [point.at, point.writeAt ?? point.at].some(
      (at) => at < request.at + count && request.at < at + point.count,
    );
  });
}

function answerOf(pdu: Pdu, words: readonly number[]): Pdu {
  const fc = pdu[0] ?? 0;
  if (fc >= 5) return pdu.slice(0, 5);
  if (fc >= 3) return [fc, 2 * words.length, ...words.flatMap((word) => [word >> 8, word & 255])];
  const bytes = new Array<number>(Math.ceil(words.length / 8)).fill(0);
  words.forEach((bit, n) => {
    if (bit !== 0) bytes[n >> 3] = (bytes[n >> 3] ?? 0) | (1 << (n & 7));
  });
  return [fc, bytes.length, ...bytes];
}
