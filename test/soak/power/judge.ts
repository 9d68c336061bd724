import { join } from 'node:path';
import Database from 'better-sqlite3';
import { openStore as openCloud } from '../../../cloud/adapters/sqlite.ts';
import { readAudit } from '../../../gateway/adapters/audit/files.ts';
import { openBlackBox } from '../../../gateway/adapters/blackbox/files.ts';
import { createVerifier, hash } from '../../../gateway/adapters/crypto.ts';
import { openStoreInProcess } from '../../../gateway/adapters/sqlite/store.ts';
import { readEither } from '../../../gateway/adapters/writer/writer.ts';
import { type AuditHead, verifyAudit } from '../../../gateway/contracts/values/audit.ts';
import { FILES } from './files.ts';

/** What was told to be on disk, over all lives of one folder. */
export class Told {
  readonly rows = new Set<string>(); // records of the outbox, epoch/seq
  readonly stored = new Set<string>(); // of them, by the cloud
  readonly cycles = new Map<number, number>(); // of the black box, by life
  head: AuditHead | undefined;
  stateNumber = 0;
  private readonly known = new Map<string, number>(); // seq up to which an epoch's rows are told

  /** @returns lines taken; one that is cut off says nothing */
  hear(text: string): number {
    const lines = text.slice(0, text.lastIndexOf('\n') + 1).split('\n');
    for (const line of lines) this.line(line.split(' '));
    return lines.length - 1;
  }

  private line([kind, first = '', second = '']: readonly string[]): void {
    if (kind === 'o') {
      for (let seq = (this.known.get(first) ?? 0) + 1; seq <= Number(second); seq += 1) {
        this.rows.add(`${first}/${seq}`);
      }
      this.known.set(first, Number(second));
    } else if (kind === 'c') this.stored.add(`${first}/${second}`);
    else if (kind === 'a') this.head = { seq: Number(first), hash: second };
    else if (kind === 's') this.stateNumber = Number(first);
    else if (kind === 'b') this.cycles.set(Number(first), Number(second));
  }
}

export interface Finding {
  readonly lostRows: number;
  readonly doubleEffects: number;
  readonly tornTails: number; // told as such, and nothing else
  readonly problems: readonly string[];
}

/** What is there now against what was told. */
export async function judge(dir: string, told: Told): Promise<Finding> {
  const outbox = await rowsOfOutbox(join(dir, FILES.outbox));
  const cloud = rowsOfCloud(join(dir, FILES.cloud));
  const audit = judgeAudit(join(dir, FILES.audit), told);
  const box = judgeBox(join(dir, FILES.box), told);
  const gone = [...told.rows].filter((key) => !outbox.keys.has(key) && !cloud.keys.has(key));
  const unstored = [...told.stored].filter((key) => !cloud.keys.has(key));
  // Each loss counts once.
  for (const key of gone) told.rows.delete(key);
  for (const key of unstored) told.stored.delete(key);
  return {
    lostRows: gone.length + unstored.length,
    doubleEffects: cloud.rows - cloud.keys.size + outbox.rows - outbox.keys.size + audit.doubles,
    tornTails: audit.torn + box.torn,
    problems: [
      ...outbox.problems,
      ...audit.problems,
      ...box.problems,
      ...judgeState(join(dir, FILES.state), told),
    ],
  };
}

async function rowsOfOutbox(path: string) {
  const store = openStoreInProcess(path, Date.now());
  const { state } = store.opened;
  const records = await store.readRecords(1e9, []);
  await store.close();
  const problems = state === 'replaced' ? ['the outbox was damaged'] : [];
  return { keys: new Set(records.map(keyOf)), rows: records.length, problems };
}

const keyOf = ({ epoch, seq }: { readonly epoch: number; readonly seq: number }): string =>
  `${epoch}/${seq}`;

function rowsOfCloud(path: string) {
  openCloud(path).close();
  const db = new Database(path, { readonly: true });
  const all = db.prepare('SELECT epoch, seq FROM energy_metrics').all() as Parameters<
    typeof keyOf
  >[0][];
  db.close();
  return { keys: new Set(all.map(keyOf)), rows: all.length };
}

function judgeAudit(dir: string, { head }: Told) {
  const crypto = { sha256: hash.sha256, verify: createVerifier().verify };
  const evidence = { ...readAudit(dir), told: head === undefined ? [] : [head] };
  if (evidence.files.length === 0) {
    const problems = head === undefined ? [] : ['the audit log is gone'];
    return { torn: 0, doubles: 0, problems };
  }
  const found = verifyAudit(evidence, crypto);
  const guards = found.entries.flatMap(({ guard }) => (guard === undefined ? [] : [keyOf(guard)]));
  return {
    torn: found.tornBytes > 0 ? 1 : 0,
    doubles: guards.length - new Set(guards).size,
    problems: found.problems.map(({ file, line, what }) => `audit ${file}:${line}: ${what}`),
  };
}

function judgeBox(dir: string, { cycles }: Told) {
  const problems: string[] = [];
  let torn = 0;
  const seen = new Map<number, number>();
  const files = cycles.size === 0 ? [] : openBlackBox(dir);
  for (const file of files) {
    const { blobs = [], end } = file.read() ?? {};
    if (end === 'torn') torn += 1;
    if (end === 'damaged') problems.push(`black box: ${file.name} is damaged`);
    blobs.forEach((blob, n) => {
      const [, life = '', cycle = ''] = Buffer.from(blob).toString().split(' ');
      if (Number(cycle) !== n) problems.push(`black box: ${file.name} has ${cycle} for ${n}`);
      seen.set(Number(life), n + 1);
    });
  }
  // The ring is bounded: of the lives before only the newest are still there.
  const [life, told] = [...cycles].at(-1) ?? [0, 0];
  const there = seen.get(life) ?? 0;
  if (there < told) problems.push(`black box: ${there} of ${told} cycles of life ${life}`);
  return { torn, problems };
}

function judgeState(path: string, { stateNumber }: Told): string[] {
  const problems: string[] = [];
  const error = (text: string) => void problems.push(text);
  const log = { info: () => undefined, warn: () => undefined, error };
  const saved = readEither(path, (raw) => raw as { number: number }, log);
  if ((saved?.number ?? 0) < stateNumber) {
    problems.push(`guard.state: number ${saved?.number} is older than ${stateNumber}`);
  }
  return problems;
}
