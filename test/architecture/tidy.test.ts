import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import * as rules from './rules.ts';
import { codePaths, filesBelow, parse, ROOT, readSource } from './source.ts';
import { expectNone } from './tool.ts';

interface Tidy {
  readonly rule: rules.Rule;
  readonly mend: string;
  /** Where the samples stand, unless they say otherwise. */
  readonly at?: string;
  readonly bad: readonly string[];
  readonly fine: readonly string[];
}

const PATH = 'gateway/link/outbox/planted.ts';
const long = (count: number): string => `function f() {\n${'  f();\n'.repeat(count - 2)}}\n`;

const TIDY: Readonly<Record<string, Tidy>> = {
  'files have 400 lines': {
    rule: rules.fileLength,
    mend: 'one subject, one file',
    bad: ['f();\n'.repeat(401)],
    fine: ['f();\n'.repeat(400), `// table of data\n${'f();\n'.repeat(500)}`],
  },
  'functions have 70 lines': {
    rule: rules.functionLength,
    mend: 'leaf functions pure, branching in one place',
    bad: [long(71), `const f = () => {\n${'f();\n'.repeat(70)}};`],
    fine: [long(70), `// table of data\n${long(90)}`],
  },
  'lines have 100 columns': {
    rule: rules.columns,
    mend: 'npm run format breaks code; text you break yourself',
    bad: [`// ${'word '.repeat(20)}`],
    fine: [
      `f(\`\n${'word '.repeat(30)}\`);`,
      `// ${'x'.repeat(120)}`,
      `import { a } from '${'../'.repeat(40)}a.ts';`,
    ],
  },
  'maths are the same on every processor': {
    rule: rules.maths,
    mend: 'devices/maths.ts and the Random port',
    bad: [
      ...[
        'Math.random();',
        'Math.sin(1);',
        'Math.pow(2, 3);',
        'Math.hypot(3, 4);',
        'const { exp } = Math;',
      ],
      ...["Math['sin'](1);", 'const m = Math;', 'const a = 10 ** scale;', 'a **= 2;'],
    ],
    fine: [
      ...[
        'Math.max(1, 2);',
        'Math.sqrt(2);',
        'const a = 2 ** 32;',
        'const b = 10n ** d;',
        'a.Math;',
      ],
      ...['const c = 10 ** -2;', 'x(BigInt(10) ** d);', 'const d = Math.PI;', '2 ** attempt;'],
    ],
  },
  'verdicts come from the kernel': {
    rule: rules.verdicts,
    mend: 'judge() in gateway/guard/safety/',
    bad: ['f({} as Verdict);', 'f(x as unknown as readonly Verdict[]);', 'f(<Verdict>x);'],
    fine: ['const a = f() satisfies Verdict;', 'f(x as Verdicts);'],
  },
  'nobody steps around the compiler': {
    rule: rules.casts,
    mend: 'narrow the type',
    bad: ['f(x as any);', '// @ts-ignore\nf();', '/* @ts-nocheck */\nf();', 'f(); // @ts-ignore'],
    fine: ["f('as any');", '// @ts-expect-error: the library types it wrongly\nf();'],
  },
  'numeric names say their unit': {
    rule: rules.units,
    mend: 'powerW, socPct, fromMs',
    bad: [
      ...['export interface A { readonly power: number }', 'export const LIMIT = 5;'],
      ...['export type A = { price: bigint | undefined }', 'export interface A { at: Instant }'],
      ...['export interface A { b: { readonly temperature: number | null } }'],
      ...['export const delay: number = f();', 'export interface A { start?: readonly Instant[] }'],
    ],
    fine: [
      'export interface A { powerW: number; missedCycles: number; limitVa?: number; n: number }',
      'export interface A { priceNanoPerWh: bigint; fromMs: Instant; agentEpoch: number }',
      'export const FRAME_BYTES_MAX = 5;\nexport const LEASE_MS = -5;',
      'interface Hidden { power: number }\nconst power = 5;',
      'export interface A { step(power: number): number; name: string }',
      'export interface A { freshMs: { control: number; slow: number } }',
      'export interface A { intervals: readonly Instant[] }',
      'export function f() { return node as { power: number }; }',
    ],
  },
  'one word for one thing': {
    rule: rules.synonyms,
    mend: 'docs/glossary.md',
    bad: ['const slaveId = 1;', 'function setValue() {}', 'interface A { setPoint: 1 }'],
    fine: [
      'client.setValue(1);',
      'const setpointW = 1;',
      'const setValues = 1;',
      'const forbidden = 1;',
    ],
  },
  'nothing is left for later in the code': {
    rule: rules.leftovers,
    mend: 'do it now',
    bad: ['// TODO: later\nf();', 'f(); /* FIXME */', 'f(\n  // HACK\n  1,\n);', 'f();\n// XXX'],
    fine: ["f('TODO');", '// todos are fine\nf();'],
  },
};

describe.each(Object.entries(TIDY))('%s', (_, { rule, mend, bad, fine, at = PATH }) => {
  test('in this house', () => {
    expectNone(codePaths().map(readSource).flatMap(rule), mend);
  });

  test.each(bad)('found: %s', (text) => {
    expect(rule(parse(at, text))).not.toEqual([]);
  });

  test.each(fine)('fine: %s', (text) => {
    expect(rule(parse(at, text))).toEqual([]);
  });
});

describe('where rules end', () => {
  test.each([
    [rules.maths, 'devices/maths.ts', 'Math.sin(1);'],
    [rules.maths, 'gateway/ui/chart.tsx', 'Math.sin(1);'],
    [rules.verdicts, 'gateway/guard/safety/kernel.ts', 'f({} as Verdict);'],
    [rules.units, 'gateway/adapters/mqtt.ts', 'export const LIMIT = 5;'],
    [rules.synonyms, 'gateway/adapters/mqtt.ts', 'const slaveId = 5;'],
    [rules.functionLength, 'test/unit/a.test.ts', `test('a', () => {\n${'f();\n'.repeat(90)}});`],
  ])('%o in %s', (rule, path, text) => {
    expect(rule(parse(path, text))).toEqual([]);
  });

  test('not even a page draws lots', () => {
    expect(rules.maths(parse('gateway/ui/chart.tsx', 'Math.random();'))).not.toEqual([]);
  });
});

const TEXT = /\.(ts|tsx|mjs|cjs|css|html|json|md|ya?ml|sh|toml|txt)$/;
const MACHINE = /(^|[\s"'`(=:])\/(work|root|Users|home\/(?!(pi|edgewatt|node)\b)\w+)\//;

describe('no path of anybody’s machine', () => {
  test('in this house', () => {
    const folders = ['devices', 'gateway', 'cloud', 'simulators', 'bin', 'test', 'docs', '.ci'];
    const found = folders
      .flatMap((folder) => filesBelow(folder, folder === '.ci' ? /./ : TEXT))
      .flatMap((path) =>
        readFileSync(join(ROOT, path), 'utf8')
          .split('\n')
          .map((line, index) => ({ line, at: `${path}:${index + 1}` }))
          .filter(({ line }) => MACHINE.test(line))
          .map(({ at, line }) => `${at} ${line.trim().slice(0, 80)}`),
      );
    expectNone(found, 'paths are relative, or come from the configuration');
  });

  test.each([`'/${'work'}/main'`, `cd /${'root'}/x`, `"/${'home'}/joe/x"`])('found: %s', (text) => {
    expect(text).toMatch(MACHINE);
  });

  test.each(['/home/pi/site.yaml', 'a/work/b', 'https://x.org/work/'])('fine: %s', (text) => {
    expect(text).not.toMatch(MACHINE);
  });
});
