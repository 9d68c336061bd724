import type { Image } from '../../gateway/contracts/values/image.ts';
import type { Site } from '../../gateway/contracts/values/site.ts';
import type { Reporter } from './types.ts';

/** More than any register's sentinel stands for, less than any site's connection carries. */
const TIMES_RATED = 3;
const LEAST_W = 20_000;

type Bounds = readonly [least: number, most: number];

/**
 * S8: what a device marks as not available, garbage, a torn pair or an answer to another request
 * never becomes a good reading: one that is good lies within what a quantity can be at this site.
 */
export function createFigureJudge(site: Site, report: Reporter) {
  const ratedW = site.connections.reduce((sum, { fuseA }) => sum + fuseA * 690, 0);
  const mostW = Math.max(LEAST_W, TIMES_RATED * ratedW);
  const bounds: readonly (readonly [pattern: RegExp, bounds: Bounds])[] = [
    [/(powerL?\d?W|Va|Var)$/i, [-mostW, mostW]],
    [/voltage\w*V$/i, [-1, 1_500]],
    [/current\w*A$/i, [-mostW / 100, mostW / 100]],
    [/frequencyHz$/, [40, 70]],
    [/(soc|soh)Pct$/, [0, 100]],
    [/C$/, [-60, 150]],
    [/(in|out)Wh$/, [0, 1e12]],
  ];
  const known = new Map<string, Bounds | null>(); // null: it may be anything
  const boundsOf = (name: string): Bounds | null => {
    const own = bounds.find(([pattern]) => pattern.test(name))?.[1] ?? null;
    known.set(name, own);
    return own;
  };
  const told = new Set<string>();
  return {
    image: (image: Image): void => {
      for (const name in image.points) {
        const reading = image.points[name];
        if (reading === undefined || reading.quality !== 'good') continue;
        let within = known.get(name);
        if (within === undefined) within = boundsOf(name);
        if (within === null) continue;
        const { value } = reading;
        if (value >= within[0] && value <= within[1]) {
          if (told.size > 0) told.delete(name);
        } else if (!told.has(name)) {
          told.add(name);
          report('S8', `${name} = ${value} counts as good`);
        }
      }
    },
  };
}
