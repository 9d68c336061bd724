import { existsSync, readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import type { Log } from '../../ports.ts';
import type { RingBounds } from '../blackbox/ring.ts';
import type { Answer, Job } from './thread.ts';

const DEFAULTS_BIND = "the site's default limits bind until told otherwise";
const QUEUE_MAX = 256;
/** Beyond this the black box gives way to what must be saved. */
const CYCLES_MAX = 64;

/** The guard's hand on the disk: never waits, drops and counts when the thread falls behind. */
export class DiskWriter {
  dropped = 0;
  failure: string | undefined; // newest failure of the disk, for the status
  private queued = 0;
  private isBoxBroken = false;
  private nextFlush = 1;
  private readonly waiting = new Map<number, () => void>();
  private readonly worker = new Worker(new URL('./thread.ts', import.meta.url));

  constructor() {
    this.worker.on('message', (answer: Answer) => {
      this.queued--;
      if (answer.failed !== undefined) this.failure = answer.failed;
      if (answer.broken === true) this.isBoxBroken = true;
      this.waiting.get(answer.done)?.();
      this.waiting.delete(answer.done);
    });
  }

  /** Replaces a file whole and durably. */
  replace(file: string, value: unknown): void {
    this.post({ kind: 'replace', file, text: JSON.stringify(value) });
  }

  /** The same in two files, one after the other: damage to one of them loses nothing. */
  replaceTwice(file: string, value: unknown): void {
    const text = JSON.stringify(value);
    this.post({ kind: 'replace', file, text });
    this.post({ kind: 'replace', file: copyOf(file), text });
  }

  log(): Log {
    const line = (level: string) => (text: string, fields?: Readonly<Record<string, unknown>>) =>
      this.post({ kind: 'line', text: JSON.stringify({ level, text, ...fields }) });
    return { info: line('info'), warn: line('warn'), error: line('error') };
  }

  /** Cycles of the guard, into a ring of files; refused while the disk is behind or failing. */
  blackBox(dir: string, bounds: RingBounds): (blob: Uint8Array, begins: boolean) => boolean {
    this.post({ kind: 'ring', dir, bounds });
    return (blob, begins) => {
      const isLost = this.queued >= CYCLES_MAX || (this.isBoxBroken && !begins);
      if (isLost) return false;
      if (begins) this.isBoxBroken = false;
      this.post({ kind: 'cycle', blob, begins }, handedOver(blob));
      return true;
    };
  }

  /** Waits until everything queued so far is on disk, then ends the thread. */
  async close(): Promise<void> {
    const id = this.nextFlush++;
    await new Promise<void>((resolve) => {
      this.waiting.set(id, resolve);
      this.queued++;
      this.worker.postMessage({ kind: 'flush', id } satisfies Job);
    });
    await this.worker.terminate();
  }

  private post(job: Job, handOver: readonly ArrayBuffer[] = []): void {
    if (this.queued >= QUEUE_MAX) {
      this.dropped++;
      return;
    }
    this.queued++;
    this.worker.postMessage(job, handOver);
  }
}

/** Bytes that nobody else looks at go as they are, without a copy. */
function handedOver({ buffer, byteLength }: Uint8Array): readonly ArrayBuffer[] {
  return buffer instanceof ArrayBuffer && buffer.byteLength === byteLength ? [buffer] : [];
}

const copyOf = (file: string): string => `${file}.copy`;

/**
 * A saved value, or undefined where there is none; a damaged file counts as none and is said.
 * @param check  what the file holds as it was saved, undefined where it is odd
 * @param cost  what follows from damage
 */
export function readSaved<T>(
  file: string,
  check: (raw: unknown) => T | undefined,
  log: Log,
  cost: string,
): T | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
  try {
    const value = check(JSON.parse(text));
    if (value !== undefined) return value;
  } catch {
    // Said below, as what is whole and odd.
  }
  log.error(`${file} is damaged; ${cost}`);
  return undefined;
}

/** A value that was saved in two files; the copy is read where the first is damaged or gone. */
export function readEither<T>(
  file: string,
  check: (raw: unknown) => T | undefined,
  log: Log,
): T | undefined {
  const copy = copyOf(file);
  const cost = existsSync(copy) ? 'its copy is read' : DEFAULTS_BIND;
  return readSaved(file, check, log, cost) ?? readSaved(copy, check, log, DEFAULTS_BIND);
}
