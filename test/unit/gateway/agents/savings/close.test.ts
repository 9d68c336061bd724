import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { profileById } from '../../../../../devices/catalogue.ts';
import { createSolverInProcess } from '../../../../../gateway/adapters/solver/solver.ts';
import { openStoreInProcess } from '../../../../../gateway/adapters/sqlite/store.ts';
import { closeDays, recallDays } from '../../../../../gateway/agents/accounts.ts';
import { closeEvents } from '../../../../../gateway/agents/close-events.ts';
import { Diary } from '../../../../../gateway/agents/diary.ts';
import { Mind } from '../../../../../gateway/agents/mind.ts';
import { newestDay } from '../../../../../gateway/agents/savings/words.ts';
import { Trading } from '../../../../../gateway/agents/trading.ts';
import { parseSite } from '../../../../../gateway/config/load.ts';
import { gatewayStatus } from '../../../../../gateway/contracts/messages.ts';
import type { Directive } from '../../../../../gateway/contracts/values/directive.ts';
import type { EnergyRecord } from '../../../../../gateway/contracts/values/record.ts';
import { gatewayStatusOf } from '../../../../../gateway/link/status/status.ts';
import { createVirtualClock } from '../../../../../simulators/clock.ts';

const QUARTER = 900_000;
const MIDNIGHT = Date.UTC(2026, 5, 14, 22); // in Berlin
const DAY = 96 * QUARTER;
const LATE = MIDNIGHT + 40 * QUARTER; // a quarter-hour whose record comes late
const barn = new URL('../../../../fixtures/sites/barn.yaml', import.meta.url);
const { site } = parseSite(readFileSync(barn, 'utf8'), profileById);
if (site === undefined) throw new Error('the barn does not load');
const quiet = { info: () => undefined, warn: () => undefined };
const log = {
  ...quiet,
  error: (text: string) => {
    throw new Error(text);
  },
};

const record = (place: string, fromMs: number, netWh: number): EnergyRecord => ({
  ...{ kind: 'energy', place, fromMs, durationMs: QUARTER, version: 1, coveragePct: 100 },
  ...{ inWh: Math.max(0, netWh), outWh: Math.max(0, -netWh) },
  ...{ source: 'counter', quality: 'measured' },
});

it('a day is closed once after midnight, again when what was late has come, and kept', async () => {
  const clock = createVirtualClock({ wallMs: MIDNIGHT + DAY + 25 * 60_000, speed: 1 });
  const store = openStoreInProcess();
  const trading = () =>
    new Trading({ site: site.id, zone: 'z1', epoch: 1, leadMs: 360_000, aheadMs: 3_600_000 });
  const mind = new Mind(site, trading());
  const diary = new Diary(store, log);
  const solver = await createSolverInProcess();
  const deps = { site, clock, log, mind, diary, solver };
  const late: EnergyRecord[] = [];
  for (let fromMs = MIDNIGHT - QUARTER; fromMs < MIDNIGHT + DAY; fromMs += QUARTER) {
    const now = [
      record('grid', fromMs, 250),
      record('pv1', fromMs, 0),
      record('battery1', fromMs, 0),
      record('rest', fromMs, -250),
    ];
    mind.note({ fromMs, socPct: { battery1: 50 }, curtailed: false, bothWaysWh: 0 });
    if (fromMs === LATE) late.push(...now);
    else if (fromMs >= MIDNIGHT) mind.records(now);
  }

  await closeDays(deps);
  await closeDays(deps); // an hour later nothing is new
  await diary.settled();
  expect(mind.past.accounts.map(({ day, missingCount }) => [day, missingCount])).toEqual([
    ['2026-06-15', 1],
  ]);
  mind.records(late);
  await closeDays(deps);
  await diary.settled();
  expect(diary.events().map(({ text }) => text.replaceAll('\u202f', ' '))).toEqual([
    '2026-06-15: not compared, 1 quarter-hour is missing',
    // The site left 9 kWh where they were; 95 % of them would have come back, at 0.30 a kWh.
    '2026-06-15: € 0.00 less than with no battery, € 2.57 more than by self-consumption ' +
      'with 9.0 kWh more left in the battery',
  ]);
  const [closed] = mind.past.accounts;
  const noneNano = String(96n * 250n * 300_000n);
  expect(closed?.costs).toMatchObject({ oursNano: noneNano, limitNano: noneNano });

  const again = new Mind(site, trading());
  await recallDays({ ...deps, mind: again });
  expect(again.past.accounts).toEqual(mind.past.accounts);
  const view = again.day(clock.wallMs(), []);
  expect(view.money.past?.map(({ name }) => name)).toEqual(['Yesterday']);
  const status = { ...gatewayStatusOf(site, undefined), day: newestDay(again.past.accounts) };
  expect(gatewayStatus.parse(JSON.parse(JSON.stringify(status))).day).toMatchObject({
    ...{ day: '2026-06-15', oursNano: noneNano, limitNano: noneNano },
  });
});

it('an event is reported once its records have come, also after a restart', async () => {
  const start = MIDNIGHT + 16 * DAY; // a day of work in Berlin, 1 July
  const event = { fromMs: start + 72 * QUARTER, untilMs: start + 76 * QUARTER };
  const clock = createVirtualClock({ wallMs: event.untilMs + QUARTER, speed: 1 });
  const store = openStoreInProcess();
  const setup = { site: site.id, zone: 'z1', epoch: 1, leadMs: 360_000, aheadMs: 3_600_000 };
  const mind = new Mind(site, new Trading(setup));
  const diary = new Diary(store, log);
  const deps = { site, clock, log, mind, diary };
  const records = (fromMs: number, untilMs: number): EnergyRecord[] => {
    const found: EnergyRecord[] = [];
    for (let atMs = fromMs; atMs < untilMs; atMs += QUARTER) {
      const isReduced = atMs >= event.fromMs && atMs < event.untilMs;
      found.push(record('grid', atMs, isReduced ? 250 : 1_000));
    }
    return found;
  };
  mind.records(records(MIDNIGHT, event.fromMs));
  const directive = { kind: 'demand-response', sequence: 7, importLimitW: 1_000, ...event };
  mind.directive(directive as Directive, event.fromMs);
  const asks = [{ authority: 'demand-response', sentence: '' }];
  mind.past.reductions.see({ wallMs: event.fromMs, asks } as never);
  await closeEvents(deps); // over, its last record is not there yet
  await diary.settled();
  expect(diary.events()).toEqual([]);

  const again = new Mind(site, new Trading(setup));
  const solver = { solve: () => Promise.reject(new Error('nothing to solve')) };
  await recallDays({ ...deps, mind: again, solver });
  again.records(records(MIDNIGHT, event.untilMs));
  await clock.advance(QUARTER);
  await closeEvents({ ...deps, mind: again });
  await closeEvents({ ...deps, mind: again });
  await diary.settled();
  expect(diary.events().map(({ text }) => text.replaceAll('\u202f', ' '))).toEqual([
    'Demand-response event 18:00 to 19:00: 3.0 kWh delivered; baseline 4.0 kWh, metered 1.0 kWh',
  ]);
  expect(await store.list('reduction', 0, clock.wallMs())).toMatchObject([
    { body: { sequence: 7, taken: true, result: { deliveredWh: 3_000, days: 10 } } },
  ]);
  expect(gatewayStatus.shape.reduction.parse(again.past.closed().reduction)).toMatchObject({
    ...{ sequence: 7, deliveredWh: 3_000 },
  });
});
