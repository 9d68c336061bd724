import { dressed } from '../devices/dressed.ts';
import type { DeviceImage } from '../devices/types.ts';

/** Readings that stand, whatever the plant has to say: `set meter1 frequencyHz=50.7`. */
export class Pins {
  private readonly devices = new Map<
    string,
    { readonly image: DeviceImage; readonly points: Map<string, number> }
  >();

  /** The device as its plant and its wire are to see it. */
  dress(image: DeviceImage): DeviceImage {
    const points = new Map<string, number>();
    const pinned = dressed(image, (key, set) => (value) => set(points.get(key) ?? value));
    this.devices.set(image.id, { image: pinned, points });
    return pinned;
  }

  /** @returns what ends it; a pin that stood before stands again then */
  set(device: string, point: string, value: number): () => void {
    const pinned = this.devices.get(device);
    if (pinned === undefined) return () => undefined;
    const { image, points } = pinned;
    const before = points.get(point);
    points.set(point, value);
    image.put(point, value);
    return () => {
      points.delete(point);
      if (before === undefined) return;
      points.set(point, before);
      image.put(point, before);
    };
  }
}
