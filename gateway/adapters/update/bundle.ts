import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import type { ReleaseManifest } from '../../contracts/release.ts';
import { type SignedWords, signedWords } from '../../contracts/signed.ts';
import { Fault } from '../../contracts/values/fault.ts';
import { BadArchive, untar } from './untar.ts';

const LINE_BYTES_MAX = 8_192;

export interface BundleHead {
  readonly signed: SignedWords;
  readonly payloadAt: number; // bytes before the payload
}

const notABundle = (file: string): Fault =>
  new Fault('not a release bundle', file, 'fetch it again, or build one with npm run package');

/** Reads the first line of a bundle and nothing else. @throws Fault */
export async function readHead(file: string): Promise<BundleHead> {
  if (!existsSync(file)) throw new Fault('there is no such file', file, 'name a .ewb bundle');
  const handle = await open(file, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(LINE_BYTES_MAX), 0);
    const end = buffer.subarray(0, bytesRead).indexOf(10);
    if (end < 0) throw notABundle(file);
    const signed = signedWords.parse(JSON.parse(buffer.subarray(0, end).toString('utf8')));
    return { signed, payloadAt: end + 1 };
  } catch {
    throw notABundle(file);
  } finally {
    await handle.close();
  }
}

/**
 * Copies the payload to a place of ours while it is measured; what is unpacked later is the copy
 * that was judged. Stops at the first byte too many. @throws Fault
 */
export async function stage(
  file: string,
  head: BundleHead,
  manifest: ReleaseManifest,
  staged: string,
): Promise<void> {
  const hash = createHash('sha256');
  let bytes = 0;
  const measured = async function* (source: AsyncIterable<Buffer>) {
    for await (const chunk of source) {
      bytes += chunk.length;
      if (bytes > manifest.sizeBytes) throw new BadArchive('it is larger than its manifest says');
      hash.update(chunk);
      yield chunk;
    }
  };
  const refused = (why: string): Fault =>
    new Fault(`the release is refused: ${why}`, file, 'fetch it again');
  try {
    await pipeline(
      createReadStream(file, { start: head.payloadAt }),
      measured,
      createWriteStream(staged, { mode: 0o600, flags: 'wx', flush: true }),
    );
  } catch (error) {
    if (error instanceof BadArchive) throw refused(error.message);
    throw error;
  }
  if (bytes < manifest.sizeBytes) throw refused('it is shorter than its manifest says');
  if (hash.digest('hex') !== manifest.sha256) throw refused('its content was changed');
}

/** @throws Fault when the content is no release */
export async function unpack(
  staged: string,
  folder: string,
  manifest: ReleaseManifest,
): Promise<void> {
  const gunzip = createGunzip();
  const source = pipeline(createReadStream(staged), gunzip);
  source.catch(() => undefined); // said below, where the stream breaks
  try {
    await untar(Readable.from(gunzip), folder, manifest.unpackedBytes);
    await source;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOSPC') throw new Fault('the disk is full', folder, 'free some space');
    const isArchive = error instanceof BadArchive || String(code).startsWith('Z_');
    if (!isArchive) throw error;
    const why = error instanceof BadArchive ? error.message : 'it cannot be unpacked';
    throw new Fault(`the release is refused: ${why}`, folder, 'build the bundle again');
  }
}
