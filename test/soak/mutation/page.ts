/** A change of the source as Stryker reports it. */
export interface Mutant {
  readonly mutatorName: string;
  readonly replacement?: string;
  readonly status: string;
  readonly location: { readonly start: Place; readonly end: Place };
}

interface Place {
  readonly line: number;
  readonly column: number;
}

interface Survivor {
  readonly line: number;
  readonly was: string;
  readonly becomes: string;
}

interface Judged {
  readonly mutants: number;
  readonly found: number;
  readonly survivors: readonly Survivor[];
}

const LONG = 60;

/** One line, short enough for a table. */
function short(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length > LONG ? `${line.slice(0, LONG)}...` : line;
}

function cut(source: string, { start, end }: Mutant['location']): string {
  const lines = source.split('\n').slice(start.line - 1, end.line);
  lines[lines.length - 1] = (lines.at(-1) ?? '').slice(0, end.column - 1);
  lines[0] = (lines[0] ?? '').slice(start.column - 1);
  return lines.join('\n');
}

/** Those that no test noticed; a test that hangs has noticed. */
export function survivorsOf(source: string, mutants: readonly Mutant[]): Judged {
  const counted = mutants.filter(({ status }) => status !== 'Ignored' && status !== 'CompileError');
  const alive = counted.filter(({ status }) => status === 'Survived' || status === 'NoCoverage');
  return {
    mutants: counted.length,
    found: counted.length - alive.length,
    survivors: alive.map(({ location, replacement = '' }) => ({
      line: location.start.line,
      was: short(cut(source, location)),
      becomes: short(replacement),
    })),
  };
}

const cell = (text: string): string => text.replaceAll('|', '\\|');

/** docs/mutation.md. */
export function page(
  judged: readonly (Judged & { readonly file: string })[],
  reasons: Readonly<Record<string, string>>,
): string {
  const figures = judged.map(({ file, mutants, found }) => {
    const share = ((100 * found) / Math.max(1, mutants)).toFixed(1);
    return `| ${file} | ${mutants} | ${found} | ${share} % |`;
  });
  const left = judged.flatMap(({ file, survivors }) =>
    survivors.map(({ line, was, becomes }) => {
      const why = reasons[`${file} | ${was} | ${becomes}`] ?? 'not explained yet';
      return `| ${file}:${line} | \`${cell(was)}\` | \`${cell(becomes)}\` | ${cell(why)} |`;
    }),
  );
  return [
    '# Mutants of the safety kernel and the register codec',
    '',
    'Written by `npm run soak -- mutation`: the source is changed in every way that Stryker knows,',
    'and the unit tests are asked to notice. Those that stayed unnoticed change nothing that can',
    'be observed, for the reason given.',
    '',
    '| file | mutants | noticed | share |',
    '| --- | --- | --- | --- |',
    ...figures,
    '',
    '| where | was | becomes | why nobody can notice |',
    '| --- | --- | --- | --- |',
    ...left,
    '',
  ].join('\n');
}
