import type { Image } from '../../gateway/contracts/values/image.ts';
import type { Reporter } from './types.ts';

/** S6: what an agent asks that another one has followed is never done. */
export function createOlderJudge(report: Reporter) {
  const askedW = new Set<number>();
  return {
    /** @param powerW one that no honest plan asks for */
    asked: (powerW: number): void => {
      askedW.add(powerW);
    },
    image: ({ decisions }: Pick<Image, 'decisions'>): void => {
      if (askedW.size === 0) return;
      for (const { terminal, powerW } of decisions) {
        if (powerW === null || !askedW.delete(powerW)) continue;
        report('S6', `${terminal} does the ${powerW} W that an older agent asked for`);
      }
    },
  };
}
