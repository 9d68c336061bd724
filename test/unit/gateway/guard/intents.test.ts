import { describe, expect, it } from 'vitest';
import type { Intent, PlanStep } from '../../../../gateway/contracts/values/plan.ts';
import { Intents, isIntent, running, supersedes } from '../../../../gateway/guard/intents.ts';
import { steps } from './bench/timeline.ts';

const intent: Intent = {
  v: 1,
  agentEpoch: 2,
  sequence: 5,
  issuedAtMs: 1_000,
  expiresAtMs: 2_000,
  cloudConnected: true,
  clockTrusted: true,
  plan: [{ fromMs: 0, durationMs: 900_000, terminals: [steps({})], expectGridW: 0, why: 'x' }],
  positions: [{ fromMs: 0, durationMs: 900_000, soldWh: -10 }],
};

const byNeed: NonNullable<PlanStep['byNeed']> = {
  ...{ needW: [-900, 400], buyToPct: [0, 0], storeToPct: [60, 100] },
  ...{ coverToPct: [0, 35], sellToPct: [80, 100] },
};

describe('an intent of the agent process', () => {
  it('is looked at before it counts', () => {
    expect(isIntent(intent)).toBe(true);
    const step = intent.plan[0];
    expect(isIntent({ ...intent, plan: [{ ...step, byNeed }] })).toBe(true);
    const many = Array.from({ length: 65 }, (_, n) => n);
    const long = { ...byNeed, needW: many, buyToPct: many, storeToPct: many };
    const odd: unknown[] = [
      undefined,
      'plan',
      { ...intent, v: 2 },
      { ...intent, expiresAtMs: Number.NaN },
      { ...intent, cloudConnected: 1 },
      { ...intent, plan: 'none' },
      { ...intent, plan: [null] },
      { ...intent, plan: [{ ...step, terminals: [{ ...steps({}), minW: null }] }] },
      { ...intent, plan: [{ ...step, terminals: [null] }] },
      { ...intent, plan: [{ ...step, terminals: [{ ...steps({}), levels: { buyToPct: 5 } }] }] },
      { ...intent, plan: [{ ...step, terminals: [{ ...steps({}), levels: null }] }] },
      { ...intent, plan: [{ ...step, mostImportW: null }] },
      { ...intent, plan: [{ ...step, mostExportW: '0' }] },
      { ...intent, plan: [{ ...step, rises: null }] },
      { ...intent, plan: [{ ...step, rises: [null] }] },
      { ...intent, plan: [{ ...step, rises: [{ aboveW: 4_000 }] }] },
      { ...intent, plan: [{ ...step, byNeed: null }] },
      { ...intent, plan: [{ ...step, byNeed: {} }] },
      { ...intent, plan: [{ ...step, byNeed: { ...byNeed, needW: [-900] } }] },
      { ...intent, plan: [{ ...step, byNeed: { ...byNeed, sellToPct: [80, null] } }] },
      { ...intent, plan: [{ ...step, byNeed: { ...long, coverToPct: many, sellToPct: many } }] },
      { ...intent, plan: [{ ...step, whys: { buy: 3 } }] },
      { ...intent, plan: [{ ...step, why: 3 }] },
      { ...intent, plan: Array.from({ length: 401 }, () => step) },
      { ...intent, positions: [{ fromMs: 0, durationMs: 1, soldWh: '5' }] },
      { ...intent, positions: undefined },
    ];
    for (const one of odd) expect(isIntent(one)).toBe(false);
  });

  it('a newer one counts, never one of an older agent', () => {
    expect(supersedes(intent, undefined)).toBe(true);
    expect(supersedes({ ...intent, sequence: 6 }, intent)).toBe(true);
    expect(supersedes(intent, intent)).toBe(false);
    expect(supersedes({ ...intent, agentEpoch: 3, sequence: 1 }, intent)).toBe(true);
    expect(supersedes({ ...intent, agentEpoch: 1, sequence: 99 }, intent)).toBe(false);
  });

  it('that is refused is told, the same of the same agent once', () => {
    const intents = new Intents();
    expect(intents.take(intent)).toBe(undefined);
    const older = { ...intent, agentEpoch: 1, sequence: 99 };
    const text = 'An intent was refused: an agent of epoch 2 runs, it is of epoch 1';
    expect([intents.take(older), intents.take(older)]).toEqual([text, undefined]);
    expect(intents.take(intent)).toBe('An intent was refused: number 5 was there before number 5');
    expect(intents.take({ v: 2 })).toMatch(/malformed/);
    expect(intents.held).toBe(intent);
  });

  it('ends with its expiry', () => {
    expect(running(intent, 1_999)).toBe(intent);
    expect(running(intent, 2_000)).toBeUndefined();
    expect(running(undefined, 0)).toBeUndefined();
  });
});
