import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { MINUTE_MS } from '../../../gateway/contracts/values/time.ts';
import { startProcess } from '../../../simulators/demo/processes.ts';
import { judgeRun } from '../../../simulators/demo/result.ts';
import { Run } from '../../../simulators/demo/run.ts';
import { demoSites } from '../../../simulators/sites/demo.ts';
import { historyCsv } from '../../../simulators/sites/history.ts';
import { ROOT, Stage } from './started.ts';
import { Watch } from './watch.ts';

const SPEED = 60;
const AWAY_MS = 10 * MINUTE_MS; // simulated; 10 s of real time
const BACK_MS = 75_000; // real: back-off of connections, 30 s until an answer is asked for again
const UNDER_WAY = 3; // records: there is always one on its way
const SITES = ['sunfield', 'millhouse']; // both on TCP: the wires are not the point here

let stage: Stage;
let run: Run;
let watches: Watch[] = [];

const until = (condition: () => boolean, timeout: number) =>
  vi.waitUntil(condition, { timeout, interval: 20 });
const all = (condition: (watch: Watch) => boolean) => () => watches.every(condition);
const backlog = ({ live }: Watch): number => live?.cloud.backlog ?? Number.NaN;

const simulated = (lengthMs: number): Promise<void> =>
  new Promise((over) => run.clock.at(run.clock.monoMs() + lengthMs, over));

async function kill(name: string): Promise<void> {
  const one = run.processes.find((process) => process.name === name);
  one?.kill();
  expect(await one?.exited).toBe(null); // by the signal, without a word
}

/** Starts a process of the run again as it was, on the same files. */
function startAgain(name: string, args: readonly string[]): void {
  const at = run.processes.findIndex((process) => process.name === name);
  const program = join(ROOT, args[0] ?? '');
  run.processes[at] = startProcess(name, [program, ...args.slice(1)], join(run.dir, 'logs'));
}

beforeAll(async () => {
  stage = new Stage();
  stage.mark();
  run = new Run({
    sites: demoSites(1)
      .filter(({ site }) => SITES.includes(site.id))
      .map((demo) => ({
        ...demo,
        history: (untilMs) => historyCsv(demo.plant, untilMs),
        drive: undefined,
      })),
    seed: 1,
    speed: SPEED,
    startMs: Date.parse('2026-06-17T08:00:00Z'),
    withCloud: true,
    transformerVa: 160_000,
    backgroundW: 12_000,
    notice: () => undefined,
  });
  await run.start();
  await run.ready();
  watches = run.gateways.map(({ url }) => new Watch(url));
  await until(
    all(({ live }) => live?.mode === 'trading'),
    45_000,
  );
}, 60_000);

afterAll(async () => {
  await Promise.all(watches.map((watch) => watch.close()));
  await run?.stop();
  run?.remove();
  await stage?.clear();
}, 60_000);

describe('the demo and what goes away', () => {
  it('without a broker the sites go on planning and keep what they record', async () => {
    await kill('broker');
    await until(
      all(({ live }) => live?.mode === 'planning'),
      20_000,
    );
    const cycles = watches.map(({ live }) => live?.guard.cycles ?? 0);
    await simulated(AWAY_MS);
    for (const [index, watch] of watches.entries()) {
      expect(watch.live).toMatchObject({ mode: 'planning', cloud: { connected: false } });
      expect(backlog(watch)).toBeGreaterThan(5); // a record a minute at least
      expect((watch.live?.guard.cycles ?? 0) - (cycles[index] ?? 0)).toBeGreaterThan(150);
    }
  }, 60_000);

  it('with the broker back they trade again', async () => {
    const file = join(run.dir, 'broker', 'broker.json');
    startAgain('broker', ['simulators/main.ts', 'iot-core', '--config', file, '--with-parent']);
    await until(
      all(({ live }) => live?.mode === 'trading'),
      BACK_MS,
    );
  }, 80_000);

  it('a record is gone when the cloud says so, not when the broker took it', async () => {
    await kill('cloud');
    const before = watches.map(backlog);
    await until(() => watches.every((one, at) => backlog(one) > (before[at] ?? 0) + 2), 30_000);
    for (const { live } of watches) expect(live?.cloud.connected).toBe(true);

    const { realMs, wallMs, speed } = run.origin;
    const config = join(run.dir, 'cloud', 'cloud.yaml');
    const clock = ['--clock-origin', `${realMs},${wallMs},${speed}`];
    startAgain('cloud', ['cloud/main.ts', 'run', '--config', config, ...clock, '--with-parent']);
    await until(
      all((watch) => backlog(watch) <= UNDER_WAY),
      BACK_MS,
    );
  }, 120_000);

  it('nothing is lost, nothing counts twice, the ledger balances', async () => {
    const clean = await run.stop();
    const { telemetry, market, sites } = judgeRun(run, 1, 1, clean, undefined);
    expect(clean).toBe(true);
    expect(telemetry.produced).toBeGreaterThan(40);
    expect(telemetry).toEqual({
      produced: telemetry.produced,
      storedInCloud: telemetry.produced,
      duplicates: 0,
    });
    expect(market.ledgerSumNano).toBe('0');
    expect(sites.map(({ violations }) => violations)).toEqual([0, 0]);
    expect(run.gateways.flatMap(({ court }) => court.violations)).toEqual([]);
  }, 40_000);
});
