/**
 * Answers are cut from one piece of memory after the other, never the same bytes twice: most are
 * short, and a piece for each would cost more than all else that is done for it.
 */
const PIECE = 65_536;
let piece = new Uint8Array(PIECE);
let used = 0;

/** Zeros; the caller's for good. */
export function cut(length: number): Uint8Array {
  if (used + length > PIECE) {
    piece = new Uint8Array(PIECE);
    used = 0;
  }
  used += length;
  return piece.subarray(used - length, used);
}
