import { join } from 'node:path';
import { expect, test } from 'vitest';
import { codePaths, ROOT } from './source.ts';
import { expectNone, runTool } from './tool.ts';

test('types fit together', async () => {
  const { code, stdout, stderr } = await runTool('tsc', ['--pretty', 'false']);
  expectNone(linesOf(stdout + stderr), 'tsc');
  expect(code).toBe(0);
});

test('tsc sees the files', async () => {
  const { stdout } = await runTool('tsc', ['--listFilesOnly']);
  const seen = new Set(linesOf(stdout));
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
