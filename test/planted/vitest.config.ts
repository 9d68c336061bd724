import { join } from 'node:path';
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';
import { type Bug, QUICK } from './bugs.ts';
import { planted } from './plant.ts';

const ROOT = join(import.meta.dirname, '../..');
const files = [...new Set(QUICK.map(({ caughtBy }) => caughtBy.file))];
const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);

/** The product as it would be with the bug: its source is changed while it is loaded. */
function withBug(bug: Bug): TestProjectInlineConfiguration {
  const file = join(ROOT, bug.file);
  return {
    extends: true,
    plugins: [
      {
        name: `planted: ${bug.name}`,
        enforce: 'pre',
        transform: (source, id) => (id.split('?')[0] === file ? planted(source, bug) : undefined),
      },
    ],
    test: { name: bug.name, include: [bug.caughtBy.file] },
  };
}

/** One project without a bug, and one for each. Only the tests that are named run. */
export default defineConfig({
  test: {
    root: ROOT,
    reporters: [join(import.meta.dirname, 'reporter.ts')],
    testTimeout: 60_000,
    pool: 'threads',
    isolate: false,
    maxWorkers: 2,
    testNamePattern: new RegExp(QUICK.map(({ caughtBy }) => escaped(caughtBy.test)).join('|')),
    projects: [
      { extends: true, test: { name: 'as it is', include: files } },
      ...QUICK.map(withBug),
    ],
  },
});
