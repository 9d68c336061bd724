import { expect, test } from 'vitest';
import type { Image } from '../../../../gateway/contracts/values/image.ts';
import type { EnergyRecord } from '../../../../gateway/contracts/values/record.ts';
import { timing } from '../../../../gateway/contracts/values/timing.ts';
import { Obedience } from '../../../../gateway/guard/commands/obedience.ts';
import { createAnswerJudge } from '../../../../simulators/checkers/answers.ts';
import { judgeBooks } from '../../../../simulators/checkers/books.ts';
import { createDelayJudge } from '../../../../simulators/checkers/delay.ts';
import { createDirectiveJudge } from '../../../../simulators/checkers/directives.ts';
import { createEnvelopeJudge } from '../../../../simulators/checkers/envelope.ts';
import { createFigureJudge } from '../../../../simulators/checkers/figures.ts';
import { createGrowthJudge, entriesOf } from '../../../../simulators/checkers/growth.ts';
import { createNewsJudge } from '../../../../simulators/checkers/news.ts';
import { createOlderJudge } from '../../../../simulators/checkers/older.ts';
import { createRecordJudge } from '../../../../simulators/checkers/records.ts';
import { createRecoveryJudge } from '../../../../simulators/checkers/recovery.ts';
import { createTurnJudge } from '../../../../simulators/checkers/turns.ts';
import type { WireFrame, WorldRule } from '../../../../simulators/checkers/types.ts';
import { SUNFIELD } from '../../../../simulators/sites/sunfield.ts';

/** Each judge is quiet on what is right, and speaks on one planted violation. */
function heard() {
  const rules: WorldRule[] = [];
  return { rules, report: (rule: WorldRule) => void rules.push(rule) };
}

const frame = (write: boolean, address: number): WireFrame => ({
  atMs: 0,
  device: 'inverter1',
  fc: write ? 16 : 3,
  address,
  count: 2,
  values: [0, 1],
  write,
  exception: 0,
});

test('S7: what nobody answered is looked at before it is written again', () => {
  const { rules, report } = heard();
  const judge = createAnswerJudge(report);
  const lost = frame(true, 10);
  judge.frame(lost);
  judge.unanswered(lost);
  judge.frame(frame(true, 40)); // other registers
  judge.frame(frame(false, 10));
  judge.frame(frame(true, 10));
  expect(rules).toEqual([]);
  judge.unanswered(frame(true, 10));
  judge.frame(frame(true, 11));
  expect(rules).toEqual(['S7']);
});

const showing = (points: Image['points']): Image => ({ points }) as Image;

test('S8: a sentinel that counts as good', () => {
  const { rules, report } = heard();
  const judge = createFigureJudge(SUNFIELD, report);
  judge.image(showing({ 'grid.powerW': { quality: 'good', value: -41_000, atMs: 0 } }));
  judge.image(showing({ 'battery1.socPct': { quality: 'unavailable', last: 50, atMs: 0 } }));
  expect(rules).toEqual([]);
  judge.image(showing({ 'grid.powerW': { quality: 'good', value: -327_680_000, atMs: 0 } }));
  judge.image(showing({ 'battery1.socPct': { quality: 'good', value: 6_553.5, atMs: 0 } }));
  expect(rules).toEqual(['S8', 'S8']);
});

test('S10, S12, S16: records that are lost, have two effects, or cannot be', () => {
  const { rules, report } = heard();
  const judge = createRecordJudge(SUNFIELD, report);
  const record = (seq: number, inWh = 12_000): EnergyRecord & { epoch: number; seq: number } => ({
    kind: 'energy',
    epoch: 1,
    seq,
    place: 'grid',
    fromMs: 0,
    durationMs: 900_000,
    inWh,
    outWh: 0,
    coveragePct: 100,
    source: 'counter',
    quality: 'measured',
    version: 1,
  });
  judge.stored(record(1), true);
  judge.stored(record(1), false); // known, and taken for known
  judge.end(new Set(['1/1']));
  expect(rules).toEqual([]);
  judge.stored(record(1), true);
  judge.stored(record(2, -1), true);
  judge.stored(record(3, 1e9), true);
  judge.end(new Set(['1/1', '1/4']));
  expect(rules).toEqual(['S12', 'S16', 'S16', 'S10']);
});

test('S11: turns that stop, and a start that takes too long', () => {
  const { rules, report } = heard();
  const judge = createTurnJudge(1_000, report);
  judge.boot(0);
  judge.image({ bootId: 'a' }, 5_500);
  judge.image({ bootId: 'a' }, 6_500);
  judge.boot(20_000);
  judge.image({ bootId: 'b' }, 21_000);
  expect(rules).toEqual([]);
  judge.image({ bootId: 'b' }, 25_000);
  judge.boot(30_000);
  judge.image({ bootId: 'c' }, 40_000);
  expect(rules).toEqual(['S11', 'S11']);
});

test('S13: a forged limit that binds', () => {
  const { rules, report } = heard();
  const judge = createDirectiveJudge(report);
  const bound = (importLimitW: number) => ({
    limits: { importLimitW, exportLimitW: 30_000, source: 'grid' },
  });
  judge.forged(1_235.5);
  judge.image(bound(40_000));
  expect(rules).toEqual([]);
  judge.image(bound(1_235.5));
  expect(rules).toEqual(['S13']);
});

test('L1, L2: a site that stays ill, a backlog that stays', () => {
  const { rules, report } = heard();
  const judge = createRecoveryJudge(report);
  const image = (mode: Image['mode'], state: 'ok' | 'silent'): Image =>
    ({ mode, devices: [{ id: 'meter1', state }] }) as unknown as Image;
  judge.judge(image('trading', 'ok'), 120_000, 0);
  judge.backlog(20, 400);
  expect(rules).toEqual([]);
  judge.judge(image('trading', 'silent'), 120_000, 0);
  judge.judge(image('holding', 'ok'), 120_000, 0);
  judge.judge(undefined, 120_000, 0);
  judge.backlog(5_000, 400);
  expect(rules).toEqual(['L1', 'L1', 'L1', 'L2']);
});

/**
 * A device that is deaf for two minutes, as the guard gives it back: what the judge says 30 s after
 * that, and at the instant that it names.
 * @param deafForMs  in truth
 */
function judgedDeaf(deafForMs: number) {
  const { rules, report } = heard();
  const judge = createRecoveryJudge(report);
  const obedience = new Obedience(timing(1));
  const endedMs = 120_000;
  let lookMs: number | undefined = endedMs + 30_000;
  const atMs: number[] = [];
  for (let nowMs = 0; lookMs !== undefined && nowMs < 600_000; nowMs += 1_000) {
    if (obedience.mayTry(false, nowMs)) {
      if (nowMs < deafForMs) obedience.disagreed(nowMs);
      else obedience.agreed(nowMs);
    }
    const isDeaf = obedience.isGivenBack(nowMs);
    const state = isDeaf ? { state: 'safe', follows: false } : { state: 'ok' };
    const image = { mode: 'trading', devices: [{ id: 'relay1', ...state }] } as unknown as Image;
    judge.image(image, nowMs);
    if (nowMs < lookMs) continue;
    atMs.push(nowMs);
    lookMs = judge.judge(image, nowMs, endedMs);
  }
  return { rules, atMs };
}

test('L1: what did not follow is judged from the try that its doubling wait ends with', () => {
  // Given back from 2 s on for 30, 60 and 120 s: tried again at 212 s, and back by 298 s.
  expect(judgedDeaf(120_000)).toEqual({ rules: [], atMs: [150_000, 298_000] });
  expect(judgedDeaf(600_000)).toEqual({ rules: ['L1'], atMs: [150_000, 298_000] });
});

const decided = (powerW: number | null) =>
  ({ decisions: [{ terminal: 'battery1', powerW }] }) as unknown as Image;

test('S6: what an older agent asked for is done', () => {
  const { rules, report } = heard();
  const judge = createOlderJudge(report);
  judge.asked(777.25);
  judge.image(decided(777));
  judge.image(decided(null));
  expect(rules).toEqual([]);
  judge.image(decided(777.25));
  judge.image(decided(777.25));
  expect(rules).toEqual(['S6']);
});

test('S14: limits that are looser than what binds, and powers beyond a rating', () => {
  const { rules, report } = heard();
  const judge = createEnvelopeJudge(SUNFIELD, report);
  const bound = { importLimitW: 5_000, exportLimitW: 4_000 };
  const times = { issuedAtMs: 0, fromMs: 0, untilMs: 900_000, onLost: 'keep', why: '' } as const;
  judge.directive({ v: 1, kind: 'envelope', gateway: 'g', sequence: 1, ...times, ...bound }, 0);
  const image = (exportLimitW: number, powerW: number): Image =>
    ({ ...decided(powerW), limits: { ...bound, exportLimitW, source: '' } }) as Image;
  judge.image(image(4_000, 20_000), 10_000);
  expect(rules).toEqual([]);
  judge.image(image(4_100, 20_000), 20_000);
  judge.image(image(4_000, 9e6), 30_000);
  expect(rules).toEqual(['S14', 'S14']);
});

test('S15: an interval that is booked twice, settled twice, or traded and never settled', () => {
  const line = (id: string, amount = '5'): string =>
    JSON.stringify({
      id,
      legs: [
        ['a', amount],
        ['b', '-5'],
      ],
    });
  const trade = line('trade/z1/0');
  const settled = line('imbalance/z1/0/1');
  const again = [line('imbalance/z1/0/1/reversed'), line('imbalance/z1/0/2')];
  expect(judgeBooks([trade, settled], 1e9)).toEqual([]);
  expect(judgeBooks([trade, settled, ...again], 1e9)).toEqual([]);
  expect(judgeBooks([trade, trade, settled], 1e9)).toEqual(['trade/z1/0 is booked twice']);
  expect(judgeBooks([settled, line('imbalance/z1/0/2')], 1e9)).toHaveLength(1);
  expect(judgeBooks([line('fee/z1/0', '6')], 1e9)).toEqual(['fee/z1/0 sums to 1']);
  expect(judgeBooks([trade], 1e9)).toEqual(['z1/0 was traded and is not settled']);
});

test('L3: a device that waits because another one is silent', () => {
  const { rules, report } = heard();
  const judge = createDelayJudge(1_000, report);
  let atMs = 0;
  const read = (pauseMs: number, isElsewhere: boolean): void => {
    atMs += pauseMs;
    judge.frame({ ...frame(false, 1), atMs }, true, isElsewhere);
  };
  for (let n = 0; n < 70; n += 1) read(1_000, false);
  read(2_100, true);
  expect(rules).toEqual([]);
  read(2_400, true);
  expect(rules).toEqual(['L3']);
  judge.restart(atMs);
  read(9_000, true);
  expect(rules).toEqual(['L3']);
});

test('L5: what grows with every hour', () => {
  const { rules, report } = heard();
  const judge = createGrowthJudge(report);
  for (let hour = 0; hour < 13; hour += 1) judge.count('entries', 400 + 50 * hour);
  for (const entries of [1_100, 1_400]) judge.count('entries', entries);
  expect(rules).toEqual([]);
  judge.count('entries', 1_600);
  expect(rules).toEqual(['L5']);
  createGrowthJudge(report).count('entries', 32_001);
  expect(rules).toEqual(['L5', 'L5']);
  const inner = new Map([[1, [1, 2]]]);
  expect(entriesOf({ a: new Set([3]), inner, clock: [1, 2, 3] })).toBe(4);
});

test('L6: an event that does not come to the cloud', () => {
  const { rules, report } = heard();
  const judge = createNewsJudge(report);
  const event = (seq: number) =>
    ({ kind: 'event', epoch: 1, seq, atMs: 0, code: 'MODE', mode: 'safe', text: '' }) as const;
  judge.told([event(1), event(2)], 0);
  judge.stored(event(1));
  judge.judge(59_000, 0, 60_000);
  judge.judge(100_000, 50_000, 60_000);
  expect(rules).toEqual([]);
  judge.judge(120_000, 50_000, 60_000);
  judge.judge(130_000, 50_000, 60_000);
  expect(rules).toEqual(['L6']);
});
