import { describe, expect, it } from 'vitest';
import { planSteps } from '../../../../../gateway/agents/planning/execute.ts';
import type { PlanProblem } from '../../../../../gateway/agents/planning/problem.ts';
import type { Outlook, OutlookStep } from '../../../../../gateway/contracts/values/outlook.ts';

const NOON = Date.UTC(2026, 5, 15, 10);
const words = { timeZone: 'Europe/Berlin', currency: 'EUR' };

const problem: PlanProblem = {
  issuedAtMs: NOON,
  steps: [0, 1].map((t) => ({
    fromMs: NOON + t * 900_000,
    durationMs: 900_000,
    loadW: 5_000,
    marginW: 0,
    importNanoPerWh: 300_000,
    exportNanoPerWh: 80_000,
    importLimitW: 50_000,
    exportLimitW: 50_000,
    softImportW: Number.POSITIVE_INFINITY,
    soldWh: 0,
  })),
  sources: [{ terminal: 'pv1', powerW: [0, 0], curtailable: true, converter: undefined }],
  storages: [
    {
      terminal: 'battery1',
      usableWh: 20_000,
      nowWh: 10_000,
      minWh: 1_000,
      maxWh: 19_000,
      chargeMaxW: 8_000,
      dischargeMaxW: 9_000,
      chargeShare: 0.95,
      dischargeShare: 0.95,
      wearNanoPerWh: 10_000,
      endNanoPerWh: 0,
      converter: undefined,
    },
  ],
  switched: [],
  cars: [],
  converters: [],
  demand: undefined,
};

function outlook(now: Partial<OutlookStep>, more: Partial<Outlook> = {}): Outlook {
  const idle: OutlookStep = {
    fromMs: NOON,
    durationMs: 900_000,
    pvW: 0,
    curtailedW: 0,
    loadW: -5_000,
    flexW: 0,
    batteryW: 0,
    gridW: 5_000,
    terminals: {},
    socWh: { battery1: 10_000 },
    worthNanoPerWh: { battery1: 200_000 },
    importNanoPerWh: 300_000,
    exportNanoPerWh: 80_000,
  };
  const later = { ...idle, fromMs: NOON + 900_000, batteryW: 5_000, importNanoPerWh: 434_000 };
  const terminals = { battery1: now.batteryW ?? 0 };
  return {
    issuedAtMs: NOON,
    source: 'optimal',
    detail: '',
    costNano: 0,
    rulesNano: 0,
    peakW: 0,
    steps: [{ ...idle, terminals, ...now }, later],
    ...more,
  };
}

const first = (now: Partial<OutlookStep>, more: Partial<Outlook> = {}, of = problem) =>
  planSteps(of, outlook(now, more), words, 2)[0];

describe('execution in the sense of the plan', () => {
  it('buys for the store at a fixed power, and says what it saves', () => {
    const step = first({ batteryW: -8_000, gridW: 13_000, importNanoPerWh: 186_000 });
    expect(step?.terminals[0]).toMatchObject({ follow: 'fixed', powerW: -8_000, minW: -8_000 });
    expect(step?.why).toBe('power costs 18.6\u202fct now and 43.4\u202fct at 12:15');
  });

  it('sells from the store at a fixed power', () => {
    const step = first({ batteryW: 9_000, gridW: -4_000, exportNanoPerWh: 500_000 });
    expect(step?.terminals[0]).toMatchObject({ follow: 'fixed', powerW: 9_000 });
    expect(step?.why).toMatch(/^it earns 50\.0/);
  });

  it('follows the meter to take a surplus as it comes, and covers what is worth covering', () => {
    const step = first({ pvW: 9_000, batteryW: -4_000, gridW: 0 });
    expect(step?.terminals[0]).toMatchObject({ follow: 'self', minW: -8_000, maxW: 9_000 });
  });

  it('keeps the store shut where its energy is worth more later', () => {
    const step = first({ worthNanoPerWh: { battery1: 400_000 } });
    expect(step?.terminals[0]).toMatchObject({ follow: 'self', minW: -8_000, maxW: 0 });
    expect(step?.why).toBe('what is stored is kept for 43.4\u202fct at 12:15');
  });

  it('lets the sun be sold where that is worth more than storing it', () => {
    const step = first({
      pvW: 12_000,
      gridW: -7_000,
      exportNanoPerWh: 290_000,
      worthNanoPerWh: { battery1: 100_000 },
    });
    expect(step?.terminals[0]).toMatchObject({ follow: 'self', minW: 0, maxW: 9_000 });
  });

  it('holds the connection where the demand charge binds', () => {
    const withDemand = { ...problem, demand: { nanoPerW: 9_000_000, soFarW: 0 } };
    const step = first({ batteryW: 2_000, gridW: 3_000 }, { peakW: 3_000 }, withDemand);
    expect(step?.terminals[0]).toMatchObject({
      follow: 'grid',
      gridW: 3_000,
      minW: 0,
      maxW: 9_000,
    });
    expect(step?.why).toMatch(/highest demand stays at 3\.0/);
  });

  it('by the rules, only follows the meter, and says why there is no plan', () => {
    const step = first(
      { batteryW: 5_000, gridW: 0 },
      { source: 'rules', detail: 'no plan: failed' },
    );
    expect(step?.terminals[0]).toMatchObject({ follow: 'self', minW: -8_000, maxW: 9_000 });
    expect(step?.why).toContain('no plan: failed');
  });

  it('limits production only where selling costs money', () => {
    const held = { curtailedW: 4_000, terminals: { battery1: 0, pv1: 2_000 } };
    expect(first({ ...held, exportNanoPerWh: 1_000 })?.terminals).toHaveLength(1);
    expect(first({ ...held, exportNanoPerWh: -1_000 })?.terminals[1]).toMatchObject({
      terminal: 'pv1',
      follow: 'limit',
      powerW: 2_000,
    });
  });

  it('switches loads whole, and lets a car follow the sun where it was planned on the sun', () => {
    const flexible: PlanProblem = {
      ...problem,
      switched: [{ terminal: 'c1', powerW: 15_000, minRunSteps: 1, minRestSteps: 1, quotas: [] }],
      cars: [{ terminal: 'ev1', minW: 4_140, maxW: 11_040, needWh: 0, untilStep: 2 }],
    };
    const terminals = { battery1: 0, c1: -15_000, ev1: -6_000 };
    const onSun = first({ terminals, gridW: -500 }, {}, flexible);
    expect(onSun?.terminals.map((one) => one.follow)).toEqual(['self', 'on', 'self']);
    const fromGrid = first({ terminals: { ...terminals, c1: 0 }, gridW: 9_000 }, {}, flexible);
    expect(fromGrid?.terminals.map((one) => [one.follow, one.powerW])).toEqual([
      ['self', 0],
      ['off', 0],
      ['fixed', -6_000],
    ]);
  });
});
