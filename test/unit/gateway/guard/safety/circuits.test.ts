import { describe, expect, it } from 'vitest';
import type { CircuitFacts, TerminalLimits } from '../../../../../gateway/guard/safety/facts.ts';
import { battery, type Case, charger, given, pump, pv } from './given.ts';

/** Two batteries of 10 kW; the first alone in a barn. */
const second: TerminalLimits = { ...battery, terminal: 'battery2' };
const circuit = (more: Partial<CircuitFacts> = {}): CircuitFacts => ({
  importW: 0,
  exportW: 0,
  measured: true,
  importLimitW: 5_000,
  exportLimitW: 5_000,
  shares: { battery1: 1 },
  ...more,
});
const inside = (circuits: readonly CircuitFacts[], more: Case) =>
  given({ ...more, facts: { circuits } });

describe('circuits', () => {
  it('bound what flows through them each way, and nothing else', () => {
    const circuits = [circuit()];
    const limits = [battery, second];
    const out = inside(circuits, { limits, wishes: { battery1: 9_000, battery2: 9_000 } });
    expect(out.verdict('battery1')).toMatchObject({ powerW: 5_000, code: 'FUSE_LIMIT' });
    expect(out.verdict('battery1')?.protective).toBe(true);
    expect(out.verdict('battery2')).toMatchObject({ powerW: 9_000, code: 'PLAN' });
    const into = inside(circuits, { limits, wishes: { battery1: -9_000, battery2: -9_000 } });
    expect(into.verdict('battery1')).toMatchObject({ powerW: -5_000, code: 'FUSE_LIMIT' });
    expect(into.verdict('battery2')).toMatchObject({ powerW: -9_000 });
  });

  it('bound each of several that stand behind others', () => {
    const limits = [pv, { ...battery, terminal: 'battery0' }, battery, second];
    const both = [
      circuit({ shares: { battery1: 1, battery2: 1 }, importW: -2_000, exportW: 2_000 }),
    ];
    const wishes = { battery0: 9_000, battery1: 3_000, battery2: 4_000 };
    const out = inside(both, { limits, wishes });
    expect(out.verdict('battery0')).toMatchObject({ powerW: 9_000 });
    const given1 = out.verdict('battery1')?.powerW ?? Number.NaN;
    const given2 = out.verdict('battery2')?.powerW ?? Number.NaN;
    expect(given1 + given2).toBeCloseTo(3_000, 6);
  });

  it('a load that steps down too far leaves the next as it is', () => {
    const limits = [charger, { ...charger, terminal: 'ev2', priority: 2 }];
    const shares = { ev1: 1, ev2: 1 };
    const drawing = { terminals: { ev1: { alignedW: -11_040 }, ev2: { alignedW: -4_140 } } };
    const wishes = { ev1: -11_040, ev2: -4_140 };
    // 100 W too much: the first goes down by a step of 4,140 W, which is more.
    const over = [circuit({ shares, importW: 15_180, importLimitW: 15_080 })];
    const out = inside(over, { limits, wishes, ...drawing });
    expect([out.verdict('ev1')?.powerW, out.verdict('ev2')?.powerW]).toEqual([-6_900, -4_140]);
  });

  it('count what else flows there', () => {
    const loaded = [circuit({ importW: 3_000, exportW: -3_000 })];
    expect(inside(loaded, { wish: -9_000 }).first?.powerW).toBe(-2_000);
    expect(inside(loaded, { wish: 9_000 }).first?.powerW).toBe(8_000);
    const over = [circuit({ importW: 7_000, exportW: -7_000 })];
    expect(inside(over, { wish: 0 }).first).toMatchObject({ powerW: 2_000, code: 'FUSE_LIMIT' });
    expect(
      inside([circuit({ importW: 17_000, exportW: -17_000 })], { wish: 0 }).first,
    ).toMatchObject({ powerW: 10_000, code: 'LIMIT_UNREACHABLE' });
  });

  it('judge one phase by the share that crosses it', () => {
    const phase = [circuit({ shares: { battery1: 1 / 3 }, importLimitW: 2_000 })];
    expect(inside(phase, { wish: -9_000 }).first?.powerW).toBeCloseTo(-6_000, 3);
    const whole = [circuit({ shares: { battery1: 1 }, importLimitW: 2_000 })];
    expect(inside(whole, { wish: -9_000 }).first?.powerW).toBe(-2_000);
    for (const share of [0, -1, Number.NaN]) {
      expect(
        inside([circuit({ importW: 6_000, shares: { battery1: share } })], { wish: -9_000 }).first
          ?.powerW,
      ).toBe(-9_000);
    }
  });

  it('what only might flow forbids, but moves nothing', () => {
    const doubt = (powerW: number) => [
      circuit({ importW: powerW, exportW: powerW, measured: false }),
    ];
    expect(inside(doubt(4_000), { wish: -9_000 }).first?.powerW).toBe(-1_000);
    expect(inside(doubt(9_000), { wish: -9_000 }).first?.powerW).toBe(0);
    expect(inside(doubt(9_000), { wish: 9_000 }).first).toMatchObject({
      powerW: 0,
      code: 'FUSE_LIMIT',
    });
    expect(inside(doubt(9_000), { wish: 0 }).first).toMatchObject({ powerW: 0, code: 'PLAN' });
    expect(inside(doubt(Number.NaN), { wish: 9_000 }).first?.powerW).toBe(0);
  });

  it('a limit that is no number is none that allows', () => {
    expect(inside([circuit({ importLimitW: Number.NaN })], { wish: -500 }).first?.powerW).toBe(0);
    expect(inside([circuit({ importLimitW: -1 })], { wish: -500 }).first?.powerW).toBe(0);
  });

  it('hold back the sun and switch off loads', () => {
    const sun = inside([circuit({ shares: { pv1: 1 }, exportW: 8_000, importW: -8_000 })], {
      limits: [pv],
      wish: 30_000,
      terminal: { alignedW: 8_000 },
    });
    expect(sun.first).toMatchObject({ kind: 'limit', powerW: 5_000, code: 'FUSE_LIMIT' });
    const load = inside([circuit({ shares: { pump1: 1 } })], {
      limits: [pump],
      wishes: { pump1: -15_000 },
    });
    expect(load.first).toMatchObject({ kind: 'on-off', powerW: 0, code: 'FUSE_LIMIT' });
  });

  it('a connection asks no more of a battery than its circuit carries, then the next', () => {
    const limits = [battery, second];
    const asked = inside([circuit()], {
      limits,
      wishes: { battery1: 0, battery2: 0 },
      grid: { gridW: 12_000, importLimitW: 2_000 },
    });
    expect(asked.verdict('battery1')?.powerW).toBe(5_000);
    expect(asked.verdict('battery2')?.powerW).toBe(5_000);
    const given_ = inside([circuit()], {
      limits,
      wishes: { battery1: 0, battery2: 0 },
      grid: { gridW: -12_000, exportLimitW: 2_000 },
    });
    expect(given_.verdict('battery1')?.powerW).toBe(-5_000);
    expect(given_.verdict('battery2')?.powerW).toBe(-5_000);
  });

  it('a fuse has the last word over the connection, also where two share it', () => {
    const limits = [battery, second];
    const both = [circuit({ shares: { battery1: 1, battery2: 1 } })];
    const asked = inside(both, {
      limits,
      wishes: { battery1: 0, battery2: 0 },
      grid: { gridW: 30_000, importLimitW: 2_000 },
    });
    const sum = (asked.verdict('battery1')?.powerW ?? 0) + (asked.verdict('battery2')?.powerW ?? 0);
    expect(sum).toBe(5_000);
  });

  it('a released load keeps its release', () => {
    const freed = inside([circuit({ shares: { pump1: 1 }, importLimitW: 50_000 })], {
      limits: [pump],
      wish: 'release',
    });
    expect(freed.first?.kind).toBe('release');
  });
});
