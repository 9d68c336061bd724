import { expect, test, vi } from 'vitest';
import { openStoreInProcess } from '../../../../../gateway/adapters/sqlite/store.ts';
import {
  type Advice,
  hintErrors,
  scoreboard,
} from '../../../../../gateway/agents/advisor/scores.ts';
import { importHistory } from '../../../../../gateway/agents/history.ts';
import { zoneTopics } from '../../../../../gateway/contracts/topics.ts';
import type { SiteForecast } from '../../../../../gateway/contracts/values/outlook.ts';
import type { Model, ModelAnswer, ModelQuestion } from '../../../../../gateway/ports.ts';
import { BRIGHTWORKS } from '../../../../../simulators/sites/brightworks.ts';
import { Bench, NOON, QUARTER, week, zoneForecast } from '../../../../fixtures/agent/bench.ts';

vi.setConfig({ testTimeout: 120_000, expect: { poll: { timeout: 30_000 } } });

const POWERS = { grid: 91_000, battery1: 9_000, compressor1: -15_000, rest: -85_000 };
const HINT = { fromHour: 0, untilHour: 24, pvPct: 0, loadPct: 10, why: 'it was 10 percent more' };

/** The port's memory face: says what it is told to, through the form that checks it. */
function scripted(says: Readonly<Record<string, unknown>>) {
  const asked: string[] = [];
  const model: Model = {
    name: 'scripted',
    async ask<T>(question: ModelQuestion<T>): Promise<ModelAnswer<T>> {
      asked.push(question.agent);
      const value = question.answer.read(says[question.agent]);
      const promptHash = '0'.repeat(64);
      if (value === undefined) return { state: 'none', why: 'schema', promptHash };
      return { state: 'answered', value, promptHash };
    },
  };
  return { model, asked };
}

async function factory(
  says: Readonly<Record<string, unknown>>,
  withModel = true,
  effect: 'shadow' | 'lean' = 'shadow',
) {
  const store = openStoreInProcess();
  await importHistory(store, BRIGHTWORKS, week(NOON, 0));
  const { model, asked } = scripted(says);
  const instructions = { forecasting: 'f', producer: 'p', consumer: 'c' };
  const bench = new Bench(
    BRIGHTWORKS,
    store,
    withModel ? { advisor: { model, instructions, effect } } : {},
  );
  await bench.agent.start();
  bench.connect();
  bench.message(zoneTopics(BRIGHTWORKS.tenant, BRIGHTWORKS.zone).forecast, zoneForecast(NOON));
  bench.see(POWERS, { 'battery1.socPct': 60, 'ev1.state': 1 });
  await bench.clock.advance(5_000);
  const advice = async (): Promise<Record<string, Advice>> => {
    const documents = await store.list('advice', 0, NOON * 2);
    return Object.fromEntries(
      documents.map(({ body }) => [(body as Advice).agent, body as Advice]),
    );
  };
  return { bench, asked, advice, store };
}

/** What a proposal costs more than its twin. */
const costMore = (advice: Advice | undefined): number =>
  advice?.score !== undefined && 'twinNano' in advice.score
    ? advice.score.proposedNano - advice.score.twinNano
    : Number.NaN;

const keep = {
  reservePct: 0,
  marginPct: 0,
  orderMarginMicroPerKwh: 0,
  demandResponse: null,
  why: 'as it is',
};

test('each agent works beside its twin, is simulated, and changes nothing', async () => {
  const says = { forecasting: HINT, producer: keep, consumer: { ...keep, reservePct: 60 } };
  const { bench, asked, advice } = await factory(says);
  await expect.poll(async () => Object.keys(await advice()).length).toBe(3);
  expect(asked).toEqual(['forecasting', 'producer', 'consumer']);
  const { forecasting, producer, consumer } = await advice();
  expect(forecasting).toMatchObject({ proposal: HINT, model: 'scripted' });
  expect(producer).toMatchObject({ accepted: true, detail: 'the plan does so already' });
  expect(costMore(producer)).toBeLessThanOrEqual(1e6);
  expect(consumer).toMatchObject({ accepted: false });
  expect(costMore(consumer)).toBeGreaterThan(0);
  const alone = await factory({}, false);
  expect(alone.bench.intents().at(-1)?.plan).toEqual(bench.intents().at(-1)?.plan);
  expect(await alone.advice()).toEqual({});
});

test('an offer must be possible and pay, and goes nowhere without an event', async () => {
  const offer = { startsInMin: 60, minutes: 30, reduceW: 5_000, priceMicroPerKwh: 5_000_000 };
  const paid = await factory({ consumer: { ...keep, demandResponse: offer } });
  await expect
    .poll(async () => (await paid.advice())['consumer']?.offer)
    .toMatch(/^possible, it would earn .*; there is no demand-response event$/);
  const much = { ...offer, reduceW: 9_000_000 };
  const vain = await factory({ consumer: { ...keep, demandResponse: much } });
  await expect
    .poll(async () => (await vain.advice())['consumer']?.offer)
    .toBe('the plan does not take so much in that window');
});

test('a model that babbles is noted, and nothing else happens', async () => {
  const { bench, advice } = await factory({ forecasting: 'you should buy gold' });
  await expect.poll(async () => Object.keys(await advice()).length).toBe(3);
  expect(Object.values(await advice()).map(({ none }) => none)).toEqual([
    'schema',
    'schema',
    'schema',
  ]);
  expect(bench.intents().at(-1)?.plan).toHaveLength(12);
});

test('a hint is scored by what was measured, with and without it', () => {
  const band = (midW: number) => ({ lowW: midW, midW, highW: midW });
  const forecast: SiteForecast = {
    issuedAtMs: NOON,
    fromMs: NOON,
    stepMs: QUARTER,
    sky: 'forecast',
    pv: [band(0), band(0)],
    load: [band(1_000), band(1_000)],
  };
  const right = () => ({ pvW: 0, loadW: 1_100 });
  expect(hintErrors(HINT, forecast, 2, 'Europe/Berlin', right)).toEqual({
    proposedW: 0,
    twinW: 50,
  });
  const silent = () => ({ pvW: undefined, loadW: undefined });
  expect(hintErrors(HINT, forecast, 2, 'Europe/Berlin', silent)).toBeUndefined();
});

test('the scoreboard counts who was right', () => {
  const one = (proposedNano: number, twinNano: number): Advice => ({
    agent: 'producer',
    atMs: 1,
    model: 'm',
    promptHash: '',
    score: { proposedNano, twinNano },
  });
  const leaned = {
    ...one(1, 2),
    lean: { fromMs: 1, untilMs: 2 },
    measured: { proposedNano: 5, twinNano: 9, quarters: 4 },
  };
  const bodies = [leaned, one(3, 2), one(2, 2), { ...one(0, 0), none: 'budget' }];
  const documents = bodies.map((body, i) => ({ key: String(i), atMs: 1, body }));
  expect(scoreboard(documents)).toEqual([
    {
      agent: 'producer',
      askedCount: 4,
      answeredCount: 3,
      scoredCount: 4,
      betterCount: 1,
      equalCount: 2,
      worseCount: 1,
      leanedCount: 1,
      withdrawnCount: 0,
      measuredCount: 1,
      measuredGainNano: 4,
    },
  ]);
});
