import type { RegisterSpace } from '../../devices/profile.ts';
import { cut } from './piece.ts';
import type { DeviceImage, ExceptionCode, Station } from './types.ts';

/**
 * Requests of the Modbus application protocol, answered from a station's devices. Bytes in, bytes
 * out, no I/O.
 */

const READS: Readonly<Record<number, RegisterSpace>> = {
  1: 'coil',
  2: 'discrete',
  3: 'holding',
  4: 'input',
};

interface Outcome {
  readonly address: number;
  readonly count: number;
  readonly values: readonly number[];
  readonly write: boolean;
  readonly exception: ExceptionCode;
  readonly answer: Uint8Array; // PDU; empty with an exception
}

type Request = { readonly fc: number; readonly pdu: Uint8Array; readonly device: DeviceImage };

const NOTHING = new Uint8Array(0);

function failed(address: number, count: number, write: boolean, exception: ExceptionCode): Outcome {
  return { address, count, values: [], write, exception, answer: NOTHING };
}

const wordAt = (bytes: Uint8Array, at: number): number =>
  ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);

const wordsFrom = (bytes: Uint8Array, at: number, count: number): number[] => {
  const words: number[] = [];
  for (let n = 0; n < count; n += 1) words.push(wordAt(bytes, at + 2 * n));
  return words;
};

function putWords(out: Uint8Array, from: number, values: ArrayLike<number>): Uint8Array {
  for (let n = 0; n < values.length; n += 1) {
    const value = values[n] ?? 0;
    out[from + 2 * n] = value >> 8;
    out[from + 2 * n + 1] = value;
  }
  return out;
}

/** What a write is acknowledged with. */
function echoOf(fc: number, ...values: readonly number[]): Uint8Array {
  const out = new Uint8Array(1 + 2 * values.length);
  out[0] = fc;
  return putWords(out, 1, values);
}

function countedWords(fc: number, values: ArrayLike<number>): Uint8Array {
  const out = cut(2 + 2 * values.length);
  out[0] = fc;
  out[1] = 2 * values.length;
  return putWords(out, 2, values);
}

function countedBits(fc: number, bits: ArrayLike<number>): Uint8Array {
  const out = new Uint8Array(2 + Math.ceil(bits.length / 8));
  out[0] = fc;
  out[1] = out.length - 2;
  for (let n = 0; n < bits.length; n += 1) {
    const at = 2 + (n >> 3);
    if (bits[n] !== 0) out[at] = (out[at] ?? 0) | (1 << (n & 7));
  }
  return out;
}

function read({ fc, pdu, device }: Request): Outcome {
  const address = wordAt(pdu, 1);
  const count = wordAt(pdu, 3);
  const { words: values, exception } = device.read(READS[fc] ?? 'holding', address, count);
  if (exception !== 0) return failed(address, count, false, exception);
  const answer = fc <= 2 ? countedBits(fc, values) : countedWords(fc, values);
  return { address, count, values, write: false, exception: 0, answer };
}

function written(
  request: Request,
  space: 'holding' | 'coil',
  values: readonly number[],
  echo: Uint8Array,
): Outcome {
  const address = wordAt(request.pdu, 1);
  const exception = request.device.write(space, address, values);
  const answer = exception === 0 ? echo : NOTHING;
  return { address, count: values.length, values, write: true, exception, answer };
}

function writeOne(request: Request): Outcome {
  const { fc, pdu } = request;
  const address = wordAt(pdu, 1);
  const value = wordAt(pdu, 3);
  const echo = echoOf(fc, address, value);
  if (fc === 6) return written(request, 'holding', [value], echo);
  if (value !== 0 && value !== 0xff00) return failed(address, 1, true, 3);
  return written(request, 'coil', [value === 0 ? 0 : 1], echo);
}

function writeMany(request: Request): Outcome {
  const { fc, pdu } = request;
  const address = wordAt(pdu, 1);
  const count = wordAt(pdu, 3);
  const size = fc === 15 ? Math.ceil(count / 8) : 2 * count;
  const most = fc === 15 ? 1_968 : 123;
  const whole = pdu[5] === size && pdu.length === 6 + size;
  if (!(count >= 1 && count <= most && whole)) return failed(address, count, true, 3);
  const values =
    fc === 15
      ? Array.from({ length: count }, (_, n) => ((pdu[6 + (n >> 3)] ?? 0) >> (n & 7)) & 1)
      : wordsFrom(pdu, 6, count);
  return written(request, fc === 15 ? 'coil' : 'holding', values, echoOf(fc, address, count));
}

function maskWrite(request: Request): Outcome {
  const { fc, pdu, device } = request;
  const address = wordAt(pdu, 1);
  const and = wordAt(pdu, 3);
  const or = wordAt(pdu, 5);
  const now = device.read('holding', address, 1);
  if (now.exception !== 0) return failed(address, 1, true, now.exception);
  const value = ((now.words[0] ?? 0) & and) | (or & ~and & 0xffff);
  return written(request, 'holding', [value], echoOf(fc, address, and, or));
}

function writeAndRead(request: Request): Outcome {
  const { fc, pdu, device } = request;
  const address = wordAt(pdu, 5);
  const count = wordAt(pdu, 7);
  const whole = pdu[9] === 2 * count && pdu.length === 10 + 2 * count;
  if (!(count >= 1 && count <= 121 && whole)) return failed(address, count, true, 3);
  const values = wordsFrom(pdu, 10, count);
  const from = wordAt(pdu, 1);
  const before = device.read('holding', from, wordAt(pdu, 3));
  if (before.exception !== 0) return failed(address, count, true, before.exception);
  const exception = device.write('holding', address, values);
  if (exception !== 0) return failed(address, count, true, exception);
  const after = device.read('holding', from, wordAt(pdu, 3));
  const answer = countedWords(fc, after.words);
  return { address, count, values, write: true, exception, answer };
}

/** Function code to what serves it and the length of its request (at least, where it varies). */
const SERVED: Readonly<
  Record<number, { readonly length: number; run(request: Request): Outcome }>
> = {
  1: { length: 5, run: read },
  2: { length: 5, run: read },
  3: { length: 5, run: read },
  4: { length: 5, run: read },
  5: { length: 5, run: writeOne },
  6: { length: 5, run: writeOne },
  15: { length: 6, run: writeMany },
  16: { length: 6, run: writeMany },
  22: { length: 7, run: maskWrite },
  23: { length: 10, run: writeAndRead },
};
const FIXED = new Set([1, 2, 3, 4, 5, 6, 22]);

/**
 * Answers one request PDU (function code and data) for a unit.
 * @returns the answer PDU, or undefined when no device has that unit; the frame hook hears of every
 *   request
 */
export function answer(station: Station, unit: number, pdu: Uint8Array): Uint8Array | undefined {
  station.onRequest?.();
  const device = station.units.get(unit);
  const fc = pdu[0] ?? 0;
  const outcome = device === undefined ? unknown(pdu) : serve(station, { fc, pdu, device });
  const { address, count, values, write, exception } = outcome;
  station.onFrame?.({
    atMs: station.clock.monoMs(),
    bus: station.bus,
    device: device?.id ?? '',
    unit,
    fc,
    address,
    count,
    values,
    write,
    exception,
  });
  if (device === undefined) return undefined;
  return exception === 0 ? outcome.answer : Uint8Array.of(fc | 0x80, exception);
}

function serve(station: Station, request: Request): Outcome {
  const served = SERVED[request.fc];
  if (served === undefined) return failed(0, 0, false, 1);
  const { length } = request.pdu;
  const exact = FIXED.has(request.fc) ? length === served.length : length >= served.length;
  if (!exact) return failed(0, 0, request.fc > 4, 3);
  request.device.step(station.clock.monoMs());
  return served.run(request);
}

function unknown(pdu: Uint8Array): Outcome {
  return failed(
    pdu.length >= 5 ? wordAt(pdu, 1) : 0,
    pdu.length >= 5 ? wordAt(pdu, 3) : 0,
    false,
    11,
  );
}

/**
 * Whole length of the request PDU that begins at `from`; 0 = too short to know, -1 = not a function
 * we know.
 */
export function requestLength(bytes: Uint8Array, from: number): number {
  const fc = bytes[from];
  if (fc === undefined) return 0;
  const served = SERVED[fc];
  if (served === undefined) return -1;
  if (FIXED.has(fc)) return served.length;
  const size = bytes[from + served.length - 1];
  return size === undefined ? 0 : served.length + size;
}
