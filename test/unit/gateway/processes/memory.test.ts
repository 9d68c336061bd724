import { readFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import { MEMORY, MemoryWatch } from '../../../../gateway/processes/memory.ts';

const MIB = 1_048_576;
const MINUTE_MS = 60_000;

let mib: number;
let told: string[];
let ends: number;
let nowMs: number;
let watch: MemoryWatch;

beforeEach(() => {
  [mib, told, ends, nowMs] = [100, [], 0, 5_000_000];
  watch = new MemoryWatch({
    bounds: { tellMb: 200, endMb: 300 },
    rssBytes: () => mib * MIB,
    tell: (text) => told.push(text),
    end: () => {
      ends += 1;
    },
  });
});

function run(lengthMs: number): void {
  for (const untilMs = nowMs + lengthMs; nowMs < untilMs; nowMs += 1_000) watch.step(nowMs);
}

describe('a process that looks at its memory', () => {
  it('says nothing while it is within its bounds', () => {
    mib = 200;
    run(60 * MINUTE_MS);
    expect([told, ends]).toEqual([[], 0]);
  });

  it('tells once that it is above the first, and again when it was well below between', () => {
    mib = 201;
    run(20 * MINUTE_MS);
    mib = 190;
    run(MINUTE_MS);
    mib = 201;
    run(MINUTE_MS);
    expect(told).toEqual(['It holds 201 MiB of memory, more than 200']);
    mib = 170;
    run(MINUTE_MS);
    mib = 250;
    run(MINUTE_MS);
    expect(told).toHaveLength(2);
    expect(ends).toBe(0);
  });

  it('ends once above the second for half a minute', () => {
    run(11 * MINUTE_MS);
    mib = 301;
    run(19_000);
    mib = 299;
    run(10_000);
    mib = 301;
    run(20_000);
    expect(ends).toBe(0);
    run(2 * MINUTE_MS);
    expect(ends).toBe(1);
    expect(told.at(-1)).toBe('It holds 301 MiB of memory, more than 300, and starts anew');
  });

  it('does not end in its first ten minutes: it would not stop starting', () => {
    mib = 400;
    run(9.9 * MINUTE_MS);
    expect(ends).toBe(0);
    run(MINUTE_MS);
    expect(ends).toBe(1);
  });
});

it('guard, agent and a planner have room within the bound of the service', () => {
  const unit = new URL('../../../../bin/package/edgewatt.service', import.meta.url);
  const gib = Number(/^MemoryMax=(\d+)G$/m.exec(readFileSync(unit, 'utf8'))?.[1]);
  const plannerMib = 256;
  expect(MEMORY.guard.endMb + MEMORY.agent.endMb + plannerMib).toBeLessThanOrEqual(gib * 1_024);
});
