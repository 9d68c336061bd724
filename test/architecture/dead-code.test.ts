import { expect, test } from 'vitest';
import { expectNone, runTool } from './tool.ts';

test('every file, export and package has a use', async () => {
  const args = ['--no-progress', '--no-config-hints', '--reporter', 'compact'];
  const { code, stdout, stderr } = await runTool('knip', args);
  const findings = (stdout + stderr).split('\n').filter((line) => line !== '');
  expectNone(findings, 'use it, remove it, or make it an entry in knip.json');
  expect(code).toBe(0);
});
