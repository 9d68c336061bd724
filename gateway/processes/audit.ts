import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AuditBook } from '../adapters/audit/log.ts';
import { hash } from '../adapters/crypto.ts';
import type { Doors, Entry } from '../adapters/page/doors.ts';
import type { GatewayFile } from '../config/gateway-file.ts';
import type { RunningSite } from '../config/running-site.ts';
import type { AuditEntry, AuditNote } from '../contracts/values/audit.ts';
import { Fault } from '../contracts/values/fault.ts';
import type { AuditLog, Clock, Log } from '../ports.ts';
import { version } from './version.ts';

const LEFT_CHARS = 300;
export const AUDIT_FOLDER = 'audit';

interface Start {
  readonly version: string;
  readonly siteSha256: string;
  readonly siteSequence: number;
  readonly gatewaySha256: string;
  /** Why gateway.yaml and site.yaml as they stand do not run; '' where they do. */
  readonly left: string;
}

/**
 * Opens the log and says what runs from here on, and what of it is new.
 * @param left  why the files as they stand do not run
 */
export async function openAudit(
  file: GatewayFile,
  running: RunningSite,
  left: string | undefined,
  clock: Clock,
  log: Log,
): Promise<AuditBook> {
  const dir = join(file.dataDir, AUDIT_FOLDER);
  const { book, lastStart } = await AuditBook.open({ dir, clock, log }).catch((error: unknown) => {
    const mend = 'check folder, rights and free space, and start again';
    throw new Fault(error instanceof Error ? error.message : String(error), dir, mend);
  });
  const now: Start = {
    version: version(),
    siteSha256: running.sha256,
    siteSequence: running.sequence,
    gatewaySha256: hash.sha256(readFileSync(file.gatewayFile, 'utf8')),
    left: (left ?? '').slice(0, LEFT_CHARS),
  };
  if (now.left !== '' && now.left !== lastStart?.data?.['left']) {
    void book.note({ kind: 'configuration', what: 'left', text: now.left });
  }
  const changed = lastStart === undefined ? undefined : changeOf(lastStart, now);
  if (changed !== undefined) void book.note(changed);
  const text = `The agent of ${running.site.gateway} starts, version ${now.version}`;
  void book.note({ kind: 'start', what: 'started', text, data: { ...now } });
  return book;
}

/** Files and program that are not those of the start before. */
function changeOf({ data = {} }: AuditEntry, now: Start): AuditNote | undefined {
  const names = (['version', 'siteSha256', 'gatewaySha256'] as const).filter(
    (name) => data[name] !== now[name],
  );
  if (names.length === 0) return undefined;
  const words = { version: 'program', siteSha256: 'site file', gatewaySha256: 'gateway file' };
  const text = `Another ${names.map((name) => words[name]).join(', ')} than at the start before`;
  const before = names.map((name) => [`${name}Before`, data[name] ?? null] as const);
  const after = names.map((name) => [name, now[name]] as const);
  const what = names.includes('version') ? 'updated' : 'changed';
  return { kind: 'configuration', what, text, data: Object.fromEntries([...before, ...after]) };
}

/** The page's doors, with a note of each who came in or was refused. */
export function auditedDoors(doors: Doors, audit: AuditLog | undefined): Doors {
  const told = (what: string, address: string, entry: Entry): Entry => {
    const text = entry.ok ? `Page: ${what}` : `Page: ${what} refused: ${entry.why}`;
    const data = { address: address.slice(0, 64) };
    void audit?.note({ kind: 'page', what: entry.ok ? what : 'refused', text, data });
    return entry;
  };
  return {
    get claimed() {
      return doors.claimed;
    },
    claim: async (address, code, password) =>
      told('claimed', address, await doors.claim(address, code, password)),
    signIn: async (address, password) =>
      told('signed in', address, await doors.signIn(address, password)),
    redeem: (address, token) => told('signed in', address, doors.redeem(address, token)),
    isSession: (session) => doors.isSession(session),
    signOut: (session) => {
      doors.signOut(session);
      void audit?.note({ kind: 'page', what: 'signed out', text: 'Page: signed out' });
    },
  };
}
