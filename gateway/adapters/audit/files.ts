import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { AuditFile, SignedHead } from '../../contracts/values/audit.ts';

export const HEAD_FILE = 'head.json';
export const KEY_FILE = 'key.json';
const NAME = /^\d{9}\.log$/;

export const fileName = (n: number): string => `${String(n).padStart(9, '0')}.log`;
export const namesIn = (dir: string): string[] =>
  statSync(dir, { throwIfNoEntry: false })?.isDirectory()
    ? readdirSync(dir)
        .filter((name) => NAME.test(name))
        .sort()
    : [];

/**
 * A log, oldest first; it only reads, also while the gateway writes.
 * @param newest files, where not all are wanted
 */
export function readAudit(
  dir: string,
  newest = Number.POSITIVE_INFINITY,
): {
  readonly files: readonly AuditFile[];
  readonly head: SignedHead | undefined;
  readonly publicKey: string | undefined;
} {
  // The head first: what is appended meanwhile stands behind it.
  const head = readJson(join(dir, HEAD_FILE));
  const key = readJson(join(dir, KEY_FILE));
  const files = namesIn(dir)
    .slice(-newest)
    .map((name) => ({ name, text: readFileSync(join(dir, name), 'latin1') }));
  const publicKey = key?.['publicKey'];
  return {
    files,
    head: isHead(head) ? head : undefined,
    publicKey: typeof publicKey === 'string' ? publicKey : undefined,
  };
}

function readJson(path: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

function isHead(value: unknown): value is SignedHead {
  if (typeof value !== 'object' || value === null) return false;
  const head = value as SignedHead;
  const counts = [head.seq, head.oldestSeq].every(Number.isSafeInteger);
  return head.v === 1 && counts && [head.hash, head.signature].every((t) => typeof t === 'string');
}
