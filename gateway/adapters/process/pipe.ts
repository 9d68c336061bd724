import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Pipe } from '../../ports.ts';

const HELD_BYTES_MAX = 1_048_576;

/**
 * A pipe read at the owner's own pace: at most `bytesPerTurn` are taken between two calls of
 * `nextTurn`, the rest waits in the kernel, so a flood from the other side costs the guard no
 * cycle.
 */
export class PacedPipe implements Pipe {
  onClose: (() => void) | undefined;
  onDrain: (() => void) | undefined;
  private listener: ((bytes: Uint8Array) => void) | undefined;
  private leftBytes: number;
  private ended = false;
  private readonly stream: Duplex;
  private readonly bytesPerTurn: number;

  constructor(stream: Duplex, bytesPerTurn = Number.POSITIVE_INFINITY) {
    this.stream = stream;
    this.bytesPerTurn = bytesPerTurn;
    this.leftBytes = bytesPerTurn;
    stream.on('readable', () => this.take());
    stream.on('drain', () => this.onDrain?.());
    stream.on('error', () => this.close());
    stream.on('close', () => this.close());
    stream.on('end', () => this.close());
  }

  /** Until somebody listens, everything waits in the kernel. */
  get onBytes(): ((bytes: Uint8Array) => void) | undefined {
    return this.listener;
  }

  set onBytes(listener: ((bytes: Uint8Array) => void) | undefined) {
    this.listener = listener;
    this.take();
  }

  nextTurn(): void {
    this.leftBytes = this.bytesPerTurn;
    this.take();
  }

  send(bytes: Uint8Array): boolean {
    if (this.ended || this.stream.writableLength > HELD_BYTES_MAX) return false;
    return this.stream.write(bytes) || this.stream.writableLength < HELD_BYTES_MAX;
  }

  close(): void {
    if (this.ended) return;
    this.ended = true;
    this.stream.destroy();
    this.onClose?.();
  }

  private take(): void {
    while (this.listener !== undefined && this.leftBytes > 0 && !this.ended) {
      const chunk = this.stream.read() as Buffer | null;
      if (chunk === null) return;
      this.leftBytes -= chunk.length;
      this.listener(chunk);
    }
  }
}

/** The agent's end: file descriptor 3, given by the guard. */
export function parentPipe(): PacedPipe {
  return new PacedPipe(new Socket({ fd: 3, readable: true, writable: true }));
}
