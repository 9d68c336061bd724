import { expect, test } from 'vitest';
import type { Directive } from '../../../../gateway/contracts/values/directive.ts';
import type { PlantConfig } from '../../../../simulators/plant/plant.ts';
import { demoSites } from '../../../../simulators/sites/demo.ts';
import { plantFromSite } from '../../../../simulators/sites/plant.ts';
import { type Bench, bench } from '../../../fixtures/checkers/bench.ts';

const noon = Date.UTC(2026, 5, 15, 11);
const night = Date.UTC(2026, 5, 15, 23);
const [field, factory, house] = demoSites(1);

const envelope = (more: Partial<Directive>): Directive => ({
  v: 1,
  kind: 'envelope',
  gateway: 'gw',
  sequence: 1,
  issuedAtMs: 0,
  fromMs: 0,
  untilMs: Number.MAX_SAFE_INTEGER,
  importLimitW: 1e6,
  exportLimitW: 1e6,
  onLost: 'keep',
  why: 'test',
  ...more,
});

/** A gateway that behaves: armed, read back, kicked every 20 s. */
function steady(at: Bench, device: string, powerW: number, seconds: number): void {
  at.battery(device, powerW);
  let n = 0;
  at.run(seconds, () => {
    n += 1;
    if (n % 20 === 0) at.write(device, 'setW', powerW);
  });
}

test('a gateway that behaves is found guilty of nothing, on all three sites', () => {
  const a = bench(field.site, field.plant, noon);
  a.run(5);
  steady(a, 'inverter2', -10_000, 90);
  a.write('inverter1', 'limitReversionS', 60);
  a.read('inverter1', 'limitReversionS');
  a.write('inverter1', 'limitPct', 50);
  a.write('inverter1', 'limitEnable', 1);
  a.run(30);
  expect(a.court.violations).toEqual([]);
  expect(a.truth().places['pv1']!.powerW).toBeLessThanOrEqual(30_000);

  const b = bench(factory.site, factory.plant, noon);
  b.run(5);
  steady(b, 'inverter1', 12_000, 60);
  b.write('relay1', 'setReversionS', 60);
  b.read('relay1', 'setReversionS');
  b.write('relay1', 'enable', 0);
  b.run(30);
  expect(b.court.violations).toEqual([]);

  const c = bench(house.site, house.plant, noon);
  c.run(5);
  c.write('hybrid1', 'battery.setSizeW', 3_000);
  c.write('hybrid1', 'battery.setMode', 11);
  c.write('wallbox1', 'setReversionS', 60);
  c.write('wallbox1', 'failsafeCurrentA', 0);
  c.read('wallbox1', 'setReversionS');
  c.write('wallbox1', 'setCurrentA', 8);
  c.write('wallbox1', 'setEnable', 1);
  c.run(40);
  expect(c.court.violations).toEqual([]);
  expect(c.truth().places['battery1']!.powerW).toBeCloseTo(-3_000, -1);
});

test('S1: a setpoint beyond the nameplate, a foreign register, a current that is no step', () => {
  const a = bench(field.site, field.plant, noon);
  a.run(2);
  a.battery('inverter2', 60_000);
  expect(a.rules()).toEqual(['S1']);
  a.write('inverter1', 'limitPct', 40); // not armed either
  expect(a.rules()).toEqual(['S1', 'S5']);
  a.court.frame({
    atMs: 2_000,
    device: 'meter1',
    fc: 6,
    address: 7,
    count: 1,
    values: [1],
    write: true,
    exception: 2,
  });
  expect(a.rules()).toEqual(['S1', 'S5', 'S1']);

  const c = bench(house.site, house.plant, noon);
  c.run(2);
  c.write('wallbox1', 'setReversionS', 60);
  c.read('wallbox1', 'setReversionS');
  c.write('wallbox1', 'setCurrentA', 7.5);
  expect(c.rules()).toEqual(['S1']);
});

test('S1: a setpoint above what the BMS allows, or that no other terminal could make good', () => {
  const full = plantFromSite(field.site, { seed: 1, startSocPct: 99 });
  const a = bench(field.site, full, night);
  a.run(40); // the gateway has long seen the tapered limit
  a.battery('inverter2', -45_000);
  a.run(2);
  expect(a.rules()[0]).toBe('S1');
  expect(a.court.violations[0]!.what).toContain('BMS');

  const b = bench(field.site, field.plant, night);
  b.court.directive(envelope({ importLimitW: 5_000 }), 0);
  b.run(40);
  b.battery('inverter2', -30_000);
  b.run(2);
  expect(b.rules()).toEqual(['S1']);
  expect(b.court.violations[0]!.what).toContain('import limit');
});

test('S2: export above an envelope is forgiven for 5 s and then not, once an episode', () => {
  const a = bench(field.site, field.plant, noon);
  a.run(2);
  const exportW = -a.truth().places['grid']!.powerW;
  expect(exportW).toBeGreaterThan(15_000);
  a.court.directive(envelope({ exportLimitW: 8_000 }), a.wallMs());
  a.run(5);
  expect(a.rules()).toEqual([]);
  a.run(20);
  expect(a.rules()).toEqual(['S2']);
});

test('S2: an envelope that starts later binds later, a new sequence replaces the old', () => {
  const a = bench(field.site, field.plant, noon);
  a.court.directive(envelope({ exportLimitW: 8_000, fromMs: noon + 30_000 }), noon);
  a.court.directive(envelope({ exportLimitW: 75_000, fromMs: noon + 30_000, sequence: 2 }), noon);
  a.run(60);
  expect(a.rules()).toEqual([]);
  a.court.directive(
    envelope({ kind: 'emergency', exportLimitW: 1_000, sequence: 3, untilMs: noon + 120_000 }),
    a.wallMs(),
  );
  a.run(10);
  expect(a.rules()).toEqual(['S2']);
});

test('S2: what uncontrollable power exceeds is an alarm, once all else stands at its bound', () => {
  const at = (socPct: number) => {
    const plant = plantFromSite(factory.site, { seed: 1, startSocPct: socPct });
    const b = bench(factory.site, plant, noon);
    b.court.directive(envelope({ importLimitW: 20_000 }), noon);
    b.run(1);
    b.write('relay1', 'setReversionS', 60);
    b.read('relay1', 'setReversionS');
    b.write('relay1', 'enable', 0);
    return b;
  };
  const helping = at(80);
  helping.battery('inverter1', 40_000);
  helping.run(30);
  expect(helping.rules()).toEqual([]);
  expect(helping.court.unreachable()).toBe(1);
  const idle = at(80);
  idle.run(30);
  expect(idle.rules()).toEqual(['S2']);
  const empty = at(5);
  empty.run(30);
  expect(empty.rules()).toEqual([]);
  expect(empty.court.unreachable()).toBe(1);
});

/** Load that rises by 1 kW a second for 20 s, and a battery that gives what it was `lateS` ago. */
function ramped(lateS: number, shortW = 0): string[] {
  const loadW = (seconds: number): number => 5_000 + 1_000 * Math.min(20, Math.max(0, seconds));
  const b = bench(factory.site, factory.plant, night, {
    loadWh: (fromMs, toMs) => {
      const middleS = ((fromMs + toMs) / 2 - night) / 1_000 - 30;
      return (loadW(middleS) * (toMs - fromMs)) / 3_600_000;
    },
    pvWh: () => 0,
  });
  b.court.directive(envelope({ importLimitW: 0 }), night);
  let seconds = -30;
  b.battery('inverter1', 5_000);
  b.run(70, () => {
    b.write('inverter1', 'setW', loadW(seconds - lateS) - (seconds < 0 ? 0 : shortW));
    seconds += 1;
  });
  return b.rules();
}

test('S2: of a ramp, each second is to be made good within 5 s, and the rest once it ends', () => {
  expect(ramped(2)).toEqual([]);
  expect(ramped(7)).toEqual(['S2']);
  expect(ramped(2, 4_000)).toEqual(['S2']);
});

test('S3: charging on at the upper bound, discharging on at the lower, and in the cold', () => {
  const full = bench(field.site, plantFromSite(field.site, { seed: 1, startSocPct: 95.5 }), night);
  full.run(2);
  steady(full, 'inverter2', -9_000, 4);
  expect(full.rules()).toEqual([]); // it has 5 s
  steady(full, 'inverter2', -9_000, 10);
  expect(full.rules()).toEqual(['S3']);

  const empty = bench(field.site, plantFromSite(field.site, { seed: 1, startSocPct: 4.5 }), night);
  empty.run(2);
  steady(empty, 'inverter2', 9_000, 12);
  expect(empty.rules()).toEqual(['S3']);

  const cold = bench(house.site, coldHouse(), night);
  cold.run(40);
  cold.write('hybrid1', 'battery.setSizeW', 200);
  cold.write('hybrid1', 'battery.setMode', 11);
  cold.run(10, () => cold.read('hybrid1', 'battery.temperatureC'));
  expect(cold.rules()).toContain('S3');
});

function coldHouse(): PlantConfig {
  const parts = house.plant.parts.map((part) =>
    part.kind === 'hybrid' ? { ...part, cells: { ...part.cells, roomC: -5 } } : part,
  );
  return { ...house.plant, parts };
}

test('S3: patience ends after the bound was read, at the latest when it should have been', () => {
  const unread = bench(
    field.site,
    plantFromSite(field.site, { seed: 1, startSocPct: 95.5 }),
    night,
  );
  unread.run(1);
  unread.battery('inverter2', -9_000);
  const keep = (): void => {
    unread.read('inverter2', 'powerW', 'temperatureC'); // which says nothing of the SoC
    unread.write('inverter2', 'setW', -9_000);
  };
  unread.mute = ['inverter2'];
  unread.run(30, keep);
  expect(unread.rules()).toEqual([]);
  unread.run(10, keep);
  expect(unread.rules()).toEqual(['S3']);
});

test('S4: readings lost and a setpoint held is guilty after 10 s, released is not', () => {
  const silent = (heard: boolean) => {
    const a = bench(field.site, field.plant, night);
    a.run(3);
    a.battery('inverter2', -5_000);
    a.run(3);
    a.mute = ['meter1'];
    a.run(8, () => a.write('inverter2', 'setW', -5_000));
    if (heard) a.write('inverter2', 'setEnable', 0);
    expect(a.rules()).toEqual([]);
    a.run(6);
    return a;
  };
  expect(silent(true).rules()).toEqual([]);
  expect(silent(false).rules()).toEqual(['S4']);
});

test('S4: a device that answers nothing has until its own timer ends', () => {
  const a = bench(field.site, field.plant, night);
  a.run(3);
  a.battery('inverter2', -5_000);
  a.mute = ['inverter2'];
  a.run(120);
  expect(a.truth().places['battery1']!.powerW).toBeCloseTo(0, 0);
  expect(a.rules()).toEqual([]);
});

test('S4: a gateway that is gone has its devices back by their own timers', () => {
  const left = (): Bench => {
    const a = bench(field.site, field.plant, night);
    a.run(3);
    a.battery('inverter2', -5_000);
    a.mute = ['meter1', 'inverter1', 'inverter2'];
    return a;
  };
  const gone = left();
  gone.run(100);
  expect(gone.truth().places['battery1']!.powerW).toBeCloseTo(0, 0);
  expect(gone.rules()).toEqual([]);
  // A device whose timer never ends: something unseen renews it.
  const stuck = left();
  const image = stuck.images['inverter2']!;
  const { at } = image.map.points['setReversionS']!;
  stuck.run(100, () => void image.write('holding', at, [0, 60]));
  expect(stuck.rules()).toEqual(['S4']);
});

test('S5: a timer that is missing, not read back, endless or too long', () => {
  const started = (): Bench => {
    const a = bench(field.site, field.plant, night);
    a.run(2);
    return a;
  };
  const unread = started();
  unread.write('inverter2', 'setReversionS', 60);
  unread.write('inverter2', 'setW', 1_000);
  expect(unread.rules()).toEqual(['S5']);
  expect(unread.court.violations[0]!.what).toContain('read back');

  const missing = started();
  missing.write('inverter2', 'setW', 1_000);
  expect(missing.court.violations[0]!.what).toContain('armed');

  const long = started();
  long.write('inverter2', 'setReversionS', 600);
  long.read('inverter2', 'setReversionS');
  long.write('inverter2', 'setW', 1_000);
  expect(long.court.violations[0]!.what).toContain('600 s');

  const changed = started();
  changed.battery('inverter2', 1_000);
  changed.write('inverter2', 'setReversionS', 50);
  changed.write('inverter2', 'setW', 1_100);
  expect(changed.rules()).toEqual(['S5']);
});

test('S5: a device without a timer must be allowed by name', () => {
  const devices = house.site.devices.map(({ allowWithoutReversion: _, ...device }) => device);
  const c = bench({ ...house.site, devices }, house.plant, noon);
  c.run(2);
  c.write('hybrid1', 'battery.setSizeW', 500);
  expect(c.rules()).toEqual(['S5']);
});
