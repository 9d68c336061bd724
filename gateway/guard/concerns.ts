import type { Image } from '../contracts/values/image.ts';
import type { Site } from '../contracts/values/site.ts';
import type { Timing } from '../contracts/values/timing.ts';
import { percent } from '../contracts/values/words.ts';
import type { GuardMemory } from './decide.ts';

export type Concern = NonNullable<Image['concerns']>[number];

/** A jump of charge is shown for so many cycles: whoever looks an hour later must still see it. */
const JUMP_CYCLES = 3_600;

/** What people must know of that no reading shows: each once, by its code. */
export function concernsOf(
  site: Site,
  memory: GuardMemory,
  { cycleMs }: Timing,
  nowMs: number,
): readonly Concern[] {
  const nameOf = (id: string): string => site.terminals.find((one) => one.id === id)?.name ?? id;
  return Object.entries(memory.site.soc).flatMap(([terminal, { jump }]): Concern[] => {
    if (jump === undefined || nowMs - jump.atMs > JUMP_CYCLES * cycleMs) return [];
    const span = `from ${percent(jump.fromPct)} to ${percent(jump.toPct)}`;
    return [
      {
        code: `SOC_JUMP:${terminal}`,
        text: `The charge of ${nameOf(terminal)} jumped ${span}, and no energy explains it`,
        mend: 'Look at its BMS; if it jumps again, let it be charged to the full once.',
      },
    ];
  });
}
