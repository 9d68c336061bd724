import { describe, expect, it } from 'vitest';
import { ALL, stepEnvelopes } from '../../../../cloud/grid/envelopes.ts';
import { allowedVa, coolTransformer, stepTransformer } from '../../../../cloud/grid/transformer.ts';

const SPEC = { ratedVa: 100_000, timeConstantMs: 1_200_000, powerFactor: 1 };

describe('transformer', () => {
  it('warms with one time constant towards the square of its load', () => {
    let state = coolTransformer(0);
    state = stepTransformer(SPEC, state, 100_000, 1_200_000);
    expect(state.heatShare).toBeCloseTo(1 - Math.exp(-1), 12);
    state = stepTransformer(SPEC, state, -100_000, 100 * 1_200_000);
    expect(state.heatShare).toBeCloseTo(1, 9);
    expect(stepTransformer(SPEC, state, 0, 200 * 1_200_000).heatShare).toBeCloseTo(0, 9);
  });

  it('warms the same in one step as in many', () => {
    let many = coolTransformer(0);
    for (let n = 1; n <= 60; n += 1) many = stepTransformer(SPEC, many, 120_000, n * 10_000);
    expect(many.heatShare).toBeCloseTo(
      stepTransformer(SPEC, coolTransformer(0), 120_000, 600_000).heatShare,
      12,
    );
  });

  it('allows a cold one a short overload, and a hot one its rating', () => {
    expect(allowedVa(SPEC, coolTransformer(0), 300_000)).toBe(150_000);
    const warm = { heatShare: 0.9, atMs: 0 };
    const allowed = allowedVa(SPEC, warm, 600_000);
    expect(allowed).toBeGreaterThan(100_000);
    expect(stepTransformer(SPEC, warm, allowed, 600_000).heatShare).toBeCloseTo(1, 9);
    expect(allowedVa(SPEC, { heatShare: 1, atMs: 0 }, 300_000)).toBeCloseTo(100_000, 6);
    expect(allowedVa(SPEC, { heatShare: 9, atMs: 0 }, 1_000)).toBe(0);
  });

  it('does not cool or warm by a load that is not known', () => {
    expect(stepTransformer(SPEC, { heatShare: 0.5, atMs: 0 }, Number.NaN, 1_000)).toEqual({
      heatShare: 0.5,
      atMs: 1_000,
    });
  });
});

describe('envelopes', () => {
  const sites = [
    { gateway: 'a', importW: 120_000, exportW: 0 },
    { gateway: 'b', importW: 40_000, exportW: 60_000 },
  ];
  const facts = {
    importW: 50_000,
    exportW: 0,
    uncontrolledW: 0,
    allowedW: 100_000,
    minimumW: 4_200,
  };

  it('are the contracted power while the transformer carries the load', () => {
    expect(stepEnvelopes(ALL, sites, facts).envelopes).toEqual(sites);
  });

  it('are reduced pro rata, in the direction that is too much, to what it carries', () => {
    const { envelopes } = stepEnvelopes(ALL, sites, { ...facts, importW: 130_000 });
    expect(envelopes).toEqual([
      { gateway: 'a', importW: 75_000, exportW: 0 },
      { gateway: 'b', importW: 25_000, exportW: 60_000 },
    ]);
    const full = stepEnvelopes(ALL, sites, {
      ...facts,
      exportW: 55_000,
      allowedW: 30_000,
      importW: 0,
    });
    expect(full.envelopes[1]).toEqual({ gateway: 'b', importW: 40_000, exportW: 30_000 });
  });

  it('leave room for what no envelope reaches', () => {
    const more = { ...facts, importW: 130_000, uncontrolledW: 20_000 };
    const sum = stepEnvelopes(ALL, sites, more).envelopes.reduce(
      (total, one) => total + one.importW,
      0,
    );
    expect(sum).toBe(80_000);
  });

  it('leave everybody a minimum, never more than contracted', () => {
    const none = stepEnvelopes(ALL, sites, { ...facts, importW: 500_000, allowedW: 0 }).envelopes;
    expect(none.map((one) => one.importW)).toEqual([4_200, 4_200]);
    expect(none[0]?.exportW).toBe(0);
  });

  it('are lifted in steps once the load is well below, and held in between', () => {
    let { shares } = stepEnvelopes(ALL, sites, { ...facts, importW: 130_000 });
    expect(stepEnvelopes(shares, sites, { ...facts, importW: 95_000 }).shares).toEqual(shares);
    let steps = 0;
    while (shares.importShare < 1 && steps < 20) {
      const before = shares.importShare;
      shares = stepEnvelopes(shares, sites, { ...facts, importW: 60_000 }).shares;
      expect(shares.importShare).toBeGreaterThan(before);
      steps += 1;
    }
    expect(steps).toBeGreaterThan(1);
    expect(stepEnvelopes(shares, sites, facts).envelopes).toEqual(sites);
  });
});
