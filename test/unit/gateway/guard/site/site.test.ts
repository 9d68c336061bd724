import { describe, expect, it } from 'vitest';
import type { Reading } from '../../../../../gateway/contracts/values/reading.ts';
import type { Site } from '../../../../../gateway/contracts/values/site.ts';
import { timing } from '../../../../../gateway/contracts/values/timing.ts';
import { classOf } from '../../../../../gateway/guard/site/points.ts';
import { NO_MEMORY, type SiteMemory, siteStep } from '../../../../../gateway/guard/site/site.ts';
import type { SiteState } from '../../../../../gateway/guard/site/types.ts';
import { wire } from '../../../../../gateway/guard/site/wiring.ts';
import { site } from '../bench/site.ts';

const times = timing(1);
type Values = Readonly<Record<string, Readonly<Record<string, number | Reading>>>>;

const ok = (value: number, atMs: number): Reading => ({ quality: 'good', value, atMs });

/** Steps the stage through images: device values (good now) or whole readings, at seconds. */
function seen(spec: Site, images: readonly { atS: number; devices: Values; none?: string[] }[]) {
  const wiring = wire(spec);
  let memory: SiteMemory = NO_MEMORY;
  let state: SiteState | undefined;
  for (const { atS, devices, none } of images) {
    const nowMs = atS * 1_000;
    const readings = Object.fromEntries(
      Object.entries(devices).map(([id, values]) => [
        id,
        Object.fromEntries(
          Object.entries(values).map(([key, value]) => [
            key,
            typeof value === 'number' ? ok(value, nowMs) : value,
          ]),
        ),
      ]),
    );
    const offers = (_device: string, key: string) => !(none ?? []).includes(key);
    const snapshot = { readings, devices: [], offers };
    const step = siteStep(wiring, memory, snapshot, nowMs, 1_700_000_000_000 + nowMs, times);
    memory = step.memory;
    state = step.site;
  }
  if (state === undefined) throw new Error('no image');
  return state;
}

const one = (spec: Site, devices: Values, none?: string[]) =>
  seen(spec, [{ atS: 10, devices, ...(none ? { none } : {}) }]);

const home = site({ pv: {}, battery: {}, pump: {} });
const all: Values = {
  meter1: { powerW: 1_000, powerL1W: 400, inWh: 5_000, outWh: 200, voltageL1V: 231 },
  inverter1: { powerW: 3_000, inWh: 9_000 },
  inverter2: { powerW: -500, socPct: 60, temperatureC: 21, chargeMaxW: 4_000, setW: -500 },
  meter2: { powerW: 1_500, inWh: 700, outWh: 3, currentL1A: 2.2 },
};

describe('points by place', () => {
  it('turns what a meter of a load counts, powers and counters', () => {
    const { points } = one(home, all);
    expect(points['pump1.powerW']).toMatchObject({ quality: 'good', value: -1_500 });
    expect(points['pump1.inWh']).toMatchObject({ value: 3 });
    expect(points['pump1.outWh']).toMatchObject({ value: 700 });
    expect(points['pump1.currentL1A']).toMatchObject({ value: 2.2 });
  });

  it('derives the residual, so that the node sums to zero', () => {
    const { points } = one(home, all);
    expect(points['house.powerW']).toMatchObject({ quality: 'good', value: -2_000 });
    const sum = ['grid', 'pv1', 'battery1', 'pump1', 'house']
      .map((id) => points[`${id}.powerW`])
      .reduce((w, reading) => w + (reading?.quality === 'good' ? reading.value : Number.NaN), 0);
    expect(sum).toBe(0);
  });

  it('adds up sun, battery and load', () => {
    const { points } = one(home, all);
    expect(points['site.pvW']).toMatchObject({ value: 3_000 });
    expect(points['site.batteryW']).toMatchObject({ value: -500 });
    expect(points['site.loadW']).toMatchObject({ value: -3_500 });
  });

  it('shows no control register as a quantity of the site', () => {
    expect(one(home, all).points['battery1.setW']).toBeUndefined();
  });

  it('a residual is as bad as its worst source, and as old as its oldest', () => {
    const late: Reading = { quality: 'timeout', last: 3_000, atMs: 4_000 };
    const { points } = one(home, { ...all, inverter1: { powerW: late } });
    expect(points['house.powerW']).toEqual({ quality: 'timeout', last: -2_000, atMs: 4_000 });
    const { inverter1: _, ...without } = all;
    expect(one(home, without).points['house.powerW']).toEqual({ quality: 'unavailable', atMs: 0 });
  });

  it('a good value ends when it is older than its class allows', () => {
    const devices = {
      ...all,
      meter1: { powerW: ok(1_000, 4_000), inWh: ok(5_000, 0) },
      inverter2: { powerW: -500, socPct: ok(60, 0) },
    };
    const { points } = one(home, devices);
    expect(points['grid.powerW']).toEqual({ quality: 'stale', last: 1_000, atMs: 4_000 });
    expect(points['grid.inWh']?.quality).toBe('good');
    expect(points['battery1.socPct']?.quality).toBe('good');
    const old = seen(home, [{ atS: 31, devices }]);
    expect(old.points['battery1.socPct']).toMatchObject({ quality: 'stale', last: 60 });
  });

  it('of several meters the first good one counts', () => {
    const first = home.meters[0];
    if (first === undefined) throw new Error('the bench has a meter');
    const spec: Site = {
      ...home,
      meters: [{ ...first, id: 'm0', device: 'relay1' }, ...home.meters],
    };
    const both = { ...all, relay1: { powerW: 1_010 } };
    expect(one(spec, both).points['grid.powerW']).toMatchObject({ value: 1_010 });
    const failed: Reading = { quality: 'timeout', last: 1_010, atMs: 9_000 };
    const second = one(spec, { ...all, relay1: { powerW: failed } });
    expect(second.points['grid.powerW']).toMatchObject({ quality: 'good', value: 1_000 });
  });
});

describe('a hybrid', () => {
  const base = home.terminals[0];
  if (base === undefined) throw new Error('the bench has a terminal');
  const plain = { ...base, ratedInW: 8_000, ratedOutW: 8_000, control: 'none' as const };
  const spec: Site = {
    ...home,
    nodes: [
      { id: 'main', kind: 'ac', phases: 3 },
      { id: 'dc', kind: 'dc', phases: 1 },
    ],
    terminals: [
      { ...plain, id: 'hybrid1', kind: 'converter', device: 'inverter1', dcNode: 'dc' },
      { ...plain, id: 'pv1', kind: 'pv', node: 'dc', device: 'inverter1', part: 'pv' },
      {
        ...plain,
        id: 'battery1',
        kind: 'battery',
        node: 'dc',
        device: 'inverter1',
        part: 'battery',
        control: 'setpoint',
      },
      { ...plain, id: 'house', kind: 'load' },
    ],
    meters: home.meters.filter(({ of }) => of === 'grid'),
  };
  const devices: Values = {
    meter1: { powerW: -1_000 },
    inverter1: {
      powerW: 3_800,
      'pv.powerW': 6_000,
      'battery.powerW': -2_000,
      'battery.socPct': 40,
    },
  };

  it('carries the meter of the connection as a part of its own', () => {
    const meters = spec.meters.map((meter) => ({ ...meter, device: 'inverter1', part: 'meter' }));
    const own = { ...devices['inverter1'], 'meter.powerW': -1_250, 'meter.outWh': 700 };
    const state = one({ ...spec, meters }, { inverter1: own });
    expect(state.points['grid.powerW']).toMatchObject({ quality: 'good', value: -1_250 });
    expect(state.points['grid.outWh']).toMatchObject({ value: 700 });
  });

  it('names its parts, closes the ac node with the converter, and hangs on the connection', () => {
    const { points, terminals } = one(spec, devices);
    expect(points['hybrid1.powerW']).toMatchObject({ value: 3_800 });
    expect(points['battery1.powerW']).toMatchObject({ value: -2_000 });
    expect(points['battery1.socPct']).toMatchObject({ value: 40 });
    expect(points['house.powerW']).toMatchObject({ value: -2_800 });
    expect(terminals.map(({ connection }) => connection)).toEqual(['grid', 'grid', 'grid', 'grid']);
  });

  it('leaves its battery what the sun leaves of the converter', () => {
    const battery = one(spec, devices).terminals.find(({ id }) => id === 'battery1');
    expect(battery?.capability).toMatchObject({ shareInW: 2_000, shareOutW: 14_000 });
  });
});

describe('charge of a store', () => {
  const battery = (state: SiteState) =>
    state.terminals.find(({ id }) => id === 'battery1')?.capability;
  const at = (powerW: number, soc: Reading | number): Values => ({
    meter1: { powerW: 0 },
    inverter2: { powerW, socPct: soc },
  });

  it('moves to the unfavourable side by what flowed since it was read', () => {
    // 5 kW for 20 s of 10 kWh: 0.28 %
    const charged = seen(home, [
      { atS: 10, devices: at(-5_000, 60) },
      { atS: 30, devices: at(-5_000, ok(60, 10_000)) },
    ]);
    expect(battery(charged)?.socHighPct).toBeCloseTo(60.28, 2);
    expect(battery(charged)?.socLowPct).toBe(60);
    const drained = seen(home, [
      { atS: 10, devices: at(5_000, 60) },
      { atS: 30, devices: at(5_000, ok(60, 10_000)) },
    ]);
    expect(battery(drained)?.socLowPct).toBeCloseTo(59.72, 2);
    expect(battery(drained)?.socHighPct).toBe(60);
  });

  it('is unknown once it is older than its freshness, or was never read', () => {
    const old = seen(home, [
      { atS: 10, devices: at(0, 60) },
      { atS: 41, devices: at(0, ok(60, 10_000)) },
    ]);
    expect(battery(old)).toMatchObject({ socLowPct: Number.NaN, socHighPct: Number.NaN });
    const never: Reading = { quality: 'unavailable', atMs: 0 };
    expect(battery(one(home, at(0, never)))?.socLowPct).toBeNaN();
  });

  it('a jump that no energy explains counts both ways until three readings agree', () => {
    const images = [
      { atS: 10, devices: at(0, 50) },
      { atS: 11, devices: at(0, 100) },
      { atS: 12, devices: at(0, 100) },
      { atS: 13, devices: at(0, 100) },
    ];
    const doubted = { socLowPct: 50, socHighPct: 100 };
    expect(battery(seen(home, images.slice(0, 2)))).toMatchObject(doubted);
    expect(battery(seen(home, images.slice(0, 3)))).toMatchObject(doubted);
    const believed = { socLowPct: 100, socHighPct: 100 };
    expect(battery(seen(home, images))).toMatchObject(believed);
  });

  it('a reading that jumps back begins the doubt again', () => {
    const images = [50, 100, 50, 50].map((socPct, n) => ({ atS: 10 + n, devices: at(0, socPct) }));
    expect(battery(seen(home, images))).toMatchObject({ socLowPct: 50, socHighPct: 100 });
    const more = [...images, { atS: 14, devices: at(0, 50) }];
    expect(battery(seen(home, more))).toMatchObject({ socLowPct: 50, socHighPct: 50 });
  });

  it('a point that the device has not is no unknown; one that it has and fails is', () => {
    const seenOnce = one(home, at(0, 50), ['temperatureC']);
    expect(battery(seenOnce)?.temperatureC).toBeUndefined();
    expect(battery(seenOnce)?.chargeMaxW).toBeNaN();
  });
});

describe('limits of the BMS', () => {
  const watts = ['chargeMaxW', 'dischargeMaxW'];
  const battery = (values: Values[string], none: string[]) =>
    one(home, { ...all, inverter2: { powerW: 0, socPct: 50, ...values } }, none).terminals.find(
      ({ id }) => id === 'battery1',
    )?.capability;

  it('come in ampere from some: then its voltage makes them W', () => {
    const amps = { chargeMaxA: 25, dischargeMaxA: 50, voltageV: 400 };
    expect(battery(amps, watts)).toMatchObject({ chargeMaxW: 10_000, dischargeMaxW: 20_000 });
  });

  it('are no number, and so forbid, where the current or the voltage failed', () => {
    expect(battery({ voltageV: 400 }, watts)?.chargeMaxW).toBeNaN();
    expect(battery({ chargeMaxA: 25 }, watts)?.chargeMaxW).toBeNaN();
  });

  it('are none where the device knows none', () => {
    const none = [...watts, 'chargeMaxA', 'dischargeMaxA'];
    expect(battery({ voltageV: 400 }, none)?.chargeMaxW).toBeUndefined();
  });
});

describe('the grid', () => {
  const volts = (voltageL1V: number): Values => ({ meter1: { powerW: 0, voltageL1V } });
  it('is present, absent or unknown', () => {
    expect(one(home, volts(230)).grid).toBe('present');
    expect(one(home, volts(12)).grid).toBe('absent');
    expect(one(home, { meter1: { powerW: 0 } }).grid).toBe('present');
    expect(one(home, {}).grid).toBe('unknown');
  });

  it('follows its own signal where there is one', () => {
    const signal = { id: 's', device: 'relay1', point: 'gridPresent', safeValue: 0 };
    const spec: Site = { ...home, signals: [{ ...signal, meaning: 'grid-present' }] };
    expect(one(spec, { ...volts(230), relay1: { gridPresent: 0 } }).grid).toBe('absent');
    expect(one(spec, { ...volts(230), relay1: { gridPresent: 1 } }).grid).toBe('present');
    expect(one(spec, volts(230)).grid).toBe('unknown');
  });
});

describe('the connection as it stands now', () => {
  const late = {
    ...home,
    meters: home.meters.map((meter) => ({ ...meter, latencyMs: 2_000 })),
  };
  const image = (atS: number, gridW: number, batteryW: number) => ({
    atS,
    devices: { meter1: { powerW: gridW }, inverter2: { powerW: batteryW } },
  });
  const quiet = [1, 2, 3, 4, 5, 6].map((atS) => image(atS, 1_000, 0));
  const resting = (state: SiteState): number => {
    const aligned = state.connections[0]?.aligned;
    return (aligned?.gridW ?? Number.NaN) + (aligned?.byTerminal['battery1'] ?? Number.NaN);
  };

  it('never takes what a battery does now for a load of two seconds ago', () => {
    const state = seen(late, [...quiet, image(7, 1_000, 1_000)]);
    expect(resting(state)).toBeCloseTo(1_000, 6);
    expect(state.connections[0]?.aligned.gridW).toBeCloseTo(0, 6);
    expect(state.connections[0]?.aligned.byTerminal['pv1']).toBeNaN();
  });

  it('sees a step of load in full at once', () => {
    const state = seen(late, [...quiet, image(7, 6_000, 0)]);
    expect(Math.abs(resting(state) - 6_000)).toBeLessThanOrEqual(5);
  });

  it('gives up what cannot be true, and no more than that', () => {
    // The battery may have given anything between 0 and 1 kW when the meter showed 3 kW.
    const state = seen(late, [...quiet, image(7, 1_000, 1_000), image(8, 3_000, 1_000)]);
    expect(resting(state)).toBeGreaterThanOrEqual(2_990);
    expect(resting(state)).toBeLessThanOrEqual(3_010);
  });
});

describe('one instant for what is added up', () => {
  it('takes grid and battery at the older of their newest samples', () => {
    const state = seen(home, [
      { atS: 10, devices: { meter1: { powerW: 1_000 }, inverter2: { powerW: 0 } } },
      {
        atS: 11,
        devices: {
          meter1: { powerW: ok(1_000, 10_500) },
          inverter2: { powerW: ok(1_000, 11_000) },
        },
      },
    ]);
    const aligned = state.connections[0]?.aligned;
    expect(aligned?.atMs).toBe(10_500);
    expect(aligned?.gridW).toBe(1_000);
    // Between the line (500 W) and the newer sample (1,000 W).
    expect(aligned?.byTerminal['battery1']).toBe(750);
    expect(aligned?.byTerminal['pv1']).toBeNaN();
  });
});

it('what a BMS allows in amperes lives as long as what it allows in watts', () => {
  for (const quantity of [
    'chargeMaxA',
    'dischargeMaxA',
    'chargeMaxW',
    'dischargeMaxW',
    'voltageV',
  ]) {
    expect(classOf(quantity), quantity).toBe('state');
  }
  expect(classOf('currentL1A')).toBe('control');
});
