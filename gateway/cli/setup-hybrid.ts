import type { Profile } from '../../devices/profile.ts';

/** Rated powers that nobody can read off a wire, W. */
export interface Ratings {
  readonly pvW: number;
  readonly batteryW: number;
}

const has = (profile: Profile | undefined, key: string): boolean =>
  profile !== undefined && (key in profile.points || key in (profile.sums ?? {}));

/** Part of a device that may be the meter of the connection: '' itself; undefined: it has none. */
export function meterPart(profile: Profile | undefined): string | undefined {
  if (profile?.role === 'meter') return '';
  return has(profile, 'meter.powerW') ? 'meter' : undefined;
}

export const hasStore = (profile: Profile | undefined): boolean =>
  profile?.role === 'hybrid' && has(profile, 'battery.powerW');

export const dcNode = (number: number): string => `dc${number}`;

/**
 * A hybrid as terminals of the site file: the converter at the ac node, and behind it at a node of
 * its own what it measures there.
 * @param battery  number of its battery among all
 */
export function hybridLines(
  { id, profile }: { readonly id: string; readonly profile: Profile | undefined },
  numbers: { readonly hybrid: number; readonly battery: number },
  { pvW, batteryW }: Ratings,
): string[] {
  const { hybrid, battery } = numbers;
  const node = dcNode(hybrid);
  const most = Math.max(pvW, batteryW);
  const lines = [
    `  - { id: hybrid${hybrid}, name: Hybrid ${hybrid}, node: main, kind: converter, ` +
      `device: ${id}, dcNode: ${node},`,
    `      ratedInW: ${most}, ratedOutW: ${batteryW} }`,
  ];
  if (has(profile, 'pv.powerW')) {
    lines.push(
      `  - { id: hybrid${hybrid}-pv, name: PV of hybrid ${hybrid}, node: ${node}, kind: pv, ` +
        `device: ${id}, part: pv, ratedInW: ${pvW} }`,
    );
  }
  if (hasStore(profile)) {
    lines.push(
      `  - { id: battery${battery}, name: Battery ${battery}, node: ${node}, kind: battery, ` +
        `device: ${id}, part: battery,`,
      `      ratedInW: ${batteryW}, ratedOutW: ${batteryW} }`,
    );
  }
  return lines;
}
