import { describe, expect, it } from 'vitest';
import { createLedger, type Entry, JournalDamaged } from '../../../../cloud/market/ledger.ts';

const entry = (id: string, amountNano: bigint, kind: Entry['kind'] = 'trade'): Entry => ({
  id,
  atMs: 1_000,
  kind,
  currency: 'EUR',
  legs: [
    { account: 'participant:a', amountNano: -amountNano },
    { account: 'participant:b', amountNano },
  ],
});

describe('ledger', () => {
  it('refuses an entry that does not sum to 0, without a trace', () => {
    const ledger = createLedger();
    const legs = [{ account: 'participant:a', amountNano: 1n }];
    expect(() => ledger.post({ ...entry('x', 1n), legs })).toThrow(/sums to 1/);
    expect([ledger.length, ledger.sumNano(), ledger.balanceNano('participant:a')]).toEqual([
      0,
      0n,
      0n,
    ]);
  });

  it('posts one cause once, and refuses another content under its id', () => {
    const ledger = createLedger();
    expect(ledger.post(entry('x', 5n))).toBe(
      '{"atMs":1000,"currency":"EUR","id":"x","kind":"trade","legs":[["participant:a","-5"],["participant:b","5"]],"n":1}',
    );
    expect(ledger.post(entry('x', 5n))).toBeUndefined();
    expect(ledger.post({ ...entry('x', 5n), atMs: 2_000 })).toBeUndefined();
    expect(() => ledger.post(entry('x', 6n))).toThrow(/another entry/);
    expect([ledger.length, ledger.balanceNano('participant:b')]).toEqual([1, 5n]);
  });

  it('corrects by reversing, never by changing', () => {
    const ledger = createLedger();
    ledger.post(entry('x/1', 5n));
    ledger.reverse('x/1', 9_000);
    expect(ledger.reverse('x/1', 9_999)).toBeUndefined();
    ledger.post(entry('x/2', 7n));
    expect(ledger.balances()).toEqual([
      ['participant:a', -7n],
      ['participant:b', 7n],
    ]);
    expect(ledger.length).toBe(3);
    expect(() => ledger.reverse('unknown', 0)).toThrow(/no entry/);
  });

  it('replays to the byte, and notices every kind of damage', () => {
    const ledger = createLedger();
    const lines = [
      ledger.post(entry('x', 5n)),
      ledger.post(entry('y', 2n ** 80n)),
      ledger.reverse('x', 5),
    ] as string[];
    const again = createLedger(lines);
    expect(again.balances()).toEqual(ledger.balances());
    expect(again.post(entry('z', 1n))).toBe(ledger.post(entry('z', 1n)));
    const damaged = [
      lines.slice(1),
      [lines[1]!, lines[0]!],
      [lines[0]!, lines[0]!],
      [lines[0]!.replace('"5"', '"6"')],
      [lines[0]!.replace('"-5"', '"-6"').replace('"5"', '"6"').replace('{', '{ ')],
      ['nonsense'],
    ];
    for (const some of damaged) expect(() => createLedger(some)).toThrow(JournalDamaged);
  });
});
