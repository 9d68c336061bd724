import { crc32, deflateRawSync, inflateRawSync } from 'node:zlib';

/**
 * A segment file: 8 bytes that say what it is, then frames. A frame is the length of its body and
 * the CRC-32 of length and body (4 bytes each, big-endian), and the body: blobs, each after its
 * length, deflated with the 32 KB of blobs before it as dictionary.
 */
export const MAGIC = Buffer.from('EWBBOX1\n', 'latin1');
const HEAD_BYTES = 8;
const WINDOW_BYTES = 32_768;
const FRAME_BYTES_MAX = 64 * 1_048_576;

/** Both sides keep what was said last. */
class Window {
  private bytes: Buffer = Buffer.alloc(0);

  options(): { level: number; dictionary?: Buffer } {
    return this.bytes.length === 0 ? { level: 6 } : { level: 6, dictionary: this.bytes };
  }

  add(raw: Buffer): void {
    const all = Buffer.concat([this.bytes, raw]);
    letGo(this.bytes);
    this.bytes = Buffer.from(all.subarray(-WINDOW_BYTES));
    letGo(all);
  }
}

const checksum = (body: Buffer): number => {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  return crc32(body, crc32(length));
};

export class FrameWriter {
  private readonly window = new Window();

  frame(blobs: readonly Uint8Array[]): Buffer {
    const raw = Buffer.concat(blobs.flatMap((blob) => [lengthOf(blob), blob]));
    const body = deflateRawSync(raw, this.window.options());
    this.window.add(raw);
    letGo(raw);
    const head = Buffer.alloc(HEAD_BYTES);
    head.writeUInt32BE(body.length);
    head.writeUInt32BE(checksum(body), 4);
    const frame = Buffer.concat([head, body]);
    letGo(body);
    return frame;
  }
}

/**
 * Given back now: this thread makes so little garbage of its own that 20 MB of old bytes waited for
 * its next collection. A part of something larger is not ours alone.
 */
export function letGo({ buffer, byteLength }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0);
}

function lengthOf(blob: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(blob.length);
  return length;
}

/** What a segment holds up to its end, or up to where it is damaged. */
export interface Contents {
  readonly blobs: readonly Uint8Array[];
  /** `torn`: it ends inside a frame, as a file does that is being written or lost its power. */
  readonly end: 'whole' | 'torn' | 'damaged';
  readonly goodBytes: number;
}

/** @param most  frames; where they are enough, what follows is not looked at */
export function readFrames(file: Buffer, most = Number.POSITIVE_INFINITY): Contents {
  const blobs: Uint8Array[] = [];
  const window = new Window();
  let at = MAGIC.length;
  const upTo = (end: Contents['end']): Contents => ({ blobs, end, goodBytes: at });
  if (!file.subarray(0, at).equals(MAGIC)) {
    at = 0;
    return upTo(file.length < MAGIC.length ? 'torn' : 'damaged');
  }
  for (let frames = 0; at < file.length && frames < most; frames++) {
    // A power cut may leave the length of a file without what was in it.
    if (file.subarray(at).every((byte) => byte === 0)) return upTo('torn');
    if (file.length - at < HEAD_BYTES) return upTo('torn');
    const length = file.readUInt32BE(at);
    if (length > FRAME_BYTES_MAX) return upTo('damaged');
    const body = file.subarray(at + HEAD_BYTES, at + HEAD_BYTES + length);
    if (body.length < length) return upTo('torn');
    if (file.readUInt32BE(at + 4) !== checksum(body)) return upTo('damaged');
    const found = blobsOf(body, window);
    if (found === undefined) return upTo('damaged');
    blobs.push(...found);
    at += HEAD_BYTES + length;
  }
  return upTo('whole');
}

function blobsOf(body: Buffer, window: Window): Uint8Array[] | undefined {
  try {
    const limit = { maxOutputLength: FRAME_BYTES_MAX };
    const raw = inflateRawSync(body, { ...window.options(), ...limit });
    window.add(raw);
    const blobs: Uint8Array[] = [];
    for (let at = 0; at < raw.length; ) {
      const length = raw.readUInt32BE(at);
      if (at + 4 + length > raw.length) return undefined;
      blobs.push(raw.subarray(at + 4, at + 4 + length));
      at += 4 + length;
    }
    return blobs;
  } catch {
    return undefined;
  }
}
