import type { Phase } from '../../contracts/values/commissioning.ts';
import type { Terminal } from '../../contracts/values/site.ts';
import type { Observation } from './observe.ts';
import type { Pulse } from './response.ts';

/** Everything that the pulses showed, before it is judged. */
export interface Evidence {
  readonly terminal: Terminal;
  readonly device: string; // that is written to
  readonly pulses: readonly Pulse[];
  readonly observations: readonly Observation[]; // own first
  /** Shares are gains times this: what a limited terminal did of its limit; else 1. */
  readonly factor: number;
  readonly physics: (shares: ReadonlyMap<Observation, number>) => readonly (1 | -1 | 0)[];
  /** What the phases of a meter show at rest, by what the site's sources can give. */
  readonly atRest: (observation: Observation) => readonly { phase: Phase; way: 1 | -1 | 0 }[];
  readonly areSignsSeen: boolean;
  readonly isObeyed: boolean | undefined; // the setpoint reads back as it was written
}
