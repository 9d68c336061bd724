import type { WorldViolation } from '../world/world.ts';

const iso = (atMs: number): string => new Date(atMs).toISOString();

/** Violations for people: what repeats itself is one line, with how often and until when. */
export function linesOf(violations: readonly WorldViolation[]): string[] {
  const alike = Map.groupBy(violations, ({ rule, site, what }) => `${rule} ${site} ${what}`);
  return [...alike.values()].map((all) => {
    const [first] = all as [WorldViolation, ...WorldViolation[]];
    const { seed, rule, site, atMs, what } = first;
    const last = all.at(-1) ?? first;
    const more = all.length > 1 ? ` (${all.length} times until ${iso(last.atMs)})` : '';
    return `seed ${seed}: ${rule} ${site} ${iso(atMs)}: ${what}${more}`;
  });
}
