import type { Image } from '../contracts/values/image.ts';
import { abnormal, NORMAL_V } from '../contracts/values/phases.ts';
import type { Site } from '../contracts/values/site.ts';
import type { Timing } from '../contracts/values/timing.ts';
import { percent } from '../contracts/values/words.ts';
import type { GuardMemory, Turn } from './decide.ts';

export type Concern = NonNullable<Image['concerns']>[number];

/** A jump of charge is shown for so many cycles: whoever looks an hour later must still see it. */
const JUMP_CYCLES = 3_600;

const nameOf = (site: Site, id: string): string =>
  site.terminals.find((one) => one.id === id)?.name ?? id;

/** What people must know of that no reading shows: each once, by its code. */
export const concernsOf = (turn: Turn, spec: Site, { cycleMs }: Timing): readonly Concern[] => [
  ...jumps(turn, spec, JUMP_CYCLES * cycleMs),
  ...faults(turn),
  ...swings(turn),
  ...voltages(turn),
];

const jumps = ({ memory, site }: Turn, spec: Site, shownMs: number): readonly Concern[] =>
  Object.entries(memory.site.soc).flatMap(([terminal, { jump }]): Concern[] => {
    if (jump === undefined || site.nowMs - jump.atMs > shownMs) return [];
    const span = `from ${percent(jump.fromPct)} to ${percent(jump.toPct)}`;
    return [
      {
        code: `SOC_JUMP:${terminal}`,
        text: `The charge of ${nameOf(spec, terminal)} jumped ${span}, and no energy explains it`,
        mend: 'Look at its BMS; if it jumps again, let it be charged to the full once.',
      },
    ];
  });

const faults = ({ site }: Turn): readonly Concern[] =>
  site.terminals.flatMap(({ id, spec, capability }): Concern[] => {
    const { fault } = capability;
    if (fault === undefined || fault === 0) return [];
    return [
      {
        code: `BMS_FAULT:${id}`,
        text: `${spec.name} reports a fault (${fault}) and rests`,
        mend: 'Look up this number in the manual of the battery.',
      },
    ];
  });

const swings = ({ memory }: Turn): readonly Concern[] =>
  Object.entries(memory.control.swing).flatMap(([connection, { share }]): Concern[] => {
    if (share === 1) return [];
    return [
      {
        code: `SWINGING:${connection}`,
        text: `The batteries at ${connection} swung against their own meter and are held calmer`,
        mend: 'State latencyMs of the meter, responseMs of the batteries, or measure them.',
      },
    ];
  });

const voltages = ({ memory }: Turn): readonly Concern[] =>
  Object.entries(memory.site.volts ?? {}).flatMap(([connection, tracks]) =>
    abnormal(tracks).map(({ name, meanV }): Concern => {
      const normal = `${NORMAL_V.least} to ${NORMAL_V.most} V are normal`;
      return {
        code: `VOLTAGE:${connection}.${name}`,
        text: `${name} at ${connection} had ${Math.round(meanV)} V for ten minutes, ${normal}`,
        mend: 'Tell the grid operator; inverters may give less or switch off by themselves.',
      };
    }),
  );

/** Full charges that became due, or were done, in this turn. */
export function fillNews(spec: Site, before: GuardMemory, turn: Turn): readonly string[] {
  return Object.entries(turn.memory.control.fill).flatMap(([id, { lastWallMs }]) => {
    const old = before.control.fill[id]?.lastWallMs ?? lastWallMs;
    return old === lastWallMs ? [] : [`${nameOf(spec, id)} was charged to the full`];
  });
}
