import { expect, it } from 'vitest';
import { DAY_MS } from '../../../../gateway/contracts/values/time.ts';
import type { GuardState } from '../../../../gateway/guard/tick.ts';
import { Bench } from './bench/bench.ts';
import { site } from './bench/site.ts';
import { intent, spec, steps } from './bench/timeline.ts';

const WALL = 1_767_225_600_000;
const fullCharge = { everyDays: 14, withinDays: 7 };
const home = site({ pv: {}, battery: {}, store: { fullCharge } });
const narrow = site({
  battery: {},
  store: { fullCharge },
  connection: { defaultImportLimitW: 1_000 },
});

/** Full so many days ago, as the run before wrote it down. */
const since = (days: number) => ({
  wallMs: WALL,
  saved: {
    ...{ v: 1, epoch: 1, highestSequence: 0, envelopes: [], mode: 'rules', budget: {} },
    fullAtWallMs: { battery1: WALL - days * DAY_MS },
  } as GuardState,
});

spec('not due: it stays below socMaxPct', home, since(3))
  .at('0s', { pvW: 3_000, socPct: 95 })
  .expect({ batteryW: 0, battery: 'SOC_MAX' });

spec(
  'due: the sun fills it beyond socMaxPct, nothing is bought, and it is not emptied',
  home,
  since(15),
)
  .at('0s', { pvW: 3_000, loadW: -1_000, socPct: 96 })
  .expect({ batteryW: -2_000, gridW: 0 })
  .at('60s', { pvW: 0 })
  .expect({ batteryW: 0, gridW: 1_000, battery: 'FULL_CHARGE' }, '10s');

spec('due, and far from full: it is used as ever', home, since(15))
  .at('0s', { loadW: -1_000, socPct: 60 })
  .expect({ batteryW: 1_000, code: 'SELF_CONSUMPTION' });

spec('overdue: by force, against the plan', home, since(22))
  .at('0s', {
    loadW: -1_000,
    socPct: 60,
    do: (bench) => intent(bench, { steps: [steps({ follow: 'fixed', powerW: 4_000 })] }),
  })
  .expect({ batteryW: -1_500, gridW: 2_500, code: 'FULL_CHARGE', because: 'to fill it once' });

spec('overdue: never against a limit', narrow, since(22))
  .at('0s', { loadW: -600, socPct: 60 })
  .expect({ batteryW: -390, gridW: 990, code: 'IMPORT_LIMIT' }, '8s');

it('full for ten minutes is done: told, kept over a restart, and ordinary again', async () => {
  const bench = new Bench(home, since(22));
  Object.assign(bench.world, { socPct: 99.8, pvW: 2_000 });
  await bench.start();
  await bench.clock.advance(590_000);
  expect(bench.image.filling).toEqual(['battery1']);
  await bench.clock.advance(20_000);
  expect(bench.image.filling).toEqual([]);
  const events = bench.records.flatMap((one) => (one.kind === 'event' ? [one.text] : []));
  expect(events).toContain('Battery was charged to the full');
  expect(bench.image.decisions.find(({ terminal }) => terminal === 'battery1')?.reason.code).toBe(
    'SOC_MAX',
  );
  await bench.guard.stop();
  const saved = bench.saved.at(-1);
  const again = new Bench(home, { wallMs: WALL + 13 * DAY_MS, ...(saved && { saved }) });
  await again.start();
  await again.clock.advance(3_000);
  expect(again.image.filling).toEqual([]);
  const later = new Bench(home, { wallMs: WALL + 15 * DAY_MS, ...(saved && { saved }) });
  await later.start();
  await later.clock.advance(3_000);
  expect(later.image.filling).toEqual(['battery1']);
});
