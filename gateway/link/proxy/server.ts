import type { Image } from '../../contracts/values/image.ts';
import type { Mirror } from './mirror.ts';
import { type SiteMap, siteRegisters } from './site-map.ts';

/**
 * Modbus TCP as a server, bytes in and frames out: the site's map on its own unit, mirrored devices
 * on theirs. Nothing here reaches the guard, except a request that may pass.
 */
export interface ProxyOptions {
  readonly map: SiteMap;
  readonly siteUnit: number;
  readonly mirrored: ReadonlyMap<number, string>; // unit -> device
  readonly mirror: Mirror;
  readonly image: () => Image | undefined;
  readonly monoMs: () => number;
  readonly realMs: () => number;
  readonly perSecond: number; // requests of one connection
  /** Asks the device itself; undefined where nothing passes to it. */
  readonly pass: (device: string, pdu: Uint8Array) => Promise<Uint8Array> | undefined;
}

export interface ProxySession {
  /** @returns false when what came is no Modbus and the connection has to end */
  feed(bytes: Uint8Array, send: (frame: Uint8Array) => void): boolean;
  /** How long to leave a client unread that asks too much, then feed it on; 0 for any other. */
  readonly restMs: number;
}

const HEADER = 7;
const MOST_LENGTH = 254; // unit and PDU
const READS = { 1: 'coil', 2: 'discrete', 3: 'holding', 4: 'input' } as const;
const SECOND_MS = 1_000;

const ILLEGAL_FUNCTION = 1;
const ILLEGAL_ADDRESS = 2;
const ILLEGAL_VALUE = 3;
const BUSY = 6;
const NO_PATH = 10;

const isRead = (fc: number): fc is keyof typeof READS => fc >= 1 && fc <= 4;
const refusal = (fc: number, code: number): Uint8Array => Uint8Array.of(fc | 0x80, code);

export function createProxySession(options: ProxyOptions): ProxySession {
  let rest = new Uint8Array(0);
  let sinceMs = Number.NEGATIVE_INFINITY;
  let count = 0;
  let isPassing = false;

  const isTooMuch = (): boolean => {
    const nowMs = options.realMs();
    if (nowMs - sinceMs >= SECOND_MS) {
      sinceMs = nowMs;
      count = 0;
    }
    count += 1;
    return count > options.perSecond;
  };
  const restMs = (): number =>
    count > options.perSecond ? Math.max(0, sinceMs + SECOND_MS - options.realMs()) : 0;
  const serve = (unit: number, pdu: Uint8Array, send: (body: Uint8Array) => void): void => {
    const fc = pdu[0] ?? 0;
    if (isTooMuch()) return send(refusal(fc, BUSY));
    const own = answer(options, unit, pdu);
    const device = options.mirrored.get(unit);
    if (device === undefined || !isForDevice(own)) return send(own);
    if (isPassing) return send(refusal(fc, BUSY));
    const passed = options.pass(device, pdu);
    if (passed === undefined) return send(own);
    isPassing = true;
    void passed.then((body) => {
      isPassing = false;
      send(body);
    });
  };

  return {
    get restMs() {
      return restMs();
    },
    feed(bytes, send) {
      const all = new Uint8Array(rest.length + bytes.length);
      all.set(rest);
      all.set(bytes, rest.length);
      let at = 0;
      while (all.length - at >= HEADER && restMs() === 0) {
        const view = new DataView(all.buffer, at);
        const length = view.getUint16(4);
        if (view.getUint16(2) !== 0 || length < 2 || length > MOST_LENGTH) return false;
        if (all.length - at < 6 + length) break;
        const [transaction, unit] = [view.getUint16(0), view.getUint8(6)];
        serve(unit, all.slice(at + HEADER, at + 6 + length), (body) =>
          send(framed(transaction, unit, body)),
        );
        at += 6 + length;
      }
      rest = all.slice(at);
      return true;
    },
  };
}

/** What the mirror does not know, and every write: a matter of the device itself. */
const isForDevice = ([fc = 0, code]: Uint8Array): boolean =>
  (fc & 0x80) !== 0 && (code === ILLEGAL_ADDRESS || code === ILLEGAL_FUNCTION);

function framed(transaction: number, unit: number, body: Uint8Array): Uint8Array {
  const out = new Uint8Array(HEADER + body.length);
  const view = new DataView(out.buffer);
  view.setUint16(0, transaction);
  view.setUint16(4, body.length + 1);
  view.setUint8(6, unit);
  out.set(body, HEADER);
  return out;
}

/** From what is known here; writes are an illegal function. */
function answer(options: ProxyOptions, unit: number, pdu: Uint8Array): Uint8Array {
  const fc = pdu[0] ?? 0;
  const device = options.mirrored.get(unit);
  if (unit !== options.siteUnit && device === undefined) return refusal(fc, NO_PATH);
  if (!isRead(fc)) return refusal(fc, ILLEGAL_FUNCTION);
  if (pdu.length !== 5) return refusal(fc, ILLEGAL_VALUE);
  const view = new DataView(pdu.buffer, pdu.byteOffset);
  const [at, count] = [view.getUint16(1), view.getUint16(3)];
  const most = fc <= 2 ? 2_000 : 125;
  if (count < 1 || count > most) return refusal(fc, ILLEGAL_VALUE);
  const words =
    device === undefined
      ? ofSite(options, fc, at, count)
      : options.mirror.read(device, READS[fc], at, count, options.monoMs());
  if (typeof words === 'number') return refusal(fc, words);
  return fc <= 2 ? bits(fc, words) : registers(fc, words);
}

/** Holding and input registers are the same map. */
function ofSite(options: ProxyOptions, fc: number, at: number, count: number) {
  if (fc <= 2) return ILLEGAL_FUNCTION;
  if (at + count > options.map.words) return ILLEGAL_ADDRESS;
  const all = siteRegisters(options.map, options.image(), options.monoMs());
  return [...all.subarray(at, at + count)];
}

function registers(fc: number, words: readonly number[]): Uint8Array {
  const out = new Uint8Array(2 + 2 * words.length);
  const view = new DataView(out.buffer);
  out.set([fc, 2 * words.length]);
  words.forEach((word, n) => {
    view.setUint16(2 + 2 * n, word);
  });
  return out;
}

function bits(fc: number, words: readonly number[]): Uint8Array {
  const out = new Uint8Array(2 + Math.ceil(words.length / 8));
  out.set([fc, out.length - 2]);
  words.forEach((word, n) => {
    if (word !== 0) out[2 + (n >> 3)] = (out[2 + (n >> 3)] ?? 0) | (1 << (n & 7));
  });
  return out;
}
