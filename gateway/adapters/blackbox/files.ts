import { closeSync, existsSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Fault } from '../../contracts/values/fault.ts';
import { type Contents, readFrames } from './frames.ts';
import { numberOf, segmentsIn } from './ring.ts';

/** An opening of a large site and the frame after it. */
const BEGIN_BYTES = 524_288;
const BEGIN_FRAMES = 2;

/** A segment of a black box, read when asked for. */
export interface SegmentFile {
  readonly name: string;
  readonly number: number;
  readonly bytes: number;
  /** Undefined when the ring has removed it meanwhile. */
  readonly read: () => Contents | undefined;
  /** Its opening and first cycles. */
  readonly begin: () => Contents | undefined;
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
  const path = join(dir, name);
  return {
    name,
    bytes,
    number: numberOf(name),
    read: () => unlessGone(() => readFrames(readFileSync(path))),
    begin: () => unlessGone(() => readFrames(firstBytes(path), BEGIN_FRAMES)),
  };
}

function unlessGone(read: () => Contents): Contents | undefined {
  try {
    return read();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function firstBytes(path: string): Buffer {
  const fd = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(BEGIN_BYTES);
    return bytes.subarray(0, readSync(fd, bytes, 0, BEGIN_BYTES, 0));
  } finally {
    closeSync(fd);
  }
}
