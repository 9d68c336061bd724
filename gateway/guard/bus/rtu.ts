import { answerByteCount, answerLength, checkAnswer, type PduAnswer, type Request } from './pdu.ts';

/** Modbus RTU framing, pure bytes: unit, PDU, CRC-16 with its low byte first. */

const TABLE = Uint16Array.from({ length: 256 }, (_, index) => {
  let crc = index;
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >> 1) ^ 0xa001 : crc >> 1;
  return crc;
});

/** CRC-16/MODBUS of the first `length` bytes. */
export function crc16(bytes: Uint8Array, length: number = bytes.length): number {
  let crc = 0xffff;
  for (let at = 0; at < length; at += 1) {
    crc = (crc >> 8) ^ (TABLE[(crc ^ (bytes[at] ?? 0)) & 0xff] ?? 0);
  }
  return crc;
}

export function encodeRtu(unit: number, pdu: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(pdu.length + 3);
  bytes[0] = unit;
  bytes.set(pdu, 1);
  const crc = crc16(bytes, pdu.length + 1);
  bytes[pdu.length + 1] = crc & 0xff;
  bytes[pdu.length + 2] = crc >> 8;
  return bytes;
}

/** Silence between frames in milliseconds: 3.5 characters of 11 bits, at least 1.75 ms. */
export const gapMs = (baud: number): number => Math.max(1.75, (3.5 * 11 * 1_000) / baud);

export type RtuStep = PduAnswer | 'more';

/**
 * Stray bytes that a line driver leaves when it turns off; anything else behind a frame is a second
 * frame.
 */
const isNoise = (bytes: readonly number[]): boolean =>
  bytes.length <= 3 && bytes.every((byte) => byte === 0 || byte === 0xff);

/**
 * Takes the answer to one request off the line, byte by byte, and knows how long it must be. It
 * refuses at the first byte that cannot belong to it and never looks for a frame further on:
 * resynchronising is done by silence.
 */
export class RtuAnswer {
  /**
   * The adapter hands our own request back first; learned from a read, whose answer cannot look
   * like it.
   */
  echoed: boolean;
  private bytes: number[] = [];
  private readonly unit: number;
  private readonly request: Request;
  private readonly sent: Uint8Array;
  private skipping: boolean;

  constructor(unit: number, request: Request, sent: Uint8Array, expectEcho: boolean) {
    this.unit = unit;
    this.request = request;
    this.sent = sent;
    this.echoed = expectEcho;
    this.skipping = expectEcho;
  }

  push(chunk: Uint8Array): RtuStep {
    for (const byte of chunk) this.bytes.push(byte);
    if (this.looksEchoed()) {
      if (this.bytes.length < this.sent.length) return 'more';
      this.bytes = this.bytes.slice(this.sent.length);
      this.skipping = false;
      this.echoed = true;
    }
    return this.judge();
  }

  private looksEchoed(): boolean {
    const learning = answerByteCount(this.request) !== undefined && !this.echoed;
    if (!this.skipping && !learning) return false;
    const length = Math.min(this.bytes.length, this.sent.length);
    for (let at = 0; at < length; at += 1) if (this.bytes[at] !== this.sent[at]) return false;
    // A short answer can begin like its request: it is an answer when its check sum says so.
    return this.skipping || !this.whole();
  }

  private whole(): boolean {
    const step = this.judge();
    return step !== 'more' && step.ok;
  }

  private judge(): RtuStep {
    const { bytes, request } = this;
    if (bytes.length < 2)
      return bytes.length === 1 && bytes[0] !== this.unit ? this.alien() : 'more';
    if (bytes[0] !== this.unit) return this.alien();
    const fc = bytes[1] ?? 0;
    const exception = fc === (request.fc | 0x80);
    if (!exception && fc !== request.fc) return refuse(`function ${fc}, asked ${request.fc}`);
    const count = exception ? undefined : answerByteCount(request);
    if (count !== undefined && bytes.length > 2 && bytes[2] !== count) {
      return refuse(`byte count ${bytes[2]}, expected ${count}`);
    }
    const total = exception ? 5 : answerLength(request) + 3;
    if (bytes.length < total) return 'more';
    if (!isNoise(bytes.slice(total))) return refuse(`${bytes.length} bytes, expected ${total}`);
    const frame = Uint8Array.from(bytes.slice(0, total));
    const crc = (frame[total - 2] ?? 0) | ((frame[total - 1] ?? 0) << 8);
    if (crc16(frame, total - 2) !== crc) return refuse('check sum');
    return checkAnswer(request, frame.subarray(1, total - 2));
  }

  private alien(): PduAnswer {
    return refuse(`unit ${this.bytes[0]}, asked ${this.unit}`);
  }
}

const refuse = (detail: string): PduAnswer => ({ ok: false, why: 'bad-frame', detail });
