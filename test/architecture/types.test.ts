import { isAbsolute, join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { codePaths, ROOT } from './source.ts';
import { expectNone, runTool } from './tool.ts';

let code = 0;
let said: readonly string[] = [];
beforeAll(async () => {
  const result = await runTool('tsc', ['--pretty', 'false', '--listFiles']);
  code = result.code;
  said = linesOf(result.stdout + result.stderr);
}, 170_000);

/** tsc names its files with their whole path, and findings by a path from here. */
const isFile = (line: string): boolean => isAbsolute(line);

test('types fit together', () => {
  expectNone(
    said.filter((line) => !isFile(line)),
    'tsc',
  );
  expect(code).toBe(0);
});

test('tsc sees the files', () => {
  const seen = new Set(said.filter(isFile));
  const typed = codePaths().filter((path) => /\.tsx?$/.test(path));
  expect(typed.length).toBeGreaterThan(0);
  expectNone(
    typed.filter((path) => !seen.has(join(ROOT, path))),
    'name the folder in tsconfig.json',
  );
});

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}
