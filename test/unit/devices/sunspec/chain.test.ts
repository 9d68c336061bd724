import { describe, expect, it } from 'vitest';
import { type ChainStep, walkChain } from '../../../../devices/sunspec/chain.ts';

/** Plays a device: registers by address; where there is none, the read fails. */
function walk(registers: Readonly<Record<number, readonly number[]>>): {
  end: ChainStep;
  reads: number[];
} {
  const memory = new Map<number, number>();
  for (const [at, words] of Object.entries(registers)) {
    words.forEach((word, n) => {
      memory.set(Number(at) + n, word);
    });
  }
  const stepper = walkChain();
  const reads: number[] = [];
  let step = stepper.next();
  for (let n = 0; n < 200 && 'read' in step; n += 1) {
    const { at, count } = step.read;
    reads.push(at);
    const words = Array.from({ length: count }, (_, i) => memory.get(at + i));
    step = stepper.next(words.includes(undefined) ? undefined : (words as number[]));
  }
  return { end: step, reads };
}
const SUNS = [0x5375, 0x6e53];

describe('the chain walk', () => {
  it.each([40_000, 50_000, 0])('finds the marker at %i', (base) => {
    const { end } = walk({
      [base]: SUNS,
      [base + 2]: [1, 65],
      [base + 69]: [103, 50],
      [base + 121]: [0xffff, 0],
    });
    expect(end).toEqual({
      chain: {
        base,
        models: [
          { id: 1, at: base + 2, length: 65 },
          { id: 103, at: base + 69, length: 50 },
        ],
      },
    });
  });
  it('reads a base that answers with something else as no base', () => {
    const { end, reads } = walk({ 40000: [0x5375, 0], 50000: [1, 2], 0: [...SUNS, 0xffff, 0] });
    expect(reads).toEqual([40_000, 50_000, 0, 2]);
    expect(end).toEqual({ chain: { base: 0, models: [] } });
  });
  it('says so when there is no SunSpec device', () => {
    expect(walk({}).end).toEqual({ error: 'no SunSpec device: no marker at 40000, 50000, 0' });
  });
  it('does not take a failed read for the end', () => {
    const { end } = walk({ 40000: SUNS, 40002: [1, 66] });
    expect(end).toEqual({ error: 'the SunSpec chain breaks off at register 40070: no answer' });
  });
  it('ends on a chain that never ends', () => {
    const models = Object.fromEntries(
      Array.from({ length: 80 }, (_, n) => [40_002 + 2 * n, [7, 0]]),
    );
    expect(walk({ 40000: SUNS, ...models }).end).toEqual({
      error: 'the SunSpec chain has more than 64 models',
    });
    expect(walk({ 40000: SUNS, 40002: [7, 60_000] }).end).toEqual({
      error: 'the SunSpec chain runs beyond register 65535',
    });
  });
});
