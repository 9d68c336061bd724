import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as later } from 'node:timers/promises';
import { afterAll, beforeAll, expect, vi } from 'vitest';
import type { LiveView } from '../../../gateway/contracts/values/view.ts';
import { type DemoProcess, startProcess } from '../../../simulators/demo/processes.ts';
import { Run, type RunningGateway } from '../../../simulators/demo/run.ts';
import { demoSites } from '../../../simulators/sites/demo.ts';
import { historyCsv } from '../../../simulators/sites/history.ts';
import { ROOT, Stage } from '../../hil/demo/started.ts';
import { Watch } from '../../hil/demo/watch.ts';
import { sqliteBooks } from '../../hil/fleet/books.ts';

/** A cycle is 200 ms and a device's own timer 12 s, all of it real. */
const SPEED = 5;
/** Of the turns: the machine is busy. Each wait for a slow disk would cost 25 of them. */
const MISSED_SHARE = 0.1;
const RUNS = ['trading', 'planning', 'rules'];

export const until = (condition: () => boolean, timeout: number) =>
  vi.waitUntil(condition, { timeout, interval: 50 });

/** Runs from before the first test of a file until after its last. */
export function running(site: OneSite): OneSite {
  beforeAll(() => site.start(), 240_000);
  afterAll(() => site.end(), 60_000);
  return site;
}

/** One site with its gateway, broker and cloud, each a process that may be disturbed. */
export class OneSite {
  readonly stage: Stage;
  readonly run: Run;
  watch: Watch | undefined;

  constructor(speed = SPEED) {
    this.stage = new Stage();
    this.stage.mark();
    this.run = new Run({
      sites: demoSites(1)
        .slice(0, 1)
        .map((demo) => ({
          ...demo,
          history: (untilMs) => historyCsv(demo.plant, untilMs),
          drive: undefined,
        })),
      ...{ seed: 1, speed, withCloud: true },
      startMs: Date.parse('2026-06-17T09:10:00Z'),
      ...{ transformerVa: 160_000, backgroundW: 12_000, notice: () => undefined },
    });
  }

  async start(): Promise<void> {
    await this.run.start();
    await this.run.ready();
    this.watch = new Watch(this.gateway().url);
    await until(() => this.isRunning(), 120_000);
  }

  async end(): Promise<void> {
    await this.watch?.close();
    await this.run.stop();
    this.run.remove();
    await this.stage.clear();
  }

  gateway(): RunningGateway {
    const [one] = this.run.gateways;
    if (one === undefined) throw new Error('no gateway');
    return one;
  }

  /** The newest picture of its page. */
  seen(): LiveView {
    if (this.watch?.live === undefined) throw new Error('nothing was seen yet');
    return this.watch.live;
  }

  isRunning(): boolean {
    return RUNS.includes(this.watch?.live?.mode ?? '');
  }

  /** The guard, and its agent when there is one. */
  pids(): number[] {
    const guard = this.gateway().process.pid;
    const children = readdirSync('/proc').filter((pid) => {
      try {
        return new RegExp(`^PPid:\\s+${guard}$`, 'm').test(
          readFileSync(`/proc/${pid}/status`, 'utf8'),
        );
      } catch {
        return false; // gone since the listing, or no process
      }
    });
    return [guard, ...children.map(Number)];
  }

  async killGuard(): Promise<void> {
    const { process: guard } = this.gateway();
    guard.kill();
    expect(await guard.exited).toBe(null);
  }

  /** Starts what has ended again, on the same files. */
  startGateway(): void {
    const { process: before, site, dir } = this.gateway();
    const started = this.again(before, [join(ROOT, 'gateway/main.ts'), 'run', dir]);
    this.run.gateways[0] = { ...this.gateway(), process: started };
    if (this.watch !== undefined) this.watch.live = undefined;
    if (started.name !== site.gateway) throw new Error('another process was started');
  }

  /** What stands for a while costs no cycle, and the site runs on when it is over. */
  async costsNoCycle(standsMs: number, begin: () => Promise<() => unknown>): Promise<void> {
    const before = this.seen();
    const end = await begin();
    await later(standsMs);
    await end();
    const gone = this.seen().atMs;
    await until(() => this.seen().atMs > gone && this.isRunning(), 120_000);
    const after = this.seen();
    const slots = (after.atMs - before.atMs) / after.cycleMs;
    const missed = after.guard.missedCycles - before.guard.missedCycles;
    const turns = after.guard.cycles - before.guard.cycles;
    expect(turns).toBeGreaterThan((1 - MISSED_SHARE) * slots - 2);
    expect(missed).toBeLessThan(MISSED_SHARE * slots);
    expect(this.gateway().court.violations).toEqual([]);
  }

  /** The gateway's log. */
  log(): string {
    return readFileSync(join(this.run.dir, 'logs', `${this.gateway().process.name}.log`), 'utf8');
  }

  /** The end of it. */
  lastWords(): string {
    return this.log().slice(-1_000);
  }

  cloud(): DemoProcess {
    const found = this.run.processes.find(({ name }) => name === 'cloud');
    if (found === undefined) throw new Error('no cloud');
    return found;
  }

  startCloud(): void {
    const { dir, origin } = this.run;
    const clock = `${origin.realMs},${origin.wallMs},${origin.speed}`;
    const config = join(dir, 'cloud', 'cloud.yaml');
    const args = ['run', '--config', config, '--clock-origin', clock, '--with-parent'];
    this.again(this.cloud(), [join(ROOT, 'cloud/main.ts'), ...args]);
  }

  private again(before: DemoProcess, args: readonly string[]): DemoProcess {
    const started = startProcess(before.name, args, join(this.run.dir, 'logs'));
    this.run.processes[this.run.processes.indexOf(before)] = started;
    return started;
  }

  /**
   * What the cloud has of the gateway's records: how many, how many twice, and how many are missing
   * before one of the same start of the guard that is there.
   */
  records(): { readonly count: number; readonly doubles: number; readonly holes: number } {
    const keys = sqliteBooks(join(this.run.dir, 'cloud', 'cloud.db')).records;
    const lives = new Map<string, Set<number>>();
    for (const key of keys) {
      const [, epoch = '', seq = ''] = key.split('/');
      lives.set(epoch, (lives.get(epoch) ?? new Set()).add(Number(seq)));
    }
    const holes = [...lives.values()].map((seqs) => Math.max(...seqs) - seqs.size);
    return {
      count: keys.length,
      doubles: keys.length - new Set(keys).size,
      holes: holes.reduce((sum, one) => sum + one, 0),
    };
  }
}
