import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../architecture/source.ts';

/** What soak runs have added up to so far: docs/benchmarks.md quotes it. */
const FILE = join(ROOT, 'test/soak/counts.json');

type Counts = Record<string, Record<string, number>>;

/** Adds to the counts of a kind, so that a run that is broken off keeps what it has done. */
export function count(kind: string, more: Readonly<Record<string, number>>): void {
  const counts = JSON.parse(readFileSync(FILE, 'utf8')) as Counts;
  const own = counts[kind] ?? {};
  for (const [name, value] of Object.entries(more)) own[name] = (own[name] ?? 0) + value;
  counts[kind] = own;
  writeFileSync(`${FILE}.new`, `${JSON.stringify(counts, null, 2)}\n`);
  renameSync(`${FILE}.new`, FILE);
}
