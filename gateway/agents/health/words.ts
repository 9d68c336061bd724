import { dayName, energy, percent } from '../../contracts/values/words.ts';
import type { StoreState } from './battery.ts';
import type { HealthState } from './health.ts';
import { degradation } from './pv.ts';
import type { Finding, FindingKind } from './types.ts';

interface Told {
  readonly what: string; // after the name, with the size in it
  readonly samples: string;
  readonly mend: string;
}

const TOLD: Readonly<Record<FindingKind, (size: string, isLess: boolean) => Told>> = {
  PV_LESS: (size) => ({
    what: `makes ${size} less of a clear sky than before`,
    samples: 'clear days',
    mend: 'Look for snow, dirt, new shade, a fuse or a string that is off.',
  }),
  PV_BEHIND: (size) => ({
    what: `makes ${size} less than before beside the other inverters of this site`,
    samples: 'days',
    mend: 'Compare its strings: a fuse, a plug, shade on one side.',
  }),
  PV_YEAR: (size) => ({
    what: `makes ${size} less than in the same weeks a year ago: soiling-like loss, or shade`,
    samples: 'clear days',
    mend: 'Clean a part of the modules, and compare.',
  }),
  PV_HOT: (size) => ({
    what: `makes ${size} less while it is hot`,
    samples: 'hot quarter-hours',
    mend: 'Clean its fan and filter, give it air and shade.',
  }),
  BATTERY_SMALLER: (size) => ({
    what: `gives ${size} less from full than before`,
    samples: 'long discharges',
    mend: 'Let it charge until its own management ends it, then have its modules compared.',
  }),
  BATTERY_LOSS: (size) => ({
    what: `loses ${size} more of what goes in than before`,
    samples: 'spans of two full charges',
    mend: 'Look at its own consumption, its temperature, and its counters.',
  }),
  BATTERY_RESISTANCE: (size) => ({
    what: `loses ${size} more voltage at a step of load than before`,
    samples: 'days',
    mend: 'Have its terminals and the spread of its cells checked.',
  }),
  METER_DRIFT: (size, isLess) => ({
    what: `counts ${size} ${isLess ? 'less' : 'more'} than its own power says`,
    samples: 'days',
    mend: 'Compare counter and display: transformer ratio, a phase, word order.',
  }),
};

/** An alarm with its evidence: how much, since when, on how many samples, and how sure. */
export function findingWords(
  { kind, id, sizeShare, sinceMs, count, isSure }: Finding,
  nameOf: (id: string) => string,
  timeZone: string,
): { readonly code: string; readonly text: string; readonly mend: string } {
  const size = percent(100 * Math.abs(sizeShare));
  const { what, samples, mend } = TOLD[kind](size, sizeShare < 0);
  const since = dayName(sinceMs, timeZone, 'short');
  const sure = isSure ? 'sure' : 'likely';
  return {
    code: `${kind}:${id}`,
    text: `${nameOf(id)} ${what}, since ${since} (${count} ${samples}, ${sure}).`,
    mend,
  };
}

/** What is known without an alarm, a line each; nothing about what is left of anything. */
export function standWords(state: HealthState, nameOf: (id: string) => string): string[] {
  return [
    ...state.pv.map(([id, pv]) => {
      const found = degradation(pv);
      if (typeof found === 'string') return `${nameOf(id)}: degradation is ${found}`;
      const { pctPerYear, lowPct, highPct, pairsCount } = found;
      const change = (pct: number): string => `${percent(pct, 1)} ${pct > 0 ? 'more' : 'less'}`;
      return (
        `${nameOf(id)}: ${change(pctPerYear)} a year ` +
        `(${change(lowPct)} to ${change(highPct)}, ${pairsCount} pairs of clear days)`
      );
    }),
    ...state.stores.flatMap(([id, store]) => storeStand(nameOf(id), store)),
  ];
}

function storeStand(name: string, { capacities, efficiencyPct }: StoreState): string[] {
  const newest = capacities.at(-1);
  const range = newest && `${energy(newest.lowWh)} to ${energy(newest.highWh)} from full to empty`;
  const back = efficiencyPct === undefined ? undefined : `${percent(efficiencyPct, 1)} come back`;
  const known = [range, back].filter((one) => one !== undefined);
  return known.length === 0 ? [] : [`${name}: ${known.join(', ')}`];
}
