import { exp } from '../../devices/maths.ts';
import type { Image } from '../contracts/values/image.ts';
import { placeNames } from '../contracts/values/places.ts';
import { good } from '../contracts/values/reading.ts';
import { type Instant, MINUTE_MS } from '../contracts/values/time.ts';
import type { Recent } from './forecasting/forecaster.ts';
import { isCurtailed, type Places } from './places.ts';

const MEMORY_MS = 3 * MINUTE_MS; // what is that old counts 1/e
const OLD_MS = 5 * MINUTE_MS;

interface Mean {
  powerW: number;
  atMs: Instant;
}

/** Sun and uncontrolled load of the last minutes, as the guard's images show them. */
export class LastMinutes {
  private readonly places: Places;
  private readonly points: { readonly pv: readonly string[]; readonly load: readonly string[] };
  private pv: Mean | undefined;
  private load: Mean | undefined;

  constructor(places: Places) {
    this.places = places;
    const names = (ids: readonly { readonly id: string }[]): string[] =>
      ids.map(({ id }) => placeNames(id).powerW);
    this.points = { pv: names(places.pv), load: names(places.base) };
  }

  see(image: Image): void {
    const { pv, load } = this.points;
    const sum = (names: readonly string[]): number | undefined => {
      let total = 0;
      for (const name of names) {
        const powerW = good(image.points[name]);
        if (powerW === undefined) return undefined;
        total += powerW;
      }
      return total;
    };
    const used = sum(load);
    this.load = moved(this.load, used === undefined ? undefined : -used, image.wallMs);
    this.pv = isCurtailed(this.places, image) ? undefined : moved(this.pv, sum(pv), image.wallMs);
  }

  at(nowMs: Instant): Recent {
    const fresh = (mean: Mean | undefined): number | undefined =>
      mean === undefined || nowMs - mean.atMs > OLD_MS ? undefined : Math.max(0, mean.powerW);
    return { pvW: fresh(this.pv), loadW: fresh(this.load) };
  }
}

function moved(mean: Mean | undefined, powerW: number | undefined, atMs: Instant) {
  if (powerW === undefined) return mean;
  const agoMs = mean === undefined ? OLD_MS : atMs - mean.atMs;
  if (mean === undefined || agoMs < 0 || agoMs >= OLD_MS) return { powerW, atMs };
  const weight = 1 - exp(-agoMs / MEMORY_MS);
  return { powerW: mean.powerW + weight * (powerW - mean.powerW), atMs };
}
