import type { Directive } from '../../gateway/contracts/values/directive.ts';
import type { Image } from '../../gateway/contracts/values/image.ts';
import type { Site } from '../../gateway/contracts/values/site.ts';
import { createLimitBook } from './limits.ts';
import type { Reporter } from './types.ts';

/** A gateway's wall clock may be that much beside the true one. */
const BESIDE_MS = 5_000;
const ROUNDING_W = 1;

/**
 * S14: whoever proposes whatever, the limits that a guard counts with are never looser than
 * contract, fuse and what the grid has said; and what it decides is no more than a terminal's
 * rating.
 */
export function createEnvelopeJudge(site: Site, report: Reporter) {
  const book = createLimitBook(site);
  const rated = new Map(site.terminals.map((terminal) => [terminal.id, terminal]));
  const told = new Set<string>();
  const judge = (key: string, isWrong: boolean, what: () => string): void => {
    if (!isWrong) told.delete(key);
    else if (!told.has(key)) {
      told.add(key);
      report('S14', what());
    }
  };
  return {
    directive: (directive: Directive, seenAtMs: number): void => {
      book.directive(directive, seenAtMs);
    },
    /** @param wallMs the true time, UTC */
    image: ({ limits, decisions }: Pick<Image, 'limits' | 'decisions'>, wallMs: number): void => {
      const bound = book.loosest(wallMs, BESIDE_MS);
      for (const way of ['importLimitW', 'exportLimitW'] as const) {
        const isLoose = limits[way] > bound[way] + ROUNDING_W;
        judge(way, isLoose, () => `${way} of ${limits[way]}, ${bound[way]} binds`);
      }
      for (const { terminal, powerW } of decisions) {
        const { ratedInW = 0, ratedOutW = 0 } = rated.get(terminal) ?? {};
        const isFit =
          powerW === null || (powerW <= ratedInW + ROUNDING_W && powerW >= -ratedOutW - ROUNDING_W);
        judge(terminal, !isFit, () => `${terminal} at ${powerW} W, rated ${ratedInW}`);
      }
    },
  };
}
