import { Fault } from '../../gateway/contracts/values/fault.ts';
import { createLedger, JournalDamaged, type Ledger } from '../market/ledger.ts';
import { openedFor } from './books.ts';
import { isDatabase, readText } from './json-file.ts';

/**
 * `edgewatt-cloud market replay FILE`: a journal (lines, or a database) replayed to the byte, and
 * its balances.
 */
export function marketReplay(file: string, json: boolean): string {
  const ledger = replay(file);
  const balances = ledger.balances().map(([account, amount]) => [account, String(amount)] as const);
  const sum = String(ledger.sumNano());
  if (json) return JSON.stringify({ entries: ledger.length, sumNano: sum, balances });
  const width = Math.max(12, ...balances.map(([account]) => account.length));
  const digits = Math.max(20, ...balances.map(([, amount]) => amount.length));
  return [
    `${ledger.length} entries replayed, every one sums to 0`,
    '',
    `${'account'.padEnd(width)}  ${'nano-currency'.padStart(digits)}`,
    ...balances.map(([account, amount]) => `${account.padEnd(width)}  ${amount.padStart(digits)}`),
    `${'sum'.padEnd(width)}  ${sum.padStart(digits)}`,
  ].join('\n');
}

function replay(file: string): Ledger {
  try {
    if (!isDatabase(file)) {
      return createLedger(
        readText(file)
          .split('\n')
          .filter((line) => line.trim() !== ''),
      );
    }
    return openedFor(file, (store) => createLedger(store.journal()));
  } catch (error) {
    if (error instanceof JournalDamaged) {
      throw new Fault(
        error.message,
        file,
        'compare it with a copy: a journal is only ever appended to',
      );
    }
    if (error instanceof Fault) throw error;
    const code = (error as NodeJS.ErrnoException).code ?? 'unreadable';
    throw new Fault(`cannot be read (${code})`, file, 'name an existing, readable file');
  }
}
