import { describe, expect, it } from 'vitest';
import { checkProfile } from '../../../../devices/check.ts';
import { decodePoint } from '../../../../devices/codec.ts';
import type { DeviceMap } from '../../../../devices/profile.ts';
import { resolveProfile } from '../../../../devices/resolve.ts';
import { SUNSPEC_BATTERY_124 } from '../../../../devices/sunspec/battery-124.ts';
import { SUNSPEC_BATTERY_701 } from '../../../../devices/sunspec/battery-701.ts';
import { sunspecProfile } from '../../../../devices/sunspec/driver.ts';
import { SUNSPEC_GENERIC } from '../../../../devices/sunspec/generic.ts';
import { SUNSPEC_PV_INVERTER } from '../../../../devices/sunspec/pv-inverter.ts';
import { type Laid, layChain, type Registers, walkOf } from '../../../fixtures/sunspec/chain.ts';

const chainOf = (registers: Registers) => {
  const chain = walkOf(registers);
  if (typeof chain === 'string') throw new Error(chain);
  return chain;
};

/** What a gateway makes of a device that it knows nothing of. */
function meet(base: number, models: readonly Laid[]) {
  const registers = layChain(base, models);
  const chain = chainOf(registers);
  const map = resolveProfile(SUNSPEC_GENERIC, chain);
  const profile = sunspecProfile(SUNSPEC_GENERIC, chain);
  // The rules of the profiles that people write hold here too; examples only they have.
  const wrong = checkProfile(profile).filter(({ path }) => path[0] !== 'examples');
  expect(wrong).toEqual([]);
  return { chain, map, profile, read: reader(registers) };
}

const reader =
  (registers: Registers) =>
  (map: DeviceMap, key: string): number | undefined => {
    const value = (name: string, exponent?: number): number | undefined => {
      const point = map.points[name];
      if (point === undefined) throw new Error(`no point ${name}`);
      const words = Array.from({ length: point.count }, (_, n) => registers.get(point.at + n) ?? 0);
      return decodePoint(map, point, words, 0, exponent);
    };
    const scale = map.points[key]?.scaleFrom;
    return scale === undefined ? value(key) : value(key, value(scale));
  };

const WHO = (maker: string): Laid => ({ id: 1, raw: { Mn: maker, Md: 'Model', SN: '42' } });
const AC: Laid = {
  id: 103,
  raw: {
    W: 4_120,
    W_SF: 1,
    PhVphA: 2_314,
    V_SF: -1,
    WH: 12_345_678,
    WH_SF: 0,
    Hz: 4_998,
    Hz_SF: -2,
  },
};
const NAMEPLATE: Laid = { id: 120, raw: { DERTyp: 4, WRtg: 6_000, WRtg_SF: 1 } };
const SETTINGS: Laid = { id: 121, raw: { WMax: 5_000, WMax_SF: 1 } };
const LIMIT: Laid = {
  id: 123,
  raw: { WMaxLimPct: 100, WMaxLimPct_SF: 0, WMaxLim_Ena: 0, WMaxLimPct_RvrtTms: 0, Conn: 1 },
};
const STORAGE: Laid = {
  id: 124,
  raw: {
    WChaMax: 8_000,
    WChaMax_SF: 0,
    StorCtl_Mod: 0,
    OutWRte: 10_000,
    InWRte: 10_000,
    InOutWRte_SF: -2,
    InOutWRte_RvrtTms: 0,
    ChaState: 4_250,
    ChaState_SF: -2,
  },
};
const input = (n: number, watt: number) => ({
  [`module${n}.ID`]: n,
  [`module${n}.DCW`]: watt,
  [`module${n}.DCWH`]: 1_000,
});
const inputs = (...watts: number[]): Laid => ({
  id: 160,
  repeats: watts.length,
  raw: Object.assign(
    { N: watts.length, DCW_SF: 0, DCWH_SF: 0 },
    ...watts.map((watt, n) => input(n + 1, watt)),
  ),
});
const keys = (map: DeviceMap): string[] => Object.keys(map.points);

describe('inverters', () => {
  it('integers at 40000: read, and limited with the time that leads to full power', () => {
    const { map, profile, read } = meet(40_000, [
      WHO('Acme'),
      AC,
      NAMEPLATE,
      SETTINGS,
      LIMIT,
      inputs(20_150, 19_820),
    ]);
    expect(profile).toMatchObject({ role: 'pv-inverter', maker: 'Acme' });
    expect(read(map, 'powerW')).toBe(41_200);
    expect(read(map, 'voltageL1V')).toBe(231.4);
    expect(read(map, 'inWh')).toBe(12_345_678);
    expect(read(map, 'ratedW'), 'what 100 % of the limit is').toBe(50_000);
    expect(read(map, 'nameplateW')).toBe(60_000);
    expect(read(map, 'string2PowerW')).toBe(19_820);
    expect(map.control).toEqual(SUNSPEC_PV_INVERTER.control);
  });
  it('what the fixed profile reads, it reads from the same registers', () => {
    const { chain, map } = meet(40_000, [WHO('Acme'), AC, NAMEPLATE, LIMIT, inputs(1, 2)]);
    const fixed = resolveProfile(SUNSPEC_PV_INVERTER, chain);
    expect(map.points).toEqual(fixed.points);
  });
  it('floats at 50000 with one phase, and a common model of 65 registers', () => {
    const { map, read } = meet(50_000, [
      { ...WHO('Acme'), length: 65 },
      { id: 111, raw: { W: 2_300.5, PhVphA: 229.5, WH: 4_096, PF: 99 } },
      NAMEPLATE,
      LIMIT,
    ]);
    expect(read(map, 'powerW')).toBe(2_300.5);
    expect(read(map, 'powerFactor')).toBe(0.99);
    expect(keys(map)).toContain('currentL1A');
    expect(keys(map)).not.toContain('currentL2A');
    expect(read(map, 'ratedW')).toBe(60_000);
    expect(map.control.map(({ kind }) => kind)).toEqual(['limit']);
  });
  it('prefers 701 to the older model beside it, and 704, which can revert to a value', () => {
    const { map, read } = meet(0, [
      WHO('Acme'),
      AC,
      { id: 701, raw: { W: 100, W_SF: 0 } },
      { id: 702, raw: { WMaxRtg: 5_000, WMax: 4_500, W_SF: 0 } },
      {
        id: 704,
        raw: {
          WMaxLimPctEna: 0,
          WMaxLimPct: 100,
          WMaxLimPct_SF: 0,
          WMaxLimPctRvrt: 100,
          WMaxLimPctEnaRvrt: 0,
          WMaxLimPctRvrtTms: 0,
        },
      },
    ]);
    expect(read(map, 'powerW')).toBe(100);
    expect(read(map, 'ratedW')).toBe(4_500);
    const [limit] = map.control;
    expect(map.control).toHaveLength(1);
    expect(limit).toMatchObject({ kind: 'limit', reversion: { to: 'value' } });
    expect(limit?.reversion.remaining, 'this one does not show what is left').toBeUndefined();
    expect(limit?.arm.map(({ point }) => point)).toEqual([
      'limitReversionS',
      'limitReversionPct',
      'limitReversionEnable',
    ]);
  });
  it('does not trust a time that the device marks as not implemented', () => {
    const { WMaxLimPct_RvrtTms: _, ...raw } = LIMIT.raw ?? {};
    const { map } = meet(40_000, [WHO('Acme'), AC, NAMEPLATE, { id: 123, raw }]);
    expect(map.control[0]).toMatchObject({ arm: [], reversion: { to: 'none' } });
  });
  it('takes a model that shows nothing at all for a device that sleeps', () => {
    const { map } = meet(40_000, [WHO('Acme'), { id: 103 }, NAMEPLATE, { id: 123 }]);
    expect(map.control[0]?.reversion.to).toBe('full-power');
  });
  it('offers no limit without its scale factor, or in a model that is too short for it', () => {
    const { WMaxLimPct_SF: _, ...raw } = LIMIT.raw ?? {};
    expect(meet(0, [WHO('Acme'), AC, { id: 123, raw }]).map.control).toEqual([]);
    expect(meet(0, [WHO('Acme'), AC, { ...LIMIT, length: 20 }]).map.control).toEqual([]);
  });
});

describe('batteries and hybrids', () => {
  it('a DER with storage: what the fixed profile of the 700 series has, with a heartbeat', () => {
    const { chain, map, profile } = meet(0, [
      WHO('Acme'),
      { id: 701 },
      { id: 702, raw: { WMaxRtg: 5_000, W_SF: 1 } },
      { id: 704 },
      { id: 713, raw: { SoC: 635, Pct_SF: -1 } },
      { id: 714, repeats: 1, raw: { NPrt: 1, 'Prt1.PrtTyp': 1 } },
      { id: 715, raw: { LocRemCtl: 0, DERHb: 7, ControllerHb: 0 } },
    ]);
    expect(profile.role).toBe('battery-inverter');
    const fixed = resolveProfile(SUNSPEC_BATTERY_701, chain);
    expect(map.points).toMatchObject(fixed.points);
    expect(map.control[0]).toEqual({
      ...SUNSPEC_BATTERY_701.control[0],
      heartbeat: { point: 'heartbeat', everyS: 1 },
    });
    expect(map.control.map(({ kind }) => kind)).toEqual(['setpoint', 'limit']);
    // Power first: one write ends an order whose timer runs.
    expect(map.control[0]?.set.map(({ point }) => point)).toEqual(['setW', 'setMode', 'setEnable']);
  });
  it('writes no heartbeat to a device that has no register for it', () => {
    const { map } = meet(0, [
      WHO('Acme'),
      { id: 701 },
      { id: 704 },
      { id: 713 },
      { id: 715, raw: { LocRemCtl: 0, DERHb: 7 } },
    ]);
    expect(map.control[0]?.heartbeat).toBeUndefined();
  });
  it('a battery inverter of the 100 series: both rates of 124, percent of its charge power', () => {
    const battery: Laid = { id: 802, raw: { SoC: 425, SoC_SF: -1, W: -300, W_SF: 1 } };
    const { chain, map, read } = meet(50_000, [WHO('Acme'), AC, NAMEPLATE, STORAGE, battery]);
    expect(read(map, 'ratedW')).toBe(8_000);
    expect(read(map, 'socPct')).toBe(42.5);
    expect(read(map, 'batteryPowerW')).toBe(-3_000);
    expect(map.points).toMatchObject(resolveProfile(SUNSPEC_BATTERY_124, chain).points);
    expect(map.control).toEqual(SUNSPEC_BATTERY_124.control);
  });
  it('a hybrid whose last two inputs are its battery; its timer is not proven', () => {
    const models = [
      WHO('Fronius'),
      AC,
      NAMEPLATE,
      SETTINGS,
      { id: 122 },
      LIMIT,
      inputs(3_100, 2_900, 1_650, 0),
      STORAGE,
    ];
    const { map, profile, read } = meet(40_000, models);
    expect(profile.role).toBe('hybrid');
    expect(map.sums).toEqual({
      'pv.powerW': ['pv.string1PowerW', 'pv.string2PowerW'],
      'battery.powerW': ['battery.chargeW', 'battery.dischargeW'],
    });
    expect(read(map, 'battery.chargeW')).toBe(-1_650);
    expect(read(map, 'battery.socPct')).toBe(42.5);
    expect(read(map, 'battery.ratedW')).toBe(8_000);
    const [battery, limit] = map.control;
    expect(battery).toMatchObject({
      binds: 'battery',
      kind: 'setpoint',
      reversion: { to: 'own-mode', unproven: true },
    });
    expect(limit?.set.map(({ value }) => value)).toEqual([
      { from: 'powerPct' },
      { const: 0 },
      { const: 1 },
    ]);
  });
  it('ports that say what they are: strings and battery of a DER', () => {
    const port = (n: number, type: number, watt: number) => ({
      [`Prt${n}.PrtTyp`]: type,
      [`Prt${n}.DCW`]: watt,
    });
    const raw = { NPrt: 3, DCW_SF: 0, ...port(1, 0, 900), ...port(2, 1, -500), ...port(3, 0, 800) };
    const { map, profile, read } = meet(40_000, [
      WHO('Acme'),
      { id: 701 },
      { id: 713, raw: { SoC: 50, Pct_SF: 0 } },
      { id: 714, repeats: 3, raw },
    ]);
    expect(profile.role).toBe('hybrid');
    expect(map.sums).toEqual({ 'pv.powerW': ['pv.string1PowerW', 'pv.string2PowerW'] });
    expect(read(map, 'pv.string2PowerW')).toBe(800);
    expect(read(map, 'battery.powerW')).toBe(-500);
    expect(read(map, 'battery.socPct')).toBe(50);
  });
  it('does not guess which inputs are PV where nobody says so', () => {
    const hybrid: Laid = { id: 120, raw: { DERTyp: 82, WRtg: 600, WRtg_SF: 1 } };
    const { map, profile } = meet(40_000, [WHO('Acme'), AC, hybrid, STORAGE, inputs(1, 2, 3)]);
    expect(profile.role).toBe('hybrid');
    expect(map.sums).toEqual({});
    expect(keys(map)).toContain('dcInput3PowerW');
    expect(profile.quirks).toContain('Model 160 does not say which inputs are PV.');
  });
  it('takes 124 without a charge power for an inverter without a battery', () => {
    const empty: Laid = { id: 124, raw: { StorCtl_Mod: 0, InOutWRte_SF: -2, WChaMax_SF: 0 } };
    const { profile } = meet(40_000, [WHO('Fronius'), AC, NAMEPLATE, LIMIT, inputs(1, 2), empty]);
    expect(profile.role).toBe('pv-inverter');
    expect(profile.control.map(({ kind }) => kind)).toEqual(['limit']);
  });
  it('a battery that speaks for itself', () => {
    const { map, profile, read } = meet(0, [
      WHO('Acme'),
      { id: 802, raw: { W: 120, W_SF: 1, SoC: 50, SoC_SF: 0 } },
      { id: 803, repeats: 2 },
    ]);
    expect(profile.role).toBe('battery-inverter');
    expect(read(map, 'powerW')).toBe(1_200);
    expect(map.control).toEqual([]);
  });
});

describe('meters', () => {
  it('integers and floats', () => {
    const integers = meet(0, [
      WHO('Acme'),
      { id: 203, raw: { W: -5_234, W_SF: 1, PF: 99, PF_SF: 0 } },
    ]);
    expect(integers.profile.role).toBe('meter');
    expect(integers.read(integers.map, 'powerW')).toBe(-52_340);
    expect(integers.read(integers.map, 'powerFactor')).toBe(0.99);
    const floats = meet(50_000, [
      WHO('Acme'),
      { id: 213, raw: { W: 1_234.5, WphC: 400, PF: 0.5, TotWhImp: 2_048 } },
    ]);
    expect(floats.read(floats.map, 'powerW')).toBe(1_234.5);
    expect(floats.read(floats.map, 'powerL3W')).toBe(400);
    expect(floats.read(floats.map, 'powerFactor')).toBe(0.5);
    expect(floats.read(floats.map, 'inWh')).toBe(2_048);
    expect(keys(meet(0, [WHO('Acme'), { id: 201 }]).map)).not.toContain('powerL2W');
  });
  it('in the chain of an inverter, turned where the maker counts export as +', () => {
    const meter: Laid = { id: 203, raw: { W: 900, W_SF: 0 } };
    const { map, profile, read } = meet(40_000, [WHO('SolarEdge'), AC, WHO('WattNode'), meter]);
    expect(profile.role).toBe('pv-inverter');
    expect(read(map, 'powerW')).toBe(41_200);
    expect(read(map, 'meter.powerW')).toBe(-900);
  });
  it('several behind an inverter, each with its own scale; one meter in two forms is one', () => {
    const meter = (id: number, watt: number, scale: number): Laid => ({
      id,
      raw: id < 210 ? { W: watt, W_SF: scale } : { W: watt },
    });
    const { map, read } = meet(40_000, [
      WHO('Acme'),
      AC,
      ...[WHO('Meter'), meter(203, 900, 0), meter(213, 901, 0)],
      ...[WHO('Meter'), meter(203, 77, 1)],
    ]);
    expect(read(map, 'meter.powerW')).toBe(900);
    expect(read(map, 'meter2.powerW')).toBe(770);
    expect(keys(map).filter((key) => /^meter\d?\.powerW$/.test(key))).toHaveLength(2);
    expect(map.points['meter2.powerW']?.scaleFrom).toBe('m203n2.W_SF');
  });
});

it('says in one line what it found when that is nothing it knows', () => {
  expect(() => meet(40_000, [WHO('Acme'), { id: 302, length: 5 }])).toThrow(
    /^none of its SunSpec models is an inverter, a meter or a battery that we know: 1, 302$/,
  );
});
