/**
 * Modbus application protocol, pure bytes: requests out, checked answers in. An answer is only
 * taken when every part that the protocol repeats (function, byte count, address, value or
 * quantity) agrees with the request.
 */
export type Request =
  | { readonly fc: 1 | 2 | 3 | 4; readonly at: number; readonly count: number }
  | { readonly fc: 5; readonly at: number; readonly on: boolean }
  | { readonly fc: 6; readonly at: number; readonly word: number }
  | { readonly fc: 15; readonly at: number; readonly bits: readonly boolean[] }
  | { readonly fc: 16; readonly at: number; readonly words: readonly number[] }
  | {
      readonly fc: 23;
      readonly at: number; // read
      readonly count: number;
      readonly writeAt: number;
      readonly words: readonly number[];
    };

export type PduAnswer =
  // Registers, or bits as 0 and 1; [] for a write.
  | { readonly ok: true; readonly words: readonly number[] }
  | { readonly ok: false; readonly why: 'exception'; readonly exception: number }
  | { readonly ok: false; readonly why: 'bad-frame'; readonly detail: string };

export const isWrite = (request: Request): boolean =>
  request.fc === 5 || request.fc === 6 || request.fc >= 15;

const bytesOfBits = (count: number): number => (count + 7) >> 3;

/** Most that the protocol allows in one request. */
const LIMIT = {
  bits: 2_000,
  registers: 125,
  writeBits: 1_968,
  writeRegisters: 123,
  bothWrite: 121,
};

/** @throws RangeError for a request that no device may be asked: it is a fault of the caller */
function check(request: Request): void {
  const span = (at: number, count: number, most: number): void => {
    if (!Number.isInteger(at) || !Number.isInteger(count) || at < 0 || count < 1 || count > most) {
      throw new RangeError(`function ${request.fc}: ${count} at ${at}`);
    }
    if (at + count > 65_536) throw new RangeError(`function ${request.fc}: past 65535`);
  };
  const words = (list: readonly number[]): void => {
    for (const word of list) {
      if (!Number.isInteger(word) || word < 0 || word > 0xffff)
        throw new RangeError(`word ${word}`);
    }
  };
  switch (request.fc) {
    case 1:
    case 2:
      return span(request.at, request.count, LIMIT.bits);
    case 3:
    case 4:
      return span(request.at, request.count, LIMIT.registers);
    case 5:
      return span(request.at, 1, 1);
    case 6:
      span(request.at, 1, 1);
      return words([request.word]);
    case 15:
      return span(request.at, request.bits.length, LIMIT.writeBits);
    case 16:
      span(request.at, request.words.length, LIMIT.writeRegisters);
      return words(request.words);
    case 23:
      span(request.at, request.count, LIMIT.registers);
      span(request.writeAt, request.words.length, LIMIT.bothWrite);
      return words(request.words);
  }
}

class Out {
  private readonly bytes: number[] = [];
  u8(value: number): this {
    this.bytes.push(value & 0xff);
    return this;
  }
  u16(value: number): this {
    return this.u8(value >> 8).u8(value);
  }
  /** Byte count, then the bytes. */
  counted(list: readonly number[]): this {
    this.bytes.push(list.length, ...list);
    return this;
  }
  done(): Uint8Array {
    return Uint8Array.from(this.bytes);
  }
}

function packBits(bits: readonly boolean[]): number[] {
  const packed = new Array<number>(bytesOfBits(bits.length)).fill(0);
  bits.forEach((bit, index) => {
    const at = index >> 3;
    if (bit) packed[at] = (packed[at] ?? 0) | (1 << (index & 7));
  });
  return packed;
}

const bytesOf = (words: readonly number[]): number[] =>
  words.flatMap((word) => [word >> 8, word & 0xff]);

/**
 * Function code and data of a request. @throws RangeError when outside of what the protocol allows
 */
export function encodeRequest(request: Request): Uint8Array {
  check(request);
  const out = new Out().u8(request.fc).u16(request.at);
  switch (request.fc) {
    case 5:
      return out.u16(request.on ? 0xff00 : 0).done();
    case 6:
      return out.u16(request.word).done();
    case 15:
      return out.u16(request.bits.length).counted(packBits(request.bits)).done();
    case 16:
      return out.u16(request.words.length).counted(bytesOf(request.words)).done();
    case 23:
      out.u16(request.count).u16(request.writeAt).u16(request.words.length);
      return out.counted(bytesOf(request.words)).done();
    default:
      return out.u16(request.count).done();
  }
}

/**
 * Byte count that the answer to a read must carry; undefined for a write, whose answer is an echo.
 */
export function answerByteCount(request: Request): number | undefined {
  if (request.fc === 1 || request.fc === 2) return bytesOfBits(request.count);
  if (request.fc === 3 || request.fc === 4 || request.fc === 23) return 2 * request.count;
  return undefined;
}

/** Bytes of a good answer's function code and data. */
export function answerLength(request: Request): number {
  const count = answerByteCount(request);
  return count === undefined ? 5 : 2 + count;
}

const bad = (detail: string): PduAnswer => ({ ok: false, why: 'bad-frame', detail });

function checkEcho(request: Request, view: DataView): PduAnswer {
  const at = view.getUint16(1);
  const value = view.getUint16(3);
  if (at !== request.at) return bad(`echo of address ${at}, asked ${request.at}`);
  let expect = 0;
  if (request.fc === 5) expect = request.on ? 0xff00 : 0;
  else if (request.fc === 6) expect = request.word;
  else if (request.fc === 15) expect = request.bits.length;
  else if (request.fc === 16) expect = request.words.length;
  if (value !== expect) return bad(`echo of ${value}, asked ${expect}`);
  return { ok: true, words: [] };
}

/**
 * Judges the function code and data of an answer against its request. Never throws, whatever the
 * bytes.
 */
export function checkAnswer(request: Request, pdu: Uint8Array): PduAnswer {
  const view = new DataView(pdu.buffer, pdu.byteOffset, pdu.byteLength);
  if (pdu.length < 2) return bad(`${pdu.length} bytes`);
  const fc = view.getUint8(0);
  if (fc === (request.fc | 0x80)) {
    if (pdu.length !== 2) return bad(`exception of ${pdu.length} bytes`);
    return { ok: false, why: 'exception', exception: view.getUint8(1) };
  }
  if (fc !== request.fc) return bad(`function ${fc}, asked ${request.fc}`);
  const length = answerLength(request);
  if (pdu.length !== length) return bad(`${pdu.length} bytes, expected ${length}`);
  const count = answerByteCount(request);
  if (count === undefined) return checkEcho(request, view);
  if (view.getUint8(1) !== count) return bad(`byte count ${view.getUint8(1)}, expected ${count}`);
  const words: number[] = [];
  if (request.fc === 1 || request.fc === 2) {
    for (let bit = 0; bit < request.count; bit += 1) {
      words.push((view.getUint8(2 + (bit >> 3)) >> (bit & 7)) & 1);
    }
  } else {
    for (let at = 0; at < count; at += 2) words.push(view.getUint16(2 + at));
  }
  return { ok: true, words };
}

/** Two requests of one shape could be answered by the same bytes: function and answer length. */
export const shapeOf = (request: Request): number => request.fc * 1_000 + answerLength(request);
