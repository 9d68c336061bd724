import { closeSync, fsyncSync, openSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { parentPort } from 'node:worker_threads';
import { Ring, type RingBounds } from '../blackbox/ring.ts';

/**
 * Disk work of the guard, off its main thread: files replaced whole (write, fsync, rename, fsync of
 * the folder), log lines, the black box.
 */
export type Job =
  | { readonly kind: 'replace'; readonly file: string; readonly text: string }
  | { readonly kind: 'line'; readonly text: string }
  | { readonly kind: 'ring'; readonly dir: string; readonly bounds: RingBounds }
  | { readonly kind: 'cycle'; readonly blob: Uint8Array; readonly begins: boolean }
  | { readonly kind: 'flush'; readonly id: number };

/** `failed`: what the disk refused; `broken`: the black box needs a new segment. */
export interface Answer {
  readonly done: number;
  readonly failed?: string;
  readonly broken?: true;
}

let ring: Ring | undefined;

function replace(file: string, text: string): void {
  const next = `${file}.next`;
  const fd = openSync(next, 'w', 0o600);
  writeSync(fd, text);
  fsyncSync(fd);
  closeSync(fd);
  renameSync(next, file);
  // The new name is on disk only with its folder: a power cut brought the file before back.
  const folder = openSync(dirname(file), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

function work(job: Job): void {
  if (job.kind === 'replace') replace(job.file, job.text);
  else if (job.kind === 'line') writeSync(2, `${job.text}\n`);
  else if (job.kind === 'ring') ring = new Ring(job.dir, job.bounds);
  else if (job.kind === 'cycle') ring?.put(job.blob, job.begins, performance.now());
  else ring?.flush();
}

parentPort?.on('message', (job: Job) => {
  const done = job.kind === 'flush' ? job.id : 0;
  let answer: Answer = { done };
  try {
    work(job);
  } catch (error) {
    // A full or read-only disk must not stop the guard: it is told, and goes on.
    const failed = `${job.kind}: ${(error as Error).message}`;
    answer = { done, failed, ...(job.kind === 'cycle' && { broken: true }) };
  }
  parentPort?.postMessage(answer);
});
