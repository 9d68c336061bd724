import { expect, test } from 'vitest';
import { timing } from '../../../../gateway/contracts/values/timing.ts';
import { openAll } from '../../../../gateway/guard/control/arbiter.ts';
import { connectedOf } from '../../../../gateway/guard/control/connected.ts';
import { type Hold, INSIDE_START, keepInside } from '../../../../gateway/guard/control/inside.ts';
import type { View } from '../../../../gateway/guard/control/types.ts';
import type { SiteState } from '../../../../gateway/guard/site/types.ts';

const HOLD: Hold = {
  connection: 'grid',
  authority: 'grid-envelope',
  importLimitW: 12_000,
  exportLimitW: 30_000,
  importCode: 'IMPORT_LIMIT',
  marginW: 0,
  exportCode: 'EXPORT_LIMIT',
  importWhy: 'the test says so',
  exportWhy: 'the test says so',
};

/** Two batteries of 10 kW behind a connection that buys 20 kW. @param deaf does 500 W by itself */
function asked(deaf: boolean): Record<string, number | undefined> {
  const battery = (id: string, more: object) => ({
    ...{ id, powerW: 0, ageMs: 0, failing: false, connection: 'grid', capability: {} },
    spec: { id, control: 'setpoint', ratedInW: 10_000, ratedOutW: 10_000 },
    ...more,
  });
  const site = {
    connections: [
      {
        id: 'grid',
        ageMs: 0,
        phases: [],
        aligned: { gridW: 20_000, byTerminal: { b1: 0, b2: 500 } },
      },
    ],
    terminals: [battery('b1', {}), battery('b2', { powerW: 500, ...(deaf ? { deaf } : {}) })],
  } as unknown as SiteState;
  const times = timing(1);
  const spec = { nodes: [], connections: [{ id: 'grid' }] } as unknown as View['spec'];
  const connected = connectedOf(site, spec, times);
  const view = { site, times, connected, sent: {}, open: openAll(site) } as unknown as View;
  const { wishes } = keepInside(INSIDE_START, view, HOLD);
  return Object.fromEntries(wishes.map(({ terminal, minW }) => [terminal, Math.round(minW ?? 0)]));
}

test('the share of what does not follow goes to the others', () => {
  expect(asked(false)).toEqual({ b1: 4_310, b2: 4_310 });
  expect(asked(true)).toEqual({ b1: 8_120, b2: 500 });
});
