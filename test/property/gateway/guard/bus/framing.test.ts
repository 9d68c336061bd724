import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkAnswer, type Request } from '../../../../../gateway/guard/bus/pdu.ts';
import { crc16, encodeRtu, RtuAnswer } from '../../../../../gateway/guard/bus/rtu.ts';
import { encodeTcp, TcpFramer } from '../../../../../gateway/guard/bus/tcp.ts';
import { createPeer } from '../../../../../simulators/wires/peer.ts';
import { fuzz } from '../../../../fixtures/modbus/fuzz.ts';

const request: fc.Arbitrary<Request> = fc.oneof(
  fc.record({
    fc: fc.constantFrom(3 as const, 4 as const),
    at: fc.nat(60_000),
    count: fc.integer({ min: 1, max: 125 }),
  }),
  fc.record({
    fc: fc.constantFrom(1 as const, 2 as const),
    at: fc.nat(60_000),
    count: fc.integer({ min: 1, max: 2_000 }),
  }),
  fc.record({ fc: fc.constant(6 as const), at: fc.nat(65_535), word: fc.nat(65_535) }),
  fc.record({ fc: fc.constant(5 as const), at: fc.nat(65_535), on: fc.boolean() }),
  fc.record({
    fc: fc.constant(22 as const),
    at: fc.nat(65_535),
    andMask: fc.nat(65_535),
    orMask: fc.nat(65_535),
  }),
  fc.record({
    fc: fc.constant(16 as const),
    at: fc.nat(60_000),
    words: fc.array(fc.nat(65_535), { minLength: 1, maxLength: 123 }),
  }),
);
const cuts = fc.array(fc.nat(300), { maxLength: 12 });
const garbage = fc.uint8Array({ maxLength: 300 });

function chunks(bytes: Uint8Array, at: readonly number[]): Uint8Array[] {
  const edges = [0, ...at.filter((cut) => cut < bytes.length).sort((a, b) => a - b), bytes.length];
  return edges.slice(1).map((end, index) => bytes.slice(edges[index], end));
}

/** What an honest device answers, by the peer, which shares no code with the framers. */
function honest(kind: 'tcp' | 'rtu', unit: number, asked: Request, tid = 1): Uint8Array {
  const peer = createPeer(kind, [unit]);
  const out: Uint8Array[] = [];
  const frame = kind === 'tcp' ? encodeTcp(tid, unit, asked) : encodeRtu(unit, asked);
  peer.heard(frame, (bytes) => out.push(bytes));
  return out[0] ?? new Uint8Array(0);
}

interface Frame {
  readonly tid: number;
  readonly pdu: Uint8Array;
}

function framesOf(framer: TcpFramer, chunk: Uint8Array): Frame[] {
  const frames: Frame[] = [];
  framer.push(chunk, (tid, _, bytes, from, end) =>
    frames.push({ tid, pdu: bytes.slice(from, end) }),
  );
  return frames;
}

test('TCP: frames come out whole however the stream is cut', () => {
  fc.assert(
    fc.property(fc.array(request, { minLength: 1, maxLength: 5 }), cuts, (list, at) => {
      const stream = list.flatMap((one, index) => [...honest('tcp', 7, one, index + 1)]);
      const framer = new TcpFramer();
      const frames = chunks(Uint8Array.from(stream), at).flatMap((chunk) =>
        framesOf(framer, chunk),
      );
      expect(framer.broken).toBeUndefined();
      expect(frames.map((frame) => frame.tid)).toEqual(list.map((_, index) => index + 1));
      frames.forEach((frame, index) => {
        const one = list[index];
        if (one) expect(checkAnswer(one, frame.pdu).ok).toBe(true);
      });
    }),
  );
});

test('TCP: garbage breaks the stream or waits, and never crashes', () => {
  fc.assert(
    fc.property(garbage, cuts, request, (bytes, at, one) => {
      const framer = new TcpFramer();
      for (const chunk of chunks(bytes, at)) {
        for (const frame of framesOf(framer, chunk)) checkAnswer(one, frame.pdu);
      }
      if (framer.broken !== undefined) expect(framesOf(framer, honest('tcp', 1, one))).toEqual([]);
    }),
  );
});

test('RTU: the answer is taken whole however it is cut, and at its last byte', () => {
  fc.assert(
    fc.property(request, fc.integer({ min: 1, max: 247 }), cuts, (one, unit, at) => {
      const answer = honest('rtu', unit, one);
      const taker = new RtuAnswer(unit, one, encodeRtu(unit, one), false);
      const steps = chunks(answer, at)
        .filter((chunk) => chunk.length > 0)
        .map((chunk) => taker.push(chunk));
      expect(steps.slice(0, -1).every((step) => step === 'more')).toBe(true);
      expect(steps.at(-1)).toMatchObject({ ok: true });
    }),
  );
});

test('RTU: one flipped bit never gives a value', () => {
  fc.assert(
    fc.property(request, fc.nat(10_000), (one, seed) => {
      const answer = honest('rtu', 9, one);
      const bit = seed % (answer.length * 8);
      answer[bit >> 3] = (answer[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const step = new RtuAnswer(9, one, encodeRtu(9, one), false).push(answer);
      expect(step === 'more' || !step.ok).toBe(true);
    }),
  );
});

test('RTU: a truncated answer never gives a value', () => {
  fc.assert(
    fc.property(request, fc.nat(300), (one, cut) => {
      const answer = honest('rtu', 9, one);
      const part = answer.slice(0, cut % answer.length);
      const step = new RtuAnswer(9, one, encodeRtu(9, one), false).push(part);
      expect(step).toBe('more');
    }),
  );
});

test('RTU: garbage never crashes and never gives a value without a right check sum', () => {
  fc.assert(
    fc.property(garbage, cuts, request, (bytes, at, one) => {
      const taker = new RtuAnswer(17, one, encodeRtu(17, one), false);
      for (const chunk of chunks(bytes, at)) {
        const step = taker.push(chunk);
        if (step === 'more') continue;
        if (step.ok) expect(crc16(bytes)).toBe(0);
        break;
      }
    }),
  );
});

test('RTU: an answer to another request of another shape is refused', () => {
  fc.assert(
    fc.property(request, request, (asked, other) => {
      const answer = honest('rtu', 3, other);
      const step = new RtuAnswer(3, asked, encodeRtu(3, asked), false).push(answer);
      if (step !== 'more' && step.ok) {
        // Taken: then nothing in the bytes tells the two apart.
        expect(answer.length).toBe(honest('rtu', 3, asked).length);
        expect(other.fc).toBe(asked.fc);
      }
    }),
  );
});

test('RTU: an adapter that hands back the request is learned from a read', () => {
  fc.assert(
    fc.property(request, cuts, (one, at) => {
      const sent = encodeRtu(5, one);
      const answer = honest('rtu', 5, one);
      const both = Uint8Array.from([...sent, ...answer]);
      const read = one.fc <= 4;
      const taker = new RtuAnswer(5, one, sent, !read);
      const steps = chunks(both, at)
        .filter((chunk) => chunk.length > 0)
        .map((chunk) => taker.push(chunk));
      expect(steps.at(-1)).toMatchObject({ ok: true });
      expect(taker.echoed).toBe(true);
    }),
  );
});

test('CRC of the specification', () => {
  // "Modbus over Serial Line V1.02", appendix B: 02 07 gives 41 12.
  expect(crc16(Uint8Array.from([2, 7]))).toBe(0x1241);
});

test('fuzz: bent frames never become values, right ones always do (the soak: 10 million)', () => {
  const { answers, untouched, wrong } = fuzz(40_000, 20_261_122);
  expect(wrong).toEqual([]);
  expect(untouched).toBeGreaterThan(8_000);
  expect(answers).toBeGreaterThanOrEqual(untouched);
});
