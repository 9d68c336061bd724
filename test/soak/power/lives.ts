import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as later } from 'node:timers/promises';
import { ROOT } from '../../architecture/source.ts';
import { type Finding, judge, Told } from './judge.ts';
import { Volume } from './volume.ts';

const WRITER = join(import.meta.dirname, 'writer.ts');
/** A folder begins anew after so many lives: it is read whole after each. */
const LIVES = 20;
const SHORTEST_MS = 5;
const LONGEST_MS = 400;
const BEGUN_MS = 60_000;

export interface Sum {
  lives: number;
  rowsTold: number;
  lostRows: number;
  doubleEffects: number;
  tornTails: number;
  problems: string[];
}

export const nothing = (): Sum => ({
  lives: 0,
  rowsTold: 0,
  lostRows: 0,
  doubleEffects: 0,
  tornTails: 0,
  problems: [],
});

/** One end of a life: how it comes, and what was told before. */
interface End {
  readonly dir: string;
  begin(): void;
  end(writer: ChildProcess, told: string): Promise<number>;
  remove(): void;
}

function byKill(): End {
  const root = mkdtempSync('/dev/shm/edgewatt-kill-');
  const dir = join(root, 'data');
  return {
    dir,
    begin: () => rmSync(dir, { recursive: true, force: true }),
    end: async (writer, told) => {
      const ended = once(writer, 'exit');
      writer.kill('SIGKILL');
      await ended;
      return statSync(told).size;
    },
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}

function byPowerCut(): End {
  const volume = new Volume();
  return {
    dir: join(volume.mount, 'data'),
    begin: () => volume.begin(),
    end: async (writer, told) => {
      const bytes = await volume.cut(told);
      const ended = writer.exitCode === null ? once(writer, 'exit') : undefined;
      writer.kill('SIGKILL');
      await ended;
      volume.unmount();
      volume.again();
      return bytes;
    },
    remove: () => volume.remove(),
  };
}

interface Writer {
  readonly child: ChildProcess;
  readonly told: string;
}

/** @param planted  name of a bug that it is loaded with, '' for none */
function startWriter(dir: string, told: string, planted: string): Writer {
  const out = openSync(told, 'w');
  const hook = planted === '' ? [] : ['--import', join(ROOT, 'test/planted/hook.ts')];
  const child = spawn(process.execPath, [...hook, WRITER, dir], {
    stdio: ['pipe', out, 'ignore'],
    env: { NODE_COMPILE_CACHE: join(ROOT, '.cache/compile'), ...process.env, PLANTED: planted },
  });
  closeSync(out);
  return { child, told };
}

async function untilBegun({ child, told }: Writer): Promise<void> {
  const untilMs = performance.now() + BEGUN_MS;
  while (statSync(told).size === 0) {
    if (performance.now() > untilMs || child.exitCode !== null) throw new Error('it wrote nothing');
    await later(2);
  }
}

export interface Order {
  readonly by: 'kill' | 'power cut';
  readonly lives: number;
  readonly planted?: string;
  /** After each folder, so that what was counted stays counted. */
  readonly onSum?: (sum: Sum) => void;
}

/** Lives that end at random instants; after each, what is there is held against what was told. */
export async function run({ by, lives, planted = '', onSum }: Order): Promise<Sum> {
  const end = by === 'kill' ? byKill() : byPowerCut();
  const notes = mkdtempSync('/dev/shm/edgewatt-told-');
  const whole = nothing();
  let next: Writer | undefined;
  const start = (n: number): Writer => startWriter(end.dir, join(notes, String(n)), planted);
  try {
    for (let n = 0; n < lives; ) {
      const sum = nothing();
      const told = new Told();
      end.begin();
      for (let life = 0; life < LIVES && n < lives; life += 1, n += 1) {
        const writer = next ?? start(n);
        writer.child.stdin?.write('go\n');
        await untilBegun(writer);
        await later(SHORTEST_MS + Math.random() * (LONGEST_MS - SHORTEST_MS));
        const bytes = await end.end(writer.child, writer.told);
        next = n + 1 < lives ? start(n + 1) : undefined;
        told.hear(readFileSync(writer.told).subarray(0, bytes).toString());
        add(sum, await judge(end.dir, told));
        rmSync(writer.told);
      }
      sum.rowsTold = told.rows.size;
      merge(whole, sum);
      onSum?.(sum);
    }
    return whole;
  } finally {
    next?.child.kill('SIGKILL');
    end.remove();
    rmSync(notes, { recursive: true, force: true });
  }
}

function add(sum: Sum, found: Finding): void {
  sum.lives += 1;
  sum.lostRows += found.lostRows;
  sum.doubleEffects += found.doubleEffects;
  sum.tornTails += found.tornTails;
  sum.problems.push(...found.problems);
}

function merge(into: Sum, { problems, ...sum }: Sum): void {
  into.problems.push(...problems);
  for (const key of ['lives', 'rowsTold', 'lostRows', 'doubleEffects', 'tornTails'] as const) {
    into[key] += sum[key];
  }
}
