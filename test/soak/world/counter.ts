import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { ROOT } from '../../architecture/source.ts';
import type { SeedOutcome } from '../../fixtures/world/site-days.ts';

const FILE = join(ROOT, 'test/soak/world/counter.json');
const PAGE = join(ROOT, 'docs/benchmarks.md');
const START = '<!-- counter of the world: written by the soak -->';
const END = '<!-- end of the counter -->';
const YEAR_DAYS = 365;

const counterSchema = z.strictObject({
  /** Every seed below it was run, or is in one of the two lists. */
  nextSeed: z.number(),
  /** Begun and broken off. */
  begun: z.array(z.number()),
  /** Violated something: run again first, and counted once they do so no more. */
  failed: z.array(z.strictObject({ seed: z.number(), commit: z.string(), rules: z.string() })),
  /** Seeds that had failed at an earlier commit. */
  mended: z.number(),
  seeds: z.number(),
  siteDays: z.number(),
  cpuSeconds: z.number(),
  excused: z.number(),
  faults: z.record(z.string(), z.number()),
});
export type Counter = z.infer<typeof counterSchema>;

function write(path: string, text: string): void {
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
}

export const readCounter = (): Counter =>
  counterSchema.parse(JSON.parse(readFileSync(FILE, 'utf8')));

/** Keeps it on disk after every change, so that a run that is broken off goes on where it was. */
export function keepCounter(counter: Counter): void {
  write(FILE, `${JSON.stringify(counter, null, 2)}\n`);
  const page = readFileSync(PAGE, 'utf8');
  const from = page.indexOf(START);
  const until = page.indexOf(END);
  if (from < 0 || until < from) throw new Error(`docs/benchmarks.md has no '${START}'`);
  write(PAGE, page.slice(0, from + START.length) + tableOf(counter) + page.slice(until));
}

/** The next seed to run: those that failed or were broken off before new ones. */
export function begin(counter: Counter, running: ReadonlySet<number>): number {
  const open = [...counter.failed.map(({ seed }) => seed), ...counter.begun];
  const seed = open.find((one) => !running.has(one)) ?? counter.nextSeed;
  if (seed === counter.nextSeed) counter.nextSeed += 1;
  if (!open.includes(seed)) counter.begun.push(seed);
  return seed;
}

export function end(counter: Counter, seed: number, outcome: SeedOutcome): void {
  const hadFailed = counter.failed.some((one) => one.seed === seed);
  counter.begun = counter.begun.filter((one) => one !== seed);
  counter.failed = counter.failed.filter((one) => one.seed !== seed);
  if (!outcome.isWell) {
    const rules = [...new Set(outcome.violations.map(({ rule }) => rule))].sort().join(' ');
    counter.failed.push({ seed, commit: outcome.commit, rules: rules === '' ? 'ended' : rules });
    return;
  }
  if (hadFailed) counter.mended += 1;
  counter.seeds += 1;
  counter.siteDays += outcome.siteDays;
  counter.cpuSeconds = Math.round(counter.cpuSeconds + outcome.cpuSeconds);
  counter.excused += outcome.excused;
  const kinds = new Set([...Object.keys(counter.faults), ...Object.keys(outcome.faultsInjected)]);
  counter.faults = Object.fromEntries(
    [...kinds]
      .sort()
      .map((kind) => [kind, (counter.faults[kind] ?? 0) + (outcome.faultsInjected[kind] ?? 0)]),
  );
}

function tableOf(counter: Counter): string {
  const { seeds, siteDays, cpuSeconds, faults, failed, mended } = counter;
  const all = Object.values(faults).reduce((sum, count) => sum + count, 0);
  const kinds = Object.entries(faults).map(([kind, count]) => `${kind} ${count}`);
  const rows = [
    ['seeds', String(seeds)],
    ['site-days (site-years)', `${siteDays} (${(siteDays / YEAR_DAYS).toFixed(2)})`],
    ['faults', `${all} of ${kinds.length} kinds`],
    ['seeds with a violation that stands', String(failed.length)],
    ['seeds that had one and were mended', String(mended)],
    ['CPU, hours', (cpuSeconds / 3_600).toFixed(1)],
  ];
  const lines = rows.map(([name, value]) => `| ${name} | ${value} |`);
  const list = failed.map(({ seed, rules, commit }) => `${seed} (${rules}, ${commit})`);
  const open = list.length === 0 ? '' : `\nStanding: ${list.join(', ')}.\n`;
  const by = kinds.length === 0 ? '' : `\nFaults by kind: ${kinds.join(', ')}.\n`;
  return `\n\n| | |\n|---|---|\n${lines.join('\n')}\n${open}${by}\n`;
}
