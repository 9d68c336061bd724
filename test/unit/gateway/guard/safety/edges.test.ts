import { describe, expect, it } from 'vitest';
import { bounds } from '../../../../../gateway/guard/safety/bounds.ts';
import type { TerminalLimits } from '../../../../../gateway/guard/safety/facts.ts';
import { directionOf } from '../../../../../gateway/guard/safety/rules.ts';
import { safeStates } from '../../../../../gateway/guard/safety/verdict.ts';
import { battery, calm, charger, given, grid, pump, pv, remembered } from './given.ts';

const second: TerminalLimits = { ...battery, terminal: 'battery2' };
const NOW = 1_000_000;

describe('nothing is nothing, without a sign', () => {
  it('in bounds, verdicts and safe states', () => {
    expect(bounds(battery, { ...calm, socHighPct: 95 }).lowW).toBe(0);
    expect(given({ wish: -0 }).first?.powerW).toBe(0);
    const loads = [charger, pump];
    const off = given({ limits: loads, wishes: { ev1: -100, pump1: -100 } });
    expect(off.verdict('ev1')?.powerW).toBe(0);
    expect(off.verdict('pump1')?.powerW).toBe(0);
    const small = { kind: 'limit', limitW: 100 } as const;
    const safe = safeStates([{ ...charger, safe: small }], { connections: { grid } });
    expect(safe[0]?.powerW).toBe(0);
  });

  it('a battery has no safe draw, whatever the site file says', () => {
    const wrong = { ...battery, safe: { kind: 'limit', limitW: 20_000 } as const };
    expect(safeStates([wrong], { connections: { grid } })[0]).toMatchObject({
      kind: 'setpoint',
      powerW: 0,
    });
  });
});

describe('directions', () => {
  it.each([
    [100, 0],
    [101, 1],
    [-100, 0],
    [-101, -1],
  ])('a hundredth of nameplate is rest: %i W of 10 kW', (powerW, direction) => {
    expect(directionOf(battery, powerW)).toBe(direction);
    expect(directionOf({ ...battery, ratedInW: 2_000 }, powerW)).toBe(direction);
    expect(directionOf({ ...battery, ratedOutW: 2_000 }, powerW)).toBe(direction);
  });

  it('and never less than 50 W', () => {
    const small = { ...battery, ratedInW: 2_000, ratedOutW: 2_000 };
    expect([50, 51, -50, -51].map((powerW) => directionOf(small, powerW))).toEqual([0, 1, 0, -1]);
  });

  it('what rests, or has never moved, may do so at once', () => {
    const turned = remembered({ powerW: 0, atMs: NOW, direction: 1, turnedAtMs: NOW - 1_000 });
    expect(given({ wish: -80, memory: { battery1: turned } }).first).toMatchObject({
      powerW: -80,
      code: 'PLAN',
    });
    const fresh = remembered({ powerW: 0, atMs: NOW, direction: 0, turnedAtMs: NOW - 1_000 });
    expect(given({ wish: -800, memory: { battery1: fresh } }).first?.powerW).toBe(-800);
  });

  it('the rest counts from the turn, not from the last order', () => {
    const before = remembered({ powerW: 500, direction: 1, turnedAtMs: 7 });
    const { memory } = given({ wish: 800, memory: { battery1: before } });
    expect(memory['battery1']).toMatchObject({ direction: 1, turnedAtMs: 7 });
    const turned = given({ wish: -800, memory: { battery1: before } }).memory;
    expect(turned['battery1']).toMatchObject({ direction: -1, turnedAtMs: NOW });
    expect(given({ limits: [pv], wish: 9_000 }).memory['pv1']?.direction).toBe(0);
  });
});

describe('what a load remembers', () => {
  it('is when it was switched, not when it was told again', () => {
    const before = { pump1: remembered({ powerW: -15_000, on: true, switchedAtMs: 5 }) };
    const kept = given({ limits: [pump], wish: -15_000, memory: before }).memory['pump1'];
    expect(kept).toMatchObject({ on: true, switchedAtMs: 5 });
    const ended = given({ limits: [pump], wish: 0, memory: before }).memory['pump1'];
    expect(ended).toMatchObject({ on: false, switchedAtMs: NOW });
  });

  it('a first start is one', () => {
    const { memory } = given({ limits: [pump], wish: -15_000 });
    expect(memory['pump1']).toMatchObject({ on: true, switchedAtMs: NOW });
  });

  it('run and rest are over at their very end', () => {
    const at = NOW - 60_000;
    const on = { pump1: remembered({ powerW: -15_000, on: true, switchedAtMs: at }) };
    expect(given({ limits: [pump], wish: 0, memory: on }).first).toMatchObject({
      powerW: 0,
      code: 'PLAN',
    });
    const off = { pump1: remembered({ powerW: 0, on: false, switchedAtMs: at }) };
    expect(given({ limits: [pump], wish: -15_000, memory: off }).first?.powerW).toBe(-15_000);
  });

  it('its release keeps the code of who asked for it', () => {
    expect(given({ limits: [pump], wish: 'release' }).first).toMatchObject({
      kind: 'release',
      code: 'PLAN',
    });
  });
});

describe('findings', () => {
  it('say how fresh it was, and whether it was changed', () => {
    const fine = given({ wish: 1_000, terminal: { ageMs: 5_000 }, grid: { ageMs: 5_000 } });
    expect(fine.findings[0]).toMatchObject({ state: 'fresh', changed: false });
    expect(given({ wish: 20_000 }).findings[0]?.changed).toBe(true);
    expect(given({ wish: 1, facts: { observing: true } }).findings[0]?.changed).toBe(true);
    const island = given({ wish: 1, facts: { islanded: true }, grid: { gridW: 1e6 } });
    expect(island.findings[0]).toMatchObject({ state: 'safe', code: 'ISLANDED' });
    expect(island.first?.protective).toBe(true);
  });

  it('compare each terminal with what was proposed for it', () => {
    const told = given({
      limits: [battery, second],
      wishes: { battery1: 1 },
      proposal: { code: 'SAFE_STATE' },
    });
    expect(told.findings.map(({ changed }) => changed)).toEqual([false, true]);
  });

  it('a verdict carries the mark that only the kernel can write', () => {
    const verdict = given({ wish: 1_000 }).first as object;
    const marks = Object.getOwnPropertySymbols(verdict);
    expect(marks.map((mark) => Reflect.get(verdict, mark))).toEqual([true]);
  });
});

describe('kinds keep to their own bounds', () => {
  it('the sun is limited also while nobody measures it', () => {
    const { first, findings } = given({
      limits: [pv],
      wish: 9_000,
      terminal: { alignedW: Number.NaN },
    });
    expect(first).toMatchObject({ kind: 'limit', powerW: 9_000 });
    expect(findings[0]?.state).toBe('fresh');
  });

  it('a charger keeps its steps, whatever limit its device reports', () => {
    const asked = given({ limits: [charger], wish: -11_040, terminal: { chargeMaxW: 5_000 } });
    expect(asked.first).toMatchObject({ powerW: -11_040, currentA: 16 });
  });

  it('a held limit from before a smaller nameplate is cut to it', () => {
    const late = { grid: { ageMs: 6_000 }, limits: [pv] };
    const held = (powerW: number) =>
      given({ ...late, memory: { pv1: remembered({ powerW }) } }).first;
    expect(held(40_000)).toMatchObject({ kind: 'release', code: 'BMS_LIMIT', protective: true });
    expect(held(-5)).toMatchObject({ powerW: 0, code: 'BMS_LIMIT' });
    expect(held(4_000)).toMatchObject({ powerW: 4_000, code: 'HOLDING' });
  });

  it('below the smallest power it rests, and says who asked', () => {
    const limits = [{ ...battery, minPowerW: 500 }];
    expect(given({ limits, wish: 400 }).first).toMatchObject({
      kind: 'setpoint',
      powerW: 0,
      code: 'PLAN',
    });
  });
});

describe('the sum at the connection', () => {
  it('leaves out what nobody knows, and what is released', () => {
    const unknown = given({
      limits: [battery, second, { ...pv, safe: { kind: 'limit', limitW: 4_000 } }, pump],
      wishes: { battery1: 3_000, pump1: undefined },
      terminals: {
        battery2: { ageMs: 9_000, alignedW: Number.NaN },
        pv1: { ageMs: 9_000, alignedW: Number.NaN },
      },
      grid: { gridW: 1_000, importLimitW: 9_000, exportLimitW: 9_000 },
    });
    expect(unknown.verdict('battery1')).toMatchObject({ powerW: 3_000, code: 'PLAN' });
    expect(unknown.verdict('pv1')).toMatchObject({ kind: 'limit', code: 'SAFE_STATE' });
    expect(unknown.verdict('pump1')).toMatchObject({ kind: 'release', code: 'PLAN' });
  });

  it('a load that may draw more is no help against an export', () => {
    const kept = given({
      limits: [battery, pump],
      wishes: { battery1: 0, pump1: -15_000 },
      grid: { gridW: -12_000, exportLimitW: 10_000 },
    });
    expect(kept.verdict('battery1')).toMatchObject({ powerW: -2_000, code: 'EXPORT_LIMIT' });
  });

  it('a load that would draw more does not, before a battery has to help', () => {
    const kept = given({
      limits: [charger, battery],
      wishes: { ev1: -11_040, battery1: 0 },
      terminals: { ev1: { alignedW: -4_140 } },
      grid: { gridW: 5_000, importLimitW: 5_000 },
    });
    expect(kept.verdict('ev1')).toMatchObject({ powerW: -4_140, code: 'IMPORT_LIMIT' });
    expect(kept.verdict('battery1')).toMatchObject({ powerW: 0, code: 'PLAN' });
  });

  it('the second gives what the first cannot, and no more', () => {
    const kept = given({
      limits: [battery, second],
      wishes: { battery1: 4_000, battery2: 0 },
      grid: { gridW: 12_000, importLimitW: 0 },
    });
    expect(kept.verdict('battery1')?.powerW).toBe(10_000);
    expect(kept.verdict('battery2')?.powerW).toBe(2_000);
  });

  it('one watt is arithmetic, two are not', () => {
    const wish = (powerW: number) => given({ wish: powerW, grid: { importLimitW: 5_000 } }).first;
    expect(wish(-5_001)).toMatchObject({ powerW: -5_001, code: 'PLAN' });
    expect(wish(-5_002)).toMatchObject({ powerW: -5_000, code: 'IMPORT_LIMIT' });
    const rest = (gridW: number, more: object) =>
      given({ wish: 0, grid: { gridW, ...more } }).first;
    expect(rest(10_001, { importLimitW: 0 })?.code).toBe('IMPORT_LIMIT');
    expect(rest(10_002, { importLimitW: 0 })).toMatchObject({
      code: 'LIMIT_UNREACHABLE',
      protective: true,
    });
    expect(rest(-10_001, { exportLimitW: 0 })?.code).toBe('EXPORT_LIMIT');
    expect(rest(-10_002, { exportLimitW: 0 })?.code).toBe('LIMIT_UNREACHABLE');
  });

  it('reckons with the share that crosses a phase when it helps another place', () => {
    const phase = {
      importW: 0,
      exportW: 0,
      measured: true,
      importLimitW: 2_000,
      exportLimitW: 2_000,
    };
    const circuits = [{ ...phase, shares: { battery1: 1 / 3 } }];
    const help = (gridW: number) =>
      given({ wish: 0, facts: { circuits }, grid: { gridW, importLimitW: 0, exportLimitW: 0 } })
        .first;
    expect(help(9_000)?.powerW).toBeCloseTo(6_000, 3);
    expect(help(-9_000)?.powerW).toBeCloseTo(-6_000, 3);
  });
});
