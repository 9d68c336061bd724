import { describe, expect, it } from 'vitest';
import { CATALOGUE } from '../../../../devices/catalogue.ts';
import { decodePoint, decodeText, wordOffsetsOf } from '../../../../devices/codec.ts';
import type { Profile, RegisterSpace } from '../../../../devices/profile.ts';
import { createDeviceImage } from '../../../../simulators/devices/image.ts';
import { createMbapSession } from '../../../../simulators/devices/mbap.ts';
import type { DeviceImage } from '../../../../simulators/devices/types.ts';

/** Every profile as a device on Modbus TCP: who it is, and each of its register examples. */
const FUNCTIONS = { coil: 1, discrete: 2, holding: 3, input: 4 } as const;

interface Example {
  readonly space: RegisterSpace;
  readonly words: ReadonlyMap<number, number>; // by absolute address
  readonly reads: Readonly<Record<string, number>>;
}

function examplesOf(profile: Profile, image: DeviceImage): Example[] {
  const spread = (from: number, registers: Readonly<Record<number, readonly number[]>>) =>
    new Map(
      Object.entries(registers).flatMap(([at, words]) =>
        words.map((word, n): [number, number] => [from + Number(at) + n, word]),
      ),
    );
  const { points } = image.map;
  if (profile.kind === 'registers') {
    const hasInput = Object.values(points).some(({ space }) => space === 'input');
    return profile.examples.map(({ space, registers, reads }) => ({
      space: space ?? (hasInput ? 'input' : 'holding'),
      words: spread(0, registers),
      reads,
    }));
  }
  return profile.examples.map(({ model, registers, reads }) => {
    const [key = ''] = Object.entries(profile.points).find(([, own]) => own.model === model) ?? [];
    const base = (points[key]?.at ?? 0) - (profile.points[key]?.at ?? 0);
    return { space: 'holding', words: spread(base, registers), reads };
  });
}

/** One read as bytes. @returns words, or the exception code */
function read(device: DeviceImage, space: RegisterSpace, at: number, count: number) {
  const clock = { monoMs: () => 0, realMs: () => 0 };
  const session = createMbapSession({ bus: 'bus', units: new Map([[1, device]]), clock });
  const request = [0, 1, 0, 0, 0, 6, 1, FUNCTIONS[space], at >> 8, at & 255, 0, count];
  const [bytes = new Uint8Array()] = session.feed(Uint8Array.from(request)).out;
  const view = new DataView(bytes.buffer, bytes.byteOffset + 9);
  if (((bytes[7] ?? 0) & 0x80) !== 0) return bytes[8] ?? 0;
  if (space === 'coil' || space === 'discrete') {
    return Array.from({ length: count }, (_, n) => (view.getUint8(n >> 3) >> (n & 7)) & 1);
  }
  return Array.from({ length: count }, (_, n) => view.getUint16(2 * n));
}

const made = (profile: Profile, exponents: Readonly<Record<string, number>> = {}): DeviceImage =>
  createDeviceImage(profile, {
    id: 'SIM-1',
    settings: { ratedW: 50_000, counterStartWh: 0, exponents },
  });

describe.each(CATALOGUE.map((profile) => [profile.id, profile] as const))('%s', (_id, profile) => {
  it('says who it is', () => {
    const image = made(profile);
    for (const key of profile.identity) {
      const point = image.map.points[key];
      if (point === undefined || point.writeOnly === true) throw new Error(key);
      const words = read(image, point.space, point.at, point.count);
      if (typeof words === 'number') throw new Error(`exception ${words} at ${key}`);
      if (point.as === 'str') expect(decodeText(point, words, 0), key).not.toBe('');
      else expect(decodePoint(image.map, point, words, 0), key).toBeDefined();
    }
  });

  it('answers its register examples as they are written', () => {
    const image = made(profile);
    for (const { space, words } of examplesOf(profile, image)) {
      for (const [at, word] of words) image.raw[space][at] = word;
      const counted = new Set(profile.control.map(({ reversion }) => reversion.remaining));
      counted.add('deviceHeartbeat');
      const own = Object.values(image.map.points).filter(({ key }) => counted.has(key));
      const hidden = Object.values(image.map.points).filter((point) => point.writeOnly === true);
      for (const [at, word] of words) {
        // What the device counts by itself goes on counting.
        if (own.some((one) => at >= one.at && at < one.at + one.count)) continue;
        const isHidden = hidden.some((one) => at >= one.at && at < one.at + one.count);
        expect(read(image, space, at, 1), `${space} ${at}`).toEqual(isHidden ? 2 : [word]);
      }
    }
  });

  it('shows the values of its examples in the registers of its examples', () => {
    const plain = made(profile);
    for (const { space, words, reads } of examplesOf(profile, plain)) {
      const at = (address: number): number => words.get(address) ?? Number.NaN;
      const exponents: Record<string, number> = {};
      for (const point of Object.values(plain.map.points)) {
        if (point.as !== 'sf' || !words.has(point.at)) continue;
        const exponent = decodePoint(plain.map, point, [at(point.at)], 0);
        if (exponent !== undefined) exponents[point.key] = exponent;
      }
      const image = made(profile, exponents);
      for (const [key, value] of Object.entries(reads)) {
        const point = image.map.points[key];
        if (point === undefined) throw new Error(key);
        image.put(key, value);
        for (const offset of wordOffsetsOf(point)) {
          const address = point.at + offset;
          expect(image.raw[space][address], `${key} at ${address}`).toBe(at(address));
        }
      }
    }
  });
});
