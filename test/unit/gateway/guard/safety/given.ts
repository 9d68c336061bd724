import {
  type ConnectionFacts,
  type Facts,
  type Memory,
  NEW_MEMORY,
  type Proposal,
  type TerminalFacts,
  type TerminalLimits,
} from '../../../../../gateway/guard/safety/facts.ts';
import { judge } from '../../../../../gateway/guard/safety/verdict.ts';

/** A battery of 10 kW each way behind a connection of 100 kW, all fresh, half full. */
export const battery: TerminalLimits = {
  terminal: 'battery1',
  connection: 'grid',
  kind: 'setpoint',
  ratedInW: 10_000,
  ratedOutW: 10_000,
  minPowerW: 0,
  steps: [],
  priority: 1,
  slewWPerS: Number.POSITIVE_INFINITY,
  directionRestMs: 30_000,
  minRunMs: 0,
  minRestMs: 0,
  store: { socMinPct: 10, socMaxPct: 95, reservePct: 20, chargeMinC: 2 },
  safe: { kind: 'own-mode' },
};

export const pv: TerminalLimits = {
  ...battery,
  terminal: 'pv1',
  kind: 'limit',
  ratedInW: 30_000,
  ratedOutW: 0,
  store: undefined,
};

export const charger: TerminalLimits = {
  ...battery,
  terminal: 'ev1',
  kind: 'steps',
  ratedInW: 0,
  ratedOutW: 11_040,
  priority: 3,
  steps: [0, 6, 10, 16].map((currentA) => ({ currentA, powerW: currentA * 690 })),
  store: undefined,
  minRunMs: 60_000,
  minRestMs: 60_000,
  safe: { kind: 'zero' },
};

export const pump: TerminalLimits = {
  ...charger,
  terminal: 'pump1',
  kind: 'on-off',
  ratedOutW: 15_000,
  priority: 2,
  steps: [],
};

export const calm: TerminalFacts = {
  ageMs: 500,
  alignedW: 0,
  toldW: undefined,
  socLowPct: 50,
  socHighPct: 50,
  temperatureC: 20,
  chargeMaxW: undefined,
  dischargeMaxW: undefined,
  ratedW: undefined,
  shareInW: undefined,
  shareOutW: undefined,
  commissioned: true,
};

export const grid: ConnectionFacts = {
  ageMs: 500,
  gridW: 0,
  importLimitW: 100_000,
  exportLimitW: 100_000,
};

export interface Case {
  readonly limits?: readonly TerminalLimits[];
  readonly wish?: number | 'release' | 'nothing';
  readonly wishes?: Readonly<Record<string, number | undefined>>;
  readonly memory?: Memory;
  readonly terminal?: Partial<TerminalFacts>;
  readonly terminals?: Readonly<Record<string, Partial<TerminalFacts>>>;
  readonly grid?: Partial<ConnectionFacts>;
  readonly facts?: Partial<Facts>;
  readonly proposal?: Partial<Proposal>;
}

export const remembered = (memory: Partial<Memory[string]>): Memory[string] => ({
  ...NEW_MEMORY,
  ...memory,
});

/** Judges one case; `wish` is for the first terminal. */
export function given(one: Case) {
  const limits = one.limits ?? [battery];
  const facts: Facts = {
    nowMs: 1_000_000,
    freshMs: 5_000,
    safeAfterMs: 8_000,
    bootId: 'boot',
    agentEpoch: 3,
    islanded: false,
    observing: false,
    connections: { grid: { ...grid, ...one.grid } },
    circuits: [],
    terminals: Object.fromEntries(
      limits.map(({ terminal }, index) => [
        terminal,
        { ...calm, ...(index === 0 ? one.terminal : {}), ...one.terminals?.[terminal] },
      ]),
    ),
    ...one.facts,
  };
  const wishes: Record<string, number | undefined> = { ...one.wishes };
  const first = limits[0]?.terminal ?? '';
  if (one.wish === 'release') wishes[first] = undefined;
  else if (typeof one.wish === 'number') wishes[first] = one.wish;
  const proposals = Object.entries(wishes).map(([terminal, powerW]) => ({
    terminal,
    powerW,
    code: 'PLAN',
    bootId: 'boot',
    agentEpoch: 3,
    ...one.proposal,
  }));
  const result = judge(one.memory ?? {}, limits, facts, proposals);
  const verdict = (terminal: string) => result.verdicts.find((v) => v.terminal === terminal);
  return { ...result, verdict, first: verdict(first) };
}
