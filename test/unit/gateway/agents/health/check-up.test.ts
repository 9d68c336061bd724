import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { profileById } from '../../../../../devices/catalogue.ts';
import { openStoreInProcess } from '../../../../../gateway/adapters/sqlite/store.ts';
import { Alarms } from '../../../../../gateway/agents/alarms.ts';
import { checkEquipment } from '../../../../../gateway/agents/check-equipment.ts';
import { CheckUp } from '../../../../../gateway/agents/check-up.ts';
import { Diary } from '../../../../../gateway/agents/diary.ts';
import { QuarterSums } from '../../../../../gateway/agents/health/quarter-sums.ts';
import { placesOf } from '../../../../../gateway/agents/places.ts';
import { QuarterBook } from '../../../../../gateway/agents/quarters.ts';
import { parseSite } from '../../../../../gateway/config/load.ts';
import type { Reading } from '../../../../../gateway/contracts/values/reading.ts';
import { createVirtualClock } from '../../../../../simulators/clock.ts';
import { image } from '../../../../fixtures/agent/bench.ts';

const QUARTER = 900_000;
const DAY = 96 * QUARTER;
const MIDNIGHT = Date.UTC(2026, 5, 14, 22); // in Berlin
const barn = new URL('../../../../fixtures/sites/barn.yaml', import.meta.url);
const { site } = parseSite(readFileSync(barn, 'utf8'), profileById);
if (site === undefined) throw new Error('the barn does not load');
const log = {
  info: () => undefined,
  warn: () => undefined,
  error: (text: string) => {
    throw new Error(text);
  },
};
const points = (values: Readonly<Record<string, number>>): Record<string, Reading> =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, { quality: 'good', value, atMs: 0 }]),
  );

it('images show temperature, energy by power and by counter, and steps of voltage', () => {
  const sums = new QuarterSums(['grid', 'battery1'], new Map([['battery1', 5_000]]));
  let seen: ReturnType<QuarterSums['see']>;
  // 2 kW for a quarter-hour; the counter is read each minute and steps by 33 Wh.
  for (let atMs = MIDNIGHT - QUARTER; atMs <= MIDNIGHT + QUARTER; atMs += 5_000) {
    const isLoaded = Math.floor(atMs / 60_000) % 2 === 0;
    const batteryW = isLoaded ? 2_000 : 0;
    const counted = Math.floor((atMs - MIDNIGHT) / 60_000) * 33;
    const now = sums.see({
      wallMs: atMs,
      points: points({
        ...{ 'grid.powerW': 2_000, 'grid.inWh': 1e6 + counted, 'grid.outWh': 0 },
        ...{ 'battery1.powerW': batteryW, 'battery1.socPct': 50, 'battery1.temperatureC': 30 },
        // 50 V, 0.1 ohm: 40.8 A take 4.08 V.
        'battery1.voltageV': isLoaded ? 49 : 50,
      }),
    });
    seen = now ?? seen;
  }
  expect(seen?.fromMs).toBe(MIDNIGHT);
  expect(seen?.powerWh['grid']).toBeCloseTo(500, 0);
  expect(seen?.counterWh['grid']).toBe(15 * 33);
  expect(seen?.temperatureC).toEqual({ battery1: 30 });
  expect(seen?.resistanceOhm['battery1']).toBeCloseTo(1 / (2_000 / 49), 4);
});

it('a meter whose counter lags its power is an alarm, also after a restart', async () => {
  const places = placesOf(site);
  const quarters = new QuarterBook(places);
  const mind = { past: { checkUp: new CheckUp(site, places) }, quarters };
  const store = openStoreInProcess();
  const diary = new Diary(store, log);
  const clock = createVirtualClock({ wallMs: MIDNIGHT, speed: 1 });
  for (let day = 0; day < 8; day += 1) {
    for (let atMs = MIDNIGHT + day * DAY; atMs < MIDNIGHT + (day + 1) * DAY; atMs += 30_000) {
      const inWh = ((atMs - MIDNIGHT) / 3_600_000) * 900; // of 1 kW
      const grid = points({ 'grid.powerW': 1_000, 'grid.inWh': inWh, 'grid.outWh': 0 });
      mind.past.checkUp.see({ wallMs: atMs, points: grid });
    }
    await clock.advance(DAY);
    await checkEquipment({ clock, diary, mind });
  }
  await diary.settled();
  const told = diary.events().map(({ text }) => text.replaceAll('\u202f', ' '));
  expect(told).toEqual([
    'The meter of grid counts 10 % less than its own power says, ' +
      'since Mon 15 June (4 days, likely).',
  ]);
  const kept = await diary.lastCheckUp();
  expect(kept?.said.some((line) => /degradation is not told before two years/.test(line))).toBe(
    false, // no clear day was seen
  );
  const again = new CheckUp(site, places);
  if (kept) again.restore(kept);
  const alarms = new Alarms(store.opened, { past: () => ({ checkUp: again }) });
  const live = { ...image(1, 0, clock.wallMs(), {}), devices: [] };
  expect(alarms.list(live, undefined).map(({ code }) => code)).toEqual(['METER_DRIFT:grid']);
});
