import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Reconnect } from '../../../../gateway/adapters/reconnect.ts';
import { createStream } from '../../../../simulators/random.ts';

const CLIENTS = 1_000;
const FIRST_MS = 5_000; // gateway/processes/broker.ts
const LAST_MS = 120_000; // default of reconnectMaxMs

const seeds = fc.integer({ min: 0, max: 2 ** 31 });

/** When each of those who lost the broker at 0 is let in, after it is back, oldest first. */
function returns(seed: number, awayMs: number, lastMs: number): number[] {
  const random = createStream(seed, 'reconnect');
  const backMs = Array.from({ length: CLIENTS }, () => {
    const pauses = new Reconnect(FIRST_MS, lastMs, () => random.next());
    pauses.connected(-3_600_000);
    let atMs = pauses.lost(0);
    while (atMs < awayMs) atMs += pauses.lost(atMs);
    return atMs - awayMs;
  });
  return backMs.sort((a, b) => a - b);
}

/** The most in any `lengthMs`, as a share of all. */
function peakShare(atMs: readonly number[], lengthMs: number): number {
  let from = 0;
  let most = 0;
  atMs.forEach((oneMs, at) => {
    while (oneMs - (atMs[from] ?? 0) > lengthMs) from += 1;
    most = Math.max(most, at - from + 1);
  });
  return most / atMs.length;
}

describe('a thousand gateways that lost the broker at once', () => {
  it('come back spread over the longest pause: twice the mean at most, and all by then', () => {
    fc.assert(
      fc.property(
        seeds,
        fc.integer({ min: 2 * LAST_MS, max: 3_600_000 }),
        fc.constantFrom(LAST_MS, 300_000),
        (seed, moreMs, lastMs) => {
          const atMs = returns(seed, lastMs + moreMs, lastMs);
          expect(atMs.at(-1)).toBeLessThanOrEqual(lastMs);
          expect(peakShare(atMs, lastMs / 10)).toBeLessThanOrEqual(2 / 10);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('never are more in a second than 450, however short it was away', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 0, max: LAST_MS }), (seed, awayMs) => {
        const atMs = returns(seed, awayMs, LAST_MS);
        expect(peakShare(atMs, 1_000) * CLIENTS).toBeLessThanOrEqual(450);
      }),
      { numRuns: 60 },
    );
  });
});

describe('pauses', () => {
  const next = (pauses: Reconnect, heldMs: number, nowMs: number): number => {
    pauses.connected(nowMs - heldMs);
    return pauses.lost(nowMs);
  };

  it('grow while sessions do not hold, as where two fight for one client id', () => {
    const pauses = new Reconnect(FIRST_MS, LAST_MS, () => 1);
    const grown = [1, 2, 3, 4, 5, 6, 7].map((time) => next(pauses, 800, time * 200_000));
    expect(grown).toEqual([5_000, 10_000, 20_000, 40_000, 80_000, 120_000, 120_000]);
  });

  it('begin anew after a session that held, and are never without a random part', () => {
    const pauses = new Reconnect(FIRST_MS, LAST_MS, () => 0);
    next(pauses, 800, 100_000);
    next(pauses, 800, 200_000);
    expect(next(pauses, 30_000, 300_000)).toBe(0.4 * FIRST_MS);
  });
});
