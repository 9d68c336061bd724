/** The quotas of one connection, as AWS documents them. */
export interface Limits {
  readonly payloadBytes: number;
  readonly publishesPerS: number; // more are discarded without PUBACK
  readonly bytesPerS: number; // more are delayed
  readonly subscriptions: number;
  readonly filtersPerSubscribe: number;
  readonly unacked: number; // each way
  readonly shadowBytes: number; // state only
  readonly shadowDepth: number;
  readonly jobDocumentChars: number;
  readonly clientIdBytes: number;
}

export const DOCUMENTED: Limits = {
  payloadBytes: 131_072,
  publishesPerS: 100,
  bytesPerS: 524_288,
  subscriptions: 50,
  filtersPerSubscribe: 8,
  unacked: 100,
  shadowBytes: 8_192,
  shadowDepth: 6,
  jobDocumentChars: 32_768,
  clientIdBytes: 128,
};

/** Everything that is a rate or a count is off; sizes stay, since no broker takes any size. */
const UNLIMITED: Limits = {
  ...DOCUMENTED,
  publishesPerS: Number.POSITIVE_INFINITY,
  bytesPerS: Number.POSITIVE_INFINITY,
  subscriptions: Number.POSITIVE_INFINITY,
  filtersPerSubscribe: Number.POSITIVE_INFINITY,
  unacked: 65_535,
};

export const LIMIT_NAMES = Object.keys(DOCUMENTED) as (keyof Limits)[];

/** All as documented, all off, or each that is named as it says and the others as documented. */
export function limitsOf(
  chosen: 'documented' | 'off' | { readonly [name in keyof Limits]?: number | 'off' | undefined },
): Limits {
  if (chosen === 'documented') return DOCUMENTED;
  if (chosen === 'off') return UNLIMITED;
  const limits: { -readonly [name in keyof Limits]: number } = { ...DOCUMENTED };
  for (const name of LIMIT_NAMES) {
    const value = chosen[name];
    if (value !== undefined) limits[name] = value === 'off' ? UNLIMITED[name] : value;
  }
  return limits;
}

const WINDOW_MS = 1_000;

/** Counts what one connection sends within a second. */
export class Meter {
  private readonly limits: Limits;
  private fromMs = Number.NEGATIVE_INFINITY;
  private messages = 0;
  private bytes = 0;

  constructor(limits: Limits) {
    this.limits = limits;
  }

  /** @returns false when this message is one too many */
  message(nowMs: number): boolean {
    this.roll(nowMs);
    this.messages += 1;
    return this.messages <= this.limits.publishesPerS;
  }

  /** @returns how long the connection must not be read, ms */
  read(bytes: number, nowMs: number): number {
    this.roll(nowMs);
    this.bytes += bytes;
    return this.bytes > this.limits.bytesPerS ? this.fromMs + WINDOW_MS - nowMs : 0;
  }

  private roll(nowMs: number): void {
    if (nowMs - this.fromMs < WINDOW_MS) return;
    const carried = Math.max(0, this.bytes - this.limits.bytesPerS);
    this.fromMs = nowMs;
    this.messages = 0;
    this.bytes = Number.isFinite(carried) ? carried : 0;
  }
}
