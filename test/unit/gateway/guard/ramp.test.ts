import { describe } from 'vitest';
import { site } from './bench/site.ts';
import { spec } from './bench/timeline.ts';

const roof = { pv: {}, battery: {} };
const slow = site({ ...roof, control: { rampPctPerMin: 10 } });

describe('ramp after a start and after the return of the grid', () => {
  // 10 kW of sun, 5 kW of battery: 1 kW and 0.5 kW a minute.
  spec('a start takes nothing from what runs, and lets it rise slowly', slow)
    .at('0s', { pvW: 0, loadW: -4_000 })
    .expect({ batteryW: 0, battery: 'RAMP', because: 'after a start or the return of the grid' })
    .at('60s', { pvW: 9_000 })
    .expect({ sunW: 1_000 }, '4s')
    .at('181s', {})
    .expect({ sunW: 3_000, batteryW: 1_000 }, '2s')
    .at('620s', {})
    .expect({ sunW: 9_000, battery: 'SELF_CONSUMPTION' });

  spec('begins anew when the grid was away', slow)
    .at('0s', { pvW: 5_000 })
    .at('650s', { voltageV: 0, pvW: 0 })
    .expect({ flags: ['islanded'] })
    .at('660s', { voltageV: 230 })
    // This gateway waits 100 s; the sun comes only then.
    .at('790s', { pvW: 8_000 })
    .expect({ flags: [], battery: 'RAMP' })
    .at('850s', {})
    .expect({ sunW: 1_400 }, '1s')
    .at('1400s', {})
    .expect({ sunW: 8_000 });

  const zero = site({
    ...roof,
    control: { rampPctPerMin: 10 },
    connection: { defaultImportLimitW: 3_000 },
  });
  spec('holds no limit up: the battery gives what the connection needs at once', zero)
    .at('0s', { loadW: -6_000 })
    .expect({ batteryW: 3_030, gridW: 2_970 });

  spec('is not there unless the site file asks for it', site(roof))
    .at('0s', { pvW: 9_000, loadW: -12_000 })
    .expect({ sunW: 9_000, batteryW: 3_000 });
});
