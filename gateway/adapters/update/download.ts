import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { type SignedWords, signedWords } from '../../contracts/signed.ts';

const HEAD_BYTES_MAX = 8_192;
const WHOLE_MS = 3_600_000; // a bundle over a slow line

/**
 * Fetches a release bundle into a file. Its signed words are judged as soon as they are here, and
 * only as many bytes as they name are taken after them.
 * @param judge  of the signed words; returns the size of what follows them, throws to refuse
 * @throws Error in one line; nothing is left behind then
 */
export async function download(
  url: string,
  file: string,
  judge: (signed: SignedWords) => number,
): Promise<void> {
  const response = await fetch(url, { signal: AbortSignal.timeout(WHOLE_MS) });
  const { body } = response;
  if (!response.ok || body === null) {
    await body?.cancel();
    throw new Error(`the bundle was not fetched: its server answered ${response.status}`);
  }
  try {
    await pipeline(bounded(body, judge), createWriteStream(file, { mode: 0o600, flush: true }));
  } catch (error) {
    await rm(file, { force: true });
    throw error;
  }
}

async function* bounded(
  source: AsyncIterable<Uint8Array>,
  judge: (signed: SignedWords) => number,
): AsyncGenerator<Buffer> {
  let head = Buffer.alloc(0);
  let leftBytes: number | undefined;
  for await (const chunk of source) {
    let bytes = Buffer.from(chunk);
    if (leftBytes === undefined) {
      head = Buffer.concat([head, bytes]);
      const end = head.subarray(0, HEAD_BYTES_MAX).indexOf(10);
      if (end < 0 && head.length < HEAD_BYTES_MAX) continue;
      leftBytes = judge(wordsOf(head.subarray(0, Math.max(0, end)))) + end + 1;
      bytes = head;
    }
    leftBytes -= bytes.length;
    if (leftBytes < 0) throw new Error('the bundle is longer than its manifest says');
    yield bytes;
  }
  if (leftBytes !== 0) throw new Error('the bundle is shorter than its manifest says');
}

function wordsOf(line: Buffer): SignedWords {
  try {
    return signedWords.parse(JSON.parse(line.toString('utf8')));
  } catch {
    throw new Error('what was fetched is no release bundle');
  }
}
