import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { buildHouse, type House } from './house.ts';
import { codePaths, ROOT } from './source.ts';
import { expectNone, runTool } from './tool.ts';

const report = z.object({
  summary: z.object({ changed: z.number(), unchanged: z.number() }),
  diagnostics: z.array(
    z.object({
      category: z.string().nullish(),
      message: z.unknown(),
      location: z.object({ path: z.string(), start: z.object({ line: z.number() }).nullish() }),
    }),
  ),
});
const rules = z.object({
  linter: z.object({
    rules: z.object({
      style: z.object({
        noRestrictedGlobals: z.object({
          options: z.object({ deniedGlobals: z.record(z.string(), z.string()) }),
        }),
      }),
    }),
  }),
});

interface Finding {
  readonly path: string;
  readonly line: number;
  readonly rule: string;
  readonly message: string;
}

async function lint(folder?: string): Promise<{ files: number; findings: Finding[] }> {
  const options = ['--colors=off', '--error-on-warnings', '--max-diagnostics=none'];
  const args = ['ci', ...options, '--reporter=json', '.'];
  const { stdout, stderr } = await runTool('biome', args, folder);
  const json = stdout.split('\n').find((line) => line.startsWith('{'));
  if (json === undefined) throw new Error(`Biome gave no report: ${stdout}${stderr}`);
  const { summary, diagnostics } = report.parse(JSON.parse(json));
  const findings = diagnostics.map(({ category, message, location }) => ({
    path: location.path,
    line: location.start?.line ?? 1,
    rule: (category ?? 'unknown').split('/').at(-1) ?? '',
    message: String(message),
  }));
  return { files: summary.changed + summary.unchanged, findings };
}

test('the house is formatted and free of lint', async () => {
  const { files, findings } = await lint();
  const lines = findings.map(
    ({ path, line, rule, message }) => `${path}:${line} ${rule}: ${message}`,
  );
  expectNone(lines, 'npm run format mends layout and the order of imports');
  expect(files).toBeGreaterThanOrEqual(codePaths().length);
});

const denied = Object.keys(
  rules.parse(JSON.parse(readFileSync(join(ROOT, 'biome.json'), 'utf8'))).linter.rules.style
    .noRestrictedGlobals.options.deniedGlobals,
);
const everyGlobal = denied.map((name) => `void ${name};\n`).join('');
const browserGlobals = 'void fetch;\nvoid document;\nvoid setTimeout;\nvoid Date;\n';

const PURE = [
  'devices/planted.ts',
  'gateway/agents/planning/planted.ts',
  'gateway/compose.ts',
  'gateway/contracts/planted.ts',
  'gateway/guard/bus/planted.ts',
  'gateway/guard/control/peak/planted.ts',
  'gateway/guard/safety/planted.ts',
  'gateway/guard/tick.ts',
  'gateway/link/outbox/planted.ts',
  'cloud/agents/grid/planted.ts',
  'cloud/fleet/planted.ts',
  'cloud/market/planted.ts',
  'simulators/checkers/planted.ts',
  'simulators/planted.ts',
];
const OUTWARD = [
  'gateway/adapters/planted.ts',
  'gateway/config/planted.ts',
  'gateway/main.ts',
  'cloud/adapters/planted.ts',
  'cloud/handlers/planted.ts',
  'cloud/infra/planted.ts',
  'gateway/processes/planted.ts',
  'gateway/ui/vite.config.ts',
  'simulators/demo/planted.ts',
  'simulators/iot-core/run.ts',
  'simulators/servers/planted.ts',
  'simulators/wires/planted.ts',
  'test/unit/planted.ts',
];
const PAGES = ['gateway/ui/planted.tsx', 'cloud/console/planted.tsx'];

/** A violation for each rule that we rely on. */
const LINT: Readonly<Record<string, string>> = {
  format: 'export const a = "double"\n',
  noBarrelFile: "export { a } from './format.ts';\n",
  noEnum: 'export enum Mode {\n  A,\n}\n',
  noExplicitAny: 'export const a: any = 1;\n',
  noFloatingPromises: 'async function run(): Promise<void> {}\nrun();\n',
  noMisusedPromises: '[1].forEach(async () => {\n  await Promise.resolve();\n});\n',
  noNonNullAssertion: 'export const a = [1][0]!;\n',
  noParameterProperties: 'export class A {\n  constructor(readonly a: number) {}\n}\n',
  noReExportAll: "export * from './format.ts';\n",
  noTsIgnore: '// @ts-ignore\nexport const a = 1;\n',
  useImportExtensions: "import { a } from './format';\n\nvoid a;\n",
  useImportType: "import { Dirent } from 'node:fs';\n\nexport type A = Dirent;\n",
  useNodejsImportProtocol: "import { existsSync } from 'fs';\n\nvoid existsSync;\n",
};
const FOCUSED = "import { test } from 'vitest';\n\ntest.only('a', () => {});\n";

describe('planted violations', () => {
  let house: House;
  let found: readonly Finding[] = [];
  const rulesAt = (path: string): string[] =>
    found.filter((finding) => finding.path === path).map((finding) => finding.rule);

  beforeAll(async () => {
    const files: Record<string, string> = { 'test/unit/focused.test.ts': FOCUSED };
    for (const path of [...PURE, ...OUTWARD]) files[path] = everyGlobal;
    for (const path of PAGES) files[path] = `void process;\n${browserGlobals}`;
    for (const [rule, text] of Object.entries(LINT)) files[`gateway/link/lint/${rule}.ts`] = text;
    house = buildHouse(files, ['biome.json']);
    found = (await lint(house.folder)).findings;
  });
  afterAll(() => house.remove());

  test.each(PURE)('%s has no way to the outside', (path) => {
    const seen = found.filter(
      ({ rule, ...at }) => at.path === path && rule === 'noRestrictedGlobals',
    );
    expect(seen.map(({ line }) => denied[line - 1]).sort()).toEqual([...denied].sort());
  });

  test.each(OUTWARD)('%s may use the outside', (path) => {
    expect(rulesAt(path)).not.toContain('noRestrictedGlobals');
  });

  test.each(PAGES)('%s may use the browser, not the process', (path) => {
    const seen = found.filter(
      ({ rule, ...at }) => at.path === path && rule === 'noRestrictedGlobals',
    );
    expect(seen.map(({ line }) => line)).toEqual([1]);
  });

  test.each(Object.keys(LINT))('%s', (rule) => {
    expect(rulesAt(`gateway/link/lint/${rule}.ts`)).toContain(rule);
  });

  test('noFocusedTests', () => {
    expect(rulesAt('test/unit/focused.test.ts')).toContain('noFocusedTests');
  });
});
