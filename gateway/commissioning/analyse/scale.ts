import type { Terminal } from '../../contracts/values/site.ts';
import type { Seen } from './sign.ts';

export interface ScaleView {
  /** What the device does of what it is told, as most witnesses have it; 1 = all of it. */
  readonly deviceShare: number;
  readonly isDeviceOff: boolean;
  readonly off: readonly { readonly seen: Seen; readonly times: number }[]; // counts wrongly
  readonly unsure: readonly Seen[]; // off, but not beyond doubt
  /** One witness, and it is off: it or the device. */
  readonly isTie: boolean;
}

const NEAR = 0.25;
const near = (ratio: number): boolean => Math.abs(ratio - 1) <= NEAR;

/** Orders of a load say what it may draw, not what it draws. */
const isLoose = (terminal: Terminal): boolean =>
  terminal.control === 'on-off' || terminal.control === 'steps';

/** Power of ten beside 1 that a share is near; undefined = none. */
export function tenOf(share: number): number | undefined {
  const size = Math.abs(share);
  return [10, 100, 1_000, 0.1, 0.01, 0.001].find((ten) => Math.abs(size / ten - 1) <= NEAR);
}

export function scaleOf(terminal: Terminal, seen: readonly Seen[]): ScaleView {
  const sizes = seen.map(({ share }) => Math.abs(share));
  const faults = (deviceShare: number): number =>
    sizes.filter((size) => !near(size / deviceShare)).length;
  const isOne = (deviceShare: number): boolean =>
    near(deviceShare) || (isLoose(terminal) && deviceShare > 0.15 && deviceShare < 1.6);
  let deviceShare = 1;
  let least = faults(1);
  let isTie = false;
  for (const size of sizes) {
    const count = faults(size) + (isOne(size) ? 0 : 1);
    if (count === least && !near(size / deviceShare) && !isOne(size)) isTie = true;
    if (count >= least) continue;
    least = count;
    deviceShare = size;
    isTie = false;
  }
  const isDeviceOff = !isOne(deviceShare);
  const apart = seen.filter(({ share }) => !near(Math.abs(share) / deviceShare));
  const isSure = ({ share, observation }: Seen): boolean =>
    Math.abs(Math.abs(share) / deviceShare - 1) - NEAR > 3 * errorOf(observation, share);
  return {
    deviceShare,
    isDeviceOff,
    isTie: isTie && sizes.length === 1,
    off: apart
      .filter(isSure)
      .map((one) => ({ seen: one, times: Math.abs(one.share) / deviceShare })),
    unsure: apart.filter((one) => !isSure(one)),
  };
}

/** Of the share, in its own terms: gains of a limited terminal were brought to what it produced. */
const errorOf = ({ gainErrorShare, gainShare }: Seen['observation'], share: number): number =>
  gainShare === 0 ? 1 : Math.abs((gainErrorShare / gainShare) * share);
