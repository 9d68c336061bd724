import { describe, expect, it } from 'vitest';
import { safeStates } from '../../../../../gateway/guard/safety/verdict.ts';
import { battery, charger, given, grid, pump, pv, remembered } from './given.ts';

describe('the connection', () => {
  it('raises a battery that would let the import limit break', () => {
    const { first } = given({ wish: -5_000, grid: { gridW: 9_000, importLimitW: 10_000 } });
    expect(first).toMatchObject({ powerW: -1_000, code: 'IMPORT_LIMIT', protective: true });
  });

  it('lowers a battery that would let the export limit break', () => {
    const { first } = given({ wish: 5_000, grid: { gridW: 1_000, exportLimitW: 0 } });
    expect(first).toMatchObject({ powerW: 1_000, code: 'EXPORT_LIMIT', protective: true });
  });

  it('counts what a battery does now', () => {
    const one = {
      wish: 5_000,
      terminal: { alignedW: 4_000 },
      grid: { gridW: 1_000, exportLimitW: 0 },
    };
    expect(given(one).first).toMatchObject({ powerW: 5_000, code: 'PLAN' });
  });

  it('batteries first, then the sun', () => {
    const limits = [battery, pv];
    const { first, verdict } = given({
      limits,
      wishes: { battery1: 0, pv1: undefined },
      terminals: { pv1: { alignedW: 25_000 } },
      grid: { gridW: -25_000, exportLimitW: 5_000 },
    });
    expect(first).toMatchObject({ powerW: -10_000, code: 'EXPORT_LIMIT' });
    expect(verdict('pv1')).toMatchObject({ kind: 'limit', powerW: 15_000, code: 'EXPORT_LIMIT' });
  });

  it('batteries give in the order of the site file, whatever their names and priorities', () => {
    const late = { ...battery, terminal: 'battery2', priority: 1 };
    const early = { ...battery, priority: 2 };
    const { verdict } = given({
      limits: [late, early],
      wishes: { battery1: 2_000, battery2: 2_000 },
      grid: { exportLimitW: 3_000 },
    });
    expect(verdict('battery2')).toMatchObject({ powerW: 1_000, code: 'EXPORT_LIMIT' });
    expect(verdict('battery1')).toMatchObject({ powerW: 2_000, code: 'PLAN' });
  });

  it('the sun is let free where the battery takes the rest', () => {
    const { verdict } = given({
      limits: [battery, pv],
      wishes: { battery1: -4_000, pv1: undefined },
      terminals: { pv1: { alignedW: 4_000 } },
      grid: { gridW: -4_000, exportLimitW: 0 },
    });
    expect(verdict('pv1')?.kind).toBe('release');
  });

  it('a load does not start where there is no room, and the battery is left alone', () => {
    const { verdict } = given({
      limits: [pump, battery],
      wishes: { pump1: -15_000, battery1: 0 },
      grid: { gridW: 90_000 },
    });
    expect(verdict('pump1')).toMatchObject({ powerW: 0, code: 'IMPORT_LIMIT' });
    expect(verdict('battery1')).toMatchObject({ powerW: 0, code: 'PLAN' });
  });

  it('a charger keeps what it has where there is no room for more', () => {
    const { first } = given({
      limits: [charger],
      wish: -11_040,
      terminal: { alignedW: -7_000 },
      grid: { gridW: 99_000 },
    });
    expect(first).toMatchObject({ powerW: -6_900, currentA: 10, code: 'IMPORT_LIMIT' });
  });

  it('loads give last, the least important first, also within their minimum run', () => {
    const memory = {
      ev1: remembered({ powerW: -11_040, on: true, switchedAtMs: 999_000 }),
      pump1: remembered({ powerW: -15_000, on: true, switchedAtMs: 999_000 }),
    };
    const one = {
      limits: [battery, pump, charger],
      memory,
      wishes: { battery1: 0, pump1: -15_000, ev1: -11_040 },
      terminals: { pump1: { alignedW: -15_000 }, ev1: { alignedW: -11_040 } },
    };
    const some = given({ ...one, grid: { gridW: 114_000 } });
    expect(some.verdict('battery1')?.powerW).toBe(10_000);
    expect(some.verdict('ev1')).toMatchObject({ currentA: 10, powerW: -6_900 });
    expect(some.verdict('pump1')?.powerW).toBe(-15_000);
    const more = given({ ...one, grid: { gridW: 130_000 } });
    expect(more.verdict('ev1')?.powerW).toBe(0);
    expect(more.verdict('pump1')).toMatchObject({ powerW: 0, protective: true });
  });

  it('two loads of the same importance give in the order of their names', () => {
    const twin = { ...pump, terminal: 'pump2' };
    const drawing = { alignedW: -15_000 };
    for (const limits of [
      [pump, twin],
      [twin, pump],
    ]) {
      const { verdict } = given({
        limits,
        wishes: { pump1: -15_000, pump2: -15_000 },
        terminals: { pump1: drawing, pump2: drawing },
        grid: { gridW: 110_000 },
      });
      expect(verdict('pump1')?.powerW).toBe(0);
      expect(verdict('pump2')?.powerW).toBe(-15_000);
    }
  });

  it('a load in its own mode is taken back and switched off', () => {
    const one = { limits: [pump], wish: 'release' as const, grid: { gridW: 110_000 } };
    expect(given({ ...one, terminal: { alignedW: -15_000 } }).first).toMatchObject({
      kind: 'on-off',
      powerW: 0,
    });
    const idle = given({ ...one, terminal: { alignedW: 0 } });
    expect(idle.first).toMatchObject({ kind: 'release', code: 'LIMIT_UNREACHABLE' });
  });

  it('a load that is cut counts for the export limit', () => {
    const memory = { ev1: remembered({ powerW: 0, on: false, switchedAtMs: 0 }) };
    const { verdict } = given({
      limits: [battery, charger],
      memory,
      wishes: { battery1: 8_000, ev1: 0 },
      terminals: { ev1: { alignedW: -6_900 } },
      grid: { gridW: 6_900, exportLimitW: 0 },
    });
    expect(verdict('battery1')).toMatchObject({ powerW: 0, code: 'EXPORT_LIMIT' });
  });

  it('where nothing helps, everything stands at its helpful bound and says so', () => {
    const bought = given({ wish: 0, grid: { gridW: 150_000 } });
    expect(bought.first).toMatchObject({ powerW: 10_000, code: 'LIMIT_UNREACHABLE' });
    const sold = given({
      limits: [battery, { ...battery, terminal: 'battery2' }],
      wishes: { battery1: 0, battery2: 0 },
      terminals: { battery2: { ageMs: 60_000 } },
      grid: { gridW: -150_000 },
    });
    expect(sold.first).toMatchObject({ powerW: -10_000, code: 'LIMIT_UNREACHABLE' });
    expect(sold.verdict('battery2')?.code).toBe('SAFE_STATE');
  });

  it('a limit below zero or without a number counts as none left', () => {
    expect(given({ wish: 5_000, grid: { exportLimitW: -5 } }).first?.powerW).toBe(0);
  });

  it('a connection that is not known decides nothing by itself', () => {
    expect(given({ wish: 5_000, grid: { gridW: Number.NaN } }).first?.powerW).toBe(5_000);
  });

  it('a battery that fails to answer keeps its order, and is not reckoned with', () => {
    const memory = { battery1: remembered({ powerW: 2_000, atMs: 999_000, direction: 1 }) };
    const one = { wish: 5_000, memory, terminal: { alignedW: Number.NaN } };
    expect(given({ ...one, grid: { exportLimitW: 0 } }).first).toMatchObject({
      powerW: 2_000,
      code: 'HOLDING',
    });
  });

  it('each connection has its own limits', () => {
    const far = { ...battery, terminal: 'battery2', connection: 'barn' };
    const { verdict } = given({
      limits: [battery, far],
      wishes: { battery1: 5_000, battery2: 5_000 },
      facts: { connections: { grid: { ...grid, exportLimitW: 0 }, barn: grid } },
    });
    expect(verdict('battery1')?.powerW).toBe(0);
    expect(verdict('battery2')?.powerW).toBe(5_000);
  });
});

describe('safe states', () => {
  const facts = (exportLimitW: number) => ({ connections: { grid: { ...grid, exportLimitW } } });

  it('are those of the site file', () => {
    const limits = [
      battery,
      { ...battery, terminal: 'b', safe: { kind: 'zero' as const } },
      { ...battery, terminal: 'c', safe: { kind: 'limit' as const, limitW: 500 } },
      { ...pv, safe: { kind: 'zero' as const } },
      charger,
      { ...charger, terminal: 'd', safe: { kind: 'limit' as const, limitW: 4_500 } },
      { ...charger, terminal: 'e', safe: { kind: 'limit' as const, limitW: 100 } },
      pump,
    ];
    const seen = safeStates(limits, facts(100_000)).map(
      (v) => `${v.kind} ${v.powerW} ${v.currentA}`,
    );
    expect(seen).toEqual([
      'release 0 0',
      'setpoint 0 0',
      'setpoint 0 0',
      'limit 0 0',
      'steps 0 0',
      'steps -4140 6',
      'steps 0 0',
      'on-off 0 0',
    ]);
  });

  it('never lift an export limit in force: producers share it at zero load and full sun', () => {
    const south = { ...pv, terminal: 'south', ratedInW: 40_000 };
    const east = { ...pv, terminal: 'east', safe: { kind: 'limit' as const, limitW: 10_000 } };
    const far = { ...pv, terminal: 'far', connection: 'barn' };
    const limits = [south, east, far, battery];
    const at = (w: number) =>
      safeStates(limits, facts(w)).map(({ kind, powerW }) => `${kind} ${powerW}`);
    expect(at(50_000)).toEqual(['release 0', 'limit 10000', 'limit 0', 'release 0']);
    expect(at(25_000)).toEqual(['limit 20000', 'limit 5000', 'limit 0', 'release 0']);
    expect(at(Number.NaN)).toEqual(['limit 0', 'limit 0', 'limit 0', 'release 0']);
  });
});
