import { expect, test } from 'vitest';
import { withTraps } from '../../../../simulators/cli/traps.ts';
import { linesOf } from '../../../../simulators/cli/violations.ts';
import { FAULT_KINDS, specOf } from '../../../../simulators/world/fault-kinds.ts';
import { faultText, parseFaults, planFaults } from '../../../../simulators/world/faults.ts';
import { type Span, shrink, shrinkSpan } from '../../../../simulators/world/shrink.ts';
import { startOf } from '../../../../simulators/world/variety.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

test('plans faults that end before the run does, the same for one seed', () => {
  const faults = planFaults(3, 2, DAY_MS);
  expect(faults.length).toBeGreaterThan(60);
  for (const { atMs, forMs } of faults) expect(atMs + forMs).toBeLessThanOrEqual(DAY_MS);
  expect(planFaults(3, 2, DAY_MS)).toEqual(faults);
});

test('every kind comes, and names its fault of the matrix', () => {
  const kinds = new Set(planFaults(1, 3, 60 * DAY_MS).map(({ kind }) => kind));
  expect([...kinds].sort()).toEqual([...FAULT_KINDS].sort());
  for (const kind of FAULT_KINDS) {
    const { faultIds } = specOf(kind);
    expect(faultIds.length).toBeGreaterThan(0);
    for (const id of faultIds) expect(Number(id) >= 1 && Number(id) <= 72).toBe(true);
  }
});

test('a list of faults reads back as it was printed', () => {
  const faults = planFaults(5, 3, 30 * DAY_MS); // every kind
  expect(parseFaults(faults.map(faultText).join(';'))).toEqual(faults);
  expect(() => parseFaults('rain@1+1/0:0')).toThrow("'rain@1+1/0:0' is no fault");
});

test('the rule of a fault that the end of a run shortens ends with it', () => {
  const runs = Array.from({ length: 40 }, (_, seed) => planFaults(seed, 3, HOUR_MS)).flat();
  const rules = runs.flatMap(({ line, forMs }) => {
    const ruleForMs = / for (\d+)ms$/.exec(line)?.[1];
    return ruleForMs === undefined ? [] : [[Number(ruleForMs), forMs]];
  });
  expect(rules.length).toBeGreaterThan(50);
  for (const [ruleForMs, forMs] of rules) expect(ruleForMs).toBe(forMs);
  const last = 'device-busy@781462+58538/0:39=exception 6 chance 0.16 for 115751ms';
  expect(() => parseFaults(last)).toThrow('stands for 58538 ms and its rule for 115751 ms');
});

test('a fault by hand that could mean nothing is refused', () => {
  const run = { sites: 2, days: 0.5 };
  const parse = (text: string) => () => parseFaults(text, run);
  expect(parse('wire-drop@43199999+1000/1:0=drop')()).toHaveLength(1);
  expect(parse('wire-drop@1+1/2:0=drop')).toThrow('is of site 2; the last site is 1');
  expect(parse('wire-drop@43200000+1/0:0=drop')).toThrow('comes after the end');
  for (const kind of ['clock-jump', 'soc-jump', 'solver-bad', 'scale-flips']) {
    expect(parse(`${kind}@1+1/0:0=frob`)).toThrow(`'frob' says nothing to ${kind}`);
  }
  expect(parse('price-odd@1+1/0:0')).toThrow("'' says nothing to price-odd");
});

test('violations that repeat themselves are one line, with how often and until when', () => {
  const one = { seed: 6, rule: 'S5', site: 'sunfield', what: 'no timer' } as const;
  const lines = linesOf([
    { ...one, atMs: 0 },
    { ...one, atMs: 1_000, rule: 'S1' },
    { ...one, atMs: 61_000 },
  ]);
  expect(lines).toEqual([
    'seed 6: S5 sunfield 1970-01-01T00:00:00.000Z: no timer ' +
      '(2 times until 1970-01-01T00:01:01.000Z)',
    'seed 6: S1 sunfield 1970-01-01T00:00:01.000Z: no timer',
  ]);
});

test('shrinking finds the two faults that it takes', async () => {
  const faults = planFaults(7, 1, DAY_MS);
  const needed = [faults[4], faults[19]];
  let runs = 0;
  const least = await shrink(
    faults,
    async (some) => {
      runs += 1;
      return needed.every((one) => one !== undefined && some.includes(one));
    },
    200,
  );
  expect(least).toEqual(needed);
  expect(runs).toBeLessThanOrEqual(200);
  expect(await shrink(faults, async () => true)).toEqual([]);
});

test('shrinking finds the short day that it takes', async () => {
  const [fault] = planFaults(7, 1, DAY_MS).filter(({ atMs }) => atMs > DAY_MS / 2);
  if (fault === undefined) throw new Error('no fault in the afternoon');
  const span = { startMs: 0, days: 1, faults: [fault] };
  const wrongMs = fault.atMs + 60_000;
  const wrong = async ({ startMs, days, faults }: Span): Promise<number | undefined> => {
    const atMs = wrongMs - startMs;
    return faults.length > 0 && atMs > 0 && atMs < days * DAY_MS ? atMs : undefined;
  };
  const least = await shrinkSpan(span, wrong);
  expect(least.days).toBe(0.02);
  expect(least.startMs % 900_000).toBe(0);
  expect(least.startMs + (least.faults[0]?.atMs ?? 0)).toBe(fault.atMs);
  expect(await wrong(least)).toBeGreaterThan(0);
  // One that needs its whole day keeps it.
  const whole = async ({ startMs, days }: Span) =>
    startMs === 0 && days === 1 ? DAY_MS - 1 : undefined;
  expect(await shrinkSpan(span, whole)).toEqual(span);
});

test('a seed in eight begins in the hours before clocks change', () => {
  const changes = [Date.UTC(2027, 2, 28, 1), Date.UTC(2027, 9, 31, 1)];
  const before = (startMs: number): boolean =>
    changes.some((atMs) => atMs > startMs && atMs - startMs <= 4 * HOUR_MS);
  const starts = Array.from({ length: 400 }, (_, seed) => startOf(seed));
  expect(starts.filter(before).length).toBeGreaterThan(25);
  expect(starts.every((startMs) => startMs % 900_000 === 0)).toBe(true);
});

test('a run that reaches for real time, chance or the network fails', async () => {
  const reach = (what: () => unknown) => withTraps(async () => void (await what()));
  const real: readonly (() => unknown)[] = [
    () => setTimeout(() => undefined, 1),
    () => Math.random(),
    () => fetch('http://127.0.0.1:1'),
    async () => (await import('node:net')).connect(1),
    async () => (await import('node:fs')).readFileSync('/dev/null'),
  ];
  const still = withTraps(async () => [Date.now(), performance.now()]);
  expect(await still).toEqual([0, 0]);
  for (const what of real) await expect(reach(what)).rejects.toThrow('in the virtual world');
  expect(Date.now()).toBeGreaterThan(0);
});
