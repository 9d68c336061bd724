import { expect, test } from 'vitest';
import { CATALOGUE } from '../../../../../devices/catalogue.ts';
import { classOf } from '../../../../../gateway/guard/site/points.ts';

test.each(['socPct', 'temperatureC', 'batteryState', 'bmsState', 'fault', 'chargeRequestW'])(
  '%s is as long fresh as its devices need to read it again',
  (key) => {
    expect(classOf(key)).toBe('state');
    for (const { id, points } of CATALOGUE) {
      const own = points[key]?.class ?? 'state';
      expect(own, id).toBe('state');
    }
  },
);
