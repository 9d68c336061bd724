import type { Site } from '../../../../../gateway/contracts/values/site.ts';
import type { Bench, BenchOptions, World } from '../bench/bench.ts';
import type { Expected } from '../bench/timeline.ts';

/** What happens at a time after the guard's start, and what stands then within a while. */
interface Row {
  readonly at: string;
  readonly happens: string;
  readonly world?: Partial<World>;
  readonly act?: (bench: Bench) => void;
  readonly within: string;
  readonly stands: Expected;
  readonly says: string; // the same for people
}

/** A situation as an operator expects it; docs/control.md is checked against this. */
export interface Situation {
  readonly name: string;
  readonly site: Site;
  readonly options?: BenchOptions;
  readonly rows: readonly Row[];
}

export const row = (
  at: string,
  happens: string,
  world: Partial<World>,
  within: string,
  stands: Expected,
  says: string,
): Row => ({ at, happens, world, within, stands, says });

/** The rows of the page's table. */
export const tableOf = (all: readonly Situation[]): string[] =>
  all.map(({ name, rows }) => {
    const cells = rows.map(
      ({ at, happens, within, says }) => `${at}: ${happens} → ${says} (${within})`,
    );
    return `| ${name} | ${cells.join('<br>')} |`;
  });
