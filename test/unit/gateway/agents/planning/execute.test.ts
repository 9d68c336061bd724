import { describe, expect, it } from 'vitest';
import { planSteps } from '../../../../../gateway/agents/planning/execute.ts';
import type { PlanProblem } from '../../../../../gateway/agents/planning/problem.ts';
import type { Outlook, OutlookStep } from '../../../../../gateway/contracts/values/outlook.ts';
import type { SocLevels } from '../../../../../gateway/contracts/values/plan.ts';

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

const LEVELS = {
  ...{ leastPct: 5, buyToPct: 5, storeToPct: 95, coverToPct: 5, sellToPct: 95 },
  worthNanoPerWh: 241_000,
};

/** The first step of a plan that is led by levels. */
const first = (
  now: Partial<OutlookStep>,
  of: Partial<SocLevels> = {},
  more: Partial<Outlook> = {},
  on = problem,
) =>
  planSteps(on, outlook({ levels: { battery1: { ...LEVELS, ...of } }, ...now }, more), words, 2)[0];

describe('the steps of a plan', () => {
  it('carry the levels of the battery, its powers, and what it is expected to do', () => {
    const step = first({ batteryW: 5_000, gridW: 0 }, { coverToPct: 20 });
    expect(step?.terminals[0]).toEqual({
      ...{ terminal: 'battery1', follow: 'levels', powerW: 5_000, gridW: 0 },
      ...{ minW: -8_000, maxW: 9_000, levels: { ...LEVELS, coverToPct: 20 } },
    });
    expect(step).not.toHaveProperty('mostImportW');
    expect(step).not.toHaveProperty('mostExportW');
  });

  it('say why for each act, and the one that is expected first', () => {
    const bought = first({ batteryW: -8_000, gridW: 13_000, importNanoPerWh: 186_000 });
    expect(bought?.why).toBe('power costs 18.6\u202fct now and 43.4\u202fct at 12:15');
    expect(first({ batteryW: 9_000, gridW: -4_000, exportNanoPerWh: 500_000 })?.why).toMatch(
      /^it earns 50\.0/,
    );
    const sunny = first({ pvW: 9_000, loadW: -5_000, batteryW: -4_000, gridW: 0 });
    expect(sunny?.why).toMatch(/^the sun's surplus earns 8\.0/);
    expect(sunny?.whys?.cover).toBe('every kWh bought now costs 30.0\u202fct');
    const kept = first({ gridW: 5_000 }, { coverToPct: 60 });
    expect(kept?.why).toBe('what is stored is kept for 43.4\u202fct at 12:15');
    expect(first({ gridW: 5_000 })?.why).toBe('the battery has nothing to gain now');
  });

  it('name the import that batteries keep, and that they do it for the highest demand', () => {
    const step = first({ batteryW: 2_000, gridW: 3_000, mostImportW: 3_000 });
    expect(step?.mostImportW).toBe(3_000);
    expect(step?.why).toMatch(/highest demand stays at 3\.0/);
  });

  it('take what was sold for the step as the middle, whatever is left of its time', () => {
    const [now, ...later] = problem.steps;
    if (now === undefined) throw new Error('no step');
    const sold = { ...problem, steps: [{ ...now, durationMs: 300_000, soldWh: 500 }, ...later] };
    expect(first({}, {}, {}, sold)?.terminals[0]?.gridW).toBe(-6_000);
    const costly = first({ exportNanoPerWh: -1_000 }, {}, {}, sold);
    expect(costly?.mostExportW).toBe(6_000);
  });

  it('without levels only follow the meter, and say why there is no plan', () => {
    const [step] = planSteps(
      problem,
      outlook({ batteryW: 5_000, gridW: 0 }, { source: 'rules', detail: 'no plan: failed' }),
      words,
      2,
    );
    expect(step?.terminals[0]).toMatchObject({ follow: 'self', minW: -8_000, maxW: 9_000 });
    expect(step?.why).toContain('no plan: failed');
  });

  it('let no sun be sold where that costs, and hold it back where using power is paid', () => {
    const held = { curtailedW: 4_000, terminals: { battery1: 0, pv1: 2_000 } };
    expect(first({ ...held, exportNanoPerWh: 1_000 })?.mostExportW).toBe(undefined);
    const costly = first({ ...held, exportNanoPerWh: -1_000 });
    expect(costly?.mostExportW).toBe(0);
    expect(costly?.terminals).toHaveLength(1);
    expect(costly?.whys?.spare).toBe('selling costs 0.1\u202fct now');
    const paid = first({ ...held, exportNanoPerWh: -9_000, importNanoPerWh: -1_000 });
    expect(paid?.terminals[1]).toMatchObject({ terminal: 'pv1', follow: 'limit', powerW: 2_000 });
  });

  it('switch loads whole, and let a car follow the sun where it was planned on the sun', () => {
    const flexible: PlanProblem = {
      ...problem,
      switched: [{ terminal: 'c1', powerW: 15_000, minRunSteps: 1, minRestSteps: 1, quotas: [] }],
      cars: [{ terminal: 'ev1', minW: 4_140, maxW: 11_040, needWh: 0, untilStep: 2 }],
    };
    const terminals = { battery1: 0, c1: -15_000, ev1: -6_000 };
    const onSun = first({ terminals, gridW: -500 }, {}, {}, flexible);
    expect(onSun?.terminals.map((one) => one.follow)).toEqual(['levels', 'on', 'self']);
    const fromGrid = first({ terminals: { ...terminals, c1: 0 }, gridW: 9_000 }, {}, {}, flexible);
    expect(fromGrid?.terminals.map((one) => [one.follow, one.powerW])).toEqual([
      ['levels', 0],
      ['off', 0],
      ['fixed', -6_000],
    ]);
  });
});
