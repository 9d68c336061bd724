import { type Document, LineCounter, parseDocument, visit } from 'yaml';
import type { z } from 'zod';

/** One complaint about a file that a person wrote, with the line it stands on. */
export interface Complaint {
  readonly line: number;
  readonly path: string;
  readonly what: string;
  readonly mend: string;
}

export type Path = readonly (string | number)[];

interface YamlNode {
  readonly range?: readonly number[];
  readonly items?: readonly {
    readonly key?: { readonly value?: unknown; readonly range?: number[] };
  }[];
}

/** `connections[0].fuseA` */
export const pathWords = (path: Path): string =>
  path
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`))
    .join('')
    .replace(/^\./, '') || 'the file';

/** YAML or JSON text that remembers its lines, so that every complaint names one. */
export class YamlFile {
  /** Set when the text is no YAML; then there is no value. */
  readonly broken: Complaint | undefined;
  private readonly document: Document;
  private readonly counter = new LineCounter();
  private readonly plain: unknown;

  constructor(text: string) {
    const options = { prettyErrors: false, logLevel: 'error' } as const;
    this.document = parseDocument(text, { ...options, lineCounter: this.counter });
    const error = this.document.errors[0];
    this.broken = error && {
      line: this.counter.linePos(error.pos[0]).line,
      path: 'the file',
      what: `not YAML (${error.message.split('\n')[0]})`,
      mend: 'correct the indentation or the quotes here',
    };
    if (this.broken !== undefined) return;
    try {
      this.plain = this.document.toJS();
    } catch (aliasError) {
      // an alias of nothing, or so many that they are no file of a person
      this.broken = {
        line: this.aliasLine(),
        path: 'the file',
        what: `not YAML (${(aliasError as Error).message.slice(0, 200)})`,
        mend: 'write out what *name stands for, or quote the text that begins with *',
      };
    }
  }

  value(): unknown {
    return this.plain;
  }

  private aliasLine(): number {
    let at = 0;
    visit(this.document, {
      Alias: (_key, { range }) => {
        at = range?.[0] ?? 0;
        return visit.BREAK;
      },
    });
    return this.counter.linePos(at).line;
  }

  /** Line of the deepest entry that exists on the way to `path`. */
  line(path: Path): number {
    for (let depth = path.length; depth > 0; depth--) {
      const parent = this.document.getIn(path.slice(0, depth - 1), true) as YamlNode | undefined;
      const key = parent?.items?.find((item) => item.key?.value === path[depth - 1])?.key;
      const node = this.document.getIn(path.slice(0, depth), true) as YamlNode | undefined;
      const at = key?.range?.[0] ?? node?.range?.[0];
      if (at !== undefined) return this.counter.linePos(at).line;
    }
    return 1;
  }

  complaint(path: Path, what: string, mend: string): Complaint {
    return { line: this.line(path), path: pathWords(path), what, mend };
  }

  /** What a schema said, in line order. */
  complaints(error: z.ZodError): Complaint[] {
    return error.issues.flatMap((issue) => this.fromIssue(issue)).sort((a, b) => a.line - b.line);
  }

  private fromIssue(issue: z.core.$ZodIssue): Complaint[] {
    const path = issue.path.filter((step) => typeof step !== 'symbol');
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) =>
        this.complaint(
          [...path, key],
          `unknown key '${key}'`,
          unitHint(key) ?? 'remove it or correct its spelling (docs/formats.md lists the keys)',
        ),
      );
    }
    if (issue.code === 'invalid_type' && this.document.getIn(path) === undefined) {
      return [this.complaint(path, 'missing', 'add it')];
    }
    const what = issue.message.charAt(0).toLowerCase() + issue.message.slice(1);
    return [this.complaint(path, what, 'correct the value')];
  }
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
