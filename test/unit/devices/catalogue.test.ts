import { describe, expect, it } from 'vitest';
import { CATALOGUE, profileById } from '../../../devices/catalogue.ts';
import { decodePoint, encodePoint } from '../../../devices/codec.ts';
import type { DeviceMap, Profile, RegisterSpace, ResolvedPoint } from '../../../devices/profile.ts';
import { resolveProfile, wordsOfPoint } from '../../../devices/resolve.ts';
import type { SunspecChain } from '../../../devices/sunspec/chain.ts';
import { MODELS } from '../../../devices/sunspec/models.ts';

interface Example {
  readonly registers: ReadonlyMap<number, number>; // absolute address
  readonly space: RegisterSpace;
  readonly reads: Readonly<Record<string, number>>;
}

/** Every model that the profile speaks of, one after the other, with room for four repetitions. */
function chainOf(profile: Profile): SunspecChain | undefined {
  if (profile.kind !== 'sunspec') return undefined;
  const ids = new Set(Object.values(profile.points).map((point) => point.model ?? 0));
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
    return profile.examples.map(({ model, registers, reads }) => {
      const at = chain?.models.find((candidate) => candidate.id === model)?.at ?? Number.NaN;
      return { registers: spread(at, registers), space: 'holding', reads };
    });
  }
  const input = Object.values(profile.points).some((point) => point.space === 'input');
  return profile.examples.map(({ space, registers, reads }) => ({
    registers: spread(0, registers),
    space: space ?? (input ? 'input' : 'holding'),
    reads,
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

describe.each(CATALOGUE.map((profile) => [profile.id, profile] as const))('%s', (id, profile) => {
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
        expect(words, `registers of ${key}`).not.toContain(Number.NaN);
        const exponent = exponentAt(example, map, point);
        expect(decodePoint(map, point, words, 0, exponent), key).toBe(value);
        expect(encodePoint(map, point, value, exponent), key).toEqual(words);
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

  it('has no two points on one register', () => {
    const taken = new Map<string, string>();
    for (const [key, point] of Object.entries(map.points)) {
      for (let n = 0; n < wordsOfPoint(point); n += 1) {
        const where = `${point.space} ${point.at + n}`;
        expect(taken.get(where), `${key} stands on ${where} too`).toBeUndefined();
        taken.set(where, key);
      }
    }
  });

  it('controls through writable points that exist, armed and counted by points that exist', () => {
    for (const control of profile.control) {
      const steps = [...control.arm, ...control.set, ...control.release];
      expect(steps.filter(({ point }) => map.points[point]?.writable !== true)).toEqual([]);
      if (control.reversion.to !== 'none') {
        expect(control.arm.length).toBeGreaterThan(0);
        expect(control.reversion.minS).toBeLessThanOrEqual(60);
        expect(control.reversion.maxS).toBeGreaterThanOrEqual(300);
      }
      const { remaining } = control.reversion;
      if (remaining !== undefined) expect(map.points[remaining]).toBeDefined();
    }
  });

  it('names identity points and parts of sums that exist', () => {
    for (const key of profile.identity) expect(map.points[key], key).toBeDefined();
    for (const [key, parts] of Object.entries(profile.sums ?? {})) {
      expect(map.points[key], `${key} is a sum, no register`).toBeUndefined();
      for (const part of parts) expect(map.points[part], part).toBeDefined();
    }
  });
});

it('sorts the catalogue, without a double', () => {
  const ids = CATALOGUE.map((profile) => profile.id);
  expect(ids).toEqual([...new Set(ids)].sort());
  expect(profileById('nobody/nothing')).toBeUndefined();
});
