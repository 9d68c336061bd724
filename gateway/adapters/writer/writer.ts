import { readFileSync } from 'node:fs';
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

/**
 * A saved value, or undefined where there is none; a damaged file counts as none and is said.
 * @param cost  what follows from that
 */
export function readSaved(file: string, log: Log, cost = DEFAULTS_BIND): unknown {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
  try {
    return JSON.parse(text);
  } catch {
    log.error(`${file} is damaged; ${cost}`);
    return undefined;
  }
}
