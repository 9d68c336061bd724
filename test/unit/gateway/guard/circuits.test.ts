import { describe, expect, it } from 'vitest';
import type { Reading } from '../../../../gateway/contracts/values/reading.ts';
import type { Edge, Site, Terminal } from '../../../../gateway/contracts/values/site.ts';
import { circuitFacts } from '../../../../gateway/guard/circuits.ts';
import type { PhaseState, SiteState } from '../../../../gateway/guard/site/types.ts';
import { site as built } from './bench/site.ts';
import { spec } from './bench/timeline.ts';

/** A house with a barn: a battery and a load stand in the barn, the roof is at the house. */
function farm(edge: Partial<Edge>, battery: Partial<Terminal> = {}): Site {
  const base = built({ pv: {}, battery: {} });
  const terminals = base.terminals.map((one) =>
    one.id === 'battery1' ? { ...one, node: 'barn', ...battery } : one,
  );
  return {
    ...base,
    nodes: [...base.nodes, { id: 'barn', kind: 'ac', phases: 3 }],
    edges: [{ id: 'feeder', node: 'barn', parent: 'main', ...edge }],
    terminals,
  };
}

const seen = (
  values: Readonly<Record<string, number>>,
  phases: PhaseState[] = [],
  shiftsW: number[] = [],
) =>
  ({
    nowMs: 0,
    wallMs: 0,
    points: Object.fromEntries(
      Object.entries(values).map(([key, value]): [string, Reading] => [
        key,
        { quality: 'good', value, atMs: 0 },
      ]),
    ),
    connections: [
      { id: 'grid', powerW: 0, phases, aligned: { atMs: 0, gridW: 0, shiftsW, byTerminal: {} } },
    ],
    terminals: [],
  }) as unknown as SiteState;

describe('circuits of the site file', () => {
  it('are judged by their meter, each way', () => {
    const facts = circuitFacts(farm({ importLimitW: 8_000 }), seen({ 'feeder.powerW': 3_000 }));
    expect(facts).toEqual([
      {
        ...{ importW: 3_000, exportW: -3_000, measured: true },
        ...{ importLimitW: 8_000, exportLimitW: Infinity, shares: { battery1: 1 } },
      },
    ]);
  });

  it('without a meter by their terminals, and what nobody measures by its nameplate', () => {
    const limits = { exportLimitW: 8_000 };
    const [known] = circuitFacts(farm(limits), seen({ 'battery1.powerW': -2_000 }));
    expect(known).toMatchObject({ importW: 2_000, exportW: -2_000, measured: false });
    const [unknown] = circuitFacts(farm(limits, { ratedInW: 5_000, ratedOutW: 4_000 }), seen({}));
    expect(unknown).toMatchObject({ importW: 4_000, exportW: 5_000, measured: false });
  });

  it('amperes count per phase: a single-phase battery stands on one of them', () => {
    const values = { 'feeder.powerL1W': 1_150, 'feeder.powerL2W': -230, 'feeder.currentL3A': 5 };
    const on = (battery: Partial<Terminal>) =>
      circuitFacts(farm({ limitA: 16 }, battery), seen({ 'feeder.powerW': 920, ...values }));
    const [first, second, third] = on({ phases: 1, phase: 'L2' });
    expect(first).toMatchObject({ importW: 1_150, importLimitW: 3_680, exportLimitW: 3_680 });
    expect([first, second, third].map((one) => one?.shares)).toEqual([{}, { battery1: 1 }, {}]);
    expect(second).toMatchObject({ importW: -230, exportW: 230 });
    // A current without a direction counts against both.
    expect(third).toMatchObject({ importW: 1_150, exportW: 1_150, measured: false });
    expect(on({ phases: 1 }).map(({ shares }) => shares['battery1'])).toEqual([1, 1, 1]);
    expect(on({ phases: 3 }).map(({ shares }) => shares['battery1'])).toEqual([
      1 / 3,
      1 / 3,
      1 / 3,
    ]);
  });

  it('without phases in the meter one phase could carry all of a single-phase battery', () => {
    const [one] = circuitFacts(farm({ limitA: 16 }, { phases: 1 }), seen({ 'feeder.powerW': 0 }));
    expect(one).toMatchObject({ importLimitW: 11_040, shares: { battery1: 3 } });
    const flow = (powerW: number) =>
      circuitFacts(
        farm({ limitA: 16 }, { phases: 1 }),
        seen({ 'feeder.powerW': -powerW, 'battery1.powerW': powerW }),
      )[0];
    expect(flow(2_000)).toMatchObject({ importW: -2_000, exportW: 6_000 });
    expect(flow(-2_000)).toMatchObject({ importW: 6_000, exportW: -2_000 });
  });

  it('volt-amperes leave what reactive power does not take; unknown, it takes the most', () => {
    const limit = (values: Readonly<Record<string, number>>) =>
      circuitFacts(farm({ limitVa: 10_000 }), seen({ 'feeder.powerW': 0, ...values }))[0]
        ?.importLimitW;
    expect(limit({ 'feeder.reactiveVar': 6_000 })).toBe(8_000);
    expect(limit({ 'feeder.reactiveVar': 12_000 })).toBe(0);
    expect(limit({})).toBe(9_000);
  });

  it('the phases of the connection are brought to the instant of its sum', () => {
    const phases = [1_000, 2_000, -500].map((powerW, n) => ({
      name: (['L1', 'L2', 'L3'] as const)[n] ?? 'L1',
      powerW,
      currentA: Number.NaN,
      voltageV: 230,
    }));
    const facts = circuitFacts(farm({}), seen({}, phases, [300, 0, -100]));
    expect(facts.map(({ importW }) => importW)).toEqual([1_300, 2_000, -600]);
    expect(facts.map(({ importLimitW }) => importLimitW)).toEqual([14_490, 14_490, 14_490]);
  });

  it('one that feeds another comes after it', () => {
    const base = farm({ importLimitW: 8_000 });
    const site: Site = {
      ...base,
      nodes: [...base.nodes, { id: 'shed', kind: 'ac', phases: 3 }],
      edges: [...base.edges, { id: 'sub', node: 'shed', parent: 'barn', importLimitW: 3_000 }],
    };
    expect(circuitFacts(site, seen({})).map(({ importLimitW }) => importLimitW)).toEqual([
      3_000, 8_000,
    ]);
  });
});

describe('a barn on a thin feeder', () => {
  spec('takes what its feeder carries, and says so', farm({ importLimitW: 3_000 }))
    .at('0s', { pvW: 9_000, loadW: -500 })
    .expect({ batteryW: -3_000, battery: 'FUSE_LIMIT' }, '10s');
  spec(
    'gives no more than its fuse, on the phase where it stands',
    farm({ limitA: 10 }, { phases: 1 }),
  )
    .at('0s', { loadW: -9_000 })
    .expect({ batteryW: 2_300, battery: 'FUSE_LIMIT' }, '10s');
});
