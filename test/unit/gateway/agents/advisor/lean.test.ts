import { expect, test, vi } from 'vitest';
import { openStoreInProcess } from '../../../../../gateway/adapters/sqlite/store.ts';
import { Leans, leanClause } from '../../../../../gateway/agents/advisor/leans.ts';
import type { Advice } from '../../../../../gateway/agents/advisor/scores.ts';
import { historyRecords, importHistory } from '../../../../../gateway/agents/history.ts';
import { zoneTopics } from '../../../../../gateway/contracts/topics.ts';
import type { Site } from '../../../../../gateway/contracts/values/site.ts';
import { NARROW } from '../../../../../gateway/contracts/values/words.ts';
import type { Model } from '../../../../../gateway/ports.ts';
import { BRIGHTWORKS } from '../../../../../simulators/sites/brightworks.ts';
import { SUNFIELD } from '../../../../../simulators/sites/sunfield.ts';
import { Bench, NOON, QUARTER, week, zoneForecast } from '../../../../fixtures/agent/bench.ts';

const WAIT_MS = 30_000; // for a solver on a busy machine
vi.setConfig({ testTimeout: 4 * WAIT_MS });

const FACTORY = { grid: 91_000, battery1: 9_000, compressor1: -15_000, rest: -85_000 };
const FIELD = { grid: -20_000, pv1: 20_000, battery1: 0 };
const PROPOSAL = {
  reservePct: 0,
  marginPct: 15,
  orderMarginMicroPerKwh: 0,
  demandResponse: null,
  why: 'the last days were restless',
};

/** A week that nobody can foresee: between 70 and 130 percent of the usual. */
const restless = () =>
  week(NOON).map((row, i) => ({
    ...row,
    loadWh: row.loadWh * (0.7 + (0.6 * ((i * 7_919) % 97)) / 97),
  }));

/** A week without any load: what a reserve costs shows only when one comes. */
const still = () => week(NOON).map((row) => ({ ...row, loadWh: 0, byTerminal: {} }));

/** Says what it is told to as producer, and nothing as anybody else. */
const producer = (proposal: unknown): Model => ({
  name: 'scripted',
  ask: async (question) => {
    const value = question.agent === 'producer' ? question.answer.read(proposal) : undefined;
    const promptHash = 'a'.repeat(64);
    if (value === undefined) return { state: 'none', why: 'schema', promptHash };
    return { state: 'answered', value, promptHash };
  },
});

interface Setup {
  readonly effect: 'shadow' | 'lean';
  readonly site?: Site;
  readonly proposal?: unknown;
  readonly powers?: Record<string, number>;
  readonly history?: ReturnType<typeof week>;
}

async function advised(setup: Setup) {
  const { effect, site = BRIGHTWORKS, proposal = PROPOSAL, powers, history = restless() } = setup;
  const store = openStoreInProcess();
  await importHistory(store, site, history);
  const instructions = { forecasting: 'f', producer: 'p', consumer: 'c' };
  const bench = new Bench(site, store, {
    advisor: { model: producer(proposal), instructions, effect },
  });
  await bench.agent.start();
  bench.connect();
  bench.message(zoneTopics(site.tenant, site.zone).forecast, zoneForecast(NOON));
  const see = () => bench.see(powers ?? FACTORY, { 'battery1.socPct': 60, 'ev1.state': 1 });
  see();
  await bench.clock.advance(5_000);
  const first = async (): Promise<Advice | undefined> =>
    (await store.list('advice', NOON - 1, NOON + 60_000))
      .map(({ body }) => body as Advice)
      .find(({ agent }) => agent === 'producer');
  await expect.poll(first, { timeout: WAIT_MS }).toBeDefined();

  /** The next quarter-hour, with what was measured of the one before. */
  const quarter = async (loadWh: number, pvWh = 0): Promise<string> => {
    const fromMs = Math.floor(bench.clock.wallMs() / QUARTER) * QUARTER;
    const plans = bench.intents().length;
    await bench.clock.advance(fromMs + QUARTER - bench.clock.wallMs());
    const rows = historyRecords(site, [{ fromMs, durationMs: QUARTER, loadWh, pvWh }]);
    bench.frame({
      t: 'records',
      records: rows.map((row, seq) => ({ ...row, epoch: fromMs, seq: seq + 1 })),
    });
    see();
    await bench.clock.advance(2_000);
    await expect.poll(() => bench.intents().length, { timeout: WAIT_MS }).toBeGreaterThan(plans);
    return bench.intents().at(-1)?.plan[0]?.why ?? '';
  };
  const events = () => bench.agent.day()?.events.map(({ text }) => text.replaceAll(NARROW, ' '));
  const link = () =>
    bench.agent
      .live()
      ?.links?.find(({ name }) => name === 'Advice')
      ?.text.replaceAll(NARROW, ' ');
  return { bench, first, quarter, events, link };
}

/** A reserve that costs nothing on the days that are likely. */
const STILL = { proposal: { ...PROPOSAL, marginPct: 0, reservePct: 50 }, history: still() };
const ADVISED = "50 % of the battery kept back on the producer agent's advice until 13:00";

test('no worse, it leads the next plan and is told; measured worse, it is withdrawn', async () => {
  const { first, quarter, events, link } = await advised({ effect: 'lean', ...STILL });
  const advice = await first();
  expect(advice).toMatchObject({
    accepted: true,
    promptHash: 'a'.repeat(64),
    lean: { fromMs: NOON, untilMs: NOON + 3_600_000 },
  });
  const { score } = advice ?? {};
  if (score === undefined || !('twinNano' in score)) throw new Error('no score');
  expect(score.proposedNano).toBeLessThanOrEqual(score.twinNano);
  expect(link()).toBe(ADVISED);
  expect((await quarter(45_000)).replaceAll(NARROW, ' ')).toContain(ADVISED);
  expect(await quarter(45_000)).not.toContain('advice');
  expect((await first())?.lean?.withdrawn?.why).toMatch(/^as measured it cost .* more than/);
  expect(link()).toBe('nothing leans on the plan');
  expect(events()).toEqual([
    'Advice leans on the plan until 13:00: 50 % of the battery kept back',
    'Advice of the producer agent withdrawn',
  ]);
});

test('in the shadow the same proposal is simulated and measured, and nothing leans', async () => {
  const { first, quarter, events, link } = await advised({ effect: 'shadow', ...STILL });
  for (let n = 0; n < 5; n += 1) expect(await quarter(25_000)).not.toContain('advice');
  const advice = await first();
  expect(advice).toMatchObject({ accepted: true, measured: { quarters: 4 } });
  expect(advice?.lean).toBeUndefined();
  expect(events()).toEqual([]);
  expect(link()).toBe('in the shadow');
});

test("the site file's bounds narrow a proposal before it is simulated", async () => {
  const advice = { reserveMaxPct: 30, marginMaxPct: 12, orderMarginMaxMicroPerKwh: 0 };
  const site = { ...BRIGHTWORKS, control: { ...BRIGHTWORKS.control, advice } };
  const { first, link } = await advised({ effect: 'lean', site, ...STILL });
  const { proposal } = STILL;
  expect(await first()).toMatchObject({ proposal, bounded: { reservePct: 30 } });
  expect(link()).toMatch(/^30 % of the battery kept back/);
});

test('advice that proves no worse ends with its hour, and its score is kept', async () => {
  const proposal = { ...PROPOSAL, marginPct: 0, reservePct: 30 };
  const setup = { effect: 'lean', site: SUNFIELD, proposal, powers: FIELD } as const;
  const { first, quarter } = await advised(setup);
  const told: boolean[] = [];
  for (let n = 0; n < 4; n += 1) told.push((await quarter(0, 5_000)).includes('30\u202f%'));
  expect(told).toEqual([true, true, true, false]);
  await quarter(0, 5_000); // the last one is measured now
  const advice = await first();
  expect(advice?.lean?.withdrawn).toBeUndefined();
  expect(advice?.measured?.quarters).toBe(4);
});

test('a margin of orders needs cleared prices to be tried on', async () => {
  const proposal = { ...PROPOSAL, marginPct: 0, orderMarginMicroPerKwh: 10_000 };
  const { first, link } = await advised({ effect: 'lean', proposal });
  expect(await first()).toMatchObject({
    accepted: false,
    detail: 'too few cleared prices are known to try an order margin on',
  });
  expect(link()).toBe('nothing leans on the plan');
});

test('who often cost more is listened to in the shadow only, until that is made good', () => {
  const leans = new Leans();
  expect(leans.isTrusted('consumer')).toBe(true);
  leans.measured('consumer', 5e9);
  expect(leans.isTrusted('consumer')).toBe(false);
  expect(leans.isTrusted('producer')).toBe(true);
  for (let n = 0; n < 5; n += 1) leans.measured('consumer', -1e6);
  expect(leans.isTrusted('consumer')).toBe(true);
});

test('two who advise are one clause beside a reason', () => {
  const words = { timeZone: 'Europe/Berlin', currency: 'EUR' };
  const one = { key: 'k', untilMs: NOON + 3_600_000 };
  const clause = leanClause(
    [
      { ...one, agent: 'producer', strategy: { ...PROPOSAL, reservePct: 30 } },
      { ...one, agent: 'consumer', strategy: PROPOSAL, untilMs: NOON + 1_800_000 },
    ],
    words,
  );
  expect(clause.replaceAll(NARROW, ' ')).toBe(
    '30 % of the battery kept back, ready for 15 % more load ' +
      "on the producer and consumer agents' advice until 12:30",
  );
  expect(leanClause([], words)).toBe('');
});
