// One release as a folder: the gateway as JavaScript, the packages that cannot be bundled with the
// natives of one platform, the built page, and Node.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import process from 'node:process';
import { build } from 'esbuild';

export const HOUSE = resolve(import.meta.dirname, '../..');
const manifest = JSON.parse(readFileSync(join(HOUSE, 'package.json'), 'utf8'));
export const VERSION = manifest.version;

/** Packages with natives or files beside their code; they are copied, not bundled. */
const WHOLE = ['better-sqlite3', 'highs', 'serialport', 'aws-iot-device-sdk-v2'];
/** Started by path, as threads and child processes. */
const STARTED = [
  'gateway/adapters/sqlite/thread.ts',
  'gateway/adapters/writer/thread.ts',
  'gateway/adapters/solver/child.ts',
];

/** In the release a module's own address is what it was in the house, `.js` for `.ts`. */
const addresses = {
  name: 'addresses',
  setup(builder) {
    builder.onLoad({ filter: /\.ts$/ }, ({ path }) => {
      const at = relative(HOUSE, path);
      if (at.startsWith('..') || at.includes('node_modules')) return undefined;
      const text = readFileSync(path, 'utf8')
        .replaceAll('import.meta.dirname', `__pathOf(${JSON.stringify(dirname(at))})`)
        .replaceAll('import.meta.filename', `__pathOf(${JSON.stringify(script(at))})`)
        .replaceAll('import.meta.url', `__urlOf(${JSON.stringify(script(at))})`)
        .replaceAll(/new URL\('\.\/(thread|child)\.ts'/g, "new URL('./$1.js'");
      return { contents: text, loader: 'ts' };
    });
  },
};
/** zod's messages in 50 languages, of which the gateway speaks one: 300 KB of text in memory. */
const english = {
  name: 'english',
  setup(builder) {
    builder.onLoad({ filter: /\/zod\/v4\/locales\/index\.js$/ }, () => ({
      contents: "export { default as en } from './en.js';",
    }));
  },
};
const script = (path) => path.replace(/\.ts$/, '.js');

const BANNER = `import { createRequire as __createRequire } from 'node:module';
import { fileURLToPath as __fileOf } from 'node:url';
const require = __createRequire(import.meta.url);
const __app = import.meta.url.slice(0, import.meta.url.lastIndexOf('/app/') + 5);
const __urlOf = (path) => __app + path;
const __pathOf = (path) => __fileOf(__app + path);`;

async function bundleGateway(app) {
  await build({
    absWorkingDir: HOUSE,
    entryPoints: ['gateway/main.ts', ...STARTED],
    outbase: HOUSE,
    outdir: app,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    chunkNames: 'chunks/[hash]',
    legalComments: 'eof',
    // V8 keeps the text of each module: what says nothing to it costs the agent 3 MiB, the guard 2.
    minifyWhitespace: true,
    minifySyntax: true,
    lineLimit: 120, // a stack trace still names a place
    logLevel: 'error',
    external: [...WHOLE, 'vite'],
    plugins: [addresses, english],
    banner: { js: BANNER },
  });
}

/** Files of a package that a running gateway never reads. */
const NEEDLESS = /\.(d\.[cm]?ts|map|md|markdown|flow|gyp|gypi|c|cc|cpp|h|hpp|html)$/;
/** Sources of natives that are built already, and code for browsers. */
const SOURCES = {
  'better-sqlite3': /^\/(src|deps)$/,
  '@serialport/bindings-cpp': /^\/src$/,
  'aws-crt': /^\/(source|dist\.browser|scripts)$/,
};
const NATIVE = /(^|\/)(linux|linuxmusl|darwin|win32|android)-?[\w+-]*/;

/** Whether a native file or folder is for this platform (Debian: glibc). */
function isForeign(path, arch) {
  const name = basename(path);
  if (!NATIVE.test(name) || name.endsWith('.js')) return false;
  return ![`linux-${arch}`, `linux-${arch}.node`, `linux-${arch}-glibc`].includes(name);
}

function copyPackage(name, from, app, arch, done) {
  const place = findPackage(name, from);
  const to = join(app, relative(HOUSE, place));
  if (done.has(to)) return;
  done.add(to);
  const inner = join(place, 'node_modules');
  cpSync(place, to, {
    recursive: true,
    filter: (path) => {
      const below = path.slice(place.length);
      const isSource = SOURCES[name]?.test(below) ?? false;
      return !(path === inner || isSource || NEEDLESS.test(below) || isForeign(below, arch));
    },
  });
  const { dependencies = {} } = JSON.parse(readFileSync(join(place, 'package.json'), 'utf8'));
  for (const next of Object.keys(dependencies)) {
    if (next !== 'node-addon-api') copyPackage(next, place, app, arch, done);
  }
}

function findPackage(name, from) {
  for (let at = from; at.length >= HOUSE.length; at = dirname(at)) {
    const place = join(at, 'node_modules', name);
    if (existsSync(place)) return place;
  }
  throw new Error(`package ${name} is not installed: run npm ci`);
}

/** Node of an architecture, as the lock names it: installed, or fetched by npm and compared. */
function nodeFor(arch, work) {
  const name = `node-linux-${arch}`;
  const installed = join(HOUSE, 'node_modules', name, 'bin/node');
  if (existsSync(installed)) return installed;
  const unpacked = join(work, name);
  if (existsSync(join(unpacked, 'package/bin/node'))) return join(unpacked, 'package/bin/node');
  mkdirSync(unpacked, { recursive: true });
  const version = manifest.optionalDependencies[name];
  const args = ['pack', `${name}@${version}`, '--silent', '--pack-destination', unpacked];
  const packed = spawnSync('npm', args, { encoding: 'utf8', cwd: unpacked });
  const file = join(unpacked, `${name}-${version}.tgz`);
  if (!existsSync(file)) throw new Error(`npm does not fetch ${name}: ${packed.stderr}`);
  const lock = JSON.parse(readFileSync(join(HOUSE, 'package-lock.json'), 'utf8'));
  const wanted = lock.packages[`node_modules/${name}`].integrity;
  const got = `sha512-${createHash('sha512').update(readFileSync(file)).digest('base64')}`;
  if (got !== wanted) throw new Error(`${name} is not what package-lock.json names`);
  spawnSync('tar', ['-xzf', file, '-C', unpacked]);
  return join(unpacked, 'package/bin/node');
}

function buildPage(to) {
  const child = join(HOUSE, 'gateway/adapters/page/build-child.ts');
  const built = spawnSync(process.execPath, [child, to], { encoding: 'utf8', cwd: HOUSE });
  if (built.status !== 0) throw new Error(`the page cannot be built: ${built.stderr}`);
}

/** @param {'x64' | 'arm64'} arch  @param {string} folder  made anew  @param {string} work  kept */
export async function buildRelease(arch, folder, work) {
  rmSync(folder, { recursive: true, force: true });
  const app = join(folder, 'app');
  mkdirSync(app, { recursive: true });
  await bundleGateway(app);
  const done = new Set();
  for (const name of WHOLE) copyPackage(name, HOUSE, app, arch, done);
  buildPage(join(app, 'gateway/ui/dist'));
  copyText(app);
  const about = { name: 'edgewatt', version: VERSION, type: 'module', license: manifest.license };
  writeFileSync(join(app, 'package.json'), `${JSON.stringify(about)}\n`);
  copyFileSync(join(HOUSE, 'bin/package/edgewatt.sh'), join(folder, 'edgewatt'));
  copyFileSync(nodeFor(arch, work), join(folder, 'node'));
  for (const name of ['LICENSE', 'NOTICE']) copyFileSync(join(HOUSE, name), join(folder, name));
}

/** Instructions and other texts that the gateway reads beside its code. */
function copyText(app) {
  cpSync(join(HOUSE, 'gateway'), join(app, 'gateway'), {
    recursive: true,
    filter: (path) => !path.includes('/ui') && (statSync(path).isDirectory() || /\.md$/.test(path)),
  });
}
