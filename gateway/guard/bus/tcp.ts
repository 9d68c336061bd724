import { putRequest, type Request, requestLength } from './pdu.ts';

/**
 * Modbus TCP framing (MBAP), pure bytes: transaction id, protocol id 0, length, unit. The length
 * field counts the unit byte, so it is 3..254 for any legal answer.
 */

const HEADER = 7;
const LENGTH_MAX = 254;
const FRAME_MAX = 6 + LENGTH_MAX;

/**
 * Requests are cut from one piece after the other, never the same bytes twice: most are 12 bytes,
 * and a piece of memory for each would cost more than all else here.
 */
const PIECE = 8_192;
let piece = new Uint8Array(PIECE);
let used = 0;

function cut(length: number): Uint8Array {
  if (used + length > PIECE) {
    piece = new Uint8Array(PIECE);
    used = 0;
  }
  used += length;
  return piece.subarray(used - length, used);
}

/** @param request a checked one */
export function encodeTcp(tid: number, unit: number, request: Request): Uint8Array {
  const length = requestLength(request);
  const bytes = cut(HEADER + length);
  bytes[0] = tid >> 8;
  bytes[1] = tid & 0xff;
  bytes[5] = length + 1;
  bytes[6] = unit;
  putRequest(request, bytes, HEADER);
  return bytes;
}

/** Takes a frame; its function code and data are `bytes` [from, end), only during the call. */
export type TakeFrame = (
  tid: number,
  unit: number,
  bytes: Uint8Array,
  from: number,
  end: number,
) => void;

/**
 * Cuts a byte stream into frames. Once a header is impossible nothing behind it can be trusted:
 * `broken` says why, no further frame is given, and the connection has to be closed. Whole frames
 * are taken where they lie; only the beginning of one that has not arrived yet is kept.
 */
export class TcpFramer {
  broken: string | undefined;
  private readonly held = new Uint8Array(FRAME_MAX);
  private heldLength = 0;

  push(chunk: Uint8Array, take: TakeFrame): void {
    let at = 0;
    while (this.heldLength > 0 && at < chunk.length && this.broken === undefined) {
      const end = this.frameEnd(this.held, 0, this.heldLength);
      const missing = Math.min((end === 0 ? 6 : end) - this.heldLength, chunk.length - at);
      this.held.set(chunk.subarray(at, at + missing), this.heldLength);
      this.heldLength += missing;
      at += missing;
      const whole = this.frameEnd(this.held, 0, this.heldLength);
      if (whole === 0 || whole > this.heldLength) continue;
      this.heldLength = 0;
      give(this.held, 0, whole, take);
    }
    while (at < chunk.length && this.broken === undefined) {
      const end = this.frameEnd(chunk, at, chunk.length);
      if (this.broken !== undefined) return;
      if (end === 0 || end > chunk.length) {
        this.held.set(chunk.subarray(at));
        this.heldLength = chunk.length - at;
        return;
      }
      give(chunk, at, end, take);
      at = end;
    }
  }

  /** Where the frame at `at` ends; 0 while its header is not whole. */
  private frameEnd(bytes: Uint8Array, at: number, filled: number): number {
    if (filled - at < 6) return 0;
    const protocol = wordAt(bytes, at + 2);
    const length = wordAt(bytes, at + 4);
    if (protocol !== 0) this.broken = `protocol id ${protocol}: this is not Modbus TCP`;
    else if (length < 3 || length > LENGTH_MAX) this.broken = `length ${length} in the header`;
    else return at + 6 + length;
    return 0;
  }
}

const wordAt = (bytes: Uint8Array, at: number): number =>
  ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);

function give(bytes: Uint8Array, at: number, end: number, take: TakeFrame): void {
  take(wordAt(bytes, at), bytes[at + 6] ?? 0, bytes, at + HEADER, end);
}
