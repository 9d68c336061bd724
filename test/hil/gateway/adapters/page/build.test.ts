import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import {
  ensurePageBuilt,
  SOURCE_FILE,
  sourceHash,
} from '../../../../../gateway/adapters/page/build.ts';

const ROOT = resolve(import.meta.dirname, '../../../../..');
const made: string[] = [];

/** A copy of what the page is made from, with an empty cache of its own. */
function copy(): string {
  const root = mkdtempSync(join(tmpdir(), 'page-build-test-'));
  made.push(root);
  for (const part of ['gateway/ui', 'gateway/contracts/values', 'package.json']) {
    cpSync(join(ROOT, part), join(root, part), {
      recursive: true,
      filter: (from) => !from.startsWith(join(ROOT, 'gateway/ui/dist')),
    });
  }
  return root;
}

afterEach(() => {
  for (const root of made.splice(0)) rmSync(root, { recursive: true });
});

describe('the build of the page', () => {
  it('is the same for the same sources, another for a changed file or tool', () => {
    const root = copy();
    expect(sourceHash(root)).toBe(sourceHash(ROOT));
    writeFileSync(join(root, 'gateway/ui/src/styles/tokens.css'), ':root{}');
    const changed = sourceHash(root);
    expect(changed).not.toBe(sourceHash(ROOT));
    const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    manifest.dependencies.vite = '0.0.1';
    writeFileSync(join(root, 'package.json'), JSON.stringify(manifest));
    expect(sourceHash(root)).not.toBe(changed);
  });

  it('is built once when several gateways start together, and found next time', async () => {
    const root = copy();
    const dirs = await Promise.all([
      ensurePageBuilt(root),
      ensurePageBuilt(root),
      ensurePageBuilt(root),
    ]);
    expect(new Set(dirs).size).toBe(1);
    const [dir = ''] = dirs;
    expect(readFileSync(join(dir, 'index.html'), 'utf8')).toMatch(/assets\/index-[\w-]+\.js/);
    expect(readFileSync(join(dir, SOURCE_FILE), 'utf8')).toBe(sourceHash(root));
    expect(readdirSync(join(root, '.cache/page'))).toEqual([sourceHash(root)]);
    expect(await ensurePageBuilt(root)).toBe(dir);
  });

  it('takes the built page that a package carries, unless its sources are others', async () => {
    const root = copy();
    const shipped = join(root, 'gateway/ui/dist');
    mkdirSync(shipped);
    writeFileSync(join(shipped, 'index.html'), 'carried');
    writeFileSync(join(shipped, SOURCE_FILE), sourceHash(root));
    expect(await ensurePageBuilt(root)).toBe(shipped);
    writeFileSync(join(shipped, SOURCE_FILE), 'older');
    expect(await ensurePageBuilt(root)).not.toBe(shipped);
  });

  it('takes over from a build that was killed', async () => {
    const root = copy();
    const lock = join(root, '.cache/page', `${sourceHash(root)}.lock`);
    mkdirSync(join(lock, '2147483646'), { recursive: true }); // no such process
    const dir = await ensurePageBuilt(root);
    expect(existsSync(join(dir, 'index.html'))).toBe(true);
    expect(existsSync(lock)).toBe(false);
  });
});
