import { expect, test } from 'vitest';
import {
  answerLength,
  checkAnswer,
  encodeRequest,
  type Request,
} from '../../../../../gateway/guard/bus/pdu.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const bytes = (text: string): Uint8Array =>
  Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));

// Requests and answers as printed in "Modbus Application Protocol Specification V1.1b3", section 6.
const SPEC: readonly (readonly [Request, string, string, readonly number[]])[] = [
  [
    { fc: 1, at: 0x13, count: 19 },
    '01 0013 0013',
    '01 03 cd6b05',
    [1, 0, 1, 1, 0, 0, 1, 1, 1, 1, 0, 1, 0, 1, 1, 0, 1, 0, 1],
  ],
  [{ fc: 3, at: 0x6b, count: 3 }, '03 006b 0003', '03 06 022b 0000 0064', [0x22b, 0, 0x64]],
  [{ fc: 4, at: 8, count: 1 }, '04 0008 0001', '04 02 000a', [10]],
  [{ fc: 5, at: 0xac, on: true }, '05 00ac ff00', '05 00ac ff00', []],
  [{ fc: 6, at: 1, word: 3 }, '06 0001 0003', '06 0001 0003', []],
  [
    { fc: 15, at: 0x13, bits: [1, 0, 1, 1, 0, 0, 1, 1, 1, 0].map((bit) => bit === 1) },
    '0f 0013 000a 02 cd01',
    '0f 0013 000a',
    [],
  ],
  [{ fc: 16, at: 1, words: [10, 0x102] }, '10 0001 0002 04 000a 0102', '10 0001 0002', []],
  [
    { fc: 23, at: 3, count: 6, writeAt: 14, words: [255, 255, 255] },
    '17 0003 0006 000e 0003 06 00ff 00ff 00ff',
    '17 0c 00fe 0acd 0001 0003 000d 00ff',
    [0xfe, 0xacd, 1, 3, 13, 255],
  ],
];

test.each(SPEC)('function $fc as in the specification', (request, sent, answered, words) => {
  expect(hex(encodeRequest(request))).toBe(sent.replaceAll(' ', ''));
  expect(checkAnswer(request, bytes(answered))).toEqual({ ok: true, words });
  expect(answerLength(request)).toBe(bytes(answered).length);
});

const READ: Request = { fc: 3, at: 100, count: 4 };

test.each([
  ['nothing', READ, ''],
  ['another function', READ, '04 08 0001000200030004'],
  ['byte count for one register where four were asked', READ, '03 02 0001'],
  ['byte count right, bytes missing', READ, '03 08 000100020003'],
  ['byte count right, bytes too many', READ, '03 08 00010002000300040005'],
  ['byte count wrong, length right', READ, '03 06 0001000200030004'],
  ['exception without a code', READ, '83'],
  ['exception with a tail', READ, '83 0200'],
  ['exception of another function', READ, '84 02'],
  ['write echo with another address', { fc: 6, at: 7, word: 5 } as Request, '06 0008 0005'],
  ['write echo with another value', { fc: 6, at: 7, word: 5 } as Request, '06 0007 0006'],
  ['write echo with another quantity', { fc: 16, at: 7, words: [1, 2] } as Request, '10 0007 0001'],
  ['coil echo of the other state', { fc: 5, at: 7, on: false } as Request, '05 0007 ff00'],
])('refused: %s', (_, request, answer) => {
  expect(checkAnswer(request, bytes(answer))).toMatchObject({ ok: false, why: 'bad-frame' });
});

test('an exception keeps its code', () => {
  expect(checkAnswer(READ, bytes('83 0b'))).toEqual({ ok: false, why: 'exception', exception: 11 });
});

test.each([
  { fc: 3, at: 0, count: 126 },
  { fc: 3, at: 65_535, count: 2 },
  { fc: 3, at: -1, count: 1 },
  { fc: 3, at: 0, count: 0 },
  { fc: 1, at: 0, count: 2_001 },
  { fc: 6, at: 0, word: 65_536 },
  { fc: 16, at: 0, words: [] },
  { fc: 16, at: 0, words: new Array(124).fill(0) },
  { fc: 16, at: 0, words: [1.5] },
] as Request[])('no such request leaves: $fc at $at', (request) => {
  expect(() => encodeRequest(request)).toThrow(RangeError);
});
