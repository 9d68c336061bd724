import { closeSync, fsyncSync, openSync, renameSync, writeSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';

/**
 * Disk work of the guard, off its main thread: files replaced whole (write, fsync, rename), log
 * lines.
 */
export type Job =
  | { readonly kind: 'replace'; readonly file: string; readonly text: string }
  | { readonly kind: 'line'; readonly text: string }
  | { readonly kind: 'flush'; readonly id: number };

function replace(file: string, text: string): void {
  const next = `${file}.next`;
  const fd = openSync(next, 'w', 0o600);
  writeSync(fd, text);
  fsyncSync(fd);
  closeSync(fd);
  renameSync(next, file);
}

parentPort?.on('message', (job: Job) => {
  let failed: string | undefined;
  try {
    if (job.kind === 'replace') replace(job.file, job.text);
    else if (job.kind === 'line') writeSync(2, `${job.text}\n`);
  } catch (error) {
    // A full or read-only disk must not stop the guard: it is told, and goes on.
    failed = `${job.kind}: ${(error as Error).message}`;
  }
  parentPort?.postMessage({ done: job.kind === 'flush' ? job.id : 0, failed });
});
