import { expect } from 'vitest';
import type { Bench } from './bench/bench.ts';
import { site } from './bench/site.ts';
import { spec } from './bench/timeline.ts';

const told = (bench: Bench, code: string): string[] =>
  bench.records.flatMap((one) =>
    one.kind === 'event' && one.code === code ? [one.text.replaceAll('\u202f', ' ')] : [],
  );

spec(
  'a jump of charge closes what it makes dangerous, is told once, and shown for an hour',
  site({ battery: {} }),
)
  .at('0s', { loadW: -2_000, socPct: 50 })
  .expect({ batteryW: 2_000 })
  .at('60s', { socPct: 3 })
  .expect({ batteryW: 0, battery: 'SOC_MIN' }, '4s')
  .at('70s', {
    do: (bench) => {
      expect(told(bench, 'SOC_JUMP')).toEqual([
        'The charge of Battery jumped from 50 % to 3 %, and no energy explains it',
      ]);
      expect(bench.image.concerns?.map(({ code }) => code)).toEqual(['SOC_JUMP:battery1']);
    },
  })
  .at('80s', { socPct: 50 })
  .at('120s', {
    do: (bench) => {
      // Back again is a jump as well; the same concern stands, and is not told anew.
      expect(told(bench, 'SOC_JUMP')).toHaveLength(1);
      expect(bench.image.concerns?.[0]?.text).toContain('from 3');
    },
  })
  .expect({ batteryW: 2_000 });
