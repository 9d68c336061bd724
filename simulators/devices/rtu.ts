import { joined, NOTHING, type RequestReader, type Session, type WireRequest } from './mbap.ts';
import { answer, requestLength } from './pdu.ts';
import { cut } from './piece.ts';
import type { Station } from './types.ts';

/**
 * A request that stops for longer than this is dropped: far above 3.5 characters, far below any
 * client's time-out.
 */
const SILENCE_MS = 20;

/** What each byte does to the CRC. */
const CRC_OF_BYTE = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >> 1) ^ 0xa001 : crc >> 1;
  return crc;
});

/**
 * CRC-16 of Modbus (polynomial 0xA001, start 0xFFFF), low byte first on the wire.
 * @param length of the bytes that count; all of them when left out
 */
export function crc16(bytes: Uint8Array, length = bytes.length): number {
  let crc = 0xffff;
  for (let n = 0; n < length; n += 1) {
    crc = (crc >> 8) ^ (CRC_OF_BYTE[(crc ^ (bytes[n] ?? 0)) & 0xff] ?? 0);
  }
  return crc;
}

/** Frame of an RTU line. */
export function withCrc(unit: number, pdu: Uint8Array): Uint8Array {
  const out = cut(pdu.length + 3);
  out[0] = unit;
  out.set(pdu, 1);
  const crc = crc16(out, pdu.length + 1);
  out[pdu.length + 1] = crc & 0xff;
  out[pdu.length + 2] = crc >> 8;
  return out;
}

class RtuRequest implements WireRequest {
  readonly bytes: Uint8Array;
  readonly unit: number;
  readonly pdu: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.unit = bytes[0] ?? 0;
    this.pdu = bytes.slice(1, bytes.length - 2); // a view of a small array costs more
  }

  frame(body: Uint8Array, shift = 0): Uint8Array {
    return withCrc((this.unit + shift) & 0xff, body);
  }
}

/**
 * Requests are delimited by their own length and checked by CRC; what does not fit is dropped until
 * the line has been silent.
 */
export function createRtuReader(clock: Station['clock']): RequestReader {
  let buffer: Uint8Array = NOTHING;
  let deaf = false; // lost the frame: wait for silence
  let lastMs = Number.NEGATIVE_INFINITY;
  return {
    feed(bytes) {
      const nowMs = clock.realMs();
      if (nowMs - lastMs > SILENCE_MS) {
        buffer = NOTHING;
        deaf = false;
      }
      lastMs = nowMs;
      const requests: WireRequest[] = [];
      if (deaf) return { requests, broken: false };
      buffer = buffer.length === 0 ? bytes : joined(buffer, bytes);
      while (buffer.length > 0) {
        const length = requestLength(buffer, 1);
        const end = length + 3;
        if (length === 0 || (length > 0 && buffer.length < end)) break;
        const sent = (buffer[length + 1] ?? 0) | ((buffer[length + 2] ?? 0) << 8);
        if (length < 0 || sent !== crc16(buffer, length + 1)) {
          deaf = true;
          buffer = NOTHING;
          break;
        }
        const isAll = buffer.length === end;
        requests.push(new RtuRequest(isAll ? buffer : buffer.subarray(0, end)));
        buffer = isAll ? NOTHING : buffer.slice(end);
      }
      return { requests, broken: false };
    },
  };
}

/** Unit 0 reaches every device of a line and is answered by none. */
export function answerOnLine(
  station: Station,
  unit: number,
  pdu: Uint8Array,
): Uint8Array | undefined {
  if (unit !== 0) return answer(station, unit, pdu);
  for (const own of station.units.keys()) answer(station, own, pdu);
  return undefined;
}

/** All devices of one RTU line as bytes. */
export function createRtuSession(station: Station): Session {
  const reader = createRtuReader(station.clock);
  return {
    feed(bytes) {
      const out = reader.feed(bytes).requests.flatMap((request) => {
        const body = answerOnLine(station, request.unit, request.pdu);
        return body === undefined ? [] : [request.frame(body)];
      });
      return { out, close: false };
    },
  };
}
