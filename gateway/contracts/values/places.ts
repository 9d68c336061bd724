import { PHASE_NAMES } from './phases.ts';

/** Names of a place's points: made once, since to put one together costs more than to read it. */
export interface PlaceNames {
  readonly powerW: string;
  readonly reactiveVar: string;
  readonly inWh: string;
  readonly outWh: string;
  readonly socPct: string;
  readonly phases: readonly {
    readonly name: (typeof PHASE_NAMES)[number];
    readonly trace: string; // what the stage remembers of its power
    readonly powerW: string;
    readonly currentA: string;
    readonly voltageV: string;
  }[];
}

export const placeNames = (id: string): PlaceNames => ({
  powerW: `${id}.powerW`,
  reactiveVar: `${id}.reactiveVar`,
  inWh: `${id}.inWh`,
  outWh: `${id}.outWh`,
  socPct: `${id}.socPct`,
  phases: PHASE_NAMES.map((name) => ({
    name,
    trace: `${id}.${name}`,
    powerW: `${id}.power${name}W`,
    currentA: `${id}.current${name}A`,
    voltageV: `${id}.voltage${name}V`,
  })),
});
