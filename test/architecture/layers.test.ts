import { createRequire } from 'node:module';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { buildHouse, type House } from './house.ts';
import { CLEAN, PLANTED } from './planted.ts';
import { codePaths, FOLDERS, ROOT } from './source.ts';
import { expectNone, runTool } from './tool.ts';

const report = z.object({
  summary: z.object({
    violations: z.array(
      z.object({
        from: z.string(),
        to: z.string(),
        rule: z.object({ name: z.string() }),
        cycle: z.array(z.object({ name: z.string() })).optional(),
      }),
    ),
  }),
  modules: z.array(
    z.object({
      source: z.string(),
      dependencies: z.array(z.object({ dependencyTypes: z.array(z.string()) })),
    }),
  ),
});
const { forbidden } = z
  .object({ forbidden: z.array(z.object({ name: z.string(), comment: z.string() })) })
  .parse(createRequire(import.meta.url)(join(ROOT, '.dependency-cruiser.cjs')));
const sentences = new Map(forbidden.map(({ name, comment }) => [name, comment]));

async function cruise(folder: string, inside: readonly string[]): Promise<z.infer<typeof report>> {
  const args = ['--config', '.dependency-cruiser.cjs', '--output-type', 'json', ...inside];
  const { stdout, stderr } = await runTool('cruiser', args, folder);
  if (!stdout.startsWith('{')) throw new Error(`dependency-cruiser failed: ${stdout}${stderr}`);
  return report.parse(JSON.parse(stdout));
}

test('the house keeps its layers', async () => {
  const paths = codePaths();
  const inside = FOLDERS.filter((folder) => paths.some((path) => path.startsWith(`${folder}/`)));
  const { summary, modules } = await cruise(ROOT, inside);
  const lines = summary.violations.map(({ from, to, rule, cycle }) => {
    const path = [from, ...(cycle?.map(({ name }) => name) ?? [to])].join(' > ');
    return `${path} ${rule.name}: ${sentences.get(rule.name)}`;
  });
  expectNone(lines, 'see .dependency-cruiser.cjs');

  // Under a compiler it cannot read, dependency-cruiser sees nothing and reports success.
  const seen = new Map(modules.map(({ source, dependencies }) => [source, dependencies]));
  expectNone(
    paths.filter((path) => !seen.has(path)),
    'dependency-cruiser did not see these',
  );
  const types = [...seen.values()].flat().flatMap(({ dependencyTypes }) => dependencyTypes);
  for (const kind of ['type-only', 'npm', 'npm-dev', 'core']) expect(types).toContain(kind);
});

describe('planted violations', () => {
  let house: House;
  let found: ReadonlyMap<string, readonly string[]> = new Map();

  beforeAll(async () => {
    const files: Record<string, string> = { ...CLEAN };
    for (const { at, text } of PLANTED) files[at] = text;
    house = buildHouse(files, ['.dependency-cruiser.cjs']);
    const { summary } = await cruise(house.folder, FOLDERS);
    const byFile = new Map<string, string[]>();
    for (const { from, rule } of summary.violations) {
      byFile.set(from, [...(byFile.get(from) ?? []), rule.name]);
    }
    found = byFile;
  });
  afterAll(() => house.remove());

  test.each(PLANTED)('$rule: $at', ({ rule, at }) => {
    expect(found.get(at) ?? []).toContain(rule);
  });

  test('what is allowed passes', () => {
    const planted = new Set(PLANTED.map(({ at }) => at));
    const wrong = [...found].filter(([at]) => !planted.has(at));
    expect(wrong).toEqual([]);
  });

  test('each rule has a planted violation', () => {
    const planted = new Set<string>(PLANTED.map(({ rule }) => rule));
    expect([...sentences.keys()].filter((name) => !planted.has(name))).toEqual([]);
  });
});
