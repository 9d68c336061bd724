/**
 * Modbus application protocol, pure bytes: requests out, checked answers in. An answer is only
 * taken when every part that the protocol repeats (function, byte count, address, value or
 * quantity) agrees with the request. "Modbus Application Protocol V1.1b3", section 6.
 */
export type Request =
  | { readonly fc: 1 | 2 | 3 | 4; readonly at: number; readonly count: number }
  | { readonly fc: 5; readonly at: number; readonly on: boolean }
  | { readonly fc: 6; readonly at: number; readonly word: number }
  | { readonly fc: 15; readonly at: number; readonly bits: readonly boolean[] }
  | { readonly fc: 16; readonly at: number; readonly words: readonly number[] }
  // word = (word AND andMask) OR (orMask AND NOT andMask)
  | { readonly fc: 22; readonly at: number; readonly andMask: number; readonly orMask: number }
  | {
      readonly fc: 23;
      readonly at: number; // read
      readonly count: number;
      readonly writeAt: number;
      readonly words: readonly number[];
    }
  // 43/14, device identification: 1 basic, 2 regular, 3 extended, 4 one object
  | { readonly fc: 43; readonly level: 1 | 2 | 3 | 4; readonly objectId: number };

export type PduAnswer =
  // Registers, or bits as 0 and 1; [] for a write; of 43/14 the bytes behind the 14.
  | { readonly ok: true; readonly words: readonly number[] }
  | { readonly ok: false; readonly why: 'exception'; readonly exception: number }
  | { readonly ok: false; readonly why: 'bad-frame'; readonly detail: string };

/** 43/14 answers an exception or a list; its length is known only from within. */
const IDENTIFY = 43;
const MEI = 14;
/** A whole frame's function code and data. */
const PDU_MAX = 253;

export const isWrite = (request: Request): boolean => request.fc >= 5 && request.fc !== IDENTIFY;

const bytesOfBits = (count: number): number => (count + 7) >> 3;

/** Most that the protocol allows in one request. */
const LIMIT = {
  bits: 2_000,
  registers: 125,
  writeBits: 1_968,
  writeRegisters: 123,
  bothWrite: 121,
};

function checkSpan(fc: number, at: number, count: number, most: number): void {
  if (!Number.isInteger(at) || !Number.isInteger(count) || at < 0 || count < 1 || count > most) {
    throw new RangeError(`function ${fc}: ${count} at ${at}`);
  }
  if (at + count > 65_536) throw new RangeError(`function ${fc}: past 65535`);
}

function checkWords(list: readonly number[]): void {
  for (const word of list) {
    if (!Number.isInteger(word) || word < 0 || word > 0xffff) throw new RangeError(`word ${word}`);
  }
}

/** @throws RangeError for a request that no device may be asked: it is a fault of the caller */
export function checkRequest(request: Request): void {
  switch (request.fc) {
    case 1:
    case 2:
      return checkSpan(request.fc, request.at, request.count, LIMIT.bits);
    case 3:
    case 4:
      return checkSpan(request.fc, request.at, request.count, LIMIT.registers);
    case 5:
      return checkSpan(5, request.at, 1, 1);
    case 6:
      checkSpan(6, request.at, 1, 1);
      return checkWords([request.word]);
    case 15:
      return checkSpan(15, request.at, request.bits.length, LIMIT.writeBits);
    case 16:
      checkSpan(16, request.at, request.words.length, LIMIT.writeRegisters);
      return checkWords(request.words);
    case 22:
      checkSpan(22, request.at, 1, 1);
      return checkWords([request.andMask, request.orMask]);
    case 23:
      checkSpan(23, request.at, request.count, LIMIT.registers);
      checkSpan(23, request.writeAt, request.words.length, LIMIT.bothWrite);
      return checkWords(request.words);
    case 43:
      if (!Number.isInteger(request.objectId) || request.objectId < 0 || request.objectId > 255) {
        throw new RangeError(`function 43: object ${request.objectId}`);
      }
  }
}

/** Registers that a request reads or writes at once, for a device that takes fewer than others. */
export function registersOf(request: Request): number {
  switch (request.fc) {
    case 3:
    case 4:
      return request.count;
    case 16:
      return request.words.length;
    case 23:
      return Math.max(request.count, request.words.length);
    default:
      return 1;
  }
}

/** Bytes of a request's function code and data. */
export function requestLength(request: Request): number {
  switch (request.fc) {
    case 15:
      return 6 + bytesOfBits(request.bits.length);
    case 16:
      return 6 + 2 * request.words.length;
    case 22:
      return 7;
    case 23:
      return 10 + 2 * request.words.length;
    case 43:
      return 4;
    default:
      return 5;
  }
}

function put(out: Uint8Array, at: number, word: number): void {
  out[at] = word >> 8;
  out[at + 1] = word & 0xff;
}

/** Byte count, then the registers. */
function putWords(out: Uint8Array, at: number, words: readonly number[]): void {
  out[at] = 2 * words.length;
  words.forEach((word, index) => put(out, at + 1 + 2 * index, word));
}

function putBits(out: Uint8Array, at: number, bits: readonly boolean[]): void {
  const count = bytesOfBits(bits.length);
  out[at] = count;
  out.fill(0, at + 1, at + 1 + count);
  bits.forEach((bit, index) => {
    const byte = at + 1 + (index >> 3);
    if (bit) out[byte] = (out[byte] ?? 0) | (1 << (index & 7));
  });
}

/** Writes function code and data of a checked request into `out`, `requestLength` bytes. */
export function putRequest(request: Request, out: Uint8Array, at: number): void {
  out[at] = request.fc;
  if (request.fc === 43) {
    out[at + 1] = MEI;
    out[at + 2] = request.level;
    out[at + 3] = request.objectId;
    return;
  }
  put(out, at + 1, request.at);
  switch (request.fc) {
    case 5:
      return put(out, at + 3, request.on ? 0xff00 : 0);
    case 6:
      return put(out, at + 3, request.word);
    case 15:
      put(out, at + 3, request.bits.length);
      return putBits(out, at + 5, request.bits);
    case 16:
      put(out, at + 3, request.words.length);
      return putWords(out, at + 5, request.words);
    case 22:
      put(out, at + 3, request.andMask);
      return put(out, at + 5, request.orMask);
    case 23:
      put(out, at + 3, request.count);
      put(out, at + 5, request.writeAt);
      put(out, at + 7, request.words.length);
      return putWords(out, at + 9, request.words);
    default:
      return put(out, at + 3, request.count);
  }
}

/**
 * Function code and data of a request. @throws RangeError when outside of what the protocol allows
 */
export function encodeRequest(request: Request): Uint8Array {
  checkRequest(request);
  const out = new Uint8Array(requestLength(request));
  putRequest(request, out, 0);
  return out;
}

/**
 * Byte count that the answer to a read must carry; undefined for a write, whose answer is an echo,
 * and for 43/14.
 */
export function answerByteCount(request: Request): number | undefined {
  if (request.fc === 1 || request.fc === 2) return bytesOfBits(request.count);
  if (request.fc === 3 || request.fc === 4 || request.fc === 23) return 2 * request.count;
  return undefined;
}

/** Bytes of a good answer's function code and data; of 43/14 the least there can be. */
export function answerLength(request: Request): number {
  const count = answerByteCount(request);
  if (count !== undefined) return 2 + count;
  return request.fc === 22 || request.fc === IDENTIFY ? 7 : 5;
}

/**
 * Length of the answer that `bytes` [from, end) is the beginning of; 0 while that cannot be known.
 */
export function wholeLength(
  request: Request,
  bytes: Uint8Array,
  from: number,
  end: number,
): number {
  if (bytes[from] === (request.fc | 0x80)) return 2;
  if (request.fc !== IDENTIFY) return answerLength(request);
  let at = from + 7;
  if (at > end) return 0;
  for (let left = bytes[from + 6] ?? 0; left > 0; left -= 1) {
    if (at + 2 > end) return 0;
    at += 2 + (bytes[at + 1] ?? 0);
  }
  return at - from;
}

const bad = (detail: string): PduAnswer => ({ ok: false, why: 'bad-frame', detail });
const WRITTEN: PduAnswer = { ok: true, words: [] };

const wordAt = (bytes: Uint8Array, at: number): number =>
  ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);

function checkEcho(
  request: Exclude<Request, { fc: 43 }>,
  bytes: Uint8Array,
  from: number,
): PduAnswer {
  const at = wordAt(bytes, from + 1);
  const value = wordAt(bytes, from + 3);
  if (at !== request.at) return bad(`echo of address ${at}, asked ${request.at}`);
  let expect = 0;
  if (request.fc === 5) expect = request.on ? 0xff00 : 0;
  else if (request.fc === 6) expect = request.word;
  else if (request.fc === 15) expect = request.bits.length;
  else if (request.fc === 16) expect = request.words.length;
  else if (request.fc === 22) expect = request.andMask;
  if (value !== expect) return bad(`echo of ${value}, asked ${expect}`);
  if (request.fc === 22 && wordAt(bytes, from + 5) !== request.orMask) {
    return bad(`echo of ${wordAt(bytes, from + 5)}, asked ${request.orMask}`);
  }
  return WRITTEN;
}

function checkIdentity(
  request: Request & { readonly fc: 43 },
  bytes: Uint8Array,
  from: number,
  end: number,
): PduAnswer {
  if (bytes[from + 1] !== MEI) return bad(`encapsulated ${bytes[from + 1]}, asked ${MEI}`);
  if (bytes[from + 2] !== request.level) {
    return bad(`identification level ${bytes[from + 2]}, asked ${request.level}`);
  }
  if (wholeLength(request, bytes, from, end) !== end - from) {
    return bad(`${end - from} bytes, its objects say otherwise`);
  }
  return { ok: true, words: [...bytes.subarray(from + 2, end)] };
}

function wordsFrom(bytes: Uint8Array, from: number, count: number): number[] {
  const words = new Array<number>(count);
  for (let n = 0, at = from; n < count; n += 1, at += 2) {
    words[n] = ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
  }
  return words;
}

function bitsFrom(bytes: Uint8Array, from: number, count: number): number[] {
  const bits = new Array<number>(count);
  for (let n = 0; n < count; n += 1) bits[n] = ((bytes[from + (n >> 3)] ?? 0) >> (n & 7)) & 1;
  return bits;
}

/**
 * Judges the function code and data of an answer, `bytes` [from, end), against its request. Never
 * throws, whatever the bytes.
 */
export function checkAnswer(
  request: Request,
  bytes: Uint8Array,
  from = 0,
  end = bytes.length,
): PduAnswer {
  const size = end - from;
  if (size < 2 || size > PDU_MAX) return bad(`${size} bytes`);
  const fc = bytes[from] ?? 0;
  if (fc === (request.fc | 0x80)) {
    if (size !== 2) return bad(`exception of ${size} bytes`);
    return { ok: false, why: 'exception', exception: bytes[from + 1] ?? 0 };
  }
  if (fc !== request.fc) return bad(`function ${fc}, asked ${request.fc}`);
  const length = answerLength(request);
  if (request.fc === 43) {
    return size < length ? bad(`${size} bytes`) : checkIdentity(request, bytes, from, end);
  }
  if (size !== length) return bad(`${size} bytes, expected ${length}`);
  const count = answerByteCount(request);
  if (count === undefined) return checkEcho(request, bytes, from);
  if (bytes[from + 1] !== count) return bad(`byte count ${bytes[from + 1]}, expected ${count}`);
  if (request.fc === 1 || request.fc === 2) {
    return { ok: true, words: bitsFrom(bytes, from + 2, request.count) };
  }
  return { ok: true, words: wordsFrom(bytes, from + 2, count >> 1) };
}

/** Two requests of one shape could be answered by the same bytes: function and answer length. */
export const shapeOf = (request: Request): number => request.fc * 1_000 + answerLength(request);
