import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

/** The package's root. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** The folders whose code is ours. */
export const FOLDERS = ['devices', 'gateway', 'cloud', 'simulators', 'bin', 'test'] as const;

const SKIPPED = new Set(['node_modules', 'dist', 'coverage', 'vendor', 'cdk.out', '.cache']);
const PLANTED = 'test/fixtures/planted';
const CODE = /\.(ts|tsx|mjs|cjs)$/;

/** One file of code with its syntax tree; `path` is relative to the root, with forward slashes. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
  readonly tree: ts.SourceFile;
}

/** Paths of all files below a folder whose name matches, sorted. */
export function filesBelow(folder: string, name: RegExp, root = ROOT): string[] {
  if (!existsSync(join(root, folder))) return [];
  const found: string[] = [];
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) {
      if (!SKIPPED.has(entry.name) && path !== PLANTED) found.push(...filesBelow(path, name, root));
    } else if (entry.isFile() && name.test(entry.name)) found.push(path);
  }
  return found.sort();
}

/** Paths of all code files of the house. */
export function codePaths(root = ROOT): string[] {
  return FOLDERS.flatMap((folder) => filesBelow(folder, CODE, root));
}

export function parse(path: string, text: string): SourceFile {
  const kind = path.endsWith('.tsx') ? ts.ScriptKind.TSX : undefined;
  return { path, text, tree: ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true, kind) };
}

const sources = new Map<string, SourceFile>();

/** Parsed once for all rules of a test file. */
export function readSource(path: string): SourceFile {
  const source = sources.get(path) ?? parse(path, readFileSync(join(ROOT, path), 'utf8'));
  sources.set(path, source);
  return source;
}

/** Calls `see` with every node of the tree, parents first; false leaves out what is below. */
export function walk(node: ts.Node, see: (node: ts.Node) => unknown): void {
  if (see(node) === false) return;
  ts.forEachChild(node, (child) => walk(child, see));
}

/** `path:line`, as editors and terminals like it. */
export function place(file: SourceFile, node: ts.Node): string {
  const { line } = file.tree.getLineAndCharacterOfPosition(node.getStart(file.tree));
  return `${file.path}:${line + 1}`;
}
