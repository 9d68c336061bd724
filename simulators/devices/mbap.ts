import { answer } from './pdu.ts';
import type { Station } from './types.ts';

const HEADER = 7;
const MOST_LENGTH = 254; // unit and PDU

/** One Modbus TCP connection as bytes: strict, a wrong header ends it. */
export interface Session {
  /** @returns what to send back, and whether to close the connection */
  feed(bytes: Uint8Array): { readonly out: readonly Uint8Array[]; readonly close: boolean };
}

export function createMbapSession(station: Station): Session {
  let rest = new Uint8Array(0);
  return {
    feed(bytes) {
      const all = new Uint8Array(rest.length + bytes.length);
      all.set(rest);
      all.set(bytes, rest.length);
      const out: Uint8Array[] = [];
      let at = 0;
      while (all.length - at >= HEADER) {
        const view = new DataView(all.buffer, at);
        const length = view.getUint16(4);
        if (view.getUint16(2) !== 0 || length < 2 || length > MOST_LENGTH) {
          rest = new Uint8Array(0);
          return { out, close: true };
        }
        if (all.length - at < 6 + length) break;
        const unit = view.getUint8(6);
        const pdu = all.slice(at + HEADER, at + 6 + length);
        // A TCP gateway says itself that the unit did not answer (exception 11).
        const body = answer(station, unit, pdu) ?? Uint8Array.of((pdu[0] ?? 0) | 0x80, 11);
        out.push(frame(view.getUint16(0), unit, body));
        at += 6 + length;
      }
      rest = all.slice(at);
      return { out, close: false };
    },
  };
}

function frame(transaction: number, unit: number, body: Uint8Array): Uint8Array {
  const out = new Uint8Array(HEADER + body.length);
  const view = new DataView(out.buffer);
  view.setUint16(0, transaction);
  view.setUint16(4, body.length + 1);
  view.setUint8(6, unit);
  out.set(body, HEADER);
  return out;
}
