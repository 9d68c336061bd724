import type { DeviceMap } from '../../../devices/profile.ts';
import type { MirrorSpan } from '../../contracts/values/frames.ts';
import type { DeviceView } from '../../contracts/values/image.ts';
import type { Reading } from '../../contracts/values/reading.ts';
import type { BusHandle } from '../bus/types.ts';

/**
 * The newest readings of every device, by device id and point key, in the busbar's sign. `atMs`
 * is the request's instant on the monotonic clock less the device's own latency, so ages come out
 * whole; a point whose newest read failed is `timeout` with its `last` good value and the instant
 * of that value.
 */
export interface Snapshot {
  readonly readings: Readonly<Record<string, Readonly<Record<string, Reading>>>>;
  readonly devices: readonly DeviceView[];
  readonly good: number; // readings since the start
  readonly bad: number; // failed or implausible; "not available" is neither
}

export interface Poller {
  /** Resolves when every device was asked once, at the latest after three real seconds. */
  start(): Promise<void>;
  stop(): Promise<void>;
  snapshot(): Snapshot;
  /** One of a snapshot's readings, at a fraction of its price. */
  reading(deviceId: string, key: string): Reading | undefined;
  /** Recognised since it was last away: it may be written to. */
  known(deviceId: string): boolean;
  /** Recognised a minute ago at most, and not seen otherwise since: it may get its safe state. */
  presumed(deviceId: string): boolean;
  /** Another device answers than the one bound. */
  observed(deviceId: string): boolean;
  /** @throws RangeError for a device that the site does not have */
  bus(deviceId: string): BusHandle;
  /** Undefined until the device has been found. */
  map(deviceId: string): DeviceMap | undefined;
  /** What was read last of each part of the plan, as it came; none for an unknown device. */
  spans(deviceId: string): readonly MirrorSpan[];
}
