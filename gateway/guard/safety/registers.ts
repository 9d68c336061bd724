import type { Verdict } from './verdict.ts';

/** One register of a write as it stands in the frame, and what it does to the device. */
export interface RegisterWrite {
  readonly key: string;
  readonly words: readonly number[]; // in the order of their addresses
  readonly form: 'unsigned' | 'signed' | 'float';
  readonly lowFirst: boolean; // least significant word first
  readonly countValue: number; // of one count, in W, %, A or s; + into the node
  readonly offsetValue: number; // added to it
  readonly use: Use;
}

export type Use =
  | { readonly is: 'power' | 'size' | 'share' | 'current' | 'on' } // of the verdict
  | { readonly is: 'safe-power' | 'safe-share' | 'safe-on' | 'time' }
  | { readonly is: 'fixed'; readonly value: number }; // what the profile names

/** What may stand in the registers of one terminal now. */
export interface Permit {
  readonly verdict: Verdict;
  readonly ratedW: number; // 100 % of a share
  readonly safeW: number; // for when we fall silent
  readonly longestS: number; // a lease ends by then
}

/** Beyond a bound by this share is arithmetic. */
const EXACT = 1e-6;
const WORD = 65_536;

/** As the device reads it, from the bytes alone: whoever packed them is not asked. */
function rawOf({ words, form, lowFirst }: RegisterWrite): number {
  const bigFirst = lowFirst ? [...words].reverse() : words;
  if (form === 'float') {
    const view = new DataView(new ArrayBuffer(2 * bigFirst.length));
    bigFirst.forEach((word, n) => {
      view.setUint16(2 * n, word);
    });
    return bigFirst.length === 2 ? view.getFloat32(0) : view.getFloat64(0);
  }
  const raw = bigFirst.reduce((sum, word) => sum * WORD + word, 0);
  const all = bigFirst.reduce((product) => product * WORD, 1);
  return form === 'signed' && raw >= all / 2 ? raw - all : raw;
}

/** From nothing to what was allowed, and never the other way. */
function within(value: number, mostValue: number): boolean {
  const slack = EXACT * Math.abs(mostValue);
  return mostValue < 0
    ? value <= 0 && value >= mostValue - slack
    : value >= 0 && value <= mostValue + slack;
}

function allowed(value: number, { use, countValue }: RegisterWrite, permit: Permit): boolean {
  const { verdict, ratedW, safeW, longestS } = permit;
  switch (use.is) {
    case 'power':
      return within(value, verdict.powerW);
    case 'size':
      return within(value, Math.abs(verdict.powerW));
    case 'share':
      return Math.abs(value) <= 100 && within(value, (100 * verdict.powerW) / ratedW);
    case 'current':
      return within(value, verdict.currentA);
    case 'on':
      return value === 0 || (value === 1 && verdict.powerW !== 0);
    case 'safe-power':
      return within(value, safeW);
    case 'safe-share':
      return Math.abs(value) <= 100 && within(value, (100 * safeW) / ratedW);
    case 'safe-on':
      return value === 0 || value === 1;
    case 'time':
      return value > 0 && within(value, longestS); // 0 would be no end at all
    case 'fixed':
      return Math.abs(value - use.value) <= (0.5 + EXACT) * Math.abs(countValue);
  }
}

/**
 * The second look, after scaling and rounding, at the words that go on the wire: no register asks
 * for more than the verdict allowed, and no lease is without an end.
 * @returns why it must not be written; undefined when it may
 */
export function refusal(write: RegisterWrite, permit: Permit): string | undefined {
  const value = rawOf(write) * write.countValue + write.offsetValue;
  if (Number.isFinite(value) && allowed(value, write, permit)) return undefined;
  return `${write.key} would show ${value}, which is more than was allowed`;
}
