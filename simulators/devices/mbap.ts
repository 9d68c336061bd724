import { answer } from './pdu.ts';
import { cut } from './piece.ts';
import type { Station } from './types.ts';

const HEADER = 7;
const MOST_LENGTH = 254; // unit and PDU

/** One Modbus TCP connection as bytes: strict, a wrong header ends it. */
export interface Session {
  /** @returns what to send back, and whether to close the connection */
  feed(bytes: Uint8Array): { readonly out: readonly Uint8Array[]; readonly close: boolean };
}

/** One request as it came, and how its answer is framed. */
export interface WireRequest {
  readonly unit: number;
  readonly pdu: Uint8Array;
  readonly bytes: Uint8Array;
  /** @param shift added to what names the request: transaction id on TCP, unit on RTU */
  frame(body: Uint8Array, shift?: number): Uint8Array;
}

/** Cuts a stream of bytes into requests. */
export interface RequestReader {
  /** @returns broken: what came is no Modbus, and the connection has to end */
  feed(bytes: Uint8Array): { readonly requests: readonly WireRequest[]; readonly broken: boolean };
}

export const NOTHING: Uint8Array = new Uint8Array(0);

const wordAt = (bytes: Uint8Array, at: number): number =>
  ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);

export function joined(rest: Uint8Array, bytes: Uint8Array): Uint8Array {
  const all = new Uint8Array(rest.length + bytes.length);
  all.set(rest);
  all.set(bytes, rest.length);
  return all;
}

class MbapRequest implements WireRequest {
  readonly bytes: Uint8Array;
  readonly unit: number;
  readonly pdu: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.unit = bytes[6] ?? 0;
    this.pdu = bytes.slice(HEADER); // a view of a small array costs more
  }

  frame(body: Uint8Array, shift = 0): Uint8Array {
    return frame((wordAt(this.bytes, 0) + shift) & 0xffff, this.unit, body);
  }
}

export function createMbapReader(): RequestReader {
  let rest: Uint8Array = NOTHING;
  return {
    feed(bytes) {
      const all = rest.length === 0 ? bytes : joined(rest, bytes);
      const requests: WireRequest[] = [];
      let at = 0;
      while (all.length - at >= HEADER) {
        const length = wordAt(all, at + 4);
        if (wordAt(all, at + 2) !== 0 || length < 2 || length > MOST_LENGTH) {
          rest = NOTHING;
          return { requests, broken: true };
        }
        if (all.length - at < 6 + length) break;
        const end = at + 6 + length;
        const isAll = at === 0 && end === all.length;
        requests.push(new MbapRequest(isAll ? all : all.subarray(at, end)));
        at = end;
      }
      rest = at === all.length ? NOTHING : all.slice(at);
      return { requests, broken: false };
    },
  };
}

/** A TCP gateway says itself that the unit did not answer (exception 11). */
export const noAnswer = (pdu: Uint8Array): Uint8Array => Uint8Array.of((pdu[0] ?? 0) | 0x80, 11);

export function createMbapSession(station: Station): Session {
  const reader = createMbapReader();
  return {
    feed(bytes) {
      const { requests, broken } = reader.feed(bytes);
      const out = requests.map((request) => {
        const { unit, pdu } = request;
        return request.frame(answer(station, unit, pdu) ?? noAnswer(pdu));
      });
      return { out, close: broken };
    },
  };
}

function frame(transaction: number, unit: number, body: Uint8Array): Uint8Array {
  const out = cut(HEADER + body.length);
  const length = body.length + 1;
  out[0] = transaction >> 8;
  out[1] = transaction;
  out[4] = length >> 8;
  out[5] = length;
  out[6] = unit;
  out.set(body, HEADER);
  return out;
}
