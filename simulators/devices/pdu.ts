import type { RegisterSpace } from '../../devices/profile.ts';
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
  readonly body: Uint8Array; // answer after the function code
}

type Request = { readonly fc: number; readonly bytes: DataView; readonly device: DeviceImage };

const NOTHING = new Uint8Array(0);

function failed(address: number, count: number, write: boolean, exception: ExceptionCode): Outcome {
  return { address, count, values: [], write, exception, body: NOTHING };
}

const words = (...values: readonly number[]): Uint8Array => putWords(values, 0);

/** Words behind `from` bytes that are left free. */
function putWords(values: ArrayLike<number>, from: number): Uint8Array {
  const out = new Uint8Array(from + 2 * values.length);
  for (let n = 0; n < values.length; n += 1) {
    const value = values[n] ?? 0;
    out[from + 2 * n] = value >> 8;
    out[from + 2 * n + 1] = value;
  }
  return out;
}

function withCount(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(bytes.length + 1);
  out[0] = bytes.length;
  out.set(bytes, 1);
  return out;
}

function countedWords(values: ArrayLike<number>): Uint8Array {
  const out = putWords(values, 1);
  out[0] = 2 * values.length;
  return out;
}

function packBits(bits: ArrayLike<number>): Uint8Array {
  const out = new Uint8Array(Math.ceil(bits.length / 8));
  for (let n = 0; n < bits.length; n += 1) {
    if (bits[n] !== 0) out[n >> 3] = (out[n >> 3] ?? 0) | (1 << (n & 7));
  }
  return out;
}

function read({ fc, bytes, device }: Request): Outcome {
  const address = bytes.getUint16(1);
  const count = bytes.getUint16(3);
  const answer = device.read(READS[fc] ?? 'holding', address, count);
  if (answer.exception !== 0) return failed(address, count, false, answer.exception);
  const values = Array.from(answer.words);
  const body = fc <= 2 ? withCount(packBits(values)) : countedWords(values);
  return { address, count, values, write: false, exception: 0, body };
}

function written(
  request: Request,
  space: 'holding' | 'coil',
  values: readonly number[],
  body: Uint8Array,
): Outcome {
  const address = request.bytes.getUint16(1);
  const exception = request.device.write(space, address, values);
  const outcome = { address, count: values.length, values, write: true, exception };
  return { ...outcome, body: exception === 0 ? body : NOTHING };
}

function writeOne(request: Request): Outcome {
  const value = request.bytes.getUint16(3);
  const address = request.bytes.getUint16(1);
  const echo = words(address, value);
  if (request.fc === 6) return written(request, 'holding', [value], echo);
  if (value !== 0 && value !== 0xff00) return failed(address, 1, true, 3);
  return written(request, 'coil', [value === 0 ? 0 : 1], echo);
}

function writeMany(request: Request): Outcome {
  const { fc, bytes } = request;
  const address = bytes.getUint16(1);
  const count = bytes.getUint16(3);
  const size = fc === 15 ? Math.ceil(count / 8) : 2 * count;
  const most = fc === 15 ? 1_968 : 123;
  const whole = bytes.getUint8(5) === size && bytes.byteLength === 6 + size;
  if (!(count >= 1 && count <= most && whole)) return failed(address, count, true, 3);
  const values = Array.from({ length: count }, (_, n) =>
    fc === 15 ? (bytes.getUint8(6 + (n >> 3)) >> (n & 7)) & 1 : bytes.getUint16(6 + 2 * n),
  );
  return written(request, fc === 15 ? 'coil' : 'holding', values, words(address, count));
}

function maskWrite(request: Request): Outcome {
  const { bytes, device } = request;
  const address = bytes.getUint16(1);
  const and = bytes.getUint16(3);
  const or = bytes.getUint16(5);
  const now = device.read('holding', address, 1);
  if (now.exception !== 0) return failed(address, 1, true, now.exception);
  const value = ((now.words[0] ?? 0) & and) | (or & ~and & 0xffff);
  return written(request, 'holding', [value], words(address, and, or));
}

function writeAndRead(request: Request): Outcome {
  const { bytes, device } = request;
  const address = bytes.getUint16(5);
  const count = bytes.getUint16(7);
  const whole = bytes.getUint8(9) === 2 * count && bytes.byteLength === 10 + 2 * count;
  if (!(count >= 1 && count <= 121 && whole)) return failed(address, count, true, 3);
  const values = Array.from({ length: count }, (_, n) => bytes.getUint16(10 + 2 * n));
  const from = bytes.getUint16(1);
  const answer = device.read('holding', from, bytes.getUint16(3));
  if (answer.exception !== 0) return failed(address, count, true, answer.exception);
  const exception = device.write('holding', address, values);
  if (exception !== 0) return failed(address, count, true, exception);
  const after = device.read('holding', from, bytes.getUint16(3));
  const body = countedWords(after.words);
  return { address, count, values, write: true, exception, body };
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
  const bytes = new DataView(pdu.buffer, pdu.byteOffset, pdu.byteLength);
  const outcome = device === undefined ? unknown(bytes) : serve(station, { fc, bytes, device });
  const { address, count, values, write, exception, body } = outcome;
  const atMs = station.clock.monoMs();
  const seen = { address, count, values, write, exception };
  station.onFrame?.({ atMs, bus: station.bus, device: device?.id ?? '', unit, fc, ...seen });
  if (device === undefined) return undefined;
  if (exception !== 0) return Uint8Array.of(fc | 0x80, exception);
  const out = new Uint8Array(body.length + 1);
  out[0] = fc;
  out.set(body, 1);
  return out;
}

function serve(station: Station, request: Request): Outcome {
  const served = SERVED[request.fc];
  if (served === undefined) return failed(0, 0, false, 1);
  const { byteLength } = request.bytes;
  const exact = FIXED.has(request.fc) ? byteLength === served.length : byteLength >= served.length;
  if (!exact) return failed(0, 0, request.fc > 4, 3);
  request.device.step(station.clock.monoMs());
  return served.run(request);
}

function unknown(bytes: DataView): Outcome {
  const [address, count] =
    bytes.byteLength >= 5 ? [bytes.getUint16(1), bytes.getUint16(3)] : [0, 0];
  return failed(address, count, false, 11);
}

/**
 * Whole length of the request PDU that begins like this; 0 = too short to know, -1 = not a function
 * we know.
 */
export function requestLength(start: Uint8Array): number {
  const fc = start[0];
  if (fc === undefined) return 0;
  const served = SERVED[fc];
  if (served === undefined) return -1;
  if (FIXED.has(fc)) return served.length;
  const size = start[served.length - 1];
  return size === undefined ? 0 : served.length + size;
}
