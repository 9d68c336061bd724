import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import { Fault } from '../../contracts/values/fault.ts';

/**
 * The page is built on the first start, in a child process, into a cache keyed by a hash over its
 * sources; a package carries it built (`node gateway/adapters/page/build-child.ts
 * gateway/ui/dist`). Several gateways may start at once: one builds, the others wait.
 */
const ROOT = resolve(import.meta.dirname, '../../..');
const SOURCES = ['gateway/ui', 'gateway/contracts/values'];
const TOOLS = ['vite', 'preact', '@preact/signals'];
export const SOURCE_FILE = 'source.txt';
const LOCK_POLL_MS = 100;
const BUILD_MAX_MS = 120_000;

function filesUnder(dir: string): string[] {
  const entries = readdirSync(dir, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && !relative(dir, entry.parentPath).startsWith('dist'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** Hash over everything that decides what the built page is: sources and versions of the tools. */
export function sourceHash(root: string = ROOT): string {
  const hash = createHash('sha256');
  for (const source of SOURCES) {
    for (const file of filesUnder(join(root, source))) {
      hash
        .update(`${relative(root, file)}\0`)
        .update(readFileSync(file))
        .update('\0');
    }
  }
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    dependencies?: Record<string, string>;
  };
  for (const tool of TOOLS) hash.update(`${tool}@${manifest.dependencies?.[tool]}\0`);
  return hash.digest('hex').slice(0, 16);
}

/** Hash that a built page carries; undefined where there is none. */
function builtFrom(dir: string): string | undefined {
  const file = join(dir, SOURCE_FILE);
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined;
}

/**
 * Where built pages are kept: beside the sources, or in the user's cache where that is read-only.
 */
function cacheRoot(root: string): string {
  for (const dir of [join(root, '.cache/page'), join(homedir(), '.cache/edgewatt/page')]) {
    try {
      mkdirSync(dir, { recursive: true });
      const probe = join(dir, `.probe-${process.pid}`);
      mkdirSync(probe);
      rmSync(probe, { recursive: true });
      return dir;
    } catch {
      // read-only: the next one
    }
  }
  throw new Fault(
    'the page cannot be built: no folder can be written',
    root,
    'make .cache writable',
  );
}

function runBuild(outDir: string): Promise<void> {
  return new Promise((resolveRun, reject) => {
    const script = join(import.meta.dirname, 'build-child.ts');
    const child = spawn(process.execPath, [script, outDir], {
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: BUILD_MAX_MS,
    });
    let said = '';
    child.stderr.on('data', (chunk) => {
      said = `${said}${chunk}`.slice(-2_000);
    });
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      if (code === 0) return resolveRun();
      const why = said.trim().split('\n')[0] || `ended with ${code ?? signal}`;
      reject(
        new Fault(`the page cannot be built: ${why}`, 'gateway/ui', 'run npm ci and start again'),
      );
    });
  });
}

/** Holds `lock` while it runs; undefined when another process has it. */
async function withLock<T>(lock: string, run: () => Promise<T>): Promise<T | undefined> {
  try {
    mkdirSync(lock);
  } catch {
    return undefined;
  }
  const holder = join(lock, String(process.pid));
  try {
    mkdirSync(holder);
    return await run();
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

/** A lock whose holder is gone was left by a killed build. */
function clearDeadLock(lock: string): void {
  try {
    const [holder] = readdirSync(lock);
    if (holder !== undefined) process.kill(Number(holder), 0);
  } catch (error) {
    if ((error as { code?: string }).code === 'ESRCH')
      rmSync(lock, { recursive: true, force: true });
  }
}

/**
 * Folder with the built page, built now if need be (a few seconds, not on this process's thread).
 * @throws Fault in one line when it cannot be built
 */
export async function ensurePageBuilt(root: string = ROOT): Promise<string> {
  const shipped = join(root, 'gateway/ui/dist');
  if (!existsSync(join(root, 'gateway/ui/index.html'))) return shipped; // a package: no sources
  const hash = sourceHash(root);
  if (builtFrom(shipped) === hash) return shipped;
  const cache = cacheRoot(root);
  const done = join(cache, hash);
  const lock = join(cache, `${hash}.lock`);
  for (let waitedMs = 0; waitedMs < BUILD_MAX_MS; waitedMs += LOCK_POLL_MS) {
    if (builtFrom(done) === hash) return done;
    const built = await withLock(lock, async () => {
      if (builtFrom(done) === hash) return done;
      const fresh = join(cache, `${hash}.${process.pid}.new`);
      rmSync(fresh, { recursive: true, force: true });
      await runBuild(fresh);
      rmSync(done, { recursive: true, force: true }); // sources changed while an earlier build ran
      renameSync(fresh, done);
      return done;
    });
    if (built !== undefined) return built;
    clearDeadLock(lock);
    await pause(LOCK_POLL_MS);
  }
  throw new Fault(
    'another process builds the page and does not finish',
    lock,
    'remove this folder',
  );
}
