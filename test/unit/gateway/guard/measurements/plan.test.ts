import { expect, test } from 'vitest';
import type { DeviceMap, PointSpec, ResolvedPoint } from '../../../../../devices/profile.ts';
import { SUNSPEC_BATTERY_701 } from '../../../../../devices/sunspec/battery-701.ts';
import { itemsIn, planBlocks, splitBlock } from '../../../../../gateway/guard/measurements/plan.ts';

const spec = (at: number, more: Partial<PointSpec> = {}): PointSpec => ({
  at,
  space: 'input',
  as: 'f32',
  unit: 'W',
  class: 'control',
  ...more,
});

function mapOf(points: Record<string, PointSpec>, more: Partial<DeviceMap> = {}): DeviceMap {
  const resolved: Record<string, ResolvedPoint> = {};
  for (const [key, point] of Object.entries(points)) {
    const count = point.as === 'f32' ? 2 : (point.words ?? 1);
    resolved[key] = { ...point, key, count };
  }
  return {
    profile: 'test',
    wordOrder: 'big',
    limits: {
      maxRegistersPerRead: 80,
      pauseMs: 0,
      timeoutMs: 500,
      latencyMs: 0,
      connectDelayMs: 0,
    },
    points: resolved,
    unreadable: [],
    control: [],
    ...more,
  };
}

const TCP = { varyShape: false };
const RTU = { varyShape: true };
const spans = (map: DeviceMap, rules = TCP) =>
  planBlocks(map, rules).map((block) => [block.space, block.everyCycles, ...block.spans]);

test('near points are one read, and no read is longer than allowed', () => {
  const map = mapOf({ a: spec(0), b: spec(6), c: spec(52), d: spec(90), e: spec(400) });
  expect(spans(map)).toEqual([
    ['input', 1, { at: 0, count: 54 }],
    ['input', 1, { at: 90, count: 2 }],
    ['input', 1, { at: 400, count: 2 }],
  ]);
});

test('no read goes over registers that cannot be read', () => {
  const map = mapOf(
    { a: spec(0), b: spec(10) },
    { unreadable: [{ space: 'input', at: 5, words: 1 }] },
  );
  expect(spans(map)).toEqual([
    ['input', 1, { at: 0, count: 2 }],
    ['input', 1, { at: 10, count: 2 }],
  ]);
});

test('slower points ride along where they are near, and have their own rate where not', () => {
  const map = mapOf({
    a: spec(0),
    soc: spec(4, { class: 'state', unit: 'pct' }),
    inWh: spec(300, { class: 'slow', unit: 'Wh' }),
    sohPct: spec(700, { class: 'slow', unit: 'pct' }),
  });
  expect(spans(map)).toEqual([
    ['input', 1, { at: 0, count: 6 }],
    ['input', 30, { at: 300, count: 2 }],
    ['input', 300, { at: 700, count: 2 }],
  ]);
});

test('spaces are not mixed, text and lone scale factors are not polled', () => {
  const map = mapOf({
    a: spec(0),
    on: spec(1, { space: 'coil', as: 'u16', class: 'state', unit: 'none' }),
    name: spec(2, { as: 'str', words: 8, class: 'slow', unit: 'none' }),
    sf: spec(3, { as: 'sf', class: 'slow', unit: 'none' }),
  });
  expect(spans(map)).toEqual([
    ['input', 1, { at: 0, count: 2 }],
    ['coil', 10, { at: 1, count: 1 }],
  ]);
});

test('a value and its scale factor are in one read, or read at one rate', () => {
  const near = mapOf({
    p: spec(0, { as: 'i16', scaleFrom: 'sf' }),
    sf: spec(70, { as: 'sf', class: 'slow', unit: 'none' }),
  });
  expect(spans(near)).toEqual([['input', 1, { at: 0, count: 71 }]]);
  const far = mapOf({
    p: spec(0, { as: 'i16', scaleFrom: 'sf' }),
    sf: spec(90, { as: 'sf', class: 'slow', unit: 'none' }),
  });
  expect(spans(far)).toEqual([
    ['input', 1, { at: 0, count: 1 }],
    ['input', 1, { at: 90, count: 1 }],
  ]);
});

test('on RTU the shape changes from read to read, and control points are in each of them', () => {
  const map = mapOf({
    a: spec(0),
    b: spec(12),
    inWh: spec(20, { class: 'slow', unit: 'Wh' }),
  });
  const [block] = planBlocks(map, RTU);
  expect(block?.spans).toEqual([
    { at: 0, count: 22 },
    { at: 0, count: 14 },
  ]);
  const short = block?.spans[1];
  expect(block && short && itemsIn(block, short).map((item) => item.points[0]?.key)).toEqual([
    'a',
    'b',
  ]);
});

test('on RTU a block of control points only becomes two of different lengths', () => {
  const map = mapOf({ a: spec(0), b: spec(2), c: spec(4) });
  expect(spans(map, RTU)).toEqual([
    ['input', 1, { at: 0, count: 2 }],
    ['input', 1, { at: 2, count: 4 }],
  ]);
});

test('a refused block is split along its gaps, then into single points, then given up', () => {
  const map = mapOf({ a: spec(0), b: spec(2), c: spec(30) });
  const [block] = planBlocks(map, TCP);
  if (block === undefined) throw new Error('no block');
  const runs = splitBlock(block);
  expect(runs.map((run) => run.spans[0])).toEqual([
    { at: 0, count: 4 },
    { at: 30, count: 2 },
  ]);
  const [run] = runs;
  if (run === undefined) throw new Error('no run');
  const single = splitBlock(run);
  expect(single.map((one) => one.spans[0])).toEqual([
    { at: 0, count: 2 },
    { at: 2, count: 2 },
  ]);
  expect(single.flatMap(splitBlock)).toEqual([]);
});

test('every polled point of a real device is in the plan, with its scale factor', async () => {
  const { resolveProfile } = await import('../../../../../devices/resolve.ts');
  const { MODELS } = await import('../../../../../devices/sunspec/models.ts');
  let at = 40_002;
  const models = SUNSPEC_BATTERY_701.kind === 'sunspec' ? SUNSPEC_BATTERY_701.models : [];
  const chain = {
    base: 40_000,
    models: models.map((id) => {
      const model = MODELS.find((one) => one.id === id);
      const length = (model?.length ?? 0) + (model?.groups?.[0]?.length ?? 0);
      const here = { id, at, length };
      at += length + 2;
      return here;
    }),
  };
  const map = resolveProfile(SUNSPEC_BATTERY_701, chain);
  const blocks = planBlocks(map, TCP);
  const planned = new Set(
    blocks.flatMap((block) => block.items.map((item) => item.points[0]?.key)),
  );
  for (const point of Object.values(map.points)) {
    if (point.as === 'str' || point.as === 'sf') continue;
    expect(planned.has(point.key), point.key).toBe(true);
  }
  for (const block of blocks) {
    expect(block.spans[0].count).toBeLessThanOrEqual(125);
    for (const item of block.items) {
      const inside = itemsIn(block, block.spans[0]).includes(item);
      expect(inside).toBe(true);
    }
  }
  // 60 points: at most two requests a cycle for control, a handful in all.
  expect(blocks.filter((block) => block.everyCycles === 1).length).toBeLessThanOrEqual(2);
  expect(blocks.length).toBeLessThanOrEqual(6);
});
