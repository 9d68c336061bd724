import { describe } from 'vitest';
import { site } from './bench/site.ts';
import { intent, spec, steps } from './bench/timeline.ts';

const power = site({ battery: {}, control: { peakPowerLimitW: 6_000 } });
const both = site({ battery: {}, control: { peakLimitW: 4_000, peakPowerLimitW: 6_000 } });
const resting = steps({ follow: 'fixed' });

describe('a peak limit on power', () => {
  spec('holds each moment, however low the mean was', power)
    .at('0s', { do: (b) => intent(b, { steps: [resting] }), loadW: -1_000 })
    .expect({ batteryW: 0 })
    .at('300s', { loadW: -8_000 })
    .expect({ gridW: 5_940, battery: 'PEAK_LIMIT', because: 'peaks stay at 6.0 kW' });

  spec('beside the mean: the tighter one of the two binds', both)
    .at('0s', { do: (b) => intent(b, { steps: [resting] }), loadW: -8_000 })
    .expect({ gridW: 3_880, because: 'the mean of these 15 min stays at 4.0 kW' })
    .at('20s', { loadW: -100 })
    .at('600s', { loadW: -8_000 })
    .expect({ gridW: 5_940, because: 'peaks stay at 6.0 kW' });

  spec('keeps half of the charge for peaks, as the mean does', power)
    .at('0s', { loadW: -3_000, socPct: 49 })
    .expect({ batteryW: 0, because: 'to keep half of its charge for the next peak' });
});
