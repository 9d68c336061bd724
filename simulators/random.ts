import { cos, log } from '../devices/maths.ts';
import type { Random } from '../gateway/ports.ts';

/**
 * Named random streams of one seed. Physics draw by index (`uniformAt(key, n)`), so that a process
 * has a value at every instant without having run up to it: a forecast source can look ahead, a
 * restart changes nothing.
 */
export type StreamKey = number;

/** Avalanche of one 32-bit word (the finaliser of MurmurHash3). */
function mix(word: number): number {
  let h = word | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Key of the stream `name` of a run's seed: other names, other numbers. */
export function streamKey(seed: number, name: string): StreamKey {
  let h = mix(seed ^ 0x9e3779b9);
  for (let at = 0; at < name.length; at += 1) {
    h = Math.imul(h ^ name.charCodeAt(at), 0x01000193);
  }
  return mix(h);
}

/** Keys of the streams `kind:id`, worked out once for each owner while its seed stays. */
export function keysOf(kind: string) {
  const known = new WeakMap<object, { readonly seed: number; readonly key: StreamKey }>();
  return (owner: { readonly id: string }, seed: number): StreamKey => {
    const found = known.get(owner);
    if (found?.seed === seed) return found.key;
    const key = streamKey(seed, `${kind}:${owner.id}`);
    known.set(owner, { seed, key });
    return key;
  };
}

/** Uniform in [0, 1) with 53 bits. @param index an integer of up to 53 bits, also below zero */
export function uniformAt(key: StreamKey, index: number): number {
  const low = mix(key ^ mix(index | 0));
  const h = mix(low ^ mix(Math.floor(index / 4_294_967_296) ^ 0x7f4a7c15));
  const l = mix(h ^ 0x94d049bb);
  return ((h >>> 5) * 67_108_864 + (l >>> 6)) / 9_007_199_254_740_992;
}

/** Standard normal (Box-Muller). */
export function normalAt(key: StreamKey, index: number): number {
  const u = 1 - uniformAt(key, index * 2);
  return Math.sqrt(-2 * log(u)) * cos(2 * Math.PI * uniformAt(key, index * 2 + 1));
}

/** Smooth noise in [-1, 1] over time: random values every `periodMs`, eased between them. */
export function noiseAt(key: StreamKey, atMs: number, periodMs: number): number {
  const slot = Math.floor(atMs / periodMs);
  const t = atMs / periodMs - slot;
  const ease = t * t * (3 - 2 * t);
  const from = uniformAt(key, slot);
  return (from + (uniformAt(key, slot + 1) - from) * ease) * 2 - 1;
}

/** The Random port's seeded face: a sequence from a named stream. */
export function createStream(seed: number, name: string): Random {
  const key = streamKey(seed, name);
  let index = 0;
  return { next: () => uniformAt(key, index++) };
}
