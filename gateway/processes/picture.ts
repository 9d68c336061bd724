import type { Image } from '../contracts/values/image.ts';

/** What agents, page and proxy look at; further points are strings, stages and the maker's own. */
const LOOKED_AT =
  /\.(power(L\d)?W|currentL\dA|voltageL\dV|frequencyHz|reactiveVar|apparentVa|(in|out)Wh|socPct|temperatureC|state|(dis)?chargeMax[WA]|ratedW)$/;
const NEEDED = /\.(powerW|socPct|state)$/;

/** From all points of an image to those that an agent cannot do without. */
const DETAILS: readonly (RegExp | undefined)[] = [undefined, LOOKED_AT, NEEDED];
export const LEAST_DETAIL = DETAILS.length - 1;

/** An image with fewer points, for a site that has more of them than fit into a frame. */
export function pictured(image: Image, detail: number): Image {
  const wanted = DETAILS[detail];
  if (wanted === undefined) return image;
  const points = Object.entries(image.points).filter(([name]) => wanted.test(name));
  return { ...image, points: Object.fromEntries(points) };
}
