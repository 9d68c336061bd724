import { expect, test } from 'vitest';
import { openStoreInProcess } from '../../../../gateway/adapters/sqlite/store.ts';
import { Diary } from '../../../../gateway/agents/diary.ts';
import type { Decision, Image } from '../../../../gateway/contracts/values/image.ts';

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
