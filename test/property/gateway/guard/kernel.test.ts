import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type Facts,
  type Memory,
  NEW_MEMORY,
  type Proposal,
  type TerminalLimits,
} from '../../../../gateway/guard/safety/facts.ts';
import { judge } from '../../../../gateway/guard/safety/verdict.ts';
import {
  battery,
  calm,
  charger,
  grid,
  pump,
  pv,
} from '../../../unit/gateway/guard/safety/given.ts';

/** Any number that a broken caller could hand over. */
const anyW = fc.oneof(
  fc.double({ min: -60_000, max: 60_000, noNaN: true }),
  fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 1e300),
);
const someW = fc.double({ min: -30_000, max: 30_000, noNaN: true });
const ageMs = fc.oneof(
  fc.double({ min: 0, max: 12_000, noNaN: true }),
  fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY),
);
const pct = fc.oneof(fc.double({ min: -1, max: 101, noNaN: true }), fc.constant(Number.NaN));
const maybeW = fc.option(
  fc.oneof(fc.double({ min: -10, max: 20_000, noNaN: true }), fc.constant(Number.NaN)),
  {
    nil: undefined,
  },
);

const all: readonly TerminalLimits[] = [
  { ...battery, slewWPerS: 2_000 },
  { ...battery, terminal: 'battery2', minPowerW: 200, safe: { kind: 'zero' } },
  pv,
  charger,
  pump,
];

const terminalFacts = fc.record({
  ageMs: fc.oneof(fc.constant(500), ageMs),
  alignedW: fc.oneof(someW, fc.constant(Number.NaN)),
  toldW: fc.option(fc.oneof(someW, fc.constant(Number.NaN)), { nil: undefined }),
  socLowPct: pct,
  socHighPct: pct,
  temperatureC: fc.option(fc.double({ min: -20, max: 50 }), { nil: undefined }),
  chargeMaxW: maybeW,
  dischargeMaxW: maybeW,
  ratedW: maybeW,
  shareInW: maybeW,
  shareOutW: maybeW,
  commissioned: fc.boolean(),
});

const facts: fc.Arbitrary<Facts> = fc.record({
  nowMs: fc.constant(1_000_000),
  freshMs: fc.constant(5_000),
  safeAfterMs: fc.constant(8_000),
  bootId: fc.constant('boot'),
  agentEpoch: fc.constant(1),
  islanded: fc.boolean(),
  observing: fc.boolean(),
  connections: fc.record({
    grid: fc.record({
      ageMs: fc.oneof(fc.constant(500), ageMs),
      gridW: fc.oneof(someW, fc.constant(Number.NaN)),
      importLimitW: fc.double({ min: -1, max: 40_000 }),
      exportLimitW: fc.double({ min: -1, max: 40_000 }),
    }),
  }),
  circuits: fc.array(
    fc.record({
      importW: fc.oneof(someW, fc.constant(Number.NaN)),
      exportW: fc.oneof(someW, fc.constant(Number.NaN)),
      measured: fc.boolean(),
      importLimitW: fc.double({ min: -1, max: 40_000 }),
      exportLimitW: fc.double({ min: -1, max: 40_000 }),
      shares: fc.record(
        Object.fromEntries(
          all.map(({ terminal }) => [terminal, fc.constantFrom(0, 1 / 3, 1, 3, -1, Number.NaN)]),
        ),
      ),
    }),
    { maxLength: 3 },
  ),
  terminals: fc.record(Object.fromEntries(all.map(({ terminal }) => [terminal, terminalFacts]))),
});

const proposals: fc.Arbitrary<Proposal[]> = fc.array(
  fc.record({
    terminal: fc.constantFrom(...all.map(({ terminal }) => terminal), 'nobody'),
    powerW: fc.option(anyW, { nil: undefined }),
    code: fc.constant('PLAN'),
    bootId: fc.constantFrom('boot', 'boot', 'boot', 'other'),
    agentEpoch: fc.constantFrom(1, 2, 0),
  }),
);

const memory: fc.Arbitrary<Memory> = fc.record(
  Object.fromEntries(
    all.map(({ terminal, kind }) => [
      terminal,
      fc.record({
        powerW: fc.option(
          kind === 'setpoint'
            ? fc.double({ min: -10_000, max: 10_000 })
            : fc.constantFrom(0, Number.NaN),
          { nil: undefined },
        ),
        atMs: fc.constantFrom(999_000, Number.NaN),
        direction: fc.constantFrom(-1 as const, 0 as const, 1 as const),
        turnedAtMs: fc.constantFrom(990_000, 900_000, Number.NEGATIVE_INFINITY),
        on: fc.boolean(),
        switchedAtMs: fc.constantFrom(990_000, 900_000),
      }),
    ]),
  ),
);

const runs = { numRuns: 3_000 };

test('whatever is proposed, a verdict is a number inside nameplate, BMS and charge bounds', () => {
  fc.assert(
    fc.property(memory, facts, proposals, (before, now, wishes) => {
      const { verdicts } = judge(before, all, now, wishes);
      for (const { terminal, kind, powerW, currentA } of verdicts) {
        const limits = all.find((one) => one.terminal === terminal);
        const seen = now.terminals[terminal];
        if (limits === undefined || seen === undefined) throw new Error('a verdict for nobody');
        expect(Number.isFinite(powerW) && Number.isFinite(currentA)).toBe(true);
        if (kind === 'release') continue;
        expect(kind).toBe(limits.kind);
        expect(powerW <= limits.ratedInW && powerW >= -limits.ratedOutW).toBe(true);
        if (kind === 'steps') {
          expect(limits.steps.some((s) => s.currentA === currentA && s.powerW === -powerW)).toBe(
            true,
          );
        }
        if (kind === 'on-off') expect([0, -limits.ratedOutW]).toContain(powerW);
        if (kind === 'limit') expect(powerW >= 0).toBe(true);
        if (kind !== 'setpoint') continue;
        if (powerW > 0) {
          expect(seen.socLowPct > 20).toBe(true);
          for (const capW of [seen.dischargeMaxW, seen.ratedW, seen.shareInW]) {
            expect(capW === undefined || powerW <= capW).toBe(true);
          }
        }
        if (powerW < 0) {
          expect(seen.socHighPct < 95).toBe(true);
          expect(seen.temperatureC === undefined || seen.temperatureC >= 2).toBe(true);
          for (const capW of [seen.chargeMaxW, seen.ratedW, seen.shareOutW]) {
            expect(capW === undefined || -powerW <= capW).toBe(true);
          }
        }
      }
    }),
    runs,
  );
});

test('what may not be written is not, and what is too old is in its safe state', () => {
  fc.assert(
    fc.property(memory, facts, proposals, (before, now, wishes) => {
      const { verdicts } = judge(before, all, now, wishes);
      if (now.observing) expect(verdicts).toEqual([]);
      for (const { terminal, kind, code } of verdicts) {
        const seen = now.terminals[terminal];
        const meter = now.connections['grid'];
        expect(seen?.commissioned).toBe(true);
        if (now.islanded) expect(kind).toBe('release');
        else if (!((seen?.ageMs ?? NaN) <= 8_000) || !((meter?.ageMs ?? NaN) <= 8_000)) {
          expect(code).toBe('SAFE_STATE');
        }
      }
    }),
    runs,
  );
});

test('a connection stays inside wherever anything controllable can keep it there', () => {
  const own = [battery, pv];
  fc.assert(
    fc.property(
      fc.record({
        batteryW: someW.map((w) => w / 3),
        pvW: fc.double({ min: 0, max: 30_000, noNaN: true }),
      }),
      fc.double({ min: -40_000, max: 0, noNaN: true }), // load
      fc.record({
        importLimitW: fc.double({ min: 0, max: 50_000, noNaN: true }),
        exportLimitW: fc.double({ min: 0, max: 50_000, noNaN: true }),
      }),
      anyW,
      (now, loadW, limit, wishW) => {
        const gridW = -(now.batteryW + now.pvW + loadW);
        const { verdicts } = judge(
          {},
          own,
          {
            nowMs: 1_000_000,
            freshMs: 5_000,
            safeAfterMs: 8_000,
            bootId: 'boot',
            agentEpoch: 0,
            islanded: false,
            observing: false,
            connections: { grid: { ...grid, ...limit, gridW } },
            circuits: [],
            terminals: {
              battery1: { ...calm, alignedW: now.batteryW },
              pv1: { ...calm, alignedW: now.pvW },
            },
          },
          [
            { terminal: 'battery1', powerW: wishW, code: 'PLAN', bootId: 'boot', agentEpoch: 0 },
            { terminal: 'pv1', powerW: undefined, code: 'PLAN', bootId: 'boot', agentEpoch: 0 },
          ],
        );
        const battery1 = verdicts.find(({ terminal }) => terminal === 'battery1');
        const pv1 = verdicts.find(({ terminal }) => terminal === 'pv1');
        if (battery1?.kind !== 'setpoint') return;
        const sunW = pv1?.kind === 'limit' ? Math.min(now.pvW, pv1.powerW) : now.pvW;
        const nextW = -(battery1.powerW + sunW + loadW);
        const reachable = -loadW - now.pvW - 10_000 <= limit.importLimitW;
        if (reachable) expect(nextW).toBeLessThanOrEqual(limit.importLimitW + 3);
        expect(nextW).toBeGreaterThanOrEqual(-limit.exportLimitW - 3);
      },
    ),
    runs,
  );
});

test('a wish neither turns a battery before its rest nor moves it too fast', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: -10_000, max: 10_000, noNaN: true }), {
        minLength: 2,
        maxLength: 80,
      }),
      (wishes) => {
        const limits = [{ ...battery, slewWPerS: 3_000 }];
        let memory: Memory = { battery1: NEW_MEMORY };
        let lastW = 0;
        let turnedAtMs = Number.NEGATIVE_INFINITY;
        let direction = 0;
        wishes.forEach((powerW, index) => {
          const nowMs = 1_000 * (index + 1);
          const result = judge(
            memory,
            limits,
            {
              nowMs,
              freshMs: 5_000,
              safeAfterMs: 8_000,
              bootId: 'boot',
              agentEpoch: 0,
              islanded: false,
              observing: false,
              connections: { grid },
              circuits: [],
              terminals: { battery1: { ...calm, alignedW: lastW } },
            },
            [{ terminal: 'battery1', powerW, code: 'PLAN', bootId: 'boot', agentEpoch: 0 }],
          );
          memory = result.memory;
          const next = result.verdicts[0]?.powerW ?? Number.NaN;
          expect(Math.abs(next - lastW)).toBeLessThanOrEqual(3_000.001);
          const sign = Math.abs(next) <= 100 ? 0 : Math.sign(next);
          if (sign !== 0 && direction !== 0 && sign !== direction) {
            expect(nowMs - turnedAtMs).toBeGreaterThanOrEqual(30_000);
          }
          if (sign !== 0 && sign !== direction) {
            turnedAtMs = nowMs;
            direction = sign;
          }
          lastW = next;
        });
      },
    ),
    { numRuns: 300 },
  );
});

test('of another boot or an older agent: as if nothing had been proposed', () => {
  fc.assert(
    fc.property(memory, facts, proposals, (before, now, wishes) => {
      const stale = wishes.map((one) => ({ ...one, bootId: 'before', agentEpoch: 0 }));
      expect(judge(before, all, now, stale).verdicts).toEqual(judge(before, all, now, []).verdicts);
    }),
    { numRuns: 500 },
  );
});

test('a circuit stays inside wherever anything controllable can keep it there', () => {
  const own: readonly TerminalLimits[] = [battery, { ...battery, terminal: 'battery2' }];
  const share = fc.constantFrom(1 / 3, 1);
  fc.assert(
    fc.property(
      fc.record({ flowW: someW, limitW: fc.double({ min: 0, max: 20_000, noNaN: true }) }),
      fc.record({ battery1: share, battery2: share }),
      fc.array(anyW, { minLength: 2, maxLength: 2 }),
      someW,
      ({ flowW, limitW }, shares, [one = 0, two = 0], gridW) => {
        const limits = { importLimitW: limitW, exportLimitW: limitW };
        const circuit = { importW: flowW, exportW: -flowW, measured: true, ...limits, shares };
        const { verdicts } = judge(
          {},
          own,
          {
            ...{ nowMs: 1_000_000, freshMs: 5_000, safeAfterMs: 8_000, bootId: 'boot' },
            ...{ agentEpoch: 0, islanded: false, observing: false },
            connections: { grid: { ...grid, gridW, importLimitW: 5_000, exportLimitW: 5_000 } },
            circuits: [circuit],
            terminals: { battery1: calm, battery2: calm },
          },
          [one, two].map((powerW, n) => ({
            ...{ terminal: `battery${n + 1}`, powerW, code: 'PLAN', bootId: 'boot' },
            agentEpoch: 0,
          })),
        );
        const powerOf = (name: 'battery1' | 'battery2'): number => {
          const found = verdicts.find(({ terminal }) => terminal === name);
          return found?.kind === 'setpoint' ? found.powerW : 0;
        };
        if (verdicts.some(({ kind }) => kind === 'release')) return;
        const helpW = shares.battery1 * powerOf('battery1') + shares.battery2 * powerOf('battery2');
        const most = 10_000 * (shares.battery1 + shares.battery2);
        if (flowW - most <= limitW) expect(flowW - helpW).toBeLessThanOrEqual(limitW + 3);
        if (-flowW - most <= limitW) expect(helpW - flowW).toBeLessThanOrEqual(limitW + 3);
      },
    ),
    runs,
  );
});

test('protection waits for no rest and no slew', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 200, max: 10_000, noNaN: true }),
      fc.double({ min: 0, max: 9_000, noNaN: true }),
      (heldW, capW) => {
        const limits = [{ ...battery, slewWPerS: 100 }];
        const last = { ...NEW_MEMORY, powerW: heldW, atMs: 999_000 };
        const before = { battery1: { ...last, direction: 1 as const, turnedAtMs: 999_000 } };
        const now = (gridW: number, dischargeMaxW?: number): number => {
          const { verdicts } = judge(
            before,
            limits,
            {
              ...{ nowMs: 1_000_000, freshMs: 5_000, safeAfterMs: 8_000, bootId: 'boot' },
              ...{ agentEpoch: 0, islanded: false, observing: false, circuits: [] },
              connections: { grid: { ...grid, gridW, exportLimitW: 0 } },
              terminals: { battery1: { ...calm, alignedW: heldW, dischargeMaxW } },
            },
            [{ terminal: 'battery1', powerW: heldW, code: 'PLAN', bootId: 'boot', agentEpoch: 0 }],
          );
          return verdicts[0]?.powerW ?? Number.NaN;
        };
        expect(now(0, capW)).toBeLessThanOrEqual(capW);
        // Export of more than it discharges: at once it charges, although it has just turned.
        expect(now(-heldW - 3_000)).toBeLessThanOrEqual(-2_999);
      },
    ),
    { numRuns: 500 },
  );
});
