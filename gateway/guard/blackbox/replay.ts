import { decide, type GuardMemory, type Plant, plantOf, type Turn } from '../decide.ts';
import { Decoder } from './decoder.ts';
import { type Cycle, type Opening, outcomeOf } from './record.ts';
import { isPlain } from './tags.ts';

/** A recorded cycle, and what the very same steps make of its inputs now. */
export interface Replayed {
  readonly opening: Opening;
  readonly cycle: Cycle;
  readonly turn: Turn;
  /** Where the two differ first; undefined when every bit is the same. */
  readonly differs: Difference | undefined;
}

export interface Difference {
  readonly path: string; // 'outcome.verdicts.0.powerW'
  readonly recorded: unknown;
  readonly replayed: unknown;
}

/** First place where two plain values are not the same to the bit. */
export function difference(
  recorded: unknown,
  replayed: unknown,
  path = '',
): Difference | undefined {
  if (Object.is(recorded, replayed)) return undefined;
  if (Array.isArray(recorded) && Array.isArray(replayed) && recorded.length === replayed.length) {
    return firstOf(recorded.keys(), (n) => difference(recorded[n], replayed[n], `${path}.${n}`));
  }
  if (isPlain(recorded) && isPlain(replayed)) {
    const [keys, others] = [Object.keys(recorded), Object.keys(replayed)];
    if (keys.join('\n') === others.join('\n')) {
      return firstOf(keys, (key) => difference(recorded[key], replayed[key], `${path}.${key}`));
    }
  }
  return { path: path.slice(1), recorded, replayed };
}

function firstOf<T>(
  all: Iterable<T>,
  find: (one: T) => Difference | undefined,
): Difference | undefined {
  for (const one of all) {
    const found = find(one);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** What a segment tells, before anything is decided again. */
export interface Told {
  readonly opening: Opening;
  readonly cycles: Generator<Cycle>;
}

/** @param blobs the opening, then the cycles  @throws RangeError for what no recorder wrote */
export function read(blobs: readonly Uint8Array[]): Told | undefined {
  const [first, ...rest] = blobs;
  if (first === undefined) return undefined;
  const decoder = new Decoder();
  const opening = openingOf(decoder.decode(first, undefined));
  return { opening, cycles: cyclesOf(decoder, rest) };
}

function* cyclesOf(decoder: Decoder, blobs: readonly Uint8Array[]): Generator<Cycle> {
  let before: unknown;
  for (const blob of blobs) {
    before = decoder.decode(blob, before);
    if (!isPlain(before) || !isPlain(before['outcome'])) throw new RangeError('not a cycle');
    yield before as unknown as Cycle;
  }
}

/**
 * Decides every cycle of a segment again, from the memory at its start.
 * @returns the memory after the last
 * @throws RangeError for blobs that no recorder wrote
 */
export function* replay(
  blobs: readonly Uint8Array[],
): Generator<Replayed, GuardMemory | undefined> {
  const told = read(blobs);
  if (told === undefined) return undefined;
  const { opening } = told;
  const { site, times, commissioned, bootId } = opening;
  const plant = plantOf(site, times, new Set(commissioned), bootId);
  let { memory } = opening;
  for (const cycle of told.cycles) {
    const turn = again(plant, opening, memory, cycle);
    memory = turn.memory;
    const differs = difference({ outcome: cycle.outcome }, { outcome: outcomeOf(turn) });
    yield { opening, cycle, turn, differs };
  }
  return memory;
}

function again(plant: Plant, opening: Opening, memory: GuardMemory, cycle: Cycle): Turn {
  const { at, asked, readings, devices, offered } = cycle;
  const offers = (device: string, key: string): boolean | undefined =>
    offered[device]?.includes(key);
  const from = cycle.grid === undefined ? memory : { ...memory, grid: cycle.grid };
  const times = { ...opening.times, ...cycle.times };
  return decide(plant, from, { ...asked, at, times, seen: { readings, devices, offers } });
}

function openingOf(value: unknown): Opening {
  if (!isPlain(value) || value['format'] !== 1 || !isPlain(value['site'])) {
    throw new RangeError('not a black box of this format');
  }
  return value as unknown as Opening;
}
