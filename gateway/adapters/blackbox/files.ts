import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Fault } from '../../contracts/values/fault.ts';
import { type Contents, readFrames } from './frames.ts';
import { numberOf, segmentsIn } from './ring.ts';

/** A segment of a black box, read when asked for. */
export interface SegmentFile {
  readonly name: string;
  readonly number: number;
  readonly bytes: number;
  /** Undefined when the ring has removed it meanwhile. */
  readonly read: () => Contents | undefined;
}

/**
 * Segments of a gateway's folder, its data folder, the black box itself or one file of it, oldest
 * first. Only reads, also while the gateway runs.
 * @throws Fault when there are none
 */
export function openBlackBox(path: string): SegmentFile[] {
  if (!existsSync(path)) {
    throw new Fault('there is no such file or folder', path, 'name a black box or a data folder');
  }
  if (statSync(path).isFile()) {
    const name = basename(path);
    if (Number.isNaN(numberOf(name))) {
      throw new Fault('not a segment of a black box', path, 'segments are called 000000001.ewbb');
    }
    return [segment(dirname(path), name, statSync(path).size)];
  }
  for (const dir of [path, join(path, 'blackbox'), join(path, 'data', 'blackbox')]) {
    const found = segmentsIn(dir);
    if (found.length > 0) return found.map(({ name, bytes }) => segment(dir, name, bytes));
  }
  throw new Fault('no black box is here', path, 'run the gateway first, or name its data folder');
}

function segment(dir: string, name: string, bytes: number): SegmentFile {
  const read = (): Contents | undefined => {
    try {
      return readFrames(readFileSync(join(dir, name)));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  };
  return { name, number: numberOf(name), bytes, read };
}
