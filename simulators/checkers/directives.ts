import type { Image } from '../../gateway/contracts/values/image.ts';
import type { Reporter } from './types.ts';

/** S13: a limit that nobody signed for this gateway binds nothing. */
export function createDirectiveJudge(report: Reporter) {
  const forgedW = new Set<number>();
  return {
    /** @param limitW one that no honest directive has */
    forged: (limitW: number): void => {
      forgedW.add(limitW);
    },
    image: ({ limits }: Pick<Image, 'limits'>): void => {
      for (const limitW of [limits.importLimitW, limits.exportLimitW]) {
        if (forgedW.delete(limitW)) report('S13', `a forged limit of ${limitW} W is in force`);
      }
    },
  };
}
