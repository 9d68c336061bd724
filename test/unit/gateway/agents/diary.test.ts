import { expect, test } from 'vitest';
import { openStoreInProcess } from '../../../../gateway/adapters/sqlite/store.ts';
import { Diary } from '../../../../gateway/agents/diary.ts';
import type { Mind } from '../../../../gateway/agents/mind.ts';
import { Trading } from '../../../../gateway/agents/trading.ts';
import type { Decision, Image } from '../../../../gateway/contracts/values/image.ts';
import type { EnergyRecord } from '../../../../gateway/contracts/values/record.ts';

const log = { info: () => undefined, warn: () => undefined, error: () => undefined };

const image = (wallMs: number, code: string, sentence = code): Image =>
  ({
    wallMs,
    mode: 'trading',
    reason: { authority: 'plan', code, sentence },
    decisions: [],
  }) as unknown as Image;

test('what binds is written down when it changes, a flutter once a minute', async () => {
  const store = openStoreInProcess();
  const diary = new Diary(store, log);
  diary.decision(image(100_000, 'PLAN', 'charging 3.0 kW'));
  diary.decision(image(105_000, 'PLAN', 'charging 3.1 kW')); // the same reason
  diary.decision(image(110_000, 'ENVELOPE'));
  diary.decision(image(115_000, 'PLAN'));
  diary.decision(image(165_000, 'ENVELOPE'));
  diary.decision(image(400_000, 'PLAN'));
  await diary.settled();
  const kept = (await store.list('decision', 0, 1e9)).map(({ body }) => body as Decision);
  expect(kept.map(({ atMs, reason }) => [atMs, reason.code])).toEqual([
    [100_000, 'PLAN'],
    [165_000, 'ENVELOPE'],
    [400_000, 'PLAN'],
  ]);
  expect(kept[0]?.reason.sentence).toBe('charging 3.0 kW');
});

test('a start reads the whole history in order, some days at a time', async () => {
  const DAY_MS = 86_400_000;
  const nowMs = 500 * DAY_MS;
  const store = openStoreInProcess();
  const record = (fromMs: number): EnergyRecord => ({
    kind: 'energy',
    place: 'grid',
    fromMs,
    durationMs: 900_000,
    inWh: 1,
    outWh: 0,
    coveragePct: 100,
    source: 'counter',
    quality: 'measured',
    version: 1,
  });
  const days = Array.from({ length: 420 }, (_, n) => nowMs - (420 - n) * DAY_MS);
  await store.addHistory(days.map(record));
  const seen = { older: [] as number[], recent: [] as number[], most: 0 };
  const mind = {
    note: () => undefined,
    zoneForecast: () => undefined,
    prices: { outlook: { remember: () => undefined } },
    older: (records: readonly EnergyRecord[]) => {
      seen.older.push(...records.map(({ fromMs }) => fromMs));
      seen.most = Math.max(seen.most, records.length);
    },
    records: (records: readonly EnergyRecord[]) => {
      seen.recent.push(...records.map(({ fromMs }) => fromMs));
    },
  };
  const times = { leadMs: 1, aheadMs: 1 };
  const trading = new Trading({ site: 'barn', zone: 'z1', epoch: 1, ...times });
  await new Diary(store, log).recall(mind as unknown as Mind, trading, nowMs, undefined);
  expect(seen.recent).toEqual(days.slice(-36));
  expect(seen.older).toEqual(days.slice(-399, -36));
  expect(seen.most).toBe(14);
});
