import { profileById } from '../../../devices/catalogue.ts';
import { decoderOf } from '../../../devices/decoder.ts';
import type { DeviceMap, ResolvedPoint, WireType } from '../../../devices/profile.ts';
import { resolveProfile } from '../../../devices/resolve.ts';
import { checkAnswer, type Request } from '../../../gateway/guard/bus/pdu.ts';
import { crc16, encodeRtu, RtuAnswer } from '../../../gateway/guard/bus/rtu.ts';
import { planBlocks } from '../../../gateway/guard/measurements/plan.ts';
import { median, round } from './parts.ts';

const ROUNDS = 7;
const REQUEST: Request = { fc: 3, at: 0, count: 125 };

/** Median time of a call, microseconds. */
function timed(calls: number, run: () => void): number {
  const rounds: number[] = [];
  for (let n = 0; n <= ROUNDS; n += 1) {
    const startMs = performance.now();
    for (let call = 0; call < calls; call += 1) run();
    rounds.push(((performance.now() - startMs) * 1_000) / calls);
  }
  return median(rounds.slice(1)); // the first warms up
}

/** A 125-register answer through our RTU framer alone, in pieces of so many bytes. */
function framer(pieceBytes: number): number {
  const body = Uint8Array.from([1, 3, 250, ...Array.from({ length: 250 }, (_, n) => n)]);
  const crc = crc16(body);
  const frame = Uint8Array.from([...body, crc & 255, crc >> 8]);
  const sent = encodeRtu(1, REQUEST);
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < frame.length; at += pieceBytes) {
    pieces.push(frame.subarray(at, at + pieceBytes));
  }
  return timed(2_000, () => {
    const taker = new RtuAnswer(1, REQUEST, sent, false);
    let ok = false;
    for (const piece of pieces) {
      const step = taker.push(piece);
      if (step !== 'more') ok = step.ok;
    }
    if (!ok) throw new Error('the framer refused a right answer');
  });
}

const TYPES: readonly WireType[] = ['i16', 'u16', 'i32', 'u32', 'f32'];

/** 60 points of five types with a scale, as a meter has them. */
function meter60(): DeviceMap {
  const points: Record<string, ResolvedPoint> = {};
  let at = 0;
  for (let n = 0; n < 60; n += 1) {
    const as = TYPES[n % TYPES.length] ?? 'u16';
    const count = as === 'i16' || as === 'u16' ? 1 : 2;
    const of = n < 40 ? 'control' : 'state';
    points[`p${n}`] = { key: `p${n}`, at, count, as, space: 'input', unit: 'W', class: of };
    at += count;
  }
  const limits = { maxRegistersPerRead: 125, pauseMs: 0, timeoutMs: 500, latencyMs: 0 };
  return {
    profile: 'bench/meter60',
    wordOrder: 'big',
    limits: { ...limits, connectDelayMs: 0 },
    points,
    unreadable: [],
    control: [],
  };
}

function decoding(map: DeviceMap): number {
  const decoders = Object.values(map.points).map((point) => ({
    at: point.at,
    decode: decoderOf(map, point),
  }));
  const words = Array.from({ length: 125 }, (_, n) => (n * 7_919) & 0x3fff);
  let sum = 0;
  const us = timed(5_000, () => {
    for (const { at, decode } of decoders) sum += decode(words, at, undefined) ?? 0;
  });
  if (!Number.isFinite(sum)) throw new Error('nothing was decoded');
  return (us * 1_000) / decoders.length;
}

function checking(): number {
  const pdu = Uint8Array.from([3, 250, ...Array.from({ length: 250 }, (_, n) => n)]);
  return timed(5_000, () => {
    if (!checkAnswer(REQUEST, pdu).ok) throw new Error('a right answer was refused');
  });
}

const requestsFor = (map: DeviceMap): number => planBlocks(map, { varyShape: false }).length;

/** What needs no wire. */
export function pure(): object {
  const map = meter60();
  const sdm630 = profileById('eastron/sdm630');
  return {
    rtuFramer125RegistersUs: {
      byteByByte: round(framer(1)),
      piecesOf8: round(framer(8)),
      whole: round(framer(300)),
    },
    checkAnswer125RegistersUs: round(checking()),
    decodeNsPerValue: round(decoding(map), 1),
    meterOf60Points: { requests: requestsFor(map), target: 2 },
    ...(sdm630 ? { sdm630Requests: requestsFor(resolveProfile(sdm630)) } : {}),
  };
}
