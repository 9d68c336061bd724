import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readAudit } from '../../../../../gateway/adapters/audit/files.ts';
import { AuditBook, type AuditBounds } from '../../../../../gateway/adapters/audit/log.ts';
import { createVerifier, hash } from '../../../../../gateway/adapters/crypto.ts';
import {
  type AuditFile,
  type AuditHead,
  type AuditVerdict,
  verifyAudit,
} from '../../../../../gateway/contracts/values/audit.ts';
import { createVirtualClock } from '../../../../../simulators/clock.ts';

const crypto = { sha256: hash.sha256, verify: createVerifier().verify };
let dir = '';
let said: string[] = [];
const log = {
  info: () => undefined,
  warn: () => undefined,
  error: (text: string) => void said.push(text),
};

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'audit-'));
  said = [];
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const openBook = async (bounds?: AuditBounds): Promise<AuditBook> => {
  const { book } = await AuditBook.open({
    dir,
    clock: createVirtualClock(),
    log,
    ...(bounds && { bounds }),
  });
  return book;
};
const note = (book: AuditBook, n: number): Promise<void> =>
  book.note({ kind: 'job', what: 'succeeded', text: `Job ${n} für \u2028 \ufffd`, data: { n } });
const verify = (told: AuditHead[] = []): AuditVerdict =>
  verifyAudit({ ...readAudit(dir), told }, crypto);
async function write(count: number, bounds?: AuditBounds): Promise<void> {
  const book = await openBook(bounds);
  for (let n = 1; n <= count; n++) await note(book, n);
  await book.close();
}

describe('every change of a small log is found', () => {
  type Change = (files: AuditFile[]) => AuditFile[];
  const judge = (change: Change): AuditVerdict => {
    const read = readAudit(dir);
    return verifyAudit({ ...read, files: change([...read.files]), told: [] }, crypto);
  };
  const inText =
    (change: (lines: string[]) => string[]): Change =>
    ([file]) => [
      { name: file?.name ?? '', text: change((file?.text ?? '').split('\n')).join('\n') },
    ];

  beforeEach(() => write(6));

  it('as written it is whole, with all its signatures', () => {
    expect(verify()).toMatchObject({ ok: true, tornBytes: 0, unsignedCount: 0, problems: [] });
    expect(verify().entries.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  it('removed: any entries', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 1, max: 7 }), (at, count) => {
        const found = judge(inText((lines) => lines.toSpliced(at, Math.min(count, 7 - at))));
        expect(found.ok).toBe(false);
      }),
    );
  });

  it('reordered: any two entries; repeated: any', () => {
    for (let a = 0; a < 7; a++) {
      for (let b = 0; b < 7; b++) {
        if (a === b) continue;
        const swapped = judge(
          inText((lines) => lines.with(a, lines[b] ?? '').with(b, lines[a] ?? '')),
        );
        expect(swapped.ok, `${a} and ${b}`).toBe(false);
      }
      const twice = judge(inText((lines) => lines.toSpliced(a, 0, lines[a] ?? '')));
      expect(twice.ok, `${a} twice`).toBe(false);
    }
  });

  it('altered: any byte, to any other', () => {
    const length = readAudit(dir).files[0]?.text.length ?? 0;
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: length - 1 }),
        fc.integer({ min: 1, max: 255 }),
        (at, flip) => {
          const found = judge(([file]) => {
            const bytes = Buffer.from(file?.text ?? '', 'latin1');
            bytes[at] = (bytes[at] ?? 0) ^ flip;
            return [{ name: file?.name ?? '', text: bytes.toString('latin1') }];
          });
          expect(found.ok).toBe(false);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('cut off: at any byte', () => {
    const text = readAudit(dir).files[0]?.text ?? '';
    for (let length = 0; length < text.length; length++) {
      const found = judge(() => [{ name: '000000001.log', text: text.slice(0, length) }]);
      expect(found.ok, `${length} bytes`).toBe(false);
    }
    expect(judge(() => []).ok).toBe(false);
  });

  it('written anew from any place by somebody without the key', async () => {
    const text = readAudit(dir).files[0]?.text.split('\n') ?? [];
    const forged = mkdtempSync(join(tmpdir(), 'forged-'));
    try {
      writeFileSync(join(forged, '000000001.log'), `${text.slice(0, 3).join('\n')}\n`);
      const { book } = await AuditBook.open({ dir: forged, clock: createVirtualClock(), log });
      for (let n = 0; n < 4; n++) await note(book, n);
      await book.close();
      const mine = readAudit(dir);
      const other = readAudit(forged);
      expect(verifyAudit({ ...mine, files: other.files, told: [] }, crypto).ok).toBe(false);
      expect(verifyAudit({ ...other, publicKey: mine.publicKey, told: [] }, crypto).ok).toBe(false);
    } finally {
      rmSync(forged, { recursive: true, force: true });
    }
  });

  it('its head missing, or an older one with an older log: the fleet knows better', async () => {
    const before = mkdtempSync(join(tmpdir(), 'older-'));
    try {
      cpSync(dir, before, { recursive: true });
      await write(3);
      const { head } = verify();
      rmSync(dir, { recursive: true });
      cpSync(before, dir, { recursive: true });
      expect(verify().ok).toBe(true); // whole in itself
      const [problem] = verify(head ? [head] : []).problems;
      expect(problem?.what).toBe('entry 10 is not the one that others were told');
      rmSync(join(dir, 'head.json'));
      expect(verify().problems[0]?.what).toContain('is missing');
    } finally {
      rmSync(before, { recursive: true, force: true });
    }
  });
});

describe('a log that goes on', () => {
  it('after a restart, from where it was', async () => {
    await write(3);
    await write(2);
    expect(verify()).toMatchObject({ ok: true });
    expect(verify().entries.length).toBe(6);
    expect(said).toEqual([]);
  });

  it('a torn last write is taken off and named, not called a change', async () => {
    await write(3);
    appendFileSync(join(dir, '000000001.log'), 'a1b2c3 {"v":1,"se');
    expect(verify()).toMatchObject({ ok: true, tornBytes: 17 });
    await write(1);
    expect(verify()).toMatchObject({ ok: true, tornBytes: 0 });
    const texts = verify().entries.map(({ text }) => text);
    expect(texts).toContain('The last write was torn: 17 bytes without an end were taken off');
  });

  it('an entry behind the signed head counts, and the next head signs it', async () => {
    await write(2);
    const head = readFileSync(join(dir, 'head.json'));
    await write(1);
    writeFileSync(join(dir, 'head.json'), head);
    expect(verify()).toMatchObject({ ok: true, unsignedCount: 1 });
    await write(1);
    expect(verify()).toMatchObject({ ok: true, unsignedCount: 0 });
  });

  it('has a head before its first line: a cut between them is no head removed', async () => {
    const { head } = readAudit(dir);
    expect(head).toBe(undefined);
    const book = await openBook();
    const first = readFileSync(join(dir, 'head.json'));
    expect(JSON.parse(first.toString())).toMatchObject({ seq: 0 });
    await book.settled();
    writeFileSync(join(dir, 'head.json'), first);
    expect(verify()).toMatchObject({ ok: true, unsignedCount: 1 });
  });

  it('says at a start what was changed, and goes on', async () => {
    await write(3);
    const path = join(dir, '000000001.log');
    writeFileSync(path, readFileSync(path, 'utf8').replace('"n":2', '"n":9'));
    await write(1);
    expect(said[0]).toContain('Does not verify: 000000001.log line 3: entry 3 does not follow');
    expect(verify().entries.some(({ what }) => what === 'broken')).toBe(true);
    expect(verify().ok).toBe(false);
  });

  it('through many files, with signatures; old ones go, in order', async () => {
    await write(250, { fileBytes: 4_000, files: 4 });
    expect(readdirSync(dir).filter((name) => name.endsWith('.log')).length).toBe(4);
    const found = verify();
    expect(found).toMatchObject({ ok: true, unsignedCount: 0 });
    expect(found.oldestSeq).toBeGreaterThan(150);
    expect(found.anchors).toBeGreaterThan(3);
    const [oldest] = readdirSync(dir).sort();
    rmSync(join(dir, oldest ?? ''));
    expect(
      verify()
        .problems.map(({ what }) => what)
        .join(),
    ).toContain('its start was removed');
  });

  it('takes an event of the guard once, however often it comes', async () => {
    const event = (seq: number) =>
      ({ kind: 'mode', what: 'changed', text: `Mode ${seq}`, guard: { epoch: 4, seq } }) as const;
    const book = await openBook();
    for (const seq of [1, 2, 2, 1, 3]) await book.note(event(seq));
    await book.close();
    const again = await openBook();
    for (const seq of [2, 3, 4]) await again.note(event(seq));
    await again.close();
    const told = verify().entries.flatMap(({ guard }) => guard?.seq ?? []);
    expect(told).toEqual([1, 2, 3, 4]);
  });

  it('what the disk refuses waits, in its order', async () => {
    const clock = createVirtualClock();
    const { book } = await AuditBook.open({ dir, clock, log });
    await note(book, 1);
    const path = join(dir, '000000001.log');
    renameSync(path, join(dir, 'away'));
    mkdirSync(path);
    const later = note(book, 2);
    void note(book, 3);
    await expect.poll(() => said.length, { timeout: 5_000 }).toBe(1);
    rmSync(path, { recursive: true });
    renameSync(join(dir, 'away'), path);
    await clock.advance(5_000);
    await later;
    expect(verify()).toMatchObject({ ok: true });
    expect(verify().entries.map(({ data }) => data?.['n'])).toEqual([undefined, 1, 2, 3]);
  });

  it('removed while it is written: it goes on, and does not verify', async () => {
    const clock = createVirtualClock();
    const { book } = await AuditBook.open({ dir, clock, log });
    await note(book, 1);
    rmSync(dir, { recursive: true });
    const later = note(book, 2);
    await expect.poll(() => said.length, { timeout: 5_000 }).toBe(1);
    await expect.poll(() => existsSync(dir), { timeout: 5_000 }).toBe(true);
    await clock.advance(5_000);
    await later;
    expect(verify().ok).toBe(false);
    expect(verify().entries.map(({ seq }) => seq)).toEqual([3]);
  });
});
