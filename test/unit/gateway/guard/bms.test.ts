import { expect, it } from 'vitest';
import { faultOf } from '../../../../gateway/guard/site/faults.ts';
import { site } from './bench/site.ts';
import { spec } from './bench/timeline.ts';

const home = site({ pv: {}, battery: {} });
const narrow = site({ battery: {}, connection: { defaultImportLimitW: 1_000 } });

spec('a fault flag rests the battery in the next cycle, and is told', home)
  .at('0s', { pvW: 4_000, loadW: -1_000 })
  .expect({ batteryW: -3_000 })
  .at('20s', { fault: 17 })
  .expect({ batteryW: 0, battery: 'BMS_FAULT', because: 'it reports a fault' }, '3s')
  .at('25s', {
    do: ({ image }) => {
      expect(image.concerns).toMatchObject([
        { code: 'BMS_FAULT:battery1', text: 'Battery reports a fault (17) and rests' },
      ]);
    },
  })
  .at('60s', { fault: 0 })
  .expect({ batteryW: -3_000 });

spec('a fault that its device cannot tell is none', home)
  .at('0s', { pvW: 4_000, loadW: -1_000, fault: Number.NaN })
  .expect({ batteryW: -3_000 });

spec('its limits bind in the next cycle, both ways', home)
  .at('0s', { pvW: 4_000, loadW: -1_000 })
  .at('20s', { chargeMaxW: 500 })
  .expect({ batteryW: -500, battery: 'BMS_LIMIT' }, '3s')
  .at('60s', { pvW: 0, dischargeMaxW: 300 })
  .expect({ batteryW: 300, battery: 'BMS_LIMIT' }, '5s');

spec('a request for charge is served against self-consumption, a little', home)
  .at('0s', { loadW: -1_000 })
  .at('60s', { chargeRequestW: 400 })
  .expect({ batteryW: -250, gridW: 1_250, battery: 'BMS_REQUEST' })
  .at('120s', { chargeRequestW: 0 })
  .expect({ batteryW: 1_000 });

spec('a small request is served as it is, whatever its sign', home)
  .at('0s', { loadW: -1_000 })
  .at('60s', { chargeRequestW: -120 })
  .expect({ batteryW: -120, battery: 'BMS_REQUEST' });

spec('a request for charge passes no limit of the connection', narrow)
  .at('0s', { loadW: -900, socPct: 5 })
  .at('60s', { chargeRequestW: 400 })
  .expect({ gridW: 990, batteryW: -90 }, '10s');

it('states of the standard models, and an own flag beside them', () => {
  const of = (points: Record<string, number>) => faultOf((key) => points[key]);
  expect(of({})).toBeUndefined();
  expect(of({ batteryState: 1 })).toBe(0);
  expect(of({ batteryState: 2 })).toBe(2);
  expect(of({ bmsState: 3 })).toBe(0);
  expect(of({ bmsState: 99 })).toBe(99);
  expect(of({ bmsState: 3, fault: 4 })).toBe(4);
  expect(of({ bmsState: Number.NaN, fault: 0 })).toBe(0);
  expect(of({ bmsState: Number.NaN })).toBeUndefined();
});
