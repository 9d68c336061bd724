import type { Statement } from '../../../gateway/contracts/messages.ts';
import type { Write } from '../../ports.ts';
import { lineRows } from './delivery.ts';

/**
 * A statement as rows, the same as the supervisor's own: for a copy that only hears what it says. A
 * statement of a cloud before versions were told counts as version 0.
 */
export function statementWrites(zone: string, said: Statement): Write[] {
  return said.lines.flatMap(({ version = 0, ...line }) => {
    return lineRows(zone, { fromMs: line.interval.fromMs, version }, said.participant, line);
  });
}
