import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startProcess } from '../../../simulators/demo/processes.ts';
import { Run } from '../../../simulators/demo/run.ts';
import { demoSites } from '../../../simulators/sites/demo.ts';
import { historyCsv } from '../../../simulators/sites/history.ts';
import { ROOT, Stage } from '../demo/started.ts';
import { Watch } from '../demo/watch.ts';

const until = (condition: () => boolean, timeout: number) =>
  vi.waitUntil(condition, { timeout, interval: 50 });

describe('a gateway of which nothing works but itself', () => {
  it('runs on, and its log has a line for each thing', async () => {
    const stage = new Stage();
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const address = taken.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    try {
      // The example's serial path and network addresses lead nowhere on this machine.
      const house = readFileSync(join(ROOT, 'docs/examples/house.yaml'), 'utf8')
        .replace('/dev/serial/by-id/usb-rs485', '/dev/serial/by-id/usb-none')
        .replaceAll('192.168.1.', '127.0.0.');
      mkdirSync(join(stage.dir, 'data'));
      const files = {
        'site.yaml': house,
        'gateway.yaml': [
          'version: 1',
          `page: { port: ${port} }`,
          'broker: { url: "mqtt://127.0.0.1:1", passwordFile: secret }',
          'history: history.csv',
        ].join('\n'),
        secret: 'none of anybody',
        'history.csv': 'ts,load_kwh,pv_kwh\n2026-06-15T00:00Z,NaN,0\n',
        'data/agent.db': 'no database, but long enough to be taken for a header of one',
        'data/guard.state': '{"v":1,"epoch":',
      };
      for (const [name, text] of Object.entries(files)) writeFileSync(join(stage.dir, name), text);
      const gateway = stage.start(['bin/edgewatt.mjs', 'run', stage.dir]);
      const says = (words: RegExp): boolean => words.test(gateway.out() + gateway.err());
      const expected = [
        /guard\.state is damaged; the site's default limits bind/,
        /there is no \/dev\/serial\/by-id\/usb-none; plug the adapter in or correct the path/,
        /tcp 127\.0\.0\.20:502: nobody listens there; check the port/,
        /"why":"[^"]*ECONNREFUSED 127\.0\.0\.1:1".*the cloud is away/,
        /agent\.db\.damaged-.* and a new one began/,
        new RegExp(`127.0.0.1:${port}: port is taken by another program; stop that program or set`),
        /history\.csv:2: .*NaN.* is no row; give every column in kWh/,
      ];
      for (const words of expected) {
        await until(() => says(words), 30_000).catch(() => {
          throw new Error(`${words} in:\n${gateway.err()}`);
        });
      }
      const set = readdirSync(join(stage.dir, 'data')).filter((name) => /damaged-/.test(name));
      expect(set).toHaveLength(1);
      expect(gateway.child.exitCode).toBe(null);
      for (const line of gateway.err().trimEnd().split('\n')) expect(line).toMatch(/^\{.*\}$/);

      gateway.child.kill('SIGTERM');
      expect(await gateway.ended).toBe(0);
      expect(stage.processes()).toEqual([]);
      const summary = readFileSync(join(stage.dir, 'data', 'guard.summary.json'), 'utf8');
      expect(JSON.parse(summary)).toMatchObject({
        mode: 'safe',
        agentRestarts: 0,
        readingsGood: 0,
      });
    } finally {
      taken.close();
      await stage.clear();
    }
  }, 90_000);

  it('a port beyond what this user may open is told as well', async () => {
    const stage = new Stage();
    try {
      writeFileSync(
        join(stage.dir, 'site.yaml'),
        readFileSync(join(ROOT, 'docs/examples/house.yaml'), 'utf8'),
      );
      writeFileSync(join(stage.dir, 'gateway.yaml'), 'version: 1\npage: { port: 70000 }\n');
      const gateway = stage.start(['bin/edgewatt.mjs', 'run', stage.dir]);
      expect(await gateway.ended).toBe(2);
      expect(gateway.err()).toMatch(/gateway\.yaml:2: page\.port: .+; .+\n$/);
    } finally {
      await stage.clear();
    }
  }, 30_000);
});

describe('a gateway at its site', () => {
  let stage: Stage;
  let run: Run;
  let watch: Watch;
  const gateway = () => {
    const [one] = run.gateways;
    if (one === undefined) throw new Error('no gateway');
    return one;
  };
  const at = (name: string): string => join(gateway().dir, name);
  const alarms = (): string[] => (watch.live?.alarms ?? []).map(({ code }) => code);
  const alarm = (code: string) => watch.live?.alarms.find((one) => one.code === code);

  /** Ends the gateway, lets something happen to its files, and starts it again. */
  async function restartAfter(happens: () => void): Promise<void> {
    const { process: before, site } = gateway();
    before.stop();
    expect(await before.exited).toBe(0);
    happens();
    watch.live = undefined;
    const program = join(ROOT, 'gateway/main.ts');
    const logs = join(run.dir, 'logs');
    const process = startProcess(site.gateway, [program, 'run', gateway().dir], logs);
    run.processes[run.processes.indexOf(before)] = process;
    run.gateways[0] = { ...gateway(), process };
  }

  beforeAll(async () => {
    stage = new Stage();
    stage.mark();
    const [sunfield] = demoSites(1);
    const history = (untilMs: number): string => historyCsv(sunfield.plant, untilMs);
    run = new Run({
      sites: [{ ...sunfield, history, drive: undefined }],
      seed: 1,
      speed: 20,
      startMs: Date.parse('2026-06-17T09:00:00Z'),
      withCloud: true,
      transformerVa: 160_000,
      backgroundW: 12_000,
      notice: () => undefined,
    });
    await run.start();
    await run.ready();
    watch = new Watch(gateway().url);
    await until(() => watch.live?.mode === 'trading', 40_000);
  }, 60_000);

  afterAll(async () => {
    await watch?.close();
    await run?.stop();
    run?.remove();
    await stage?.clear();
  }, 60_000);

  it("with a newer release's database plans, keeps nothing, trades nothing, says so", async () => {
    await restartAfter(() => {
      const db = new Database(at('data/agent.db'));
      db.pragma('user_version = 99');
      db.close();
    });
    await until(() => watch.live?.mode === 'planning', 30_000);
    await until(() => watch.live?.cloud.connected === true, 20_000);
    expect(alarm('STORE')?.text).toMatch(
      /nothing is traded\. .*agent\.db: database of a newer rel/,
    );
    expect(alarm('STORE')?.mend).toMatch(/^Install that release again, or move the file away/);
    expect(watch.live?.mode).toBe('planning');
    expect(existsSync(at('data/agent.db'))).toBe(true);
  }, 60_000);

  it('with a damaged one and a broken history sets it aside, begins anew and trades', async () => {
    await restartAfter(() => {
      for (const tail of ['-wal', '-shm']) rmSync(at(`data/agent.db${tail}`), { force: true });
      writeFileSync(at('data/agent.db'), 'no database, but long enough to look like one to all');
      writeFileSync(at('history.csv'), 'time;load\n');
    });
    await until(() => watch.live?.mode === 'trading', 40_000);
    expect(alarms()).toEqual(expect.arrayContaining(['STORE_REPLACED', 'HISTORY']));
    expect(alarm('HISTORY')?.text).toMatch(/history\.csv:1: the header is 'time;load'/);
  }, 60_000);

  it('without its key for the broker runs without the cloud', async () => {
    await restartAfter(() => rmSync(at('private.key')));
    await until(() => watch.live?.mode === 'planning', 30_000);
    expect(alarm('BROKER')?.text).toMatch(
      /runs without the cloud\. .*private\.key: cannot be read/,
    );
    expect(alarms()).not.toContain('STORE_REPLACED'); // that one is sound again
  }, 60_000);

  it('and all the time it kept its site within the rules', async () => {
    await watch.close();
    expect(await run.stop()).toBe(true);
    expect(gateway().court.violations).toEqual([]);
  }, 40_000);
});
