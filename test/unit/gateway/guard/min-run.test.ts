import { describe, expect, it } from 'vitest';
import type { TerminalStep } from '../../../../gateway/contracts/values/plan.ts';
import { Bench } from './bench/bench.ts';
import { site } from './bench/site.ts';
import { intent, spec, steps } from './bench/timeline.ts';

const MINUTE_MS = 60_000;
const pump = { minRunMs: 5 * MINUTE_MS, minRestMs: 3 * MINUTE_MS };
const home = site({ pump });
const planned = (follow: TerminalStep['follow']) => (bench: Bench) =>
  intent(bench, { steps: [steps({ terminal: 'pump1', follow })] });
const codeOf = (bench: Bench): string =>
  bench.image.decisions.find(({ terminal }) => terminal === 'pump1')?.reason.code ?? '';

describe('a load with a minimum run and rest', () => {
  spec('runs its five minutes and rests its three, whatever the plan says', home)
    .at('0s', { pumpW: 6_000, do: planned('off') })
    .at('200s', { do: planned('on') })
    .expect({ pumpW: 6_000 })
    .at('240s', { do: planned('off') })
    .expect({ pumpW: 6_000 }, '250s')
    .expect({ pumpW: 0 }, '270s')
    .at('520s', { do: planned('on') })
    .expect({ pumpW: 0 }, '150s')
    .expect({ pumpW: 6_000 }, '190s');

  spec('is cut short where a fuse asks for it', site({ pump, connection: { fuseA: 16 } }))
    .at('0s', { pumpW: 6_000, do: planned('on') })
    .expect({ pumpW: 6_000 })
    .at('20s', { loadW: -9_000 })
    .expect({ pumpW: 0 });
});

describe('over a restart of the guard', () => {
  const run = async (options: ConstructorParameters<typeof Bench>[1], ms: number) => {
    const bench = new Bench(home, options);
    Object.assign(bench.world, { pumpW: 6_000 });
    planned('on')(bench);
    await bench.start();
    planned('on')(bench);
    await bench.clock.advance(ms);
    return bench;
  };
  const WALL = 1_767_225_600_000;

  it('a minimum run goes on where it was, and ends when it would have', async () => {
    const first = await run({ wallMs: WALL }, 120_000);
    expect(first.pumpW).toBe(6_000);
    const saved = first.saved.at(-1); // as a kill leaves it
    const wallMs = first.clock.wallMs() + 5_000;
    const again = await run({ wallMs, ...(saved && { saved }) }, 10_000);
    planned('off')(again);
    await again.clock.advance(100_000);
    expect(codeOf(again)).toBe('MIN_RUN');
    expect(again.pumpW).toBe(6_000);
    await again.clock.advance(80_000);
    expect(again.pumpW).toBe(0);
  });

  it('a rest is kept as well', async () => {
    const first = await run({ wallMs: WALL }, 310_000);
    planned('off')(first);
    await first.clock.advance(30_000);
    expect(first.pumpW).toBe(0);
    const saved = first.saved.at(-1);
    const wallMs = first.clock.wallMs() + 5_000;
    const again = await run({ wallMs, ...(saved && { saved }) }, 60_000);
    expect(codeOf(again)).toBe('MIN_REST');
    await again.clock.advance(120_000);
    expect(codeOf(again)).toBe('PLAN');
    expect(again.pumpW).toBe(6_000);
  });
});
