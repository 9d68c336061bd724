import { WORDS } from './codec.ts';
import type { DeviceMap, PointSpec, Profile, ResolvedPoint } from './profile.ts';
import type { SunspecChain } from './sunspec/chain.ts';
import { sunspecProfile } from './sunspec/driver.ts';

/** Registers from a point's first word to its last. */
export const wordsOfPoint = (point: PointSpec): number =>
  point.as === 'str' ? (point.words ?? 1) : (point.wordOffsets?.at(-1) ?? WORDS[point.as] - 1) + 1;

/**
 * Brings every address of a profile to an absolute one. Points beyond the length that a device
 * gives a model (an optional tail, a string that it does not have) are left out.
 * @param chain models as the walk found them, for SunSpec
 * @throws Error in one line when a device lacks a model that the profile needs, or is of no kind
 *   that we know
 */
export function resolveProfile(profile: Profile, chain?: SunspecChain): DeviceMap {
  const points: Record<string, ResolvedPoint> = {};
  if (profile.kind === 'sunspec') {
    if (chain === undefined) throw new Error(`${profile.id} needs the walk of its model chain`);
    if (profile.auto === true) return resolveProfile(sunspecProfile(profile, chain), chain);
    for (const id of profile.models) {
      if (!chain.models.some((model) => model.id === id)) {
        const found = chain.models.map((model) => model.id).join(', ');
        throw new Error(`${profile.id} needs SunSpec model ${id}; the device has ${found}`);
      }
    }
  }
  for (const [key, point] of Object.entries(profile.points)) {
    const count = wordsOfPoint(point);
    let at = point.at;
    if (profile.kind === 'sunspec' && point.model !== undefined) {
      const same = chain?.models.filter((candidate) => candidate.id === point.model);
      const model = same?.[(point.position ?? 1) - 1];
      if (model === undefined || point.at + count > model.length + 2) continue;
      at += model.at;
    }
    const none = [...(profile.notAvailable?.[point.as] ?? []), ...(point.notAvailable ?? [])];
    points[key] = { ...point, at, key, count, ...(none.length > 0 && { notAvailable: none }) };
  }
  for (const [key, point] of Object.entries(points)) {
    if (point.scaleFrom !== undefined && points[point.scaleFrom] === undefined) delete points[key];
  }
  return {
    profile: profile.id,
    wordOrder: profile.wordOrder,
    limits: profile.limits,
    ...(profile.writeFunction !== undefined && { writeFunction: profile.writeFunction }),
    points,
    unreadable: [
      ...(profile.kind === 'registers' ? (profile.unreadable ?? []) : []),
      ...Object.values(points)
        .filter(({ writeOnly }) => writeOnly === true)
        .map(({ space, at, count }) => ({ space, at, words: count })),
    ],
    control: profile.control,
    sums: profile.sums ?? {},
  };
}
