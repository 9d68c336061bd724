import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { build } from 'vite';
import { SOURCE_FILE, sourceHash } from './build.ts';

/**
 * Child of build.ts: builds the page into the folder given as the only argument, marked with its
 * source's hash.
 */
const ui = resolve(import.meta.dirname, '../../ui');
const outDir = process.argv[2];
if (outDir === undefined) throw new Error('build-child needs the folder to build into');
await build({
  root: ui,
  configFile: join(ui, 'vite.config.ts'),
  configLoader: 'native', // Node reads TypeScript itself
  logLevel: 'error',
  build: { outDir: resolve(outDir), emptyOutDir: true },
});
writeFileSync(join(outDir, SOURCE_FILE), sourceHash());
