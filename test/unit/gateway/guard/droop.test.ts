import { describe, expect, it } from 'vitest';
import { droop as check } from '../../../../gateway/config/check-droop.ts';
import type { Site } from '../../../../gateway/contracts/values/site.ts';
import { site } from './bench/site.ts';
import { spec } from './bench/timeline.ts';

const droop = { nominalHz: 50, deadbandHz: 0.2, droopPct: 5, terminals: ['pv1', 'battery1'] };
const signals: Site['signals'] = [
  { id: 'f', device: 'meter1', point: 'frequencyHz', meaning: 'frequency', safeValue: 50 },
];
const built = {
  pv: { ownDroop: false },
  battery: { ownDroop: false },
  control: { droop },
  signals,
};
const hall = site(built);

describe('droop on frequency', () => {
  // 0.5 Hz beyond the dead band at 40 % a hertz: 20 %.
  spec('high frequency takes its share of the sun of that moment, then gives it back slowly', hall)
    .at('0s', { pvW: 8_000, socPct: 96 })
    .expect({ sunW: 8_000 })
    .at('10s', { frequencyHz: 50.7 })
    .expect({ sunW: 6_400 })
    .at('20s', { frequencyHz: 50.15 })
    .expect({ sunW: 6_400 }, '1s')
    .at('85s', {})
    .expect({ sunW: 7_400 }, '2s')
    .at('160s', {})
    .expect({ sunW: 8_000 });

  spec('a dip inside the way back takes no second share', hall)
    .at('0s', { pvW: 8_000, socPct: 96 })
    .at('10s', { frequencyHz: 50.7 })
    .at('20s', { frequencyHz: 50 })
    .at('30s', { frequencyHz: 50.7 })
    .expect({ sunW: 6_400 });

  spec('a battery answers either way, in shares of its nameplate', hall)
    .at('0s', { loadW: -2_000 })
    .expect({ batteryW: 2_000 })
    .at('10s', { frequencyHz: 50.7 })
    .expect({ batteryW: 1_000, because: 'because the frequency is or was high' })
    .at('300s', { frequencyHz: 50 })
    .at('700s', { frequencyHz: 49.3 })
    .expect({ batteryW: 3_000, battery: 'FREQUENCY' });

  spec('an unknown frequency changes nothing', hall)
    .at('0s', { pvW: 8_000, socPct: 96 })
    .at('10s', { frequencyHz: 50.7 })
    .at('20s', { frequencyHz: Number.NaN })
    .expect({ sunW: 6_400 }, '40s');

  spec('is not there unless the site file asks for it', site({ ...built, control: {} }))
    .at('0s', { pvW: 8_000, socPct: 96, frequencyHz: 51.5 })
    .expect({ sunW: 8_000 });
});

const lines = (of: Site): string[] => check(of, () => undefined).map(({ what }) => what);

it('is refused where the inverter has, or may have, a droop of its own', () => {
  expect(lines(hall)).toEqual([]);
  expect(lines(site({ ...built, pv: { ownDroop: true }, battery: {} }))).toEqual([
    "the inverter of 'pv1' has an active droop of its own",
    "the inverter of 'battery1' may have an active droop of its own",
  ]);
});

it('is refused without a frequency, and for what is not under control', () => {
  const terminals = ['house'];
  expect(
    lines(site({ ...built, signals: [], control: { droop: { ...droop, terminals } } })),
  ).toEqual([
    'droop needs to know the frequency',
    "'house' is no terminal under control by limit or setpoint",
  ]);
});
