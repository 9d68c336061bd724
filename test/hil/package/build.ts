import { spawnSync } from 'node:child_process';
import { ROOT } from '../../architecture/source.ts';

/** Vitest calls it once before all tests: makes the packages, as `npm run package` does. */
export default function build(): void {
  const args = ['bin/package/main.mjs'];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: ROOT,
    encoding: 'utf8',
  });
  if (status !== 0 || stderr !== '') throw new Error(`npm run package: ${stdout}${stderr}`);
}
