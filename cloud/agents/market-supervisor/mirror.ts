import type { Statement } from '../../../gateway/contracts/messages.ts';
import type { Write } from '../../ports.ts';
import { lineRows } from './delivery.ts';

/**
 * A statement as rows, the same keys as the supervisor's own: for a copy that only hears what it
 * says. Which version of a settlement it was a statement does not tell: 0.
 */
export function statementWrites(zone: string, said: Statement): Write[] {
  return said.lines.flatMap((line) => {
    const interval = { fromMs: line.interval.fromMs, version: 0 };
    return lineRows(zone, interval, said.participant, line);
  });
}
