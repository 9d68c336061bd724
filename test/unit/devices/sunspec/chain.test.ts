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
  it('tells an answer that is no header', () => {
    expect(walk({ 40000: SUNS, 40002: [1, 66], 40070: [0, 0, 0] }).end).toEqual({
      error: 'the SunSpec chain breaks off at register 40070: 0 is no model',
    });
  });
});

describe('lengths that are off by one', () => {
  const inverter = [103, 50, ...Array.from({ length: 50 }, () => 7), 0xffff, 0];
  const found = (common: number) => [
    { id: 1, at: 40_002, length: common },
    { id: 103, at: 40_004 + common, length: 50 },
  ];
  const filler = (words: number): number[] => Array.from({ length: words }, () => 0x2020);
  it.each([65, 66])('takes a common model of %i registers as it says', (length) => {
    const { end } = walk({ 40000: [...SUNS, 1, length, ...filler(length), ...inverter] });
    expect(end).toEqual({ chain: { base: 40_000, models: found(length) } });
  });
  it.each([0x8000, 0])('finds the padding (%i) that the length leaves out', (padding) => {
    const { end } = walk({ 40000: [...SUNS, 1, 65, ...filler(65), padding, ...inverter] });
    expect(end).toEqual({
      chain: {
        base: 40_000,
        models: found(66),
        odd: ['model 1 says 65 registers and has 66'],
      },
    });
  });
  it('finds that the length counts padding that is not there', () => {
    const { end } = walk({ 40000: [...SUNS, 1, 66, ...filler(65), ...inverter] });
    expect(end).toMatchObject({
      chain: { models: found(65), odd: ['model 1 says 66 registers and has 65'] },
    });
  });
  it('finds the end one register earlier, where nothing answers behind it', () => {
    const { end } = walk({ 40000: [...SUNS, 1, 66, ...filler(65), 0xffff, 0] });
    expect(end).toMatchObject({ chain: { models: [{ id: 1, at: 40_002, length: 65 }] } });
  });
  it('leaves models of makers and models that it does not know where they are', () => {
    const own = [64_110, 2, 103, 50, 302, 3, 1, 66, 1];
    const { end } = walk({ 40000: [...SUNS, 1, 66, ...filler(66), ...own, 0xffff, 0] });
    expect('chain' in end && end.chain.models.map(({ id }) => id)).toEqual([1, 64_110, 302]);
  });
});

it('reads the registers of the models that it is asked for, in pieces that a read may have', () => {
  const long = [160, 8 + 7 * 20, ...Array.from({ length: 8 + 7 * 20 }, (_, n) => n)];
  const memory = [...SUNS, 1, 1, 5, ...long, 0xffff, 0];
  const stepper = walkChain(new Set([160]));
  const reads: number[] = [];
  let step = stepper.next();
  while ('read' in step) {
    const { at, count } = step.read;
    reads.push(count);
    const words = memory.slice(at - 40_000, at - 40_000 + count);
    step = stepper.next(words);
  }
  expect(reads).toEqual([2, 2, 2, 125, 25, 2]);
  const [common, inputs] = 'chain' in step ? step.chain.models : [];
  expect(common).not.toHaveProperty('words');
  expect(inputs?.words).toEqual(long);
});
