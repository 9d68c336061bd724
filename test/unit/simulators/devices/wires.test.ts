import { describe, expect, it } from 'vitest';
import { profileById } from '../../../../devices/catalogue.ts';
import { createDeviceImage } from '../../../../simulators/devices/image.ts';
import { createMbapSession } from '../../../../simulators/devices/mbap.ts';
import { answer } from '../../../../simulators/devices/pdu.ts';
import { crc16, createRtuSession } from '../../../../simulators/devices/rtu.ts';
import type { DeviceImage, Frame, Station } from '../../../../simulators/devices/types.ts';

const hex = (text: string): Uint8Array =>
  Uint8Array.from((text.match(/[0-9a-f]{2}/g) ?? []).map((byte) => Number.parseInt(byte, 16)));
const text = (bytes: Uint8Array | undefined): string =>
  [...(bytes ?? [])].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');

function world(...profiles: string[]) {
  const units = new Map<number, DeviceImage>();
  profiles.forEach((id, n) => {
    const profile = profileById(id);
    if (profile === undefined) throw new Error(id);
    units.set(
      n + 1,
      createDeviceImage(profile, { id: `device${n + 1}`, settings: { ratedW: 10_000 } }),
    );
  });
  const frames: Frame[] = [];
  const now = { monoMs: 1_000, realMs: 0 };
  const station: Station = {
    bus: 'bus1',
    units,
    clock: { monoMs: () => now.monoMs, realMs: () => now.realMs },
    onFrame: (frame) => frames.push(frame),
  };
  const unit = (n: number): DeviceImage => {
    const image = units.get(n);
    if (image === undefined) throw new Error(`${n}`);
    return image;
  };
  return { station, frames, now, unit };
}

describe('the protocol', () => {
  it('FC 4 reads, and the hook hears it', () => {
    const { station, frames, unit } = world('eastron/sdm630');
    unit(1).put('powerW', 2096);
    expect(text(answer(station, 1, hex('04 00 34 00 02')))).toBe('04 04 45 03 00 00');
    expect(frames).toEqual([
      {
        atMs: 1_000,
        bus: 'bus1',
        device: 'device1',
        unit: 1,
        fc: 4,
        address: 52,
        count: 2,
        values: [0x4503, 0],
        write: false,
        exception: 0,
      },
    ]);
  });
  it('FC 6 and 16 write and echo, FC 22 masks, FC 23 writes before it reads', () => {
    const { station, frames } = world('edgewatt/demo-wallbox');
    expect(text(answer(station, 1, hex('06 00 01 00 64')))).toBe('06 00 01 00 64');
    expect(text(answer(station, 1, hex('10 00 00 00 02 04 00 01 00 82')))).toBe('10 00 00 00 02');
    expect(text(answer(station, 1, hex('03 00 00 00 02')))).toBe('03 04 00 01 00 82');
    expect(text(answer(station, 1, hex('16 00 01 ff 00 00 a0')))).toBe('16 00 01 ff 00 00 a0');
    expect(text(answer(station, 1, hex('03 00 01 00 01')))).toBe('03 02 00 a0');
    expect(text(answer(station, 1, hex('17 00 01 00 01 00 01 00 01 02 00 3c')))).toBe(
      '17 02 00 3c',
    );
    expect(
      frames.filter(({ write }) => write).map(({ address, values }) => [address, values]),
    ).toEqual([
      [1, [100]],
      [0, [1, 130]],
      [1, [160]],
      [1, [60]],
    ]);
  });
  it.each([
    ['an unknown function', '2b 0e 01 00', 'ab 01'],
    ['coils that are not there', '01 00 00 00 01', '81 01'],
    ['a coil write', '05 00 00 ff 00', '85 01'],
    ['a coil value that is none', '05 00 00 12 34', '85 03'],
    ['many coils', '0f 00 00 00 03 01 05', '8f 01'],
    ['an address that is not there', '03 01 00 00 01', '83 02'],
    ['a count of 0', '03 00 00 00 00', '83 03'],
    ['a count of 126', '03 00 00 00 7e', '83 03'],
    ['a request that is too short', '03 00 00 00', '83 03'],
    ['a request that is too long', '03 00 00 00 01 00', '83 03'],
    ['a byte count that lies', '10 00 00 00 02 02 00 01 00 82', '90 03'],
    ['a read-only register', '06 00 03 00 01', '86 02'],
    ['a value out of range', '06 00 01 00 a1', '86 03'],
    ['a forbidden step', '06 00 01 00 0a', '86 03'],
    ['a mask of what is not there', '16 00 63 00 00 00 00', '96 02'],
    ['a read with the write that is not there', '17 00 63 00 01 00 01 00 01 02 00 3c', '97 02'],
  ])('refuses %s', (_what, request, wanted) => {
    const { station, frames } = world('edgewatt/demo-wallbox');
    expect(text(answer(station, 1, hex(request)))).toBe(wanted);
    expect(frames).toHaveLength(1);
    expect(frames[0]?.exception).toBe(Number.parseInt(wanted.slice(3), 16));
  });
  it('says nothing for a unit that is not there, and the hook hears 11', () => {
    const { station, frames } = world('eastron/sdm630');
    expect(answer(station, 9, hex('04 00 34 00 02'))).toBeUndefined();
    expect(frames).toMatchObject([{ device: '', unit: 9, address: 52, exception: 11 }]);
  });
  it('brings the device to the present before it answers', () => {
    const { station, now } = world('edgewatt/demo-relay');
    answer(station, 1, hex('10 00 00 00 02 04 00 00 00 3c')); // enable 0, 60 s
    now.monoMs += 59_000;
    expect(text(answer(station, 1, hex('03 00 00 00 03')))).toBe('03 06 00 00 00 3c 00 01');
    now.monoMs += 1_000;
    expect(text(answer(station, 1, hex('03 00 00 00 01')))).toBe('03 02 00 01');
  });
});

describe('Modbus TCP', () => {
  const request = '00 07 00 00 00 06 01 04 00 34 00 02';
  const reply = '00 07 00 00 00 07 01 04 04 00 00 00 00';
  it('answers with the transaction id, byte by byte or two at once', () => {
    const session = createMbapSession(world('eastron/sdm630').station);
    const bytes = hex(request);
    for (const byte of bytes.slice(0, -1))
      expect(session.feed(Uint8Array.of(byte)).out).toEqual([]);
    expect(session.feed(bytes.slice(-1)).out.map(text)).toEqual([reply]);
    expect(
      session.feed(hex(`${request} ${request.replace('00 07', 'ff fe')}`)).out.map(text),
    ).toEqual([reply, reply.replace('00 07', 'ff fe')]);
  });
  it('answers 11 for a unit that is not there', () => {
    const session = createMbapSession(world('eastron/sdm630').station);
    expect(session.feed(hex(request.replace('06 01 04', '06 09 04'))).out.map(text)).toEqual([
      '00 07 00 00 00 03 09 84 0b',
    ]);
  });
  it.each([
    ['another protocol', '00 07 00 01 00 06 01 04 00 34 00 02'],
    ['a length of 1', '00 07 00 00 00 01 01 04'],
    ['a length of 255', '00 07 00 00 00 ff 01 04'],
    ['plain HTTP', '47 45 54 20 2f 20 48 54 54 50'],
  ])('closes on %s, after answering what came before', (_what, bytes) => {
    const session = createMbapSession(world('eastron/sdm630').station);
    const { out, close } = session.feed(hex(`${request} ${bytes}`));
    expect(close).toBe(true);
    expect(out.map(text)).toEqual([reply]);
  });
});

describe('Modbus RTU', () => {
  const withCrc = (frame: string): Uint8Array => {
    const bytes = hex(frame);
    const crc = crc16(bytes);
    return Uint8Array.of(...bytes, crc & 0xff, crc >> 8);
  };
  it('has the CRC of the specification', () => {
    expect(crc16(hex('02 07'))).toBe(0x1241);
    expect(text(withCrc('01 04 00 34 00 02'))).toBe('01 04 00 34 00 02 30 05');
  });
  it('answers each unit, byte by byte', () => {
    const { station, unit } = world('eastron/sdm630', 'eastron/sdm630');
    unit(2).put('powerW', 2096);
    const session = createRtuSession(station);
    const bytes = withCrc('02 04 00 34 00 02');
    for (const byte of bytes.slice(0, -1))
      expect(session.feed(Uint8Array.of(byte)).out).toEqual([]);
    expect(session.feed(bytes.slice(-1)).out).toEqual([withCrc('02 04 04 45 03 00 00')]);
    expect(session.feed(withCrc('03 04 00 34 00 02')).out).toEqual([]);
  });
  it('takes writes of several registers, and a broadcast without an answer', () => {
    const { station, unit, frames } = world('edgewatt/demo-wallbox', 'edgewatt/demo-wallbox');
    const session = createRtuSession(station);
    expect(session.feed(withCrc('01 10 00 00 00 02 04 00 01 00 82')).out).toEqual([
      withCrc('01 10 00 00 00 02'),
    ]);
    expect(session.feed(withCrc('00 06 00 05 00 09')).out).toEqual([]);
    expect([unit(1).take('heartbeat'), unit(2).take('heartbeat')]).toEqual([9, 9]);
    expect(frames).toHaveLength(3);
  });
  it('is deaf after a broken frame until the line has been silent', () => {
    const { station, now } = world('eastron/sdm630');
    const session = createRtuSession(station);
    const good = withCrc('01 04 00 34 00 02');
    expect(session.feed(Uint8Array.of(...good.slice(0, -1), 0)).out).toEqual([]);
    expect(session.feed(good).out).toEqual([]);
    now.realMs += 21;
    expect(session.feed(good).out).toHaveLength(1);
    expect(session.feed(hex('01 63')).out).toEqual([]); // a function that nobody knows
    now.realMs += 21;
    expect(session.feed(good.slice(0, 4)).out).toEqual([]); // never finished
    now.realMs += 21;
    expect(session.feed(good).out).toHaveLength(1);
  });
});
