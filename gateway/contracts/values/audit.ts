import type { Instant } from './time.ts';

/** What the audit log is of. */
export const AUDIT_KINDS = [
  'start', // of the agent, with version and hashes of the files in force
  'stop',
  'configuration', // another site or gateway file, or another version, than at the start before
  'mode',
  'directive', // of the grid agent
  'intent', // of an agent process, refused by the guard
  'setting', // of the operator, by the shadow
  'job',
  'pass-through', // writes of another master
  'commissioning',
  'page', // claim, sign-in, sign-out
  'command', // a person at this machine
  'foreign-write', // a setpoint that somebody else changed
  'event', // others of the guard
  'log', // about this log: anchors, files, what was lost
] as const;
export type AuditKind = (typeof AUDIT_KINDS)[number];

/** What happened, in words that stand; texts from outside are data and are cut. */
export interface AuditNote {
  readonly kind: AuditKind;
  readonly what: string; // 'accepted', 'refused', 'signed in'
  readonly text: string; // one sentence
  readonly data?: Readonly<Record<string, AuditValue>>;
  /** The guard's record that tells it: once, however often it comes. */
  readonly guard?: { readonly epoch: number; readonly seq: number };
}
export type AuditValue = string | number | boolean | null;

export interface AuditEntry extends AuditNote {
  readonly v: 1;
  readonly seq: number;
  readonly atMs: Instant;
}

/** The newest entry: whoever knows it can tell that later the log still has it. */
export interface AuditHead {
  readonly seq: number;
  readonly hash: string; // SHA-256, hex
}

/** `head.json`: the newest entry and the oldest that is kept, signed by the gateway. */
export interface SignedHead extends AuditHead {
  readonly v: 1;
  readonly oldestSeq: number;
  readonly signature: string;
}

export const FIRST_HASH = '0'.repeat(64);

export interface AuditCrypto {
  readonly sha256: (text: string) => string;
  readonly verify: (text: string, signature: string, publicKey: string) => boolean;
}

/** What a line's hash is over: the hash before it and the bytes of the entry. */
export const hashOf = (before: string, json: string, sha256: (text: string) => string): string =>
  sha256(`${before}\n${json}`);

export const headText = ({ seq, hash, oldestSeq }: Omit<SignedHead, 'signature' | 'v'>): string =>
  `edgewatt audit head 1\n${oldestSeq}\n${seq}\n${hash}`;

export const anchorText = ({ seq, hash }: AuditHead): string =>
  `edgewatt audit anchor 1\n${seq}\n${hash}`;

/** A file of the log, as it lies there. */
export interface AuditFile {
  readonly name: string;
  readonly text: string;
}

export interface AuditProblem {
  readonly file: string;
  readonly line: number; // from 1; 0 where no line is meant
  readonly what: string;
}

export interface AuditVerdict {
  readonly ok: boolean;
  readonly entries: readonly AuditEntry[];
  readonly head: AuditHead | undefined; // of the last good line
  readonly oldestSeq: number;
  readonly anchors: number; // signatures that were checked
  readonly unsignedCount: number; // entries after the signed head
  readonly tornBytes: number; // at the very end: a write that the power cut
  readonly problems: readonly AuditProblem[];
}

export interface AuditEvidence {
  readonly files: readonly AuditFile[]; // in their order
  readonly head: SignedHead | undefined;
  readonly publicKey: string | undefined;
  /** Only the newest files are here. */
  readonly isTail?: boolean;
  /** Heads that others were told: they must be in the chain. */
  readonly told: readonly AuditHead[];
}

interface Walk {
  readonly entries: AuditEntry[];
  readonly hashes: Map<number, string>;
  readonly problems: AuditProblem[];
  last: AuditHead | undefined;
  anchors: number;
  tornBytes: number;
}

/** Every line in its place, every signature, the end where the head says; or what is wrong. */
export function verifyAudit(evidence: AuditEvidence, crypto: AuditCrypto): AuditVerdict {
  const walk: Walk = {
    entries: [],
    hashes: new Map(),
    problems: [],
    last: undefined,
    anchors: 0,
    tornBytes: 0,
  };
  evidence.files.forEach((file, n) => {
    walkFile(walk, file, n === evidence.files.length - 1, evidence.publicKey, crypto);
  });
  const { entries, problems } = walk;
  judgeHead(walk, evidence, crypto);
  for (const { seq, hash } of evidence.told) {
    if (walk.hashes.get(seq) === hash) continue;
    problems.push({ file: '', line: 0, what: `entry ${seq} is not the one that others were told` });
  }
  const oldestSeq = entries[0]?.seq ?? 0;
  return {
    ok: problems.length === 0,
    entries,
    head: walk.last,
    oldestSeq,
    anchors: walk.anchors,
    unsignedCount: Math.max(0, (walk.last?.seq ?? 0) - (evidence.head?.seq ?? 0)),
    tornBytes: walk.tornBytes,
    problems,
  };
}

function walkFile(
  walk: Walk,
  { name, text }: AuditFile,
  isLast: boolean,
  publicKey: string | undefined,
  crypto: AuditCrypto,
): void {
  const lines = text.split('\n');
  const rest = lines.pop() ?? '';
  for (const [n, line] of lines.entries()) {
    const what = walkLine(walk, line, n === 0, publicKey, crypto);
    if (what !== undefined) walk.problems.push({ file: name, line: n + 1, what });
  }
  if (rest === '') return;
  if (isLast) walk.tornBytes = rest.length;
  else walk.problems.push({ file: name, line: lines.length + 1, what: 'ends inside an entry' });
}

/** Takes a line into the chain. @returns what is wrong with it */
function walkLine(
  walk: Walk,
  line: string,
  isFirst: boolean,
  publicKey: string | undefined,
  crypto: AuditCrypto,
): string | undefined {
  const [hash = '', json] = [line.slice(0, 64), line.slice(65)];
  const entry = line[64] === ' ' ? entryOf(json) : undefined;
  if (entry === undefined) return 'is no entry';
  const { last } = walk;
  const before = last?.hash ?? beforeFile(entry, isFirst);
  const seq = last === undefined ? entry.seq : last.seq + 1;
  const isNext = entry.seq === seq && hashOf(before, json, crypto.sha256) === hash;
  walk.entries.push(entry);
  walk.hashes.set(entry.seq, hash);
  walk.last = { seq: entry.seq, hash };
  if (!isNext) return `entry ${entry.seq} does not follow from the one before it`;
  return anchored(walk, entry, before, publicKey, crypto);
}

/** Where older files were removed, the first line of the oldest names the hash before it. */
function beforeFile(entry: AuditEntry, isFirst: boolean): string {
  const named = entry.data?.['before'];
  return isFirst && entry.seq > 1 && typeof named === 'string' ? named : FIRST_HASH;
}

function anchored(
  walk: Walk,
  { seq, data }: AuditEntry,
  before: string,
  publicKey: string | undefined,
  { verify }: AuditCrypto,
): string | undefined {
  const signature = data?.['signature'];
  if (typeof signature !== 'string') return undefined;
  const text = anchorText({ seq: seq - 1, hash: before });
  if (publicKey === undefined || !verify(text, signature, publicKey)) {
    return `the signature of entry ${seq} is not this gateway's`;
  }
  walk.anchors += 1;
  return undefined;
}

function judgeHead(
  walk: Walk,
  { head, publicKey, isTail }: AuditEvidence,
  crypto: AuditCrypto,
): void {
  const say = (what: string): void => {
    walk.problems.push({ file: 'head.json', line: 0, what });
  };
  const { last, entries } = walk;
  if (head === undefined) {
    if (last !== undefined) say('is missing or damaged: where the log ends is not proven');
    return;
  }
  const { verify } = crypto;
  if (publicKey === undefined || !verify(headText(head), head.signature, publicKey)) {
    say("its signature is not this gateway's");
    return;
  }
  if ((last?.seq ?? 0) < head.seq) {
    say(`the log ends at entry ${last?.seq ?? 0}, and had ${head.seq}: its end was removed`);
  } else if (head.seq > 0 && walk.hashes.get(head.seq) !== head.hash) {
    say(`entry ${head.seq} is not the one that was signed`);
  }
  const oldestSeq = entries[0]?.seq ?? 0;
  if (oldestSeq > head.oldestSeq && isTail !== true) {
    say(`the log begins at entry ${oldestSeq}, and had ${head.oldestSeq}: its start was removed`);
  }
}

/** An entry whose text is exactly what we would write. */
function entryOf(json: string): AuditEntry | undefined {
  try {
    const raw: unknown = JSON.parse(json);
    if (typeof raw !== 'object' || raw === null) return undefined;
    const entry = raw as AuditEntry;
    const sound = entry.v === 1 && Number.isSafeInteger(entry.seq) && Number.isFinite(entry.atMs);
    const known = AUDIT_KINDS.includes(entry.kind) && typeof entry.what === 'string';
    return sound && known && typeof entry.text === 'string' ? entry : undefined;
  } catch {
    return undefined;
  }
}
