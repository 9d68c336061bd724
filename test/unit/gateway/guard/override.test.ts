import { describe, expect, it } from 'vitest';
import type { OverrideRequest } from '../../../../gateway/contracts/values/override.ts';
import { Bench } from './bench/bench.ts';
import { site } from './bench/site.ts';
import { spec } from './bench/timeline.ts';

const home = site({ pv: {}, battery: {}, ev: {}, pump: {} });
const narrow = site({ battery: {}, connection: { defaultImportLimitW: 4_000 } });

const order = (more: Partial<OverrideRequest>): OverrideRequest => ({
  ...{ terminal: 'battery1', act: 'hold', powerW: 0, forMs: 600_000, by: 'Kim' },
  ...more,
});
const give = (more: Partial<OverrideRequest>) => (bench: Bench) => {
  expect(bench.guard.override(order(more)).refused).toBe('');
};
const events = (bench: Bench): string[] =>
  bench.records.flatMap((one) =>
    one.kind === 'event' && one.code.startsWith('OVERRIDE')
      ? [`${one.code} ${one.text.replaceAll('\u202f', ' ')}`]
      : [],
  );

describe('an order of a person', () => {
  spec('charges against the meter, says who and until when, and ends by itself', home)
    .at('0s', { loadW: -1_000 })
    .expect({ batteryW: 1_000 })
    .at('60s', { do: give({ act: 'charge', powerW: 3_000, forMs: 120_000 }) })
    .expect({ batteryW: -3_000, gridW: 4_000, code: 'OVERRIDE', because: 'as Kim ordered until' })
    .at('181s', {})
    .expect({ batteryW: 1_000, code: 'SELF_CONSUMPTION' });

  spec('a limit above it is kept, and named', narrow)
    .at('0s', { loadW: -1_000 })
    .at('60s', { do: give({ act: 'charge', powerW: 5_000 }) })
    .expect({ batteryW: -2_960, gridW: 3_960, code: 'IMPORT_LIMIT' }, '8s');

  spec('device protection is kept', site({ battery: {}, store: { reservePct: 30 } }))
    .at('0s', { loadW: -2_000, socPct: 29 })
    .at('20s', { do: give({ act: 'discharge', powerW: 2_000 }) })
    .expect({ batteryW: 0, battery: 'RESERVE' });

  spec('sun, car and pump off, until it is taken back', home)
    .at('0s', { pvW: 15_000, loadW: -500, carW: 11_000, pumpW: 6_000 })
    .at('20s', { do: give({ terminal: 'pv1', act: 'off' }) })
    .at('21s', { do: give({ terminal: 'ev1', act: 'off' }) })
    .at('22s', { do: give({ terminal: 'pump1', act: 'off' }) })
    .expect({ sunW: 0, carW: 0, pumpW: 0, pvLimitW: 0 })
    .at('60s', { do: give({ terminal: 'pv1', act: 'end' }) })
    .at('61s', { do: give({ terminal: 'pump1', act: 'end' }) })
    .expect({ sunW: 15_000, pumpW: 6_000, pvLimitW: 'none' });
});

describe('what is told and kept of it', () => {
  const running = async (options: ConstructorParameters<typeof Bench>[1] = {}) => {
    const bench = new Bench(home, { wallMs: 1_767_225_600_000, ...options });
    await bench.start();
    await bench.clock.advance(3_000);
    return bench;
  };

  it('each is an event: ordered, refused, taken back, ended', async () => {
    const bench = await running();
    give({ act: 'charge', powerW: 3_000 })(bench);
    give({ act: 'discharge', powerW: 1_000, forMs: 60_000 })(bench);
    bench.guard.override(order({ terminal: 'nothing' }));
    give({ terminal: 'pump1', act: 'off' })(bench);
    give({ terminal: 'pump1', act: 'end', by: 'Lee' })(bench);
    await bench.clock.advance(70_000);
    expect(events(bench)).toEqual([
      'OVERRIDE Kim ordered: Battery charge 3.0 kW, until 01:10',
      'OVERRIDE Kim ordered: Battery discharge 1.0 kW, until 01:01',
      'OVERRIDE_REFUSED An order of Kim was refused: the site has no terminal nothing',
      'OVERRIDE Kim ordered: Pump off, until 01:10',
      'OVERRIDE_ENDED Lee took an order back: Pump off',
      'OVERRIDE_ENDED Order of Kim has ended: Battery discharge 1.0 kW',
    ]);
    expect(bench.image.overrides).toEqual([]);
    await bench.guard.stop();
  });

  it('outlives a restart until its end, and not beyond', async () => {
    const first = await running();
    give({ act: 'charge', powerW: 3_000 })(first);
    await first.clock.advance(5_000);
    await first.guard.stop();
    const saved = first.saved.at(-1);
    const again = (wallMs: number) => running({ wallMs, ...(saved && { saved }) });
    const second = await again(1_767_225_600_000 + 300_000);
    await second.clock.advance(5_000);
    expect(second.batteryW).toBeLessThan(-2_900);
    expect(second.image.overrides).toHaveLength(1);
    await second.clock.advance(300_000);
    expect(second.image.overrides).toEqual([]);
    const late = await again(1_767_225_600_000 + 700_000);
    expect(late.image.overrides).toEqual([]);
  });

  it('what cannot be ordered is refused with the reason', async () => {
    const bench = await running();
    const refused = (raw: unknown): string => bench.guard.override(raw).refused;
    expect(refused({})).toBe('not an order');
    expect(refused(order({ act: 'charge', powerW: 9_000 }))).toMatch(/charges 1 W to 5.0/);
    expect(refused(order({ terminal: 'house' }))).toBe('House has no control');
    expect(refused(order({ terminal: 'pv1' }))).toMatch(/can be ordered to: off/);
    expect(refused(order({ forMs: 30_000 }))).toMatch(/stands/);
    expect(refused(order({ forMs: 1e12 }))).toMatch(/stands/);
    expect(refused(order({ act: 'end' }))).toMatch(/no order stands/);
    expect(bench.guard.override(undefined).terminals.map(({ terminal }) => terminal)).toEqual([
      ...['pv1', 'battery1', 'ev1', 'pump1'],
    ]);
  });
});
