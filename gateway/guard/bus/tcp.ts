/**
 * Modbus TCP framing (MBAP), pure bytes: transaction id, protocol id 0, length, unit. The length
 * field counts the unit byte, so it is 3..254 for any legal answer.
 */
export interface TcpFrame {
  readonly tid: number;
  readonly unit: number;
  readonly pdu: Uint8Array;
}

const HEADER = 7;
const LENGTH_MAX = 254;

export function encodeTcp(tid: number, unit: number, pdu: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(HEADER + pdu.length);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, tid);
  view.setUint16(4, pdu.length + 1);
  view.setUint8(6, unit);
  bytes.set(pdu, HEADER);
  return bytes;
}

/**
 * Cuts a byte stream into frames. Once a header is impossible nothing behind it can be trusted:
 * `broken` says why, no further frame is given, and the connection has to be closed.
 */
export class TcpFramer {
  broken: string | undefined;
  private held = new Uint8Array(0);

  push(chunk: Uint8Array): TcpFrame[] {
    if (this.broken !== undefined) return [];
    const bytes = new Uint8Array(this.held.length + chunk.length);
    bytes.set(this.held);
    bytes.set(chunk, this.held.length);
    const view = new DataView(bytes.buffer);
    const frames: TcpFrame[] = [];
    let at = 0;
    while (bytes.length - at >= 6) {
      const length = view.getUint16(at + 4);
      this.broken = refuse(view.getUint16(at + 2), length);
      if (this.broken !== undefined) return frames;
      const end = at + 6 + length;
      if (end > bytes.length) break;
      frames.push({
        tid: view.getUint16(at),
        unit: view.getUint8(at + 6),
        pdu: bytes.slice(at + HEADER, end),
      });
      at = end;
    }
    this.held = bytes.slice(at);
    return frames;
  }
}

function refuse(protocol: number, length: number): string | undefined {
  if (protocol !== 0) return `protocol id ${protocol}: this is not Modbus TCP`;
  if (length < 3 || length > LENGTH_MAX) return `length ${length} in the header`;
  return undefined;
}
