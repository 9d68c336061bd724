import { describe, expect, it } from 'vitest';
import type { Image } from '../../../../../gateway/contracts/values/image.ts';
import { Mirror } from '../../../../../gateway/link/proxy/mirror.ts';
import { createProxySession, type ProxyOptions } from '../../../../../gateway/link/proxy/server.ts';
import { mapRows, siteMap, siteRegisters } from '../../../../../gateway/link/proxy/site-map.ts';

const MAP = siteMap({
  id: 'barn',
  connections: [{ id: 'grid' }],
  terminals: [
    { id: 'battery1', kind: 'battery' },
    { id: 'rest', kind: 'load' },
  ],
} as never);

/** An image 700 ms old with a good, an old and no reading. */
const IMAGE = {
  cycle: 65_537,
  mode: 'rules',
  flags: ['limited', 'islanded'],
  monoMs: 10_000,
  wallMs: 1_781_690_400_123,
  points: {
    'grid.powerW': { quality: 'good', value: -2_500.4, atMs: 10_400 },
    'grid.inWh': { quality: 'good', value: 123_456_780, atMs: 9_000 },
    'grid.voltageL1V': { quality: 'stale', last: 231, atMs: 4_000 },
    'battery1.socPct': { quality: 'good', value: 63.5, atMs: 700 },
  },
  decisions: [
    { terminal: 'battery1', powerW: -3_000 },
    { terminal: 'rest', powerW: null },
  ],
  limits: { importLimitW: 30_000, exportLimitW: 0, source: 'contract' },
} as unknown as Image;
const NOW_MS = 10_700;

describe('the site map', () => {
  const words = siteRegisters(MAP, IMAGE, NOW_MS);
  const view = new DataView(Uint8Array.from([...words].flatMap((w) => [w >> 8, w & 255])).buffer);
  const long = (at: number): number => view.getInt32(2 * at);
  it('begins with what it is, in which mode and how old', () => {
    expect([...words.subarray(0, 6)]).toEqual([0x4557, 1, 400, MAP.hash, 2, 5]);
    expect([long(6), long(8), view.getBigUint64(20)]).toEqual([65_537, 700, 1_781_690_400_123n]);
    expect([long(14), long(16), words[18], words[19]]).toEqual([30_000, 0, 1, 2]);
  });
  it('shows a value with its age, and nothing that is not good', () => {
    expect([long(120), words[122], words[123]]).toEqual([-2_500, 3, 0]);
    expect([long(172), words[174], words[175]]).toEqual([12_345_678, 17, 0]); // 10 Wh
    expect([long(148), words[150], words[151]]).toEqual([-0x80000000, 67, 1]); // stale
    expect([long(124), words[126], words[127]]).toEqual([-0x80000000, 0xffff, 5]); // no such point
    expect([long(280), words[282], words[283]]).toEqual([635, 100, 0]); // 63.5 %, 10 s old
  });
  it('names its places and what they are told', () => {
    const id = String.fromCharCode(
      ...[...words.subarray(200, 204)].flatMap((w) => [w >> 8, w & 255]),
    );
    expect(id).toBe('battery1');
    expect([words[116], words[216], words[316]]).toEqual([0, 2, 3]);
    expect([words[217], long(218)]).toEqual([2, -3_000]);
    expect([words[317], long(318)]).toEqual([1, -0x80000000]); // released
  });
  it('is readable, and empty, before the first image', () => {
    const none = siteRegisters(MAP, undefined, NOW_MS);
    expect([none[4], none[8], none[9], none[123]]).toEqual([0xffff, 0xffff, 0xffff, 5]);
  });
  it('has another fingerprint for other places, and one row for each value', () => {
    const other = siteMap({ id: 'barn', connections: [{ id: 'grid' }], terminals: [] } as never);
    expect(other.hash).not.toBe(MAP.hash);
    const rows = mapRows(MAP);
    expect(rows).toHaveLength(3 * 21);
    expect(rows.find(({ what }) => what.startsWith('battery1.socPct'))).toMatchObject({ at: 280 });
    rows.slice(1).forEach((row, n) => {
      const before = rows[n];
      expect(row.at).toBeGreaterThanOrEqual((before?.at ?? 0) + (before?.words ?? 0));
    });
  });
});

const hex = (text: string): Uint8Array =>
  Uint8Array.from(text.split(' ').map((byte) => Number.parseInt(byte, 16)));
const shown = (bytes: Uint8Array): string =>
  [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');

function proxy(more: Partial<ProxyOptions> = {}) {
  const mirror = new Mirror();
  mirror.take('meter1', [
    { space: 'input', at: 52, words: [0x4503, 0], atMs: 10_000, freshMs: 5_000 },
    { space: 'input', at: 54, words: [7, 8], atMs: 9_000, freshMs: 5_000 },
    { space: 'coil', at: 0, words: [1, 0, 1], atMs: 9_000, freshMs: 5_000 },
  ]);
  const now = { monoMs: NOW_MS, realMs: 0 };
  const session = createProxySession({
    map: MAP,
    siteUnit: 1,
    mirrored: new Map([[11, 'meter1']]),
    mirror,
    image: () => IMAGE,
    monoMs: () => now.monoMs,
    realMs: () => now.realMs,
    perSecond: 20,
    pass: () => undefined,
    ...more,
  });
  const ask = (request: string): string[] => {
    const out: string[] = [];
    session.feed(hex(request), (frame) => out.push(shown(frame)));
    return out;
  };
  return { session, ask, now };
}

describe('the server', () => {
  it('answers the site map by function 3 and 4', () => {
    const { ask } = proxy();
    const body = (fc: string) => `00 07 00 00 00 07 01 ${fc} 04 45 57 00 01`;
    expect(ask('00 07 00 00 00 06 01 03 00 00 00 02')).toEqual([body('03')]);
    expect(ask('00 07 00 00 00 06 01 04 00 00 00 02')).toEqual([body('04')]);
  });
  it('answers a mirrored device at its own addresses, over several reads of the guard', () => {
    const { ask } = proxy();
    const words = '00 08 00 00 00 0b 0b 04 08 45 03 00 00 00 07 00 08';
    expect(ask('00 08 00 00 00 06 0b 04 00 34 00 04')).toEqual([words]);
    expect(ask('00 08 00 00 00 06 0b 01 00 00 00 03')).toEqual(['00 08 00 00 00 04 0b 01 01 05']);
  });
  it.each([
    ['a unit that is nobody', '06 09 03 00 00 00 01', '09 83 0a'],
    ['a write', '06 01 06 00 00 00 01', '01 86 01'],
    ['a write to a mirrored device', '06 0b 06 00 34 00 01', '0b 86 01'],
    ['coils of the site', '06 01 01 00 00 00 01', '01 81 01'],
    ['beyond the map', '06 01 03 01 8f 00 02', '01 83 02'],
    ['what is not polled', '06 0b 04 00 33 00 02', '0b 84 02'],
    ['another space of the device', '06 0b 03 00 34 00 02', '0b 83 02'],
    ['no register', '06 01 03 00 00 00 00', '01 83 03'],
    ['too many', '06 01 03 00 00 00 7e', '01 83 03'],
    ['half a request', '04 01 03 00 00', '01 83 03'],
  ])('refuses %s', (_what, request, expected) => {
    expect(proxy().ask(`00 01 00 00 00 ${request}`)).toEqual([`00 01 00 00 00 03 ${expected}`]);
  });
  it('says that a device is silent once its readings are old', () => {
    const { ask, now } = proxy();
    now.monoMs = 15_001;
    expect(ask('00 01 00 00 00 06 0b 04 00 34 00 02')).toEqual(['00 01 00 00 00 03 0b 84 0b']);
  });
  it('takes requests in pieces, and several at once', () => {
    const { session } = proxy();
    const request = hex('00 07 00 00 00 06 01 03 00 00 00 01');
    const out: string[] = [];
    const send = (frame: Uint8Array) => out.push(shown(frame));
    for (const byte of request) expect(session.feed(Uint8Array.of(byte), send)).toBe(true);
    session.feed(Uint8Array.from([...request, ...request]), send);
    expect(out).toHaveLength(3);
  });
  it.each(['47 45 54 20 2f 20 48', '00 01 00 01 00 06 01', '00 01 00 00 00 ff 01'])(
    'ends on %s',
    (bytes) => {
      expect(proxy().session.feed(hex(bytes), () => undefined)).toBe(false);
    },
  );
  it('asks the device itself only for what is not known here, one request at a time', async () => {
    const asked: string[] = [];
    const answered = Promise.withResolvers<Uint8Array>();
    const pass = (device: string, pdu: Uint8Array) => {
      asked.push(`${device} ${shown(pdu)}`);
      return answered.promise;
    };
    const { session } = proxy({ pass });
    const out: string[] = [];
    const ask = (request: string) =>
      session.feed(hex(`00 01 00 00 00 ${request}`), (frame) => out.push(shown(frame)));
    ask('06 0b 04 00 34 00 01'); // known: two bytes are no exception 2
    ask('06 01 06 00 00 00 01'); // the site itself
    expect(asked).toEqual([]);
    ask('06 0b 03 00 34 00 02');
    ask('06 0b 06 00 34 00 01');
    expect(asked).toEqual(['meter1 03 00 34 00 02']);
    expect(out.at(-1)).toBe('00 01 00 00 00 03 0b 86 06');
    answered.resolve(hex('83 02'));
    await answered.promise;
    await Promise.resolve();
    expect(out.at(-1)).toBe('00 01 00 00 00 03 0b 83 02');
    ask('06 0b 06 00 34 00 01');
    expect(asked).toHaveLength(2);
  });
  it('is busy beyond so many requests a second', () => {
    const { ask, now, session } = proxy({ perSecond: 2 });
    expect(session.restMs).toBe(0);
    const request = '00 07 00 00 00 06 01 03 00 00 00 01';
    const busy = '00 07 00 00 00 03 01 83 06';
    expect([...ask(request), ...ask(request), ...ask(request)].at(-1)).toBe(busy);
    now.realMs += 400;
    expect(session.restMs).toBe(600); // left unread for so long
    expect(ask(request)).toEqual([]);
    now.realMs += 600;
    expect(ask(request)).toHaveLength(2); // what had waited, too
    now.realMs += 1_000;
    expect(ask(request)).not.toEqual([busy]);
  });
});
