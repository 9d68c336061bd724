import type { Site } from '../../gateway/contracts/values/site.ts';

type Entry = Readonly<Record<string, unknown>>;
type Refuse = (path: string, what: string, mend: string) => never;

/**
 * The site with some of its figures changed: `connections.grid.fuseA`, entries of lists by id (or
 * by the terminal or place that they belong to).
 */
export function change(
  site: Site,
  changes: Readonly<Record<string, unknown>>,
  refuse: Refuse,
): Site {
  let changed: unknown = site;
  for (const [path, value] of Object.entries(changes)) {
    changed = put(changed, path.split('.'), value, (what, mend) => refuse(path, what, mend));
  }
  return changed as Site;
}

function put(
  from: unknown,
  steps: readonly string[],
  value: unknown,
  refuse: (what: string, mend: string) => never,
): unknown {
  const [step = '', ...rest] = steps;
  if (Array.isArray(from)) {
    const list = from as readonly Entry[];
    const at = list.findIndex((one) => nameOf(one) === step);
    if (at < 0) refuse(`no '${step}' in this list`, `choose from ${list.map(nameOf).join(', ')}`);
    return list.with(at, put(list[at], rest, value, refuse) as Entry);
  }
  if (typeof from !== 'object' || from === null) {
    return refuse(`nothing lies below '${step}'`, 'write the path of one value of a site file');
  }
  const entry = from as Entry;
  if (rest.length > 0) return { ...entry, [step]: put(entry[step], rest, value, refuse) };
  const before = entry[step];
  if (before !== undefined && typeof before !== typeof value) {
    return refuse(`'${step}' is a ${typeof before} or more`, 'write a value of the same kind');
  }
  return { ...entry, [step]: value };
}

const nameOf = (entry: Entry): string =>
  String(entry['id'] ?? entry['terminal'] ?? entry['of'] ?? entry['node']);
