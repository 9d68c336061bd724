import { describe, expect, it } from 'vitest';
import { safeStates } from '../../../../../gateway/guard/safety/verdict.ts';
import { battery, charger, given, grid, pump, pv, remembered } from './given.ts';

describe('device protection', () => {
  it('lets a wish inside everything pass as it is', () => {
    const { first } = given({ wish: 3_000 });
    expect(first).toMatchObject({
      kind: 'setpoint',
      powerW: 3_000,
      code: 'PLAN',
      protective: false,
    });
  });

  it.each([
    ['nameplate', { wish: 20_000 }, 10_000, 'BMS_LIMIT'],
    ['nameplate, charging', { wish: -20_000 }, -10_000, 'BMS_LIMIT'],
    [
      'nameplate as the device says',
      { wish: 9_000, terminal: { ratedW: 8_000 } },
      8_000,
      'BMS_LIMIT',
    ],
    ['BMS, discharging', { wish: 9_000, terminal: { dischargeMaxW: 2_000 } }, 2_000, 'BMS_LIMIT'],
    [
      'nameplate, below the BMS',
      { wish: 20_000, terminal: { dischargeMaxW: 12_000 } },
      10_000,
      'BMS_LIMIT',
    ],
    ['BMS, charging', { wish: -9_000, terminal: { chargeMaxW: 1_500 } }, -1_500, 'BMS_LIMIT'],
    ['BMS seen, then lost', { wish: -9_000, terminal: { chargeMaxW: Number.NaN } }, 0, 'BMS_LIMIT'],
    ['a negative BMS limit', { wish: 9_000, terminal: { dischargeMaxW: -1 } }, 0, 'BMS_LIMIT'],
    ['room at the converter', { wish: 9_000, terminal: { shareInW: 4_000 } }, 4_000, 'BMS_LIMIT'],
    ['room, charging', { wish: -9_000, terminal: { shareOutW: 4_000 } }, -4_000, 'BMS_LIMIT'],
    ['full', { wish: -5_000, terminal: { socHighPct: 95 } }, 0, 'SOC_MAX'],
    ['empty', { wish: 5_000, terminal: { socLowPct: 10 } }, 0, 'SOC_MIN'],
    ['at the reserve', { wish: 5_000, terminal: { socLowPct: 20 } }, 0, 'RESERVE'],
    ['charge unknown', { wish: 5_000, terminal: { socLowPct: Number.NaN } }, 0, 'STALE'],
    [
      'charge unknown, charging',
      { wish: -5_000, terminal: { socHighPct: Number.NaN } },
      0,
      'STALE',
    ],
    ['too cold', { wish: -5_000, terminal: { temperatureC: 1 } }, 0, 'TOO_COLD'],
    ['temperature lost', { wish: -5_000, terminal: { temperatureC: Number.NaN } }, 0, 'TOO_COLD'],
  ])('holds %s', (_name, one, powerW, code) => {
    expect(given(one).first).toMatchObject({ kind: 'setpoint', powerW, code, protective: true });
  });

  it('charges when the device has no thermometer, and when it is warm enough', () => {
    expect(given({ wish: -5_000, terminal: { temperatureC: undefined } }).first?.powerW).toBe(
      -5_000,
    );
    expect(given({ wish: -5_000, terminal: { temperatureC: 2 } }).first?.powerW).toBe(-5_000);
  });

  it('a setpoint without a store has no charge to know', () => {
    const limits = [{ ...battery, store: undefined }];
    const terminal = { socLowPct: Number.NaN, socHighPct: Number.NaN };
    expect(given({ limits, wish: 5_000, terminal }).first?.powerW).toBe(5_000);
    expect(given({ limits, wish: -5_000, terminal }).first?.powerW).toBe(-5_000);
  });
});

describe('what it cannot trust', () => {
  it.each([
    ['nothing proposed', { wish: 'nothing' as const }],
    ['not a number', { wish: Number.NaN }],
    ['infinite', { wish: Number.POSITIVE_INFINITY }],
    ['another boot', { wish: 1_000, proposal: { bootId: 'before' } }],
    ['an older agent', { wish: 1_000, proposal: { agentEpoch: 2 } }],
    ['an agent without a number', { wish: 1_000, proposal: { agentEpoch: Number.NaN } }],
    ['own reading too old', { wish: 1_000, terminal: { ageMs: 8_001 } }],
    ['own reading without an age', { wish: 1_000, terminal: { ageMs: Number.NaN } }],
    ['meter too old', { wish: 1_000, grid: { ageMs: 8_001 } }],
    ['meter never read', { wish: 1_000, grid: { ageMs: Number.POSITIVE_INFINITY } }],
    ['no such connection', { wish: 1_000, facts: { connections: {} } }],
  ])('%s: the safe state', (_name, one) => {
    const { first, findings } = given(one);
    expect(first).toMatchObject({ kind: 'release', code: 'SAFE_STATE', protective: true });
    expect(findings[0]).toMatchObject({ state: 'safe', changed: true });
  });

  it('late readings: the last order stands, whatever is proposed', () => {
    const memory = { battery1: remembered({ powerW: 2_000, atMs: 999_000 }) };
    const late = given({ wish: 9_000, memory, grid: { ageMs: 5_001 } });
    expect(late.first).toMatchObject({ powerW: 2_000, code: 'HOLDING' });
    expect(late.findings[0]?.state).toBe('holding');
    expect(given({ wish: 9_000, memory, terminal: { ageMs: 6_000 } }).first?.powerW).toBe(2_000);
  });

  it('late readings hold the last order to what the battery may do now', () => {
    const memory = { battery1: remembered({ powerW: 2_000, atMs: 999_000 }) };
    const terminal = { ageMs: 6_000, socLowPct: 20 };
    expect(given({ wish: 9_000, memory, terminal }).first).toMatchObject({
      powerW: 0,
      code: 'RESERVE',
      protective: true,
    });
  });

  it('late readings and no order yet: the safe state', () => {
    expect(given({ wish: 9_000, grid: { ageMs: 6_000 } }).first?.code).toBe('SAFE_STATE');
  });

  it('a held release stays a release', () => {
    const memory = { battery1: remembered({ powerW: Number.NaN, atMs: 999_000 }) };
    expect(given({ wish: 9_000, memory, grid: { ageMs: 6_000 } }).first?.kind).toBe('release');
  });

  it('a release of a setpoint is rest, not freedom', () => {
    expect(given({ wish: 'release' }).first).toMatchObject({ kind: 'setpoint', powerW: 0 });
  });

  it('writes nothing that was not commissioned, and nothing while observing', () => {
    const raw = given({ wish: 1_000, terminal: { commissioned: false } });
    expect(raw.verdicts).toEqual([]);
    expect(raw.findings[0]).toMatchObject({ state: 'silenced', code: 'NOT_COMMISSIONED' });
    const watching = given({ wish: 1_000, facts: { observing: true } });
    expect(watching.verdicts).toEqual([]);
    expect(watching.findings[0]?.code).toBe('OBSERVING');
    expect(given({ wish: 1_000, facts: { terminals: {} } }).verdicts).toEqual([]);
  });

  it('on an island everything goes to its own mode', () => {
    const limits = [battery, pv, charger, pump];
    const { verdicts } = given({ limits, wish: 4_000, facts: { islanded: true } });
    expect(verdicts.map(({ kind, code }) => `${kind} ${code}`)).toEqual(
      Array.from({ length: 4 }, () => 'release ISLANDED'),
    );
  });
});

describe('sparing the equipment', () => {
  const charging = remembered({
    powerW: -3_000,
    atMs: 999_000,
    direction: -1,
    turnedAtMs: 990_000,
  });

  it('turns around only after the rest', () => {
    const early = given({ wish: 5_000, memory: { battery1: charging } });
    expect(early.first).toMatchObject({ powerW: 0, code: 'DIRECTION_REST', protective: false });
    const rested = { ...charging, turnedAtMs: 970_000 };
    const late = given({ wish: 5_000, memory: { battery1: rested } });
    expect(late.first?.powerW).toBe(5_000);
    expect(late.memory['battery1']).toMatchObject({ direction: 1, turnedAtMs: 1_000_000 });
  });

  it('going on, and resting, are no turn', () => {
    expect(given({ wish: -4_000, memory: { battery1: charging } }).first?.powerW).toBe(-4_000);
    const resting = given({ wish: 0, memory: { battery1: charging } });
    expect(resting.first?.powerW).toBe(0);
    expect(resting.memory['battery1']).toMatchObject({ direction: -1, turnedAtMs: 990_000 });
  });

  it('changes no faster than the slew rate, from the last order', () => {
    const limits = [{ ...battery, slewWPerS: 500 }];
    const memory = { battery1: remembered({ powerW: 1_000, atMs: 998_000, direction: 1 }) };
    expect(given({ limits, memory, wish: 9_000 }).first).toMatchObject({
      powerW: 2_000,
      code: 'SLEW',
    });
    expect(given({ limits, memory, wish: 1_500 }).first).toMatchObject({
      powerW: 1_500,
      code: 'PLAN',
    });
  });

  it('slews from what is measured where there was no order, from rest where nothing is known', () => {
    const limits = [{ ...battery, slewWPerS: 500 }];
    expect(given({ limits, wish: 9_000, terminal: { alignedW: 2_500 } }).first?.powerW).toBe(2_500);
    const slow = [{ ...pv, slewWPerS: 500 }];
    const blind = given({ limits: slow, wish: 9_000, terminal: { alignedW: Number.NaN } });
    expect(blind.first?.powerW).toBe(0);
    const released = { battery1: remembered({ powerW: Number.NaN, atMs: 999_000 }) };
    const again = given({ limits, memory: released, wish: 9_000, terminal: { alignedW: 2_500 } });
    expect(again.first?.powerW).toBe(3_000);
  });

  it('protection does not wait for slew and rest', () => {
    const limits = [{ ...battery, slewWPerS: 100 }];
    const memory = { battery1: { ...charging, powerW: -8_000 } };
    const { first } = given({ limits, memory, wish: -8_000, terminal: { socHighPct: 96 } });
    expect(first).toMatchObject({ powerW: 0, protective: true, code: 'SOC_MAX' });
  });

  it('below the smallest power it rests', () => {
    const limits = [{ ...battery, minPowerW: 300 }];
    expect(given({ limits, wish: 299 }).first?.powerW).toBe(0);
    expect(given({ limits, wish: -300 }).first?.powerW).toBe(-300);
  });
});

describe('production', () => {
  it('a limit at nameplate is a release; below it is written', () => {
    expect(given({ limits: [pv], wish: 'release' }).first?.kind).toBe('release');
    expect(given({ limits: [pv], wish: 12_000 }).first).toMatchObject({
      kind: 'limit',
      powerW: 12_000,
    });
    expect(given({ limits: [pv], wish: -5 }).first).toMatchObject({ kind: 'limit', powerW: 0 });
  });
});

describe('loads', () => {
  it('rounds a charger down to a step that it has', () => {
    expect(given({ limits: [charger], wish: -7_500 }).first).toMatchObject({
      kind: 'steps',
      currentA: 10,
      powerW: -6_900,
    });
    expect(given({ limits: [charger], wish: -4_000 }).first).toMatchObject({
      currentA: 0,
      powerW: 0,
    });
    expect(given({ limits: [charger], wish: 4_000 }).first?.powerW).toBe(0);
    expect(given({ limits: [charger], wish: 'release' }).first?.kind).toBe('release');
  });

  it('switches a load on only for its whole power', () => {
    expect(given({ limits: [pump], wish: -15_000 }).first).toMatchObject({
      kind: 'on-off',
      powerW: -15_000,
    });
    expect(given({ limits: [pump], wish: -14_000 }).first?.powerW).toBe(0);
    expect(given({ limits: [pump], wish: 'release' }).first?.kind).toBe('release');
  });

  it('lets it run and rest as long as it must', () => {
    const on = { ev1: remembered({ powerW: -6_900, on: true, switchedAtMs: 970_000 }) };
    expect(given({ limits: [charger], memory: on, wish: 0 }).first).toMatchObject({
      currentA: 6,
      code: 'MIN_RUN',
    });
    const off = { pump1: remembered({ powerW: 0, on: false, switchedAtMs: 970_000 }) };
    expect(given({ limits: [pump], memory: off, wish: -15_000 }).first).toMatchObject({
      powerW: 0,
      code: 'MIN_REST',
    });
    expect(given({ limits: [pump], memory: off, wish: 'release' }).first?.powerW).toBe(0);
    const running = { pump1: remembered({ powerW: -15_000, on: true, switchedAtMs: 970_000 }) };
    expect(given({ limits: [pump], memory: running, wish: 0 }).first?.powerW).toBe(-15_000);
    const long = { pump1: remembered({ powerW: -15_000, on: true, switchedAtMs: 900_000 }) };
    expect(given({ limits: [pump], memory: long, wish: 0 }).first?.powerW).toBe(0);
  });

  it('a charger without a step above zero has nothing to run on', () => {
    const limits = [{ ...charger, steps: [{ currentA: 0, powerW: 0 }] }];
    const memory = { ev1: remembered({ powerW: -1, on: true, switchedAtMs: 999_000 }) };
    expect(given({ limits, memory, wish: 0 }).first?.powerW).toBeCloseTo(0);
  });
});

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
