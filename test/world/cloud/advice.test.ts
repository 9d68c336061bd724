import { expect, test } from 'vitest';
import { isGrounded, plainRationale } from '../../../cloud/agents/grid/rationale.ts';
import type { Advisor } from '../../../cloud/compose-advice.ts';
import type { ModelAnswer, ModelQuestion } from '../../../gateway/ports.ts';
import { Gateway, QUARTER, T0, type World, world } from './fixture.ts';

const MINUTE = 60_000;
const D1 = T0 + 2 * QUARTER;
const FACTS = {
  sites: 2,
  loadKw: 43.6,
  ratedKva: 100,
  heatPct: 12,
  importSharePct: 80,
  exportSharePct: 100,
};

/** The port's memory face. */
function scripted(says: Readonly<Record<string, unknown>>): Advisor & { looked: unknown[] } {
  const looked: unknown[] = [];
  return {
    looked,
    instructions: { 'market-supervisor': 'm', grid: 'g', forecasting: 'f' },
    model: {
      name: 'scripted',
      async ask<T>(question: ModelQuestion<T>): Promise<ModelAnswer<T>> {
        for (const tool of question.tools) looked.push(await tool.run({}));
        const value = question.answer.read(says[question.agent]);
        const promptHash = 'f'.repeat(64);
        if (value === undefined) return { state: 'none', why: 'schema', promptHash };
        return { state: 'answered', value, promptHash };
      },
    },
  };
}

async function oneInterval(side: World) {
  const sun = new Gateway('gw-sun', side.hub);
  const works = new Gateway('gw-works', side.hub);
  await side.clock.advance(MINUTE);
  await sun.orders(
    { id: 's1', fromMs: D1, side: 'sell', energyWh: 5_000, priceMicroPerKwh: 80_000 },
    { id: 's2', fromMs: D1, side: 'buy', energyWh: 1_000, priceMicroPerKwh: 90_000 },
  );
  await works.orders({
    id: 'b1',
    fromMs: D1,
    side: 'buy',
    energyWh: 5_000,
    priceMicroPerKwh: 200_000,
  });
  await side.clock.advance(D1 - 3 * MINUTE - side.clock.wallMs());
  const body = (table: 'market_data' | 'grid_metrics' | 'forecast_data', kind: string) =>
    side.store.rows(table, kind).map((row) => JSON.parse(row.body));
  return {
    note: body('market_data', 'surveillance'),
    why: body('grid_metrics', 'rationale'),
    review: body('forecast_data', 'review'),
  };
}

test('without a model the rules write note and rationale', async () => {
  const side = world();
  const { note, why } = await oneInterval(side);
  expect(note).toHaveLength(1);
  expect(note[0].rules.map(({ kind, who }: Record<string, string>) => [kind, who])).toEqual([
    ['both-sides', 'p1'],
    ['dominance', 'p2'],
  ]);
  expect(note[0].model).toBeUndefined();
  expect(why[0].rules).toMatch(/everybody has the contracted power\.$/);
  expect(side.errors).toEqual([]);
});

test('a model works beside them, sees aliases only, and its note is compared', async () => {
  const finding = { kind: 'both-sides', who: 'p1', why: 'it stands on both sides' };
  const sentence = 'The transformer of 100 kVA is at 9999 kW, so you get less.';
  const advisor = scripted({
    'market-supervisor': { findings: [finding] },
    grid: { sentence },
  });
  const side = world({ advisor });
  const { note, why } = await oneInterval(side);
  expect(note[0].model).toMatchObject({ agreed: 1, onlyRules: 1, onlyModel: 0 });
  expect(why[0].model).toMatchObject({ sentence, grounded: false });
  expect(JSON.stringify(advisor.looked)).not.toMatch(/sun|works/);
  const alone = world();
  await oneInterval(alone);
  expect(side.cloud.status()).toEqual(alone.cloud.status());
});

test('a forecast as issued is reviewed by rules and model, and goes out as it is', async () => {
  const finding = { kind: 'short', who: 'sun', why: 'no weather came' };
  const side = world({ advisor: scripted({ forecasting: { findings: [finding] } }) });
  const hours = Array.from({ length: 30 }, (_, n) => T0 / 1_000 + n * 3_600);
  side.sources.price = JSON.stringify({
    unix_seconds: hours,
    price: hours.map((_, n) => (n === 5 ? null : 50)),
    unit: 'EUR / MWh',
  });
  const { review } = await oneInterval(side);
  expect(review[0].rules.map(({ kind, who }: Record<string, string>) => `${kind} ${who}`)).toEqual([
    'short sun',
    'short temperature',
    'gap price',
  ]);
  expect(review[0].model).toMatchObject({ agreed: 1, onlyRules: 2, onlyModel: 0 });
});

test('a figure that nobody measured makes a sentence worthless', () => {
  expect(isGrounded(plainRationale(FACTS), FACTS)).toBe(true);
  expect(isGrounded('It carries about 44 kW of 100 kVA.', FACTS)).toBe(true);
  expect(isGrounded('It carries 90 kW.', FACTS)).toBe(false);
});
