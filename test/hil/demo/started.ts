import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The package's root. */
export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** A program started as a user starts it, with all that it starts itself. */
export interface Started {
  readonly child: ChildProcess;
  /** What it said on standard output and standard error so far. */
  readonly out: () => string;
  readonly err: () => string;
  /** Exit code or the signal that ended it, once both outputs are closed. */
  readonly ended: Promise<number | NodeJS.Signals>;
}

const TRACE = 'EDGEWATT_TEST_TRACE';

/**
 * A place for programs under test: they keep their files in a folder of their own, and everything
 * they start carries a mark in its environment, however it was started, so that none stays unseen.
 */
export class Stage {
  readonly dir: string;
  private readonly all: Started[] = [];

  constructor() {
    this.dir = mkdtempSync(join(tmpdir(), 'edgewatt-stage-'));
    mkdirSync(join(this.dir, 'tmp'));
  }

  /** @param args  what Node gets: a bin of ours and its arguments, from the package's root */
  start(args: readonly string[], options: { ownGroup?: boolean } = {}): Started {
    const child = spawn(process.execPath, [...args], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: options.ownGroup === true,
      env: { ...process.env, TMPDIR: join(this.dir, 'tmp'), [TRACE]: this.dir },
    });
    const said = { out: '', err: '' };
    child.stdout.on('data', (bytes: Buffer) => {
      said.out += bytes.toString();
    });
    child.stderr.on('data', (bytes: Buffer) => {
      said.err += bytes.toString();
    });
    const ended = new Promise<number | NodeJS.Signals>((resolve) => {
      child.once('close', (code, signal) => resolve(signal ?? code ?? -1));
    });
    const started = { child, out: () => said.out, err: () => said.err, ended };
    this.all.push(started);
    return started;
  }

  /** From now on, what this process starts by other means carries the mark too. */
  mark(): void {
    process.env[TRACE] = this.dir;
  }

  /** The folder of the one run that was started here. */
  runDir(): string {
    const [name, ...more] = readdirSync(join(this.dir, 'tmp')).filter((entry) =>
      entry.startsWith('edgewatt-'),
    );
    if (name === undefined || more.length > 0) throw new Error(`no single run: ${name} ${more}`);
    return join(this.dir, 'tmp', name);
  }

  /** Every process that lives and was started from here, by whomever: pid and command line. */
  processes(): string[] {
    return readdirSync('/proc').flatMap((pid) => {
      if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return [];
      try {
        if (!readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`${TRACE}=${this.dir}\0`)) {
          return [];
        }
        if (/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))) return [];
        const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
        return [`${pid} ${words.join(' ')}`];
      } catch {
        return []; // gone since the listing, or not ours to read
      }
    });
  }

  /** Ends what a failed test left behind, each by its number, and removes the files. */
  async clear(): Promise<void> {
    for (const line of this.processes()) {
      try {
        process.kill(Number.parseInt(line, 10), 'SIGKILL');
      } catch {
        // gone since the listing
      }
    }
    await Promise.all(this.all.map((one) => one.ended));
    delete process.env[TRACE];
    rmSync(this.dir, { recursive: true, force: true });
  }
}
