import type { DeviceMap } from '../../../devices/profile.ts';
import type { Terminal } from '../../contracts/values/site.ts';
import type { Timing } from '../../contracts/values/timing.ts';
import type { Clock, Log } from '../../ports.ts';
import type { BusHandle } from '../bus/types.ts';
import type { Budget } from './budget.ts';
import type { ForeignWrites } from './foreign.ts';

/** What a lease works with. */
export interface LeaseOptions {
  readonly terminal: Terminal;
  readonly device: string;
  readonly allowed: boolean; // control although the device has no reversion timer
  /** Its timer was proven at commissioning, or is being proven now. */
  readonly proven: () => boolean;
  readonly handle: BusHandle;
  readonly map: () => DeviceMap | undefined;
  /** Only to be observed: another device than the bound one answers. */
  readonly observed: () => boolean;
  readonly ratedW: (part: string) => number | undefined;
  readonly foreign: ForeignWrites;
  readonly budget: Budget;
  readonly clock: Clock;
  readonly times: Timing;
  readonly log: Log;
}
