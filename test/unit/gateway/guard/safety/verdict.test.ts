import { describe, expect, it } from 'vitest';
import { battery, charger, given, pump, pv, remembered } from './given.ts';

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
    ['a fault, against charge', { wish: -5_000, terminal: { fault: 3 } }, 0, 'BMS_FAULT'],
    ['a fault, against discharge', { wish: 5_000, terminal: { fault: 3 } }, 0, 'BMS_FAULT'],
    ['a fault not known', { wish: 5_000, terminal: { fault: Number.NaN } }, 0, 'BMS_FAULT'],
    [
      'full, and to be filled, where the site file does not ask for it',
      { wish: -5_000, terminal: { socLowPct: 95, socHighPct: 95, isFilling: true } },
      0,
      'SOC_MAX',
    ],
  ])('holds %s', (_name, one, powerW, code) => {
    expect(given(one).first).toMatchObject({ kind: 'setpoint', powerW, code, protective: true });
  });

  it('is filled beyond the usual bound only where the site file asks and it is due', () => {
    const store = { socMinPct: 10, socMaxPct: 95, reservePct: 20, chargeMinC: 2, fullPct: 100 };
    const limits = [{ ...battery, store }];
    const at = (socPct: number, isFilling: boolean) =>
      given({
        limits,
        wish: -5_000,
        terminal: { socLowPct: socPct, socHighPct: socPct, isFilling, fault: 0 },
      }).first;
    expect(at(97, true)).toMatchObject({ powerW: -5_000, protective: false });
    expect(at(97, false)).toMatchObject({ powerW: 0, code: 'SOC_MAX' });
    expect(at(100, true)).toMatchObject({ powerW: 0, code: 'SOC_MAX' });
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

  it('an order does not outlive the readings it was given by', () => {
    const memory = { battery1: remembered({ powerW: 3_000 }) };
    for (const one of [{ terminal: { ageMs: 8_001 } }, { grid: { ageMs: 8_001 } }]) {
      expect(given({ wish: 3_000, memory, ...one }).first).toMatchObject({ code: 'SAFE_STATE' });
    }
    const late = { memory, terminal: { ageMs: 8_000 }, grid: { ageMs: 8_000 } };
    expect(given(late).first).toMatchObject({ powerW: 3_000, code: 'HOLDING' });
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

  it('a direction that only a verdict had, and no device, neither rests nor counts', () => {
    const way = { direction: 1, turnedAtMs: 900_000 } as const;
    const facts = { battery1: { way } };
    const memory = { battery1: charging };
    const on = given({ wish: 5_000, memory, terminals: facts });
    expect(on.first?.powerW).toBe(5_000);
    const around = given({ wish: -5_000, memory, terminals: facts });
    expect(around.first?.powerW).toBe(-5_000);
    expect(around.memory['battery1']).toMatchObject({ direction: -1, turnedAtMs: 1_000_000 });
  });

  it('a turn that came late at the device rests from then', () => {
    const rested = { battery1: { ...charging, turnedAtMs: 960_000 } };
    const late = { battery1: { way: { direction: -1, turnedAtMs: 985_000 } as const } };
    const early = given({ wish: 5_000, memory: rested, terminals: late });
    expect(early.first).toMatchObject({ powerW: 0, code: 'DIRECTION_REST' });
    const unknown = { battery1: { way: { direction: -1, turnedAtMs: undefined } as const } };
    expect(given({ wish: 5_000, memory: rested, terminals: unknown }).first?.powerW).toBe(5_000);
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

  it('slews from what is measured where there was no order, else from rest', () => {
    const limits = [{ ...battery, slewWPerS: 500 }];
    expect(given({ limits, wish: 9_000, terminal: { alignedW: 2_500 } }).first?.powerW).toBe(2_500);
    const slow = [{ ...pv, slewWPerS: 500 }];
    const blind = given({ limits: slow, wish: 9_000, terminal: { alignedW: Number.NaN } });
    expect(blind.first?.powerW).toBe(0);
    const released = { battery1: remembered({ powerW: Number.NaN, atMs: 999_000 }) };
    const again = given({ limits, memory: released, wish: 9_000, terminal: { alignedW: 2_500 } });
    expect(again.first?.powerW).toBe(3_000);
  });

  it('slews from what the device was told, which may not be the last verdict', () => {
    const limits = [{ ...battery, slewWPerS: 500 }];
    const memory = { battery1: remembered({ powerW: 4_000, atMs: 999_000, direction: 1 }) };
    const from = (terminal: object) => given({ limits, memory, wish: 9_000, terminal }).first;
    expect(from({ toldW: 1_000, alignedW: 3_000 })).toMatchObject({ powerW: 1_500, code: 'SLEW' });
    expect(from({ toldW: Number.NaN, alignedW: 3_000 })?.powerW).toBe(3_500);
    expect(from({ toldW: undefined, alignedW: 3_000 })?.powerW).toBe(4_500);
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
