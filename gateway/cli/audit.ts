import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readAudit } from '../adapters/audit/files.ts';
import { createVerifier, hash } from '../adapters/crypto.ts';
import {
  AUDIT_KINDS,
  type AuditEntry,
  type AuditHead,
  type AuditVerdict,
  verifyAudit,
} from '../contracts/values/audit.ts';
import { Fault } from '../contracts/values/fault.ts';
import { print, printJson, table, tell } from './output.ts';

const HEAD = /^(\d+):([0-9a-f]{64})$/;

/** The folder itself, a data folder, or a gateway's. @throws Fault when there is no log */
function logOf(dir: string, told: readonly AuditHead[]): AuditVerdict {
  const at = [dir, join(dir, 'audit'), join(dir, 'data', 'audit')].find((one) => readable(one) > 0);
  if (at === undefined) {
    throw new Fault('no audit log is here', dir, 'run the gateway first, or name its data folder');
  }
  const crypto = { sha256: hash.sha256, verify: createVerifier().verify };
  return verifyAudit({ ...readAudit(at), told }, crypto);
}

const readable = (dir: string): number => (existsSync(dir) ? readAudit(dir, 1).files.length : 0);

export interface VerifyOptions {
  readonly head?: readonly string[];
  readonly json?: boolean;
}

/** `edgewatt audit verify`. @returns exit code: 1 when the log does not verify */
export function verifyLog(dir: string, { head = [], json }: VerifyOptions): number {
  const told = head.map((text) => {
    const [, seq, sha256] = HEAD.exec(text) ?? [];
    if (seq === undefined || sha256 === undefined) {
      throw new Fault(`'${text}' is no head`, '--head', 'write SEQ:HASH as the fleet was told it');
    }
    return { seq: Number(seq), hash: sha256 };
  });
  const found = logOf(dir, told);
  const { ok, entries, head: end, oldestSeq, anchors, unsignedCount, tornBytes, problems } = found;
  if (json === true) {
    const counts = { entries: entries.length, oldestSeq, anchors, unsignedCount, tornBytes };
    printJson({ ok, ...counts, head: end ?? null, problems });
    return ok ? 0 : 1;
  }
  for (const { file, line, what } of problems) {
    tell(`audit: ${[file, line === 0 ? '' : `line ${line}`].join(' ').trim()}: ${what}`);
  }
  const notes = [
    ...(oldestSeq > 1 ? [`Entries before ${oldestSeq} were removed by its own rotation.`] : []),
    ...(unsignedCount > 0 ? [`${unsignedCount} newest are not signed yet.`] : []),
    ...(tornBytes > 0 ? [`The last write is torn (${tornBytes} bytes): a power cut, or now.`] : []),
  ];
  const all = `${entries.length} entries up to ${end?.seq ?? 0}, ${anchors} signatures`;
  print(ok ? [`The log is whole: ${all}.`, ...notes].join('\n') : `The log was changed: ${all}.`);
  if (ok && end !== undefined) print(`Head ${end.seq}:${end.hash}`);
  return ok ? 0 : 1;
}

export interface ShowOptions {
  readonly since?: string;
  readonly kind?: readonly string[];
  readonly json?: boolean;
}

/** `edgewatt audit show`: entries as they stand; what does not verify is said. */
export function showLog(dir: string, { since, kind = [], json }: ShowOptions): number {
  const sinceMs = since === undefined ? Number.NEGATIVE_INFINITY : Date.parse(since);
  if (Number.isNaN(sinceMs)) {
    throw new Fault(`'${since}' is no time`, '--since', 'write 2026-06-17 or 2026-06-17T12:05:00Z');
  }
  const odd = kind.find((one) => !(AUDIT_KINDS as readonly string[]).includes(one));
  if (odd !== undefined) {
    throw new Fault(
      `there is no kind '${odd}'`,
      '--kind',
      `name one of: ${AUDIT_KINDS.join(', ')}`,
    );
  }
  const found = logOf(dir, []);
  const shown = found.entries.filter(
    (one) => one.atMs >= sinceMs && (kind.length === 0 || kind.includes(one.kind)),
  );
  if (!found.ok) tell('audit: the log does not verify; see edgewatt audit verify');
  if (json === true) printJson({ ok: found.ok, entries: shown });
  else print(shown.length === 0 ? 'No such entries.' : listed(shown));
  return 0;
}

const listed = (entries: readonly AuditEntry[]): string =>
  table([
    ['entry', 'at (UTC)', 'kind', 'what', 'in words'],
    ...entries.map(({ seq, atMs, kind, what, text }) => {
      const at = new Date(atMs).toISOString().slice(0, 19).replace('T', ' ');
      return [String(seq), at, kind, what, text.replaceAll(/\p{C}+/gu, ' ')];
    }),
  ]);
