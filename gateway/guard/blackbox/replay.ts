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

/**
 * Decides every cycle of a segment again, from the memory at its start.
 * @param blobs  the opening, then the cycles
 * @throws RangeError for blobs that no recorder wrote
 */
export function* replay(blobs: Iterable<Uint8Array>): Generator<Replayed, GuardMemory | undefined> {
  const decoder = new Decoder();
  let opened: { opening: Opening; plant: Plant } | undefined;
  let memory: GuardMemory | undefined;
  let before: Cycle | undefined;
  for (const blob of blobs) {
    if (opened === undefined) {
      const opening = openingOf(decoder.decode(blob, undefined));
      const { site, times, commissioned, bootId } = opening;
      opened = { opening, plant: plantOf(site, times, new Set(commissioned), bootId) };
      memory = opening.memory;
      continue;
    }
    const cycle = decoder.decode(blob, before) as Cycle;
    before = cycle;
    const { opening, plant } = opened;
    if (memory === undefined) return undefined;
    const turn = again(plant, opening, memory, cycle);
    memory = turn.memory;
    const differs = difference(cycle.outcome, outcomeOf(turn));
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
