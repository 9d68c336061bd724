import {
  closeSync,
  fdatasyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { FrameWriter, letGo, MAGIC } from './frames.ts';

export interface RingBounds {
  readonly bytes: number;
  readonly days: number;
}

const NAME = /^(\d{9})\.ewbb$/;
const DAY_MS = 86_400_000;
/** A frame is on disk this long after its first cycle, or once it is that large. */
const FRAME_MS = 10_000;
const FRAME_RAW_BYTES = 131_072;

interface Segment {
  readonly name: string;
  readonly bytes: number;
  readonly changedMs: number;
}

/** Segments of a folder, oldest first; nothing where there is no folder. */
export function segmentsIn(dir: string): Segment[] {
  let names: string[];
  try {
    names = readdirSync(dir);
  } catch {
    return [];
  }
  return names
    .filter((name) => NAME.test(name))
    .sort()
    .flatMap((name) => {
      const found = statSync(join(dir, name), { throwIfNoEntry: false });
      if (found === undefined) return []; // the ring went on meanwhile
      return [{ name, bytes: found.size, changedMs: found.mtimeMs }];
    });
}

export const numberOf = (name: string): number => Number(NAME.exec(name)?.[1] ?? Number.NaN);

/**
 * The black box on disk: segments that are only appended to, the oldest removed so that the whole
 * never exceeds its bounds. Runs in the guard's writer thread.
 */
export class Ring {
  private readonly dir: string;
  private readonly bounds: RingBounds;
  private segments: Segment[] | undefined;
  private open: { fd: number; name: string; bytes: number; writer: FrameWriter } | undefined;
  private waiting: Uint8Array[] = [];
  private waitingBytes = 0;
  private sinceMs = 0;

  constructor(dir: string, bounds: RingBounds) {
    this.dir = dir;
    this.bounds = bounds;
  }

  /**
   * @param nowMs  real, monotonic
   * @throws the disk's error; nothing more is taken then until a segment begins
   */
  put(blob: Uint8Array, begins: boolean, nowMs: number): void {
    if (begins) {
      this.flush();
      this.begin();
    }
    if (this.open === undefined) return;
    if (this.waiting.length === 0) this.sinceMs = nowMs;
    this.waiting.push(blob);
    this.waitingBytes += blob.length;
    if (nowMs - this.sinceMs >= FRAME_MS || this.waitingBytes >= FRAME_RAW_BYTES) this.flush();
  }

  /** Everything taken so far is on disk. @throws the disk's error */
  flush(): void {
    const { open, waiting } = this;
    this.waiting = [];
    this.waitingBytes = 0;
    if (open === undefined || waiting.length === 0) return;
    try {
      const frame = open.writer.frame(waiting);
      waiting.forEach(letGo);
      this.makeRoom(frame.length);
      writeWhole(open.fd, frame, open.bytes);
      fdatasyncSync(open.fd);
      open.bytes += frame.length;
      letGo(frame);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  close(): void {
    const { open } = this;
    if (open === undefined) return;
    this.open = undefined;
    const { fd, name, bytes } = open;
    closeSync(fd);
    // A full disk must not be left with an empty file for each try.
    if (bytes > MAGIC.length) this.segments?.push({ name, bytes, changedMs: Date.now() });
    else unlinkSync(join(this.dir, name));
  }

  private begin(): void {
    this.close();
    mkdirSync(this.dir, { recursive: true, mode: 0o700 });
    this.segments ??= segmentsIn(this.dir);
    this.makeRoom(MAGIC.length);
    const last = this.segments.at(-1)?.name;
    const next = last === undefined ? 1 : numberOf(last) + 1;
    const name = `${String(next).padStart(9, '0')}.ewbb`;
    const fd = openSync(join(this.dir, name), 'wx', 0o600);
    this.open = { fd, name, bytes: MAGIC.length, writer: new FrameWriter() };
    try {
      writeWhole(fd, MAGIC, 0);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Oldest first, until so many bytes fit; by age never the newest: the clock may be wrong. */
  private makeRoom(moreBytes: number): void {
    const segments = this.segments ?? [];
    const own = this.open?.bytes ?? 0;
    const total = (): number => segments.reduce((sum, { bytes }) => sum + bytes, own + moreBytes);
    const oldMs = Date.now() - this.bounds.days * DAY_MS;
    for (let oldest = segments[0]; oldest !== undefined; oldest = segments[0]) {
      const isOld = oldest.changedMs < oldMs && segments.length > 1;
      if (!isOld && total() <= this.bounds.bytes) return;
      unlinkSync(join(this.dir, oldest.name));
      segments.shift();
    }
  }
}

/** A frame is there whole or not at all: what was written of it is taken back. */
function writeWhole(fd: number, bytes: Buffer, at: number): void {
  try {
    for (let done = 0; done < bytes.length; ) {
      done += writeSync(fd, bytes, done, bytes.length - done, at + done);
    }
  } catch (error) {
    ftruncateSync(fd, at);
    throw error;
  }
}
