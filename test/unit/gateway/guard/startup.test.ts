import { describe, expect, it } from 'vitest';
import type { LeaseView, Writer } from '../../../../gateway/guard/commands/types.ts';
import type { Verdict } from '../../../../gateway/guard/safety/verdict.ts';
import { safeStates } from '../../../../gateway/guard/safety/verdict.ts';
import { command, within } from '../../../../gateway/guard/startup.ts';
import { createVirtualClock } from '../../../../simulators/clock.ts';
import { battery, grid, pump } from './safety/given.ts';

const zero = { ...battery, safe: { kind: 'zero' as const } };
const safe = safeStates([zero, pump], { connections: { grid } });

/** Leases that stand as the test says, by terminal. */
function writer(stands: (verdict: Verdict) => Partial<LeaseView> | undefined): Writer {
  let asked: readonly Verdict[] = [];
  return {
    submit: (verdicts) => {
      asked = verdicts;
    },
    releaseAll: async () => ({ verified: true, failed: [] }),
    state: () =>
      asked.flatMap((verdict) => {
        const own = stands(verdict);
        if (own === undefined) return [];
        return [
          {
            terminal: verdict.terminal,
            device: 'd',
            armed: false,
            armedUntilMonoMs: 0,
            lastVerified: undefined,
            lastVerifiedAtMs: 0,
            toldW: undefined,
            mismatches: 0,
            givenBack: false,
            unknownOutcome: false,
            refused: undefined,
            aside: false,
            ...own,
          },
        ];
      }),
    foreign: () => [],
    budget: () => ({}),
  };
}

async function commanded(of: Writer, realMs: number): Promise<string[]> {
  const clock = createVirtualClock();
  let open: string[] | undefined;
  void command(safe, of, clock, realMs).then((found) => {
    open = found;
  });
  await clock.until(() => open !== undefined, 2 * realMs);
  if (open === undefined) throw new Error('it waits for ever');
  return open;
}

describe('safe states at the start', () => {
  it('are done when each was read back', async () => {
    const all = writer((verdict) => ({ lastVerified: verdict }));
    expect(await commanded(all, 1_000)).toEqual([]);
  });

  it('are not waited for where nothing may be written, or nobody writes', async () => {
    const refused = writer(({ terminal }) =>
      terminal === 'pump1' ? undefined : { refused: 'unknown device' },
    );
    expect(await commanded(refused, 1_000)).toEqual([]);
  });

  it('are named when they are not confirmed in time: one dead device holds nobody up', async () => {
    const half = writer((verdict) =>
      verdict.terminal === 'pump1' ? { lastVerified: verdict } : {},
    );
    expect(await commanded(half, 500)).toEqual(['battery1']);
  });
});

describe('a deadline', () => {
  it('the clock decides, and an error comes through', async () => {
    const clock = createVirtualClock();
    let answer: number | undefined | string = 'open';
    void within(new Promise<number>(() => undefined), 100, clock).then((value) => {
      answer = value;
    });
    await clock.advance(99);
    expect(answer).toBe('open');
    await clock.advance(2);
    expect(answer).toBeUndefined();
    expect(await within(Promise.resolve(7), 100, clock)).toBe(7);
    await expect(within(Promise.reject(new Error('wire')), 100, clock)).rejects.toThrow('wire');
    await expect(within(Promise.reject('text'), 100, clock)).rejects.toThrow('text');
  });
});
