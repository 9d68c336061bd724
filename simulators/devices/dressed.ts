import type { DeviceImage, Setter } from './types.ts';

/**
 * A device whose readings are changed on their way into its registers, those that are put and those
 * that follow a plant.
 */
export function dressed(
  image: DeviceImage,
  change: (key: string, set: Setter) => Setter,
): DeviceImage {
  const put: DeviceImage['put'] = (key, value, later) => {
    change(key, (changed) => image.put(key, changed, later))(value);
  };
  const follow: DeviceImage['follow'] = (key, follower, later) =>
    image.follow(key, (set) => follower(change(key, set)), later);
  const own = Object.getOwnPropertyDescriptors(image);
  return Object.defineProperties({} as DeviceImage, {
    ...own,
    put: { ...own.put, value: put },
    follow: { ...own.follow, value: follow },
  });
}
