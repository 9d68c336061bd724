import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openBlackBox } from '../../../../../gateway/adapters/blackbox/files.ts';
import { FrameWriter, MAGIC, readFrames } from '../../../../../gateway/adapters/blackbox/frames.ts';
import { Ring } from '../../../../../gateway/adapters/blackbox/ring.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'ring-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** Bytes that do not shrink. */
function noise(length: number, seed: number): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 24;
  });
}
const used = (): number =>
  readdirSync(dir).reduce((sum, name) => sum + statSync(join(dir, name)).size, 0);
const texts = (blobs: readonly Uint8Array[]): string[] =>
  blobs.map((blob) => Buffer.from(blob).toString());
const bytes = (text: string): Uint8Array => Buffer.from(text);

describe('frames', () => {
  const writer = new FrameWriter();
  const first = writer.frame([bytes('opening'), bytes('cycle 1')]);
  const second = writer.frame([bytes('cycle 2'), bytes('cycle 3')]);
  const file = Buffer.concat([MAGIC, first, second]);

  it('come back whole', () => {
    const { blobs, end } = readFrames(file);
    expect(texts(blobs)).toEqual(['opening', 'cycle 1', 'cycle 2', 'cycle 3']);
    expect(end).toBe('whole');
  });

  it('show every flipped bit, and what came before it is kept', () => {
    for (let at = 0; at < file.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const copy = Buffer.from(file);
        copy[at] = (copy[at] ?? 0) ^ (1 << bit);
        const { blobs, end } = readFrames(copy);
        expect(end, `bit ${bit} of byte ${at}`).not.toBe('whole');
        const inSecond = at >= MAGIC.length + first.length;
        expect(texts(blobs)).toEqual(inSecond ? ['opening', 'cycle 1'] : []);
      }
    }
  });

  it('that end anywhere are torn, not damaged, also with zeros behind', () => {
    for (let length = 0; length < file.length; length++) {
      const cut = file.subarray(0, length);
      const isWhole = length === MAGIC.length || length === MAGIC.length + first.length;
      expect(readFrames(cut).end, `${length} bytes`).toBe(isWhole ? 'whole' : 'torn');
    }
    const zeros = Buffer.concat([MAGIC, first, Buffer.alloc(512)]);
    expect(readFrames(zeros).end).toBe('torn');
    expect(texts(readFrames(zeros).blobs)).toEqual(['opening', 'cycle 1']);
  });
});

describe('the ring', () => {
  it('never exceeds its bound, and keeps the newest', () => {
    const bound = 40_000;
    const ring = new Ring(dir, { bytes: bound, days: 30 });
    for (let n = 0; n < 60; n++) {
      ring.put(noise(500, n + 1), n % 5 === 0, n * 11_000);
      if (n % 2 === 0) ring.flush();
      expect(used()).toBeLessThanOrEqual(bound);
    }
    ring.flush();
    const files = openBlackBox(dir);
    expect(files.length).toBeGreaterThan(3);
    expect(files.at(-1)?.number).toBe(12);
    const last = files.at(-1)?.read();
    expect(last?.blobs.at(-1)).toEqual(Buffer.from(noise(500, 60)));
  });

  it('removes what is older than its days, never all of it', () => {
    writeFileSync(join(dir, '000000007.ewbb'), MAGIC);
    writeFileSync(join(dir, '000000008.ewbb'), MAGIC);
    for (const name of readdirSync(dir)) utimesSync(join(dir, name), 1_000, 1_000);
    const ring = new Ring(dir, { bytes: 1e6, days: 1 });
    ring.put(bytes('opening'), true, 0);
    ring.flush();
    expect(readdirSync(dir).sort()).toEqual(['000000008.ewbb', '000000009.ewbb']);
  });

  it('is on disk after ten seconds, and goes on in a new file after a restart', () => {
    const ring = new Ring(dir, { bytes: 1e6, days: 30 });
    ring.put(bytes('opening'), true, 0);
    ring.put(bytes('cycle 1'), false, 9_999);
    expect(statSync(join(dir, '000000001.ewbb')).size).toBe(MAGIC.length);
    ring.put(bytes('cycle 2'), false, 10_000);
    const read = readFrames(readFileSync(join(dir, '000000001.ewbb')));
    expect(texts(read.blobs)).toEqual(['opening', 'cycle 1', 'cycle 2']);
    new Ring(dir, { bytes: 1e6, days: 30 }).put(bytes('opening'), true, 0);
    expect(readdirSync(dir).length).toBe(2);
  });

  it('leaves no file behind in which nothing came to stand', () => {
    const ring = new Ring(dir, { bytes: 1e6, days: 30 });
    for (let n = 0; n < 3; n++) ring.put(bytes('opening'), true, n);
    ring.flush();
    ring.put(bytes('opening'), true, 3);
    ring.close();
    expect(openBlackBox(dir).map(({ number }) => number)).toEqual([1, 2, 3]);
  });

  it('says what the disk says, and takes nothing until a segment begins', () => {
    const ring = new Ring(join(dir, 'file'), { bytes: 1e6, days: 30 });
    writeFileSync(join(dir, 'file'), '');
    expect(() => ring.put(bytes('opening'), true, 0)).toThrow(/EEXIST|ENOTDIR/);
    ring.put(bytes('cycle 1'), false, 20_000);
    rmSync(join(dir, 'file'));
    ring.put(bytes('opening'), true, 0);
    ring.put(bytes('cycle 9'), false, 20_000);
    const [only] = openBlackBox(join(dir, 'file'));
    expect(texts(only?.read()?.blobs ?? [])).toEqual(['opening', 'cycle 9']);
  });
});
