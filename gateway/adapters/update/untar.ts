import { closeSync, fsyncSync, mkdirSync, openSync, symlinkSync, writeSync } from 'node:fs';
import { dirname, join, normalize, sep } from 'node:path';

const BLOCK = 512;
const FILES_MAX = 20_000;

/** A bundle that is not what a release looks like; one sentence. */
export class BadArchive extends Error {}

interface Header {
  readonly path: string;
  readonly kind: 'file' | 'folder' | 'link';
  readonly isExecutable: boolean;
  readonly size: number;
  readonly target: string;
}

function field(block: Buffer, at: number, length: number): string {
  const bytes = block.subarray(at, at + length);
  const end = bytes.indexOf(0);
  return bytes.subarray(0, end < 0 ? length : end).toString('utf8');
}

function octal(block: Buffer, at: number, length: number): number {
  const text = field(block, at, length).trim();
  if (!/^[0-7]{1,12}$/.test(text)) throw new BadArchive('it holds a broken header');
  return Number.parseInt(text, 8);
}

const KINDS: Readonly<Record<string, Header['kind']>> = { '0': 'file', '5': 'folder', '2': 'link' };

function header(block: Buffer): Header {
  const sum = block.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 32 : byte), 0);
  if (sum !== octal(block, 148, 8)) throw new BadArchive('it holds a broken header');
  const prefix = field(block, 345, 155);
  const name = field(block, 0, 100);
  const kind = KINDS[field(block, 156, 1)];
  if (kind === undefined) throw new BadArchive(`it holds something else than files: ${name}`);
  return {
    path: prefix === '' ? name : `${prefix}/${name}`,
    kind,
    isExecutable: (octal(block, 100, 8) & 0o111) !== 0,
    size: kind === 'file' ? octal(block, 124, 12) : 0,
    target: field(block, 157, 100),
  };
}

/** A path below the folder, as it will be; nothing absolute and no way up. */
function inside(folder: string, path: string): string {
  const clean = normalize(path);
  const isOut = clean.startsWith('/') || clean.split(sep).includes('..') || path.includes('\0');
  if (isOut || clean === '') throw new BadArchive(`it would write outside its folder: ${path}`);
  return join(folder, clean);
}

function sync(path: string): void {
  const fd = openSync(path, 'r');
  fsyncSync(fd);
  closeSync(fd);
}

/**
 * Writes the files of a tar stream below a new folder, each one on disk before the next. Files,
 * folders and links to names beside them only; no owners, no times, no special bits.
 * @returns bytes written  @throws BadArchive
 */
export async function untar(
  source: AsyncIterable<Buffer>,
  folder: string,
  bytesMax: number,
): Promise<number> {
  const unpacking = new Unpacking(folder, bytesMax);
  for await (const chunk of source) unpacking.take(chunk);
  return unpacking.end();
}

class Unpacking {
  private held: Buffer = Buffer.alloc(0);
  private fd: number | undefined;
  private leftBytes = 0; // of the open file
  private padBytes = 0;
  private isOver = false;
  private files = 0;
  private written = 0;
  private readonly folders = new Set<string>();
  private readonly folder: string;
  private readonly bytesMax: number;

  constructor(folder: string, bytesMax: number) {
    this.folder = folder;
    this.bytesMax = bytesMax;
    this.makeFolder(folder);
  }

  take(chunk: Buffer): void {
    this.held = this.held.length === 0 ? chunk : Buffer.concat([this.held, chunk]);
    while (!this.isOver && this.step()) {
      // one header, one piece of a file or one padding a turn
    }
    if (this.isOver) this.held = Buffer.alloc(0);
  }

  end(): number {
    if (!this.isOver || this.leftBytes > 0) throw new BadArchive('it ends too early');
    for (const folder of this.folders) sync(folder);
    return this.written;
  }

  private step(): boolean {
    if (this.leftBytes > 0) return this.writePiece();
    if (this.padBytes > 0) {
      const pad = Math.min(this.padBytes, this.held.length);
      this.padBytes -= pad;
      this.held = this.held.subarray(pad);
      return pad > 0;
    }
    if (this.held.length < BLOCK) return false;
    const block = this.held.subarray(0, BLOCK);
    this.held = this.held.subarray(BLOCK);
    if (block.every((byte) => byte === 0)) this.isOver = true;
    else this.begin(header(block));
    return true;
  }

  private begin(entry: Header): void {
    this.files += 1;
    this.written += entry.size;
    if (this.files > FILES_MAX || this.written > this.bytesMax) {
      throw new BadArchive('it holds more than its manifest says');
    }
    const path = inside(this.folder, entry.path);
    if (entry.kind === 'folder') return this.makeFolder(path);
    this.makeFolder(dirname(path));
    if (entry.kind === 'link') {
      if (!/^[\w.-]+$/.test(entry.target) || entry.target === '..') {
        throw new BadArchive(`it holds a link that leads elsewhere: ${entry.path}`);
      }
      return symlinkSync(entry.target, path);
    }
    this.fd = openSync(path, 'wx', entry.isExecutable ? 0o755 : 0o644);
    this.leftBytes = entry.size;
    this.padBytes = (BLOCK - (entry.size % BLOCK)) % BLOCK;
    if (entry.size === 0) this.closeFile();
  }

  private writePiece(): boolean {
    const piece = this.held.subarray(0, Math.min(this.leftBytes, this.held.length));
    if (piece.length === 0 || this.fd === undefined) return false;
    writeSync(this.fd, piece);
    this.leftBytes -= piece.length;
    this.held = this.held.subarray(piece.length);
    if (this.leftBytes === 0) this.closeFile();
    return true;
  }

  private closeFile(): void {
    if (this.fd === undefined) return;
    fsyncSync(this.fd);
    closeSync(this.fd);
    this.fd = undefined;
  }

  private makeFolder(path: string): void {
    if (this.folders.has(path)) return;
    mkdirSync(path, { recursive: true, mode: 0o755 });
    for (let one = path; one.length >= this.folder.length; one = dirname(one)) {
      this.folders.add(one);
    }
  }
}
