// Tar archives as packages and bundles need them: the same bytes for the same files, owned by
// nobody in particular.
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, lstatSync, readdirSync, readlinkSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';

const BLOCK = 512;
const KINDS = { file: '0', link: '2', folder: '5' };

/** One entry: exactly one of `file` (to read), `text`, `link` (target), or none for a folder.
 *  @typedef {{ path: string, mode: number, file?: string, text?: string, link?: string }} Entry */

/** Everything below a folder, in order. @returns {Entry[]} */
export function entriesBelow(folder, prefix) {
  const found = readdirSync(folder, { recursive: true }).map(String).sort();
  return found.map((name) => {
    const file = join(folder, name);
    const path = join(prefix, relative(folder, file));
    const stat = lstatSync(file);
    if (stat.isDirectory()) return { path, mode: 0o755 };
    if (stat.isSymbolicLink()) return { path, mode: 0o777, link: readlinkSync(file) };
    return { path, mode: stat.mode & 0o111 ? 0o755 : 0o644, file };
  });
}

/** Folders that lead to the entries and are not among them. @param {Entry[]} entries */
export function withParents(entries) {
  const known = new Set(entries.map(({ path }) => path));
  const parents = [];
  for (const { path } of entries) {
    const missing = [];
    for (let at = dirname(path); at !== '.' && !known.has(at); at = dirname(at)) {
      known.add(at);
      missing.unshift({ path: at, mode: 0o755 });
    }
    parents.push(...missing);
  }
  return [...parents, ...entries].sort((a, b) => (a.path < b.path ? -1 : 1));
}

function header(entry, size) {
  const kind = entry.link !== undefined ? 'link' : isFolder(entry) ? 'folder' : 'file';
  const full = kind === 'folder' ? `${entry.path}/` : entry.path;
  let [prefix, name] = ['', full];
  if (Buffer.byteLength(full) > 100) {
    const cut = full.indexOf('/', full.length - 101);
    [prefix, name] = [full.slice(0, cut), full.slice(cut + 1)];
    if (cut < 0 || Buffer.byteLength(prefix) > 155 || Buffer.byteLength(name) > 100) {
      throw new Error(`path too long for an archive: ${full}`);
    }
  }
  const block = Buffer.alloc(BLOCK);
  const octal = (value, at, length) =>
    block.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at);
  block.write(name, 0);
  octal(entry.mode, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(size, 124, 12);
  octal(0, 136, 12);
  block.write('        ', 148);
  block.write(KINDS[kind], 156);
  block.write(entry.link ?? '', 157);
  block.write('ustar\x0000', 257);
  block.write('root', 265);
  block.write('root', 297);
  block.write(prefix, 345);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

const isFolder = ({ file, text, link }) =>
  file === undefined && text === undefined && link === undefined;

/** @param {Entry[]} entries */
export const unpackedBytes = (entries) => entries.reduce((sum, entry) => sum + sizeOf(entry), 0);

function sizeOf(entry) {
  if (entry.text !== undefined) return Buffer.byteLength(entry.text);
  return entry.file === undefined ? 0 : lstatSync(entry.file).size;
}

async function* blocks(entries) {
  for (const entry of entries) {
    const size = sizeOf(entry);
    yield header(entry, size);
    if (entry.text !== undefined) yield Buffer.from(entry.text);
    else if (entry.file !== undefined) yield* createReadStream(entry.file);
    yield Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);
  }
  yield Buffer.alloc(2 * BLOCK);
}

/** Writes a gzipped tar. @returns {Promise<{ sha256: string, sizeBytes: number }>} of the file */
export async function writeTarGz(entries, to) {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  await pipeline(
    Readable.from(blocks(entries)),
    createGzip({ level: 6 }),
    async function* (source) {
      for await (const chunk of source) {
        hash.update(chunk);
        sizeBytes += chunk.length;
        yield chunk;
      }
    },
    createWriteStream(to),
  );
  return { sha256: hash.digest('hex'), sizeBytes };
}
