import {
  answerByteCount,
  answerLength,
  checkAnswer,
  type PduAnswer,
  putRequest,
  type Request,
  requestLength,
  wholeLength,
} from './pdu.ts';

/** Modbus RTU framing, pure bytes: unit, PDU, CRC-16 with its low byte first. */

const TABLE = Uint16Array.from({ length: 256 }, (_, index) => {
  let crc = index;
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >> 1) ^ 0xa001 : crc >> 1;
  return crc;
});

/** CRC-16/MODBUS of `bytes` [from, end). */
export function crc16(bytes: Uint8Array, from = 0, end = bytes.length): number {
  let crc = 0xffff;
  for (let at = from; at < end; at += 1) {
    crc = (crc >> 8) ^ (TABLE[(crc ^ (bytes[at] ?? 0)) & 0xff] ?? 0);
  }
  return crc;
}

/** @param request a checked one */
export function encodeRtu(unit: number, request: Request): Uint8Array {
  const length = requestLength(request);
  const bytes = new Uint8Array(length + 3);
  bytes[0] = unit;
  putRequest(request, bytes, 1);
  const crc = crc16(bytes, 0, length + 1);
  bytes[length + 1] = crc & 0xff;
  bytes[length + 2] = crc >> 8;
  return bytes;
}

/**
 * Silence between frames in milliseconds: 3.5 characters, at least 1.75 ms ("Modbus over Serial
 * Line V1.02", section 2.5.1.1).
 * @param bits of a character with start, parity and stop bits
 */
export const gapMs = (baud: number, bits: number): number =>
  Math.max(1.75, (3.5 * bits * 1_000) / baud);

export type RtuStep = PduAnswer | 'more';

/** Our own request handed back, an answer, and a line driver's noise. */
export const HELD_MAX = 2 * 256 + 8;
const NOISE_MAX = 3;

/**
 * Takes the answer to one request off the line, chunk by chunk, and knows how long it must be. It
 * refuses at the first byte that cannot belong to it and never looks for a frame further on:
 * resynchronising is done by silence.
 */
export class RtuAnswer {
  /**
   * The adapter hands our own request back first; learned from a read, whose answer cannot look
   * like it.
   */
  echoed: boolean;
  private readonly bytes: Uint8Array;
  private filled = 0;
  private from = 0; // behind the echo
  private readonly unit: number;
  private readonly request: Request;
  private readonly sent: Uint8Array;
  private skipping: boolean;
  private readonly learning: boolean;

  /** @param bytes room for what comes; a line has one for all its requests */
  constructor(
    unit: number,
    request: Request,
    sent: Uint8Array,
    expectEcho: boolean,
    bytes = new Uint8Array(HELD_MAX),
  ) {
    this.bytes = bytes;
    this.unit = unit;
    this.request = request;
    this.sent = sent;
    this.echoed = expectEcho;
    this.skipping = expectEcho;
    this.learning = answerByteCount(request) !== undefined && !expectEcho;
  }

  push(chunk: Uint8Array): RtuStep {
    if (this.filled + chunk.length > HELD_MAX) return refuse('more bytes than any answer has');
    this.bytes.set(chunk, this.filled);
    this.filled += chunk.length;
    if (this.from === 0 && this.looksEchoed()) {
      if (this.filled < this.sent.length) return 'more';
      this.from = this.sent.length;
      this.skipping = false;
      this.echoed = true;
    }
    return this.judge();
  }

  private looksEchoed(): boolean {
    if (!this.skipping && !this.learning) return false;
    const length = Math.min(this.filled, this.sent.length);
    for (let at = 0; at < length; at += 1) if (this.bytes[at] !== this.sent[at]) return false;
    // A short answer can begin like its request: it is an answer when its check sum says so.
    return this.skipping || !this.whole();
  }

  private whole(): boolean {
    const step = this.judge();
    return step !== 'more' && step.ok;
  }

  private judge(): RtuStep {
    const { bytes, request, from, filled } = this;
    const have = filled - from;
    if (have === 0) return 'more';
    if (bytes[from] !== this.unit) return refuse(`unit ${bytes[from]}, asked ${this.unit}`);
    if (have < 2) return 'more';
    const fc = bytes[from + 1] ?? 0;
    const exception = fc === (request.fc | 0x80);
    if (!exception && fc !== request.fc) return refuse(`function ${fc}, asked ${request.fc}`);
    const count = exception ? undefined : answerByteCount(request);
    if (count !== undefined && have > 2 && bytes[from + 2] !== count) {
      return refuse(`byte count ${bytes[from + 2]}, expected ${count}`);
    }
    if (have < (exception ? 5 : answerLength(request) + 3)) return 'more';
    const length = wholeLength(request, bytes, from + 1, filled);
    const end = from + length + 3;
    if (length === 0 || filled < end) return 'more';
    if (!this.onlyNoise(end)) return refuse(`${have} bytes, expected ${length + 3}`);
    const crc = (bytes[end - 2] ?? 0) | ((bytes[end - 1] ?? 0) << 8);
    if (crc16(bytes, from, end - 2) !== crc) return refuse('check sum');
    return checkAnswer(request, bytes, from + 1, end - 2);
  }

  /**
   * Stray bytes that a line driver leaves when it turns off; anything else behind a frame is a
   * second frame.
   */
  private onlyNoise(end: number): boolean {
    if (this.filled - end > NOISE_MAX) return false;
    for (let at = end; at < this.filled; at += 1) {
      if (this.bytes[at] !== 0 && this.bytes[at] !== 0xff) return false;
    }
    return true;
  }
}

const refuse = (detail: string): PduAnswer => ({ ok: false, why: 'bad-frame', detail });
