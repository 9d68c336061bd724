import { execFile } from 'node:child_process';
import { join } from 'node:path';
import process from 'node:process';
import { expect } from 'vitest';
import { ROOT } from './source.ts';

const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;

export const TOOLS = {
  biome: '@biomejs/biome/bin/biome',
  cruiser: 'dependency-cruiser/bin/dependency-cruiser.mjs',
  knip: 'knip/bin/knip.js',
  tsc: 'typescript/bin/tsc',
} as const;

export interface ToolResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a tool of node_modules under this Node. */
export function runTool(
  tool: keyof typeof TOOLS,
  args: readonly string[],
  cwd = ROOT,
): Promise<ToolResult> {
  const script = join(ROOT, 'node_modules', TOOLS[tool]);
  const options = { cwd, maxBuffer: OUTPUT_BYTES_MAX, env: { ...process.env, NO_COLOR: '1' } };
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [script, ...args], options, (_, stdout, stderr) => {
      resolve({ code: child.exitCode ?? 1, stdout, stderr });
    });
  });
}

/** Fails with one finding a line; `mend` says how to put it right. */
export function expectNone(findings: readonly string[], mend: string): void {
  if (findings.length === 0) return;
  const count = findings.length === 1 ? '1 finding' : `${findings.length} findings`;
  expect.fail(`${count} (${mend}):\n${findings.join('\n')}`);
}
