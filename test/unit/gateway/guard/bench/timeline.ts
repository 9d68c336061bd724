import { expect, it } from 'vitest';
import type {
  Intent,
  PlanStep,
  SocLevels,
  TerminalStep,
} from '../../../../../gateway/contracts/values/plan.ts';
import type { Site } from '../../../../../gateway/contracts/values/site.ts';
import { Bench, type BenchOptions, type World } from './bench.ts';

/**
 * What stands at the terminals and at the meter. Powers in W, + into the node, within 2 % or 60
 * W.
 */
export interface Expected {
  readonly batteryW?: number;
  readonly gridW?: number;
  readonly sunW?: number;
  readonly carW?: number;
  readonly pumpW?: number;
  readonly pvLimitW?: number | 'none';
  readonly mode?: string;
  readonly flags?: readonly string[];
  readonly code?: string; // of the site's reason
  readonly because?: string; // part of the site's sentence
  readonly battery?: string; // reason code of the battery's decision
}

type Act = Partial<World> & { readonly do?: (bench: Bench) => void };

const seconds = (text: string): number => {
  const match = /^(\d+(?:\.\d+)?)(s|min|h)$/.exec(text);
  if (match === null) throw new Error(`no time: ${text}`);
  return Number(match[1]) * { s: 1, min: 60, h: 3_600 }[match[2] as 's' | 'min' | 'h'];
};

function near(what: string, seen: number, wanted: number): void {
  const slackW = Math.max(60, 0.02 * Math.abs(wanted));
  expect(
    Math.abs(seen - wanted),
    `${what} ${Math.round(seen)}, wanted ${wanted}`,
  ).toBeLessThanOrEqual(slackW);
}

function compare(bench: Bench, wanted: Expected): void {
  const { image } = bench;
  for (const key of ['batteryW', 'gridW', 'sunW', 'carW', 'pumpW'] as const) {
    const value = wanted[key];
    if (value !== undefined) near(key, bench[key], value);
  }
  if (wanted.pvLimitW !== undefined) {
    const told = bench.told.get('pv1');
    if (wanted.pvLimitW === 'none') expect(told?.kind).toBe('release');
    else near('pvLimitW', told?.powerW ?? Number.NaN, wanted.pvLimitW);
  }
  if (wanted.mode !== undefined) expect(image.mode).toBe(wanted.mode);
  if (wanted.flags !== undefined) expect(image.flags).toEqual(wanted.flags);
  if (wanted.code !== undefined) expect(image.reason.code).toBe(wanted.code);
  if (wanted.because !== undefined) {
    expect(image.reason.sentence.replaceAll('\u202f', ' ')).toContain(wanted.because);
  }
  if (wanted.battery !== undefined) {
    const decision = image.decisions.find(({ terminal }) => terminal === 'battery1');
    expect(decision?.reason.code).toBe(wanted.battery);
  }
}

/**
 * A timeline that a field engineer can read. `at` sets the world at a time after the guard's
 * start; `expect` looks five cycles later (or at `after`), when a limit has to be back.
 */
class Timeline {
  private readonly steps: { readonly atS: number; readonly run: (bench: Bench) => void }[] = [];
  private nowS = 0;

  constructor(name: string, site: Site, options: BenchOptions) {
    it(name, async () => {
      const bench = new Bench(site, options);
      const first = this.steps.filter(({ atS }) => atS === 0);
      for (const { run } of first) run(bench);
      await bench.start();
      const startMs = bench.clock.monoMs();
      for (const { atS, run } of this.steps.filter(({ atS }) => atS > 0)) {
        await bench.clock.advance(startMs + atS * 1_000 - bench.clock.monoMs());
        run(bench);
      }
      await bench.guard.stop();
    });
  }

  at(time: string, act: Act): this {
    this.nowS = seconds(time);
    const { do: run, ...world } = act;
    this.steps.push({
      atS: this.nowS,
      run: (bench) => {
        Object.assign(bench.world, world);
        run?.(bench);
      },
    });
    return this;
  }

  expect(wanted: Expected, after = '5s'): this {
    this.steps.push({
      atS: this.nowS + seconds(after),
      run: (bench) => compare(bench, wanted),
    });
    this.steps.sort((a, b) => a.atS - b.atS);
    return this;
  }
}

export const spec = (name: string, site: Site, options: BenchOptions = {}): Timeline =>
  new Timeline(name, site, options);

/** A step for one terminal, wide open unless told otherwise. */
export const steps = (more: Partial<TerminalStep>): TerminalStep => ({
  terminal: 'battery1',
  follow: 'self',
  powerW: 0,
  gridW: 0,
  minW: -100_000,
  maxW: 100_000,
  ...more,
});

/** The same for a battery that is led by levels, in percent of its charge. */
export const levels = (of: Partial<SocLevels>, more: Partial<TerminalStep> = {}): TerminalStep => ({
  ...steps({ follow: 'levels', minW: -5_000, maxW: 5_000, ...more }),
  levels: {
    ...{
      leastPct: 0,
      buyToPct: 0,
      storeToPct: 100,
      coverToPct: 0,
      sellToPct: 100,
      worthNanoPerWh: 241_000,
    },
    ...of,
  },
});

/** An intent of the agent process from now on: one plan step of an hour, and positions. */
export function intent(
  bench: Bench,
  more: Partial<Intent> & { steps?: TerminalStep[]; step?: Partial<PlanStep> },
): void {
  const wallMs = bench.clock.wallMs();
  const { steps: terminals, step, ...rest } = more;
  const plan: PlanStep = {
    fromMs: wallMs,
    durationMs: 3_600_000,
    terminals: terminals ?? [],
    expectGridW: 0,
    why: 'the evening is dearer',
    ...step,
  };
  bench.guard.intent({
    v: 1,
    agentEpoch: 1,
    sequence: Math.round(bench.clock.monoMs()) + 1,
    issuedAtMs: wallMs,
    expiresAtMs: wallMs + 1_800_000,
    cloudConnected: true,
    clockTrusted: true,
    plan: [plan],
    positions: [],
    ...rest,
  });
}
