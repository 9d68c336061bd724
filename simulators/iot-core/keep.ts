import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { Fault } from '../../gateway/contracts/values/fault.ts';
import type { IotBroker } from './broker.ts';
import type { KeptExecution } from './jobs.ts';
import type { Certificate } from './registry.ts';
import type { KeptShadow } from './shadows.ts';

/** What the emulator knows of things beyond the life of its process. */
interface Kept {
  readonly version: 1;
  readonly certificates: readonly Certificate[];
  readonly shadows: readonly KeptShadow[];
  readonly jobs: readonly KeptExecution[];
}

/** Gives a new broker what an earlier one left in the file, if any. @throws Fault in one line */
export function recall(broker: IotBroker, file: string): void {
  if (!existsSync(file)) return;
  let kept: Kept;
  try {
    kept = JSON.parse(readFileSync(file, 'utf8')) as Kept;
    if (kept.version !== 1) throw new RangeError(`version ${kept.version}`);
  } catch (error) {
    const why = (error as Error).message;
    throw new Fault(`not a state of this emulator (${why})`, file, 'remove it to begin anew');
  }
  for (const certificate of kept.certificates) broker.registry.put(certificate);
  broker.reserved.shadows.restore(kept.shadows);
  broker.reserved.jobs.restore(kept.jobs);
}

/** Replaces the file as a whole: it is there as before, or as now. */
export function keep(broker: IotBroker, file: string): void {
  const { registry, reserved } = broker;
  const kept: Kept = {
    version: 1,
    certificates: registry.all(),
    shadows: reserved.shadows.all(),
    jobs: reserved.jobs.all(),
  };
  writeFileSync(`${file}.draft`, JSON.stringify(kept), { mode: 0o600 });
  renameSync(`${file}.draft`, file);
}
