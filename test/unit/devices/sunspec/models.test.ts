import { describe, expect, it } from 'vitest';
import { CATALOGUE } from '../../../../devices/catalogue.ts';
import { type ModelGroup, pointsOf, type SunspecModel } from '../../../../devices/sunspec/model.ts';
import { MODELS } from '../../../../devices/sunspec/models.ts';
import { resolved } from '../../../fixtures/sunspec/chain.ts';

/** Registers behind id and length, without repetitions, as the model definitions add up. */
const LENGTHS: readonly (readonly [number, number])[] = [
  [1, 66],
  ...[101, 102, 103].map((id) => [id, 50] as const),
  ...[111, 112, 113].map((id) => [id, 60] as const),
  [120, 26],
  [121, 30],
  [122, 44],
  [123, 24],
  [124, 24],
  [126, 10],
  [132, 10],
  [160, 8],
  ...[201, 202, 203, 204].map((id) => [id, 105] as const),
  ...[211, 212, 213, 214].map((id) => [id, 124] as const),
  [701, 153],
  [702, 50],
  [703, 17],
  [704, 65],
  [705, 13],
  [706, 13],
  ...[707, 708, 709, 710].map((id) => [id, 7] as const),
  [711, 12],
  [712, 12],
  [713, 7],
  [714, 18],
  [715, 7],
  [802, 62],
  [803, 26],
];

/** Three repetitions of everything that repeats. */
const three = (model: SunspecModel): ReturnType<typeof pointsOf> => pointsOf(model, 900, () => 3);

it('has the 40 models, in the length of their definition', () => {
  expect(MODELS.map(({ id, length }) => [id, length])).toEqual(LENGTHS);
});

describe.each(MODELS.map((model) => [model.id, model] as const))('model %i', (_id, model) => {
  it('has its fixed points one after the other, none left out, none beyond its length', () => {
    let next = 2;
    for (const point of model.points.map(resolved)) {
      expect(point.at, point.key).toBe(next);
      next += point.count;
    }
    expect(next).toBe(model.length + 2);
  });

  it('has groups whose points fill them', () => {
    const check = (group: ModelGroup): void => {
      const taken = group.points.map(resolved).flatMap(({ at, count }) => {
        return Array.from({ length: count }, (_, n) => at + n);
      });
      const all = Array.from({ length: group.length }, (_, n) => n);
      expect(
        taken.sort((a, b) => a - b),
        group.name,
      ).toEqual(all);
      for (const inner of group.groups ?? []) check(inner);
    };
    for (const group of model.groups ?? []) check(group);
  });

  it('repeats without a gap and without an overlap, and names every point once', () => {
    const points = three(model).map(resolved);
    expect(new Set(points.map(({ key }) => key)).size).toBe(points.length);
    const sorted = [...points].sort((a, b) => a.at - b.at);
    for (const [n, point] of sorted.entries()) {
      const before = sorted[n - 1];
      expect(point.at, point.key).toBe(before === undefined ? 2 : before.at + before.count);
    }
  });

  it('has every scale factor and count that it speaks of', () => {
    const names = new Set(model.points.map(([name]) => name));
    for (const [name, , , detail] of three(model)) {
      if (detail?.sf !== undefined)
        expect(names.has(detail.sf), `${name}: ${detail.sf}`).toBe(true);
    }
    const counts = (groups: readonly ModelGroup[] = []): (string | number)[] =>
      groups.flatMap(({ count, groups: inner }) => [count, ...counts(inner)]);
    for (const count of counts(model.groups)) {
      if (typeof count === 'string') expect(names.has(count), count).toBe(true);
    }
  });
});

describe('a model as a device has it', () => {
  const model = (id: number): SunspecModel => {
    const found = MODELS.find((candidate) => candidate.id === id);
    if (found === undefined) throw new Error(`no model ${id}`);
    return found;
  };
  const names = (id: number, length: number, counts: Readonly<Record<string, number>> = {}) =>
    pointsOf(model(id), length, (name) => counts[name]).map(([name]) => name);

  it('repeats as often as the count says, and never beyond the length', () => {
    expect(names(160, 8 + 3 * 20, { N: 2 })).toContain('module2.DCW');
    expect(names(160, 8 + 3 * 20, { N: 2 })).not.toContain('module3.DCW');
    expect(names(160, 8 + 2 * 20, { N: 9 })).not.toContain('module3.DCW');
    expect(names(160, 8 + 2 * 20)).toContain('module2.DCEvt');
    expect(names(126, 10 + 54)).toContain('curve1.VAr20');
  });
  it('nests curves and their pairs', () => {
    const curves = names(707, 7 + 2 * (1 + 3 * (1 + 2 * 3)), { NCrvSet: 2, NPt: 2 });
    expect(curves).toContain('Crv2.MomCess.Pt2.Tms');
    expect(curves.filter((name) => name.endsWith('.V'))).toHaveLength(2 * 3 * 2);
    const [, at] = pointsOf(model(707), 200, () => 2).find(
      ([name]) => name === 'Crv2.MustTrip.Pt1.V',
    ) ?? ['', 0];
    expect(at).toBe(9 + (1 + 3 * 7) + 1 + 1);
  });
  it('leaves out what a shorter device does not have', () => {
    expect(names(1, 65)).not.toContain('Pad');
    expect(names(1, 65)).toContain('DA');
    expect(names(123, 20)).not.toContain('WMaxLimPct_SF');
  });
});

it('gives profiles points that their models have', () => {
  for (const profile of CATALOGUE) {
    if (profile.kind !== 'sunspec') continue;
    for (const id of profile.models) expect(MODELS.some((model) => model.id === id)).toBe(true);
  }
});
