import { mkdir, open, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type AuditEntry,
  type AuditHead,
  type AuditNote,
  anchorText,
  FIRST_HASH,
  hashOf,
  headText,
  type SignedHead,
  verifyAudit,
} from '../../contracts/values/audit.ts';
import type { Clock, Log, Signer } from '../../ports.ts';
import { createSigner, createVerifier, hash, newKeyPair } from '../crypto.ts';
import { fileName, HEAD_FILE, KEY_FILE, namesIn, readAudit } from './files.ts';

export interface AuditBounds {
  readonly fileBytes: number;
  readonly files: number; // older ones are removed
}

const BOUNDS: AuditBounds = { fileBytes: 1_048_576, files: 64 };
const ANCHOR_EVERY = 100;
const TEXT_CHARS = 512;
/** As many are read at a start. */
const NEWEST_FILES = 2;
const WAITING_MAX = 2_000;
const RETRY_MS = 5_000;

interface Waiting {
  readonly note: AuditNote;
  readonly atMs: number;
}

interface Kept {
  readonly publicKey: string;
  readonly privateKey: string;
}

/**
 * The audit log of an agent process: appends lines in their order, each on disk before the head
 * that vouches for it. Nobody waits for it but who asks; what the disk refuses waits and is tried
 * again.
 */
export class AuditBook {
  readonly publicKey: string;
  private readonly dir: string;
  private readonly clock: Clock;
  private readonly log: Log;
  private readonly signer: Signer;
  private readonly bounds: AuditBounds;
  private end: AuditHead;
  private oldestSeq: number;
  private file: { n: number; bytes: number };
  private guard = { epoch: 0, seq: 0 };
  private waiting: Waiting[] = [];
  private lost = 0;
  private work: Promise<void> | undefined;
  private closed = false;

  private constructor(deps: OpenDeps, key: Kept, found: Found) {
    this.dir = deps.dir;
    this.clock = deps.clock;
    this.log = deps.log;
    this.bounds = deps.bounds ?? BOUNDS;
    this.publicKey = key.publicKey;
    this.signer = createSigner('audit', key.privateKey);
    this.end = found.end;
    this.oldestSeq = found.oldestSeq;
    this.file = found.file;
    this.guard = found.guard;
  }

  /**
   * Opens the log of a folder or begins it. What the power cut is taken off and said; what was
   * changed is said and stays.
   */
  static async open(
    deps: OpenDeps,
  ): Promise<{ book: AuditBook; lastStart: AuditEntry | undefined }> {
    const { dir, log } = deps;
    await mkdir(dir, { recursive: true, mode: 0o700 });
    const key = await keyOf(dir);
    const found = await find(dir, key);
    const book = new AuditBook(deps, key, found);
    for (const { what, text } of found.complaints) {
      log.error(`audit log: ${text}`);
      void book.note({ kind: 'log', what, text });
    }
    if (found.end.seq === 0) {
      await book.begin();
      const text = 'The log begins; its signatures are by this key';
      void book.note({ kind: 'log', what: 'begun', text, data: { publicKey: key.publicKey } });
    }
    return { book, lastStart: found.lastStart };
  }

  /** The newest entry that is on disk. */
  head(): AuditHead {
    return this.end;
  }

  /** Takes a note. @returns when it is on disk */
  note(note: AuditNote): Promise<void> {
    const { guard } = note;
    if (guard !== undefined) {
      const { epoch, seq } = this.guard;
      if (guard.epoch < epoch || (guard.epoch === epoch && guard.seq <= seq)) return this.settled();
      this.guard = guard;
    }
    if (this.waiting.length >= WAITING_MAX) {
      this.lost += 1;
      return this.settled();
    }
    this.waiting.push({ note, atMs: this.clock.wallMs() });
    this.work ??= this.write().finally(() => {
      this.work = undefined;
    });
    return this.settled();
  }

  /** When everything noted so far is on disk. */
  async settled(): Promise<void> {
    await this.work;
  }

  /** Writes what waits as far as the disk takes it; nothing is tried again after it. */
  async close(): Promise<void> {
    this.closed = true;
    await this.settled();
  }

  private async write(): Promise<void> {
    while (this.waiting.length > 0) {
      const batch = this.waiting.slice(0, ANCHOR_EVERY);
      try {
        await this.append(batch);
        this.waiting.splice(0, batch.length);
      } catch (error) {
        this.log.error('the audit log cannot be written; it waits', { why: String(error) });
        if (this.closed) return;
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') await this.beginAgain();
        const { clock } = this;
        await new Promise<void>((go) => clock.realAt(clock.realMs() + RETRY_MS, go));
      }
    }
  }

  /** Somebody removed the file: it goes on in another, and does not verify. */
  private async beginAgain(): Promise<void> {
    this.file = { n: this.file.n + 1, bytes: 0 };
    await mkdir(this.dir, { recursive: true, mode: 0o700 }).catch(() => undefined);
  }

  private async append(batch: readonly Waiting[]): Promise<void> {
    const { bounds, lost } = this;
    const isFull = this.file.bytes >= bounds.fileBytes;
    const file = isFull ? { n: this.file.n + 1, bytes: 0 } : this.file;
    const lines = new Lines(this.end, this.signer);
    const atMs = this.clock.wallMs();
    if (isFull) lines.anchor(atMs, 'continued');
    if (lost > 0) {
      const text = `${lost} entries were lost: the disk took nothing for too long`;
      lines.add({ note: { kind: 'log', what: 'lost', text }, atMs });
    }
    for (const one of batch) {
      lines.add(one);
      if (lines.end.seq % ANCHOR_EVERY === 0) lines.anchor(atMs, 'anchor');
    }
    const bytes = Buffer.from(lines.text);
    const path = join(this.dir, fileName(file.n));
    await appendDurably(path, bytes, file.bytes);
    this.file = { n: file.n, bytes: file.bytes + bytes.length };
    this.end = lines.end;
    this.lost -= lost;
    if (isFull) await this.removeOld();
    await this.vouch();
  }

  /** A head of nothing: a power cut after the first lines must not look like a head removed. */
  private async begin(): Promise<void> {
    try {
      await this.vouch();
      const folder = await open(this.dir, 'r');
      await folder.sync().finally(() => folder.close());
    } catch (error) {
      this.log.error('the audit log has no head yet', { why: String(error) });
    }
  }

  /** On disk after the lines that it is about. */
  private async vouch(): Promise<void> {
    const { end, oldestSeq, signer, dir } = this;
    const head = { oldestSeq, ...end };
    const signed: SignedHead = { v: 1, ...head, signature: signer.sign(headText(head)) };
    await replaceDurably(join(dir, HEAD_FILE), JSON.stringify(signed), 0o600);
  }

  /** The head first: it must not vouch for what is gone. */
  private async removeOld(): Promise<void> {
    const names = namesIn(this.dir);
    const old = names.slice(0, Math.max(0, names.length - this.bounds.files));
    const [first] = names.slice(old.length);
    if (old.length === 0 || first === undefined) return;
    const text = await readFile(join(this.dir, first), 'latin1');
    const { oldestSeq } = verifyAudit(
      { files: [{ name: first, text }], head: undefined, publicKey: this.publicKey, told: [] },
      { sha256: hash.sha256, verify: createVerifier().verify },
    );
    this.oldestSeq = oldestSeq;
    await this.vouch();
    for (const name of old) await rm(join(this.dir, name));
  }
}

interface OpenDeps {
  readonly dir: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly bounds?: AuditBounds;
}

interface Found {
  readonly end: AuditHead;
  readonly oldestSeq: number;
  readonly file: { n: number; bytes: number };
  readonly guard: { epoch: number; seq: number };
  readonly lastStart: AuditEntry | undefined;
  readonly complaints: readonly { readonly what: string; readonly text: string }[];
}

/** Lines that follow from an end. */
class Lines {
  text = '';
  end: AuditHead;
  private readonly signer: Signer;

  constructor(end: AuditHead, signer: Signer) {
    this.end = end;
    this.signer = signer;
  }

  add({ note, atMs }: Waiting): void {
    const { kind, what, text, data, guard } = note;
    const entry: AuditEntry = {
      v: 1,
      seq: this.end.seq + 1,
      atMs: Math.round(atMs),
      kind,
      what: what.slice(0, 64),
      text: text.slice(0, TEXT_CHARS),
      ...(data && { data }),
      ...(guard && { guard }),
    };
    const json = ascii(JSON.stringify(entry));
    const next = hashOf(this.end.hash, json, hash.sha256);
    this.text += `${next} ${json}\n`;
    this.end = { seq: entry.seq, hash: next };
  }

  anchor(atMs: number, what: 'anchor' | 'continued'): void {
    const { seq, hash: before } = this.end;
    const data = { before, signature: this.signer.sign(anchorText(this.end)) };
    const text = `Signed up to entry ${seq}`;
    this.add({ note: { kind: 'log', what, text, data }, atMs });
  }
}

/** One byte a character, so that no other bytes read as the same text. */
const ascii = (json: string): string =>
  json.replace(/[\u007f-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);

async function keyOf(dir: string): Promise<Kept> {
  const path = join(dir, KEY_FILE);
  try {
    const kept = JSON.parse(await readFile(path, 'utf8')) as Kept;
    createSigner('audit', kept.privateKey);
    return kept;
  } catch {
    // None yet, or one that nobody can use: the log says which key signs from here on.
    const fresh = newKeyPair();
    await replaceDurably(path, JSON.stringify(fresh), 0o600);
    return fresh;
  }
}

async function find(dir: string, { publicKey }: Kept): Promise<Found> {
  const { files, head } = readAudit(dir, NEWEST_FILES);
  const crypto = { sha256: hash.sha256, verify: createVerifier().verify };
  const found = verifyAudit({ files, head, publicKey, told: [], isTail: true }, crypto);
  const complaints = found.problems.slice(0, 3).map(({ file, line, what }) => {
    const where = line === 0 ? file : `${file} line ${line}`;
    return { what: 'broken', text: `Does not verify: ${where}: ${what}`.replace(': :', ':') };
  });
  const last = files.at(-1)?.name ?? fileName(1);
  const path = join(dir, last);
  let bytes = files.length === 0 ? 0 : (await stat(path)).size;
  if (found.tornBytes > 0) {
    const text = `The last write was torn: ${found.tornBytes} bytes without an end were taken off`;
    bytes -= found.tornBytes;
    await truncate(path, bytes);
    complaints.push({ what: 'torn', text });
  }
  const told = found.entries.flatMap(({ guard }) => guard ?? []);
  return {
    end: found.head ?? { seq: 0, hash: FIRST_HASH },
    oldestSeq: Math.max(1, head?.oldestSeq ?? found.oldestSeq),
    file: { n: Number.parseInt(last, 10), bytes },
    guard: told.at(-1) ?? { epoch: 0, seq: 0 },
    lastStart: found.entries.findLast(({ kind }) => kind === 'start'),
    complaints,
  };
}

/** Appended whole at that place, or as it was. */
async function appendDurably(path: string, bytes: Buffer, at: number): Promise<void> {
  const file = await open(path, at === 0 ? 'w' : 'r+', 0o600);
  try {
    await file.truncate(at);
    for (let done = 0; done < bytes.length; ) {
      const rest = bytes.subarray(done);
      done += (await file.write(rest, 0, rest.length, at + done)).bytesWritten;
    }
    await file.datasync();
  } finally {
    await file.close();
  }
}

async function replaceDurably(path: string, text: string, mode: number): Promise<void> {
  await writeFile(`${path}.new`, text, { mode, flush: true });
  await rename(`${path}.new`, path);
}
