import { describe, expect, it } from 'vitest';
import { CATALOGUE, profileById, THROUGH } from '../../../devices/catalogue.ts';
import { checkProfile } from '../../../devices/check.ts';
import { decodePoint, encodePoint, wordOffsetsOf } from '../../../devices/codec.ts';
import type { DeviceMap, Profile, RegisterSpace, ResolvedPoint } from '../../../devices/profile.ts';
import { resolveProfile } from '../../../devices/resolve.ts';
import type { SunspecChain } from '../../../devices/sunspec/chain.ts';
import { MODELS } from '../../../devices/sunspec/models.ts';

interface Example {
  readonly registers: ReadonlyMap<number, number>; // absolute address
  readonly space: RegisterSpace;
  readonly reads: Readonly<Record<string, number>>;
  readonly unavailable: readonly string[];
}

/** Every model that the profile speaks of, one after the other, with room for four repetitions. */
function chainOf(profile: Profile): SunspecChain | undefined {
  if (profile.kind !== 'sunspec') return undefined;
  const ids = new Set(Object.values(profile.points).flatMap((point) => point.model ?? []));
  let at = 40_002;
  const models = [...ids]
    .sort((a, b) => a - b)
    .map((id) => {
      const model = MODELS.find((candidate) => candidate.id === id);
      if (model === undefined) throw new Error(`no model ${id}`);
      const length = model.length + 4 * (model.groups?.[0]?.length ?? 0);
      const here = { id, at, length };
      at += length + 2;
      return here;
    });
  return { base: 40_000, models };
}

function examplesOf(profile: Profile, chain: SunspecChain | undefined): Example[] {
  const spread = (at: number, registers: Readonly<Record<number, readonly number[]>>) =>
    new Map(
      Object.entries(registers).flatMap(([offset, words]) =>
        words.map((word, n): [number, number] => [at + Number(offset) + n, word]),
      ),
    );
  if (profile.kind === 'sunspec') {
    return profile.examples.map(({ model, registers, reads, unavailable = [] }) => {
      const own = chain?.models.find((candidate) => candidate.id === model)?.at ?? Number.NaN;
      const at = model === undefined ? 0 : own;
      return { registers: spread(at, registers), space: 'holding', reads, unavailable };
    });
  }
  const input = Object.values(profile.points).some((point) => point.space === 'input');
  return profile.examples.map(({ space, registers, reads, unavailable = [] }) => ({
    registers: spread(0, registers),
    space: space ?? (input ? 'input' : 'holding'),
    reads,
    unavailable,
  }));
}

function wordsAt(example: Example, point: ResolvedPoint): number[] {
  return Array.from(
    { length: point.count },
    (_, n) => example.registers.get(point.at + n) ?? Number.NaN,
  );
}

function exponentAt(example: Example, map: DeviceMap, point: ResolvedPoint): number | undefined {
  const scale = point.scaleFrom === undefined ? undefined : map.points[point.scaleFrom];
  return scale === undefined ? undefined : decodePoint(map, scale, wordsAt(example, scale), 0);
}

/** Those without points of their own are put together from a chain: sunspec/driver.test.ts. */
const fixed = CATALOGUE.filter((profile) => !(profile.kind === 'sunspec' && profile.auto === true));

describe.each(fixed.map((profile) => [profile.id, profile] as const))('%s', (id, profile) => {
  const chain = chainOf(profile);
  const map = resolveProfile(profile, chain);
  const examples = examplesOf(profile, chain);

  it('is found by its id', () => {
    expect(profileById(id)).toBe(profile);
  });

  it('resolves every point', () => {
    expect(Object.keys(map.points)).toEqual(Object.keys(profile.points));
  });

  it.each(examples.map((example, n) => [n, example] as const))(
    'example %i decodes, and encodes to the same registers',
    (_n, example) => {
      for (const [key, value] of Object.entries(example.reads)) {
        const point = map.points[key];
        if (point === undefined) throw new Error(`no point ${key}`);
        expect(point.space, key).toBe(example.space);
        const words = wordsAt(example, point);
        for (const offset of wordOffsetsOf(point)) expect(words[offset], key).not.toBeNaN();
        const exponent = exponentAt(example, map, point);
        expect(decodePoint(map, point, words, 0, exponent), key).toBe(value);
        const own = wordOffsetsOf(point).map((offset) => words[offset]);
        expect(encodePoint(map, point, value, exponent), key).toEqual(own);
      }
      for (const key of example.unavailable) {
        const point = map.points[key];
        if (point === undefined) throw new Error(`no point ${key}`);
        const exponent = exponentAt(example, map, point);
        expect(decodePoint(map, point, wordsAt(example, point), 0, exponent), key).toBeUndefined();
      }
    },
  );

  it('shows every number in an example', () => {
    const shown = new Set(examples.flatMap((example) => Object.keys(example.reads)));
    const missing = Object.entries(profile.points).filter(
      ([key, { as }]) => as !== 'str' && as !== 'sf' && !shown.has(key),
    );
    expect(missing.map(([key]) => key)).toEqual([]);
  });

  it('keeps the rules that hold for all', () => {
    expect(checkProfile(profile)).toEqual([]);
    expect(profile.source.length).toBeGreaterThan(0);
    expect(profile.quirks.length).toBeGreaterThan(0);
    for (const { source } of profile.control) expect(source).not.toBe('');
  });

  it('reads what the maker marks as not available as unknown', () => {
    for (const point of Object.values(map.points)) {
      if (point.as === 'str') continue;
      for (const raw of point.notAvailable ?? []) {
        const { notAvailable: _, ...plain } = point;
        const free: ResolvedPoint = { ...plain, scale: 1, sign: 1, offset: 0 };
        const { scaleFrom: __, min: ___, max: ____, ...bare } = free;
        const words = encodePoint(map, bare, raw);
        const spread = Array.from({ length: point.count }, () => 0);
        wordOffsetsOf(point).forEach((offset, n) => {
          spread[offset] = words[n] ?? 0;
        });
        expect(decodePoint(map, point, spread, 0, 0), point.key).toBeUndefined();
      }
    }
  });
});

it('says of a device without a map who speaks for it', () => {
  for (const { id, through } of THROUGH) {
    expect(profileById(id)).toBeUndefined();
    for (const other of through) expect(profileById(other), other).toBeDefined();
  }
});

it('sorts the catalogue, without a double', () => {
  const ids = CATALOGUE.map((profile) => profile.id);
  expect(ids).toEqual([...new Set(ids)].sort());
  expect(profileById('nobody/nothing')).toBeUndefined();
});
