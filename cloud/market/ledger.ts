import type { Nano } from '../../gateway/contracts/values/money.ts';
import type { Instant } from '../../gateway/contracts/values/time.ts';
import { canonical } from '../canonical.ts';

/** One side of an entry: + the account receives, - it pays, nano-currency. */
export interface Leg {
  readonly account: string;
  readonly amountNano: Nano;
}

/** A balanced posting; its id names its cause, so that posting one cause twice is one posting. */
export interface Entry {
  readonly id: string;
  readonly atMs: Instant;
  readonly kind: 'trade' | 'grid-fee' | 'imbalance' | 'retail' | 'reversal';
  readonly currency: string; // ISO 4217; accounts of different currencies never meet
  readonly legs: readonly Leg[];
}

export const ACCOUNTS = {
  participant: (id: string): string => `participant:${id}`,
  // counterparty of every trade: nets to 0
  clearing: (zone: string): string => `zone:${zone}:clearing`,
  // counter-entry of imbalances: nets to 0
  balancing: (zone: string): string => `zone:${zone}:balancing`,
  // who supplies or takes the zone's rest
  retailer: (zone: string): string => `zone:${zone}:retailer`,
  surplus: (zone: string): string => `zone:${zone}:surplus`, // what two prices leave between
  fees: (zone: string): string => `zone:${zone}:grid-fees`,
} as const;

/** A journal that is not one of ours, or was changed. */
export class JournalDamaged extends Error {
  constructor(line: number, what: string) {
    super(`journal line ${line}: ${what}`);
    this.name = 'JournalDamaged';
  }
}

/**
 * Double-entry ledger over an append-only journal of canonical lines. Balances are nothing but the
 * sum of the journal: replaying the lines gives the same ledger, to the byte.
 */
export interface Ledger {
  /**
   * @returns the new journal line, or undefined when this very entry is posted already (nothing
   *   happens)
   * @throws RangeError when the legs do not sum to 0, or another entry has this id
   */
  post(entry: Entry): string | undefined;
  /** Posts the mirror of an entry under `<id>/reversed`. @throws RangeError for an unknown id */
  reverse(id: string, atMs: Instant): string | undefined;
  balanceNano(account: string): Nano;
  /** Accounts and balances, by name. */
  balances(): readonly (readonly [account: string, amountNano: Nano])[];
  /** Sum of all accounts: 0 at every moment. */
  sumNano(): Nano;
  entry(id: string): Entry | undefined;
  readonly length: number;
}

/** @throws JournalDamaged when a line is not exactly what this ledger would have written there */
export function createLedger(lines: Iterable<string> = []): Ledger {
  const entries = new Map<string, Entry>();
  const balances = new Map<string, Nano>();

  const append = (entry: Entry): string => {
    entries.set(entry.id, entry);
    for (const leg of entry.legs) {
      balances.set(leg.account, (balances.get(leg.account) ?? 0n) + leg.amountNano);
    }
    return lineOf(entries.size, entry);
  };

  const post = (entry: Entry): string | undefined => {
    const known = entries.get(entry.id);
    if (known !== undefined) {
      if (lineOf(0, { ...known, atMs: 0 }) === lineOf(0, { ...entry, atMs: 0 })) return undefined;
      throw new RangeError(`another entry has the id ${entry.id}`);
    }
    const sum = entry.legs.reduce((total, leg) => total + leg.amountNano, 0n);
    if (sum !== 0n) throw new RangeError(`entry ${entry.id} sums to ${sum}, not 0`);
    return append(entry);
  };

  let number = 0;
  for (const line of lines) {
    number += 1;
    const entry = readLine(line, number);
    if (entries.has(entry.id)) throw new JournalDamaged(number, `${entry.id} stands there twice`);
    if (entry.legs.reduce((total, leg) => total + leg.amountNano, 0n) !== 0n) {
      throw new JournalDamaged(number, 'does not sum to 0');
    }
    if (append(entry) !== line) throw new JournalDamaged(number, 'was not written by this ledger');
  }

  return {
    post,
    reverse(id, atMs) {
      const entry = entries.get(id);
      if (entry === undefined) throw new RangeError(`no entry ${id}`);
      const legs = entry.legs.map((leg) => ({ ...leg, amountNano: -leg.amountNano }));
      return post({ ...entry, id: `${id}/reversed`, kind: 'reversal', atMs, legs });
    },
    balanceNano: (account) => balances.get(account) ?? 0n,
    balances: () => [...balances].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)),
    sumNano: () => [...balances.values()].reduce((sum, amount) => sum + amount, 0n),
    entry: (id) => entries.get(id),
    get length() {
      return entries.size;
    },
  };
}

function lineOf(number: number, entry: Entry): string {
  const { id, atMs, kind, currency, legs } = entry;
  return canonical({
    n: number,
    id,
    atMs,
    kind,
    currency,
    legs: legs.map((leg) => [leg.account, leg.amountNano]),
  });
}

function readLine(line: string, number: number): Entry {
  try {
    const { id, atMs, kind, currency, legs } = JSON.parse(line);
    return {
      id,
      atMs,
      kind,
      currency,
      legs: legs.map(([account, amount]: [string, string]) => ({
        account,
        amountNano: BigInt(amount),
      })),
    };
  } catch {
    throw new JournalDamaged(number, 'cannot be read');
  }
}
