import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ROOT } from './source.ts';

/** A small house with the real rules and packages, in which violations can be planted. */
export interface House {
  readonly folder: string;
  remove(): void;
}

/** @param files path to text  @param configs rule files to take from the real house */
export function buildHouse(
  files: Readonly<Record<string, string>>,
  configs: readonly string[],
): House {
  const folder = mkdtempSync(join(tmpdir(), 'edgewatt-house-'));
  for (const name of ['package.json', 'tsconfig.json', ...configs]) {
    cpSync(join(ROOT, name), join(folder, name));
  }
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
