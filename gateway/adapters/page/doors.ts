import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { performance } from 'node:perf_hooks';
import { z } from 'zod';
import { Fault } from '../../contracts/values/fault.ts';
import { type Attempts, createAttempts } from './attempts.ts';
import {
  digest,
  isSecret,
  newClaimCode,
  newToken,
  plainCode,
  storedSecret,
  storeSecret,
} from './secret.ts';

export interface DoorsOptions {
  readonly file: string; // in the data folder; holds digests only
  /** Claim code and one-time tokens that somebody chose (the demo); otherwise a code is made. */
  readonly claim?: string | undefined;
  readonly tokens?: readonly string[];
  /**
   * Told a code that was made at this start, before its digest is kept: whoever dies in between
   * leaves no door whose key nobody has heard.
   */
  readonly onNewCode?: (code: string) => void;
  readonly wallMs?: () => number;
  readonly realMs?: () => number;
}

export type Entry =
  | { readonly ok: true; readonly session: string; readonly maxAgeS: number }
  | {
      readonly ok: false;
      readonly status: 401 | 409 | 422 | 429;
      readonly why: string;
      readonly retryAfterS?: number;
    };

/** Who may see the page: a claim code once, then a password; each entry makes a session. */
export interface Doors {
  readonly claimed: boolean;
  claim(address: string, code: string, password: string): Promise<Entry>;
  signIn(address: string, password: string): Promise<Entry>;
  /** A one-time token of the demo. */
  redeem(address: string, token: string): Entry;
  isSession(session: string | undefined): boolean;
  signOut(session: string): void;
}

const PASSWORD_CHARS_MIN = 10;
const PASSWORD_CHARS_MAX = 256;
const SESSION_MS = 7 * 86_400_000;
const SESSIONS_MAX = 64;

const doorsFile = z.strictObject({
  version: z.literal(1),
  claim: storedSecret.optional(),
  password: storedSecret.optional(),
  sessions: z.array(z.strictObject({ digest: z.string(), untilMs: z.number() })),
  used: z.array(z.string()),
});
type DoorsFile = z.infer<typeof doorsFile>;

function read(file: string): DoorsFile {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      return { version: 1, sessions: [], used: [] };
    throw new Fault('the page cannot read its doors', file, 'make it readable for this user');
  }
  try {
    return doorsFile.parse(JSON.parse(text));
  } catch {
    const mend = 'remove it and start again: a new claim code is then made';
    throw new Fault('the page stays closed: its doors are damaged', file, mend);
  }
}

/** On disk before anybody is told; a cut leaves the old file or the new one. */
function write(file: string, state: DoorsFile): void {
  mkdirSync(dirname(file), { recursive: true });
  const fresh = `${file}.new`;
  const fd = openSync(fresh, 'w', 0o600);
  writeSync(fd, JSON.stringify(state));
  fsyncSync(fd);
  closeSync(fd);
  renameSync(fresh, file);
  const folder = openSync(dirname(file), 'r');
  fsyncSync(folder);
  closeSync(folder);
}

const refused = (status: 401 | 409 | 422, why: string): Entry => ({ ok: false, status, why });

/** @throws Fault when the file is damaged: the page then stays closed */
export async function openDoors(options: DoorsOptions): Promise<Doors> {
  const state = read(options.file);
  if (state.password !== undefined || state.claim !== undefined) {
    return new KeptDoors(options, state);
  }
  const code = options.claim ?? newClaimCode();
  const first = { ...state, claim: await storeSecret(plainCode(code)) };
  if (options.claim === undefined) options.onNewCode?.(code);
  write(options.file, first);
  return new KeptDoors(options, first);
}

class KeptDoors implements Doors {
  private state: DoorsFile;
  private readonly file: string;
  private readonly wallMs: () => number;
  private readonly attempts: Attempts;
  private readonly tokens: ReadonlySet<string>; // digests
  private last: Promise<unknown> = Promise.resolve(); // one costly comparison at a time

  constructor(options: DoorsOptions, state: DoorsFile) {
    this.state = state;
    this.file = options.file;
    this.wallMs = options.wallMs ?? Date.now;
    this.attempts = createAttempts(options.realMs ?? (() => performance.now()));
    this.tokens = new Set((options.tokens ?? []).map(digest));
  }

  get claimed(): boolean {
    return this.state.password !== undefined;
  }

  async claim(address: string, code: string, password: string): Promise<Entry> {
    return this.tooMany(address) ?? this.inTurn(() => this.judgeClaim(address, code, password));
  }

  async signIn(address: string, password: string): Promise<Entry> {
    return this.tooMany(address) ?? this.inTurn(() => this.judgePassword(address, password));
  }

  redeem(address: string, token: string): Entry {
    const late = this.tooMany(address);
    if (late !== undefined) return late;
    const mark = digest(token);
    if (!this.tokens.has(mark) || this.state.used.includes(mark)) {
      return refused(401, 'This address has signed somebody in already.');
    }
    this.attempts.forgive(address);
    return this.enter({ used: [...this.state.used, mark] });
  }

  isSession(session: string | undefined): boolean {
    if (session === undefined) return false;
    const mark = digest(session);
    const now = this.wallMs();
    return this.state.sessions.some((one) => one.digest === mark && one.untilMs > now);
  }

  signOut(session: string): void {
    const mark = digest(session);
    this.change({ sessions: this.state.sessions.filter((one) => one.digest !== mark) });
  }

  private async judgeClaim(address: string, code: string, password: string): Promise<Entry> {
    const { claim } = this.state;
    if (claim === undefined) return refused(409, 'This gateway has its password already.');
    if (!(await isSecret(plainCode(code), claim))) {
      return refused(401, 'This is not the claim code; the log of the first start shows it.');
    }
    const { length } = [...password];
    if (length < PASSWORD_CHARS_MIN || length > PASSWORD_CHARS_MAX) {
      const range = `${PASSWORD_CHARS_MIN} to ${PASSWORD_CHARS_MAX}`;
      return refused(422, `A password has ${range} characters.`);
    }
    if (plainCode(password) === plainCode(code)) {
      return refused(422, 'The claim code is no password: others may have seen it.');
    }
    this.attempts.forgive(address);
    return this.enter({ claim: undefined, password: await storeSecret(password) });
  }

  private async judgePassword(address: string, password: string): Promise<Entry> {
    const known = this.state.password;
    if (known === undefined) return refused(409, 'Claim this gateway first.');
    if (!(await isSecret(password, known))) return refused(401, 'This is not the password.');
    this.attempts.forgive(address);
    return this.enter({});
  }

  private tooMany(address: string): Entry | undefined {
    const waitMs = this.attempts.take(address);
    if (waitMs === 0) return undefined;
    const retryAfterS = Math.ceil(waitMs / 1_000);
    return { ok: false, status: 429, why: `Too many tries; wait ${retryAfterS} s.`, retryAfterS };
  }

  private inTurn(run: () => Promise<Entry>): Promise<Entry> {
    const mine = this.last.then(run);
    this.last = mine.catch(() => undefined);
    return mine;
  }

  private enter(next: Partial<DoorsFile>): Entry {
    const session = newToken();
    const now = this.wallMs();
    const alive = this.state.sessions.filter(({ untilMs }) => untilMs > now);
    const mine = { digest: digest(session), untilMs: now + SESSION_MS };
    this.change({ ...next, sessions: [...alive.slice(1 - SESSIONS_MAX), mine] });
    return { ok: true, session, maxAgeS: SESSION_MS / 1_000 };
  }

  private change(next: Partial<DoorsFile>): void {
    this.state = { ...this.state, ...next };
    write(this.file, this.state);
  }
}
