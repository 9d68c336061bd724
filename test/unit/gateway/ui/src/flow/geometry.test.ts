import { describe, expect, it } from 'vitest';
import {
  layoutFlow,
  niceCeil,
  places,
  type Room,
  ribbon,
} from '../../../../../../gateway/ui/src/flow/geometry.ts';
import {
  FACTORY,
  FIELD,
  flow,
  HOUSE,
  STALE,
  UNKNOWN_STORE,
} from '../../../../../fixtures/view/live.ts';

const ROOM: Room = { busMax: 300, gap: 40, label: 70, edge: 35, margin: 50 };

describe('places', () => {
  it('puts what gives on one side and what takes on the other', () => {
    const sides = (all: ReturnType<typeof places>): string[] =>
      all.map(({ side, flow: { id } }) => `${side} ${id}`);
    expect(sides(places(FACTORY.flows, 1_000))).toEqual([
      'in pv1',
      'in battery1',
      'in grid',
      'out press1',
      'out compressor1',
      'out rest',
    ]);
    expect(sides(places(FIELD.flows, 4_800))).toEqual(['in pv1', 'out battery1', 'out grid']);
  });

  it('colours sold energy apart from bought', () => {
    const hue = (all: ReturnType<typeof places>) =>
      all.find(({ flow: { id } }) => id === 'grid')?.hue;
    expect(hue(places(FACTORY.flows, 1_000))).toBe('grid');
    expect(hue(places(FIELD.flows, 4_800))).toBe('export');
  });

  it('keeps a silent flow as long as it was, and gives an unknown one no length', () => {
    const stale = places(STALE.flows, 1_000).find(({ flow: { id } }) => id === 'battery1');
    expect(stale).toMatchObject({ state: 'stale', side: 'in', lengthW: 9_000 });
    const rest = places(STALE.flows, 1_000).find(({ flow: { id } }) => id === 'rest');
    expect(rest).toMatchObject({ state: 'stale', side: 'out', lengthW: 19_600 });
    const unknown = places(UNKNOWN_STORE.flows, 1_000).find(
      ({ flow: { id } }) => id === 'battery1',
    );
    expect(unknown).toMatchObject({ state: 'unknown', lengthW: 0 });
  });

  it('gives a place at rest no ribbon', () => {
    const battery = places(HOUSE.flows, 4_800).find(({ flow: { id } }) => id === 'battery1');
    expect(battery).toMatchObject({ side: 'in', lengthW: 0 });
  });
});

describe('layoutFlow', () => {
  it('draws every length on one scale, in and out equally long where they agree', () => {
    const layout = layoutFlow(places(FACTORY.flows, 1_000), ROOM);
    const all = [...layout.inSpans, ...layout.outSpans];
    const scale = all.map((span) => span.length / Math.abs(span.place.flow.powerW ?? Number.NaN));
    for (const pxPerW of scale) expect(pxPerW).toBeCloseTo(scale[0] ?? 0, 9);
    const sum = (spans: typeof all): number =>
      spans.reduce((total, { length }) => total + length, 0);
    expect(sum([...layout.inSpans])).toBeCloseTo(sum([...layout.outSpans]), 6);
    expect(layout.busLength).toBeCloseTo(sum([...layout.inSpans]), 6);
    expect(layout.busLength).toBeLessThanOrEqual(ROOM.busMax);
  });

  it('joins the bar without gaps, and leaves the missing part of the shorter side open', () => {
    const flows = [
      flow({ id: 'pv1', name: 'Sun', kind: 'pv', powerW: 10_000 }),
      flow({ id: 'load', name: 'Load', kind: 'load', powerW: -6_000 }),
    ];
    const layout = layoutFlow(places(flows, 1_000), ROOM);
    const [sun] = layout.inSpans;
    const [load] = layout.outSpans;
    expect(sun?.length).toBeCloseTo(layout.busLength, 6);
    expect((load?.length ?? 0) / layout.busLength).toBeCloseTo(0.6, 6);
    expect(sun?.busAt).toBe(layout.busAt);
    expect(load?.busAt).toBe(layout.busAt);
  });

  it('keeps labels apart however small the flows are', () => {
    const layout = layoutFlow(places(HOUSE.flows, 4_800), ROOM);
    for (const side of [layout.inSpans, layout.outSpans]) {
      side.forEach((span, at) => {
        const before = side[at - 1];
        if (before !== undefined)
          expect(span.labelAt - before.labelAt).toBeGreaterThanOrEqual(70 - 1e-9);
        expect(span.labelAt).toBeGreaterThanOrEqual(35 - 1e-9);
        expect(span.labelAt).toBeLessThanOrEqual(layout.extent - 35 + 1e-9);
      });
    }
  });

  it('shrinks the scale until everything fits the phone', () => {
    const layout = layoutFlow(places(HOUSE.flows, 4_800), {
      ...ROOM,
      edge: 0,
      margin: 0,
      extentMax: 324,
    });
    expect(layout.extent).toBeLessThanOrEqual(324);
  });

  it('draws a site without any power', () => {
    const layout = layoutFlow(
      places([flow({ id: 'grid', name: 'Grid', kind: 'grid', powerW: 0 })], 1_000),
      ROOM,
    );
    expect(layout.busLength).toBe(0);
    expect(Number.isFinite(layout.extent)).toBe(true);
  });
});

describe('scale and ribbons', () => {
  it('rounds the scale up to steps, so that it stands still while powers move a little', () => {
    expect(niceCeil(63_200)).toBe(70_000);
    expect(niceCeil(64_100)).toBe(70_000);
    expect(niceCeil(1_000)).toBe(1_000);
    expect(niceCeil(1_001)).toBe(1_100);
    expect(niceCeil(0)).toBe(1);
    for (const value of [3, 17, 999, 12_345, 99_999, 1_234_567]) {
      expect(niceCeil(value)).toBeGreaterThanOrEqual(value);
      expect(niceCeil(value)).toBeLessThanOrEqual(value * 1.26);
    }
  });

  it('swaps the axes for the phone', () => {
    expect(ribbon({ x: 0, y: 10 }, { x: 20, y: 30 }, 5)).toBe(
      'M0 10C10 10 10 30 20 30L20 35C10 35 10 15 0 15Z',
    );
    expect(ribbon({ x: 0, y: 10 }, { x: 20, y: 30 }, 5, true)).toBe(
      'M10 0C10 10 30 10 30 20L35 20C35 10 15 10 15 0Z',
    );
  });
});
