import { readFileSync } from 'node:fs';
import { type Document, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import type { Profile } from '../../devices/profile.ts';
import type { Site } from '../contracts/values/site.ts';
import { Fault } from '../errors.ts';
import { checkSite } from './check.ts';
import { siteSchema } from './schema.ts';

/** One complaint about a site file, with the line it stands on. */
export interface Complaint {
  readonly line: number;
  readonly path: string;
  readonly what: string;
  readonly mend: string;
}

type Path = readonly (string | number)[];

const words = (path: Path): string =>
  path
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`))
    .join('')
    .replace(/^\./, '') || 'the file';

/** Line of the deepest node that exists on the way to `path`; of the key itself where `key` names one. */
function lineOf(document: Document, counter: LineCounter, path: Path, key?: string): number {
  for (let depth = path.length; depth >= 0; depth--) {
    const node = document.getIn(path.slice(0, depth), true) as
      | {
          range?: [number, number, number];
          items?: { key?: { value?: unknown; range?: number[] } }[];
        }
      | undefined;
    if (node === undefined || node === null) continue;
    const pair =
      depth === path.length && key !== undefined
        ? node.items?.find((item) => item.key?.value === key)
        : undefined;
    const at = pair?.key?.range?.[0] ?? node.range?.[0];
    if (at !== undefined) return counter.linePos(at).line;
  }
  return 1;
}

function fromIssue(issue: z.core.$ZodIssue, document: Document, counter: LineCounter): Complaint[] {
  const path = issue.path.filter((step) => typeof step !== 'symbol');
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      line: lineOf(document, counter, path, key),
      path: words([...path, key]),
      what: `unknown key '${key}'`,
      mend: unitHint(key) ?? 'remove it or correct its spelling (docs/formats.md lists the keys)',
    }));
  }
  const missing = issue.code === 'invalid_type' && document.getIn(path) === undefined;
  return [
    {
      line: lineOf(document, counter, path),
      path: words(path),
      what: missing ? 'missing' : issue.message.charAt(0).toLowerCase() + issue.message.slice(1),
      mend: missing ? 'add it' : 'correct the value',
    },
  ];
}

/** Wrong units are the commonest mistake: kW where W belongs, seconds where ms belong. */
function unitHint(key: string): string | undefined {
  const swaps: [RegExp, string][] = [
    [/KW$/i, 'W'],
    [/KWH$/i, 'Wh'],
    [/(Sec|Seconds|S)$/, 'Ms'],
    [/Percent$/, 'Pct'],
  ];
  for (const [unit, ours] of swaps) {
    if (unit.test(key)) return `units are fixed: write ${key.replace(unit, ours)} in that unit`;
  }
  return undefined;
}

export interface Loaded {
  readonly site: Site | undefined;
  readonly complaints: readonly Complaint[];
}

/**
 * Reads a site file's text.
 * @param profiles  the catalogue, for what a device can do
 * @returns the site when nothing is wrong with it, and every complaint in line order
 */
export function parseSite(text: string, profiles: (id: string) => Profile | undefined): Loaded {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, prettyErrors: false });
  if (document.errors.length > 0) {
    return {
      site: undefined,
      complaints: document.errors.map((error) => ({
        line: counter.linePos(error.pos[0]).line,
        path: 'the file',
        what: `not YAML (${error.message.split('\n')[0]})`,
        mend: 'correct the indentation or the quotes here',
      })),
    };
  }
  const parsed = siteSchema.safeParse(document.toJS());
  if (!parsed.success) {
    const complaints = parsed.error.issues.flatMap((issue) => fromIssue(issue, document, counter));
    return { site: undefined, complaints: complaints.sort((a, b) => a.line - b.line) };
  }
  const site = parsed.data as unknown as Site;
  const complaints = checkSite(site, profiles).map(({ path, what, mend }) => ({
    line: lineOf(document, counter, path),
    path: words(path),
    what,
    mend,
  }));
  return {
    site: complaints.length === 0 ? site : undefined,
    complaints: complaints.sort((a, b) => a.line - b.line),
  };
}

/** @throws Fault with the first complaint, or when the file cannot be read */
export function loadSite(file: string, profiles: (id: string) => Profile | undefined): Site {
  const { site, complaints } = parseSite(readText(file), profiles);
  const first = complaints[0];
  if (site !== undefined && first === undefined) return site;
  const more =
    complaints.length > 1 ? ` (and ${complaints.length - 1} more: edgewatt config check)` : '';
  throw new Fault(
    `${first?.path}: ${first?.what}`,
    `${file}:${first?.line}`,
    `${first?.mend}${more}`,
  );
}

export function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unreadable';
    throw new Fault(`cannot be read (${code})`, file, 'name an existing, readable file');
  }
}
