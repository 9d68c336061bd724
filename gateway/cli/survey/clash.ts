import { PRESENCE } from './identify.ts';
import type { Line } from './line.ts';

/** Something was heard on the wire of `line` that no single device says. */
export const oddities = ({ overheard }: Line): number =>
  (overheard?.broken() ?? 0) + (overheard?.answers() ?? 0);

const TURNS = 6;
const MANY = 3;

/**
 * Whether two devices answer as one unit, as far as a line shows it: answers that overlap are
 * broken, and a slower one comes behind the first. Noise breaks answers as well, so both are named.
 * Two devices whose answers are the same bit for bit at the same time cannot be told from one.
 * @returns what was seen, for people; undefined when all is well
 */
export async function clashOf(line: Line, unit: number): Promise<string | undefined> {
  const { overheard } = line;
  if (overheard === undefined) return undefined;
  let odd = 0;
  for (let turn = 0; turn < TURNS; turn += 1) {
    const request = PRESENCE[turn % PRESENCE.length];
    if (request === undefined) continue;
    const before = overheard.answers();
    const result = await line.ask(unit, request);
    const isBroken = !result.ok && result.why === 'bad-frame';
    await overheard.rest();
    const isAnswered = result.ok || result.exception !== undefined;
    if (isBroken || (isAnswered && overheard.answers() > before)) odd += 1;
  }
  if (odd < MANY) return undefined;
  return (
    `${odd} of ${TURNS} answers of unit ${unit} came broken or twice: do two devices have that ` +
    'unit? Leave one of them on the line and scan again; otherwise mend termination or baud rate'
  );
}
