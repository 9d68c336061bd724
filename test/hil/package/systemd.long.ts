import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
// @ts-expect-error: plain JavaScript
import { writeBundle } from '../../../bin/package/bundle.mjs';
import { newKeyPair } from '../../../gateway/adapters/crypto.ts';
import { freePorts } from '../../../simulators/demo/processes.ts';
import { boot, canBoot, deb, type Machine, makeDebian, notice } from './debian.ts';
import { type Field, startField } from './site.ts';

const UNIT = 'edgewatt.service';
const WATCHDOG_MS = 10_000;
const WAIT = { timeout: 90_000, interval: 250 };
const until = (condition: () => boolean) => vi.waitUntil(condition, WAIT);

if (!canBoot) notice('systemd needs root on x64, debootstrap, unshare and unified control groups');

describe.skipIf(!canBoot)('the package under a real systemd', () => {
  let dir = '';
  let root = '';
  let port = 0;
  let machine: Machine;
  let field: Field;
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'edgewatt-systemd-'));
    root = join(dir, 'debian');
    makeDebian(root, ['systemd', 'dbus', 'udev']);
    cpSync(deb('amd64'), join(root, 'edgewatt.deb'));
    machine = await boot(root);
    [port = 0] = await freePorts(1);
  });
  beforeEach(({ onTestFailed }) => {
    onTestFailed(() => void process.stderr.write(log().split('\n').slice(-40).join('\n')));
  });
  afterAll(async () => {
    await machine?.stop();
    await field?.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  const property = (name: string): string => machine.property(UNIT, name);
  const kick = (): string => property('WatchdogTimestampMonotonic');
  const mainPid = (): string => property('MainPID');
  const log = (): string => machine.run('journalctl', '--no-pager', '-o', 'cat', '-u', UNIT);
  const isCommanding = (): boolean =>
    Object.values(field.images).some((image) => image.control().setpointW !== undefined);
  const health = async (): Promise<unknown> => {
    const answer = await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => undefined);
    return answer?.json();
  };
  /** The guard of this pid, as the kernel of this very machine sees it. */
  const statusOf = (pid: string): string => machine.run('cat', `/proc/${pid}/status`);

  it('is installed and enabled, and waits until a site is described', () => {
    machine.run('dpkg', '--install', '/edgewatt.deb');
    expect(machine.run('systemctl', 'is-enabled', UNIT).trim()).toBe('enabled');
    expect(property('ActiveState')).toBe('inactive');
    expect(property('ConditionResult')).toBe('no');
    expect(machine.run('systemctl', 'is-enabled', 'edgewatt-update.path').trim()).toBe('enabled');
    const units = [UNIT, 'edgewatt-update.path'].map((name) => `/usr/lib/systemd/system/${name}`);
    expect(machine.run('systemd-analyze', 'verify', '--man=no', ...units)).toBe('');
  });

  it('starts as setup leaves it: on a site that is described, it observes', async () => {
    field = await startField(join(dir, 'proven'), '/var/lib/edgewatt/data', port);
    const hosts = field.hosts.flatMap((host) => ['--host', host]);
    const answers = ['--units', '1-2', '--yes', '--set', 'fuseA=125', '--set', 'pvW=60000'];
    const closed = ['sh', '-c', 'umask 077; exec edgewatt setup /etc/edgewatt "$@"', 'setup'];
    const { code, out } = await machine.begin(...closed, ...hosts, ...answers);
    expect(code, out).toBe(0);
    machine.run('sed', '-i', `s/port: 8080/port: ${port}/`, '/etc/edgewatt/gateway.yaml');
    // The devices live in this process: it must not wait in a call.
    machine.run('systemctl', 'restart', '--no-block', UNIT);
    await until(() => property('ActiveState') === 'active'); // the gateway has said so itself
    await expect.poll(health, WAIT).toMatchObject({ page: 'built', liveAgeMs: expect.any(Number) });
    expect(log()).toMatch(/its claim code is [A-Z2-9]{4}-[A-Z2-9]{4}-[A-Z2-9]{4}/);
    const doctor = await machine.begin('edgewatt', 'doctor', '/etc/edgewatt');
    expect(doctor.out).toMatch(/^ok {3}lock: the gateway runs/m);
    expect(doctor.code, doctor.out).toBe(0);
    expect(isCommanding()).toBe(false);
  });

  it('controls the devices once they are proven', async () => {
    for (const name of readdirSync(join(dir, 'proven'))) {
      copyFileSync(join(dir, 'proven', name), join(root, 'etc/edgewatt', name));
    }
    machine.run('systemctl', 'restart', '--no-block', UNIT);
    await until(isCommanding);
    await until(() => property('ActiveState') === 'active');
  });

  it('runs as its own user, without capabilities, in a unit that is hardly exposed', () => {
    const uid = machine.run('id', '-u', 'edgewatt').trim();
    const status = statusOf(mainPid());
    expect(status).toMatch(new RegExp(`^Uid:\\s+${uid}\\s+${uid}\\s+${uid}\\s+${uid}$`, 'm'));
    expect(status).toMatch(/^NoNewPrivs:\s+1$/m);
    expect(status).toMatch(/^CapBnd:\s+0+$/m);
    expect(status).toMatch(/^Seccomp:\s+2$/m);
    for (const unit of [UNIT, 'edgewatt-update.service']) {
      machine.run('systemd-analyze', 'security', '--threshold=20', '--no-pager', unit);
    }
  });

  it('kicks the watchdog as long as it turns, and is started again when it hangs', async () => {
    const first = kick();
    await until(() => kick() !== first);
    const pid = mainPid();
    // The loop stands; the helper that speaks for it lives on.
    machine.run('systemctl', 'kill', '--kill-who=main', '--signal=SIGSTOP', UNIT);
    const last = kick();
    const fromMs = performance.now();
    await until(() => property('NRestarts') === '1');
    expect(performance.now() - fromMs).toBeGreaterThan(WATCHDOG_MS / 2); // it was given its time
    expect(log()).toMatch(/Watchdog timeout/);
    await until(() => property('ActiveState') === 'active' && mainPid() !== pid);
    expect(kick()).not.toBe(last);
    const up = kick();
    await until(() => kick() !== up); // it turns again, for some cycles
    await until(isCommanding);
  });

  it('has root install what was fetched, or says why not; leaves what is broken', async () => {
    const pair = newKeyPair();
    const keys = join(root, 'etc/edgewatt/release-keys.json');
    writeFileSync(keys, JSON.stringify({ test: pair.publicKey }));
    const offered = join(root, 'var/lib/edgewatt/update/offered.ewb');
    const current = (): string => readlinkSync(join(root, 'opt/edgewatt/current'));
    const state = (name: string): string => join(root, 'var/lib/edgewatt-update', name);
    const offer = async (privateKey: string): Promise<void> => {
      const entries = [{ path: 'edgewatt', mode: 0o755, text: '#!/bin/sh\n' }];
      const expiresAtMs = Date.now() + 86_400_000;
      const about = { version: '99.0.0', arch: 'x64', channel: 'stable', minFrom: '0.0.0' };
      const key = { keyId: 'test', privateKey };
      await writeBundle(`${offered}.part`, entries, { ...about, expiresAtMs }, key);
      renameSync(`${offered}.part`, offered);
      await until(() => !existsSync(offered));
    };
    const before = current();
    const pid = mainPid();
    await offer(newKeyPair().privateKey);
    expect(readFileSync(state('refused'), 'utf8')).toMatch(/its signature is wrong/);
    expect(current()).toBe(before);
    await offer(pair.privateKey);
    expect(existsSync(state('refused'))).toBe(false);
    expect(current()).toBe('releases/99.0.0');
    expect(readFileSync(state('trial'), 'utf8')).toBe(`99.0.0 ${before.split('/')[1]}\n`);
    expect(mainPid()).toBe(pid); // what runs goes on until its restart

    machine.run('systemctl', 'restart', '--no-block', UNIT); // and this one is none that runs
    await until(() => existsSync(state('failed')) && !existsSync(state('trial')));
    expect(readFileSync(state('failed'), 'utf8')).toBe('99.0.0 not healthy after 3 starts\n');
    expect(current()).toBe(before);
    await until(() => property('ActiveState') === 'active' && mainPid() !== pid);
    await until(isCommanding);
  });

  it('gives the devices back when it is stopped', async () => {
    const kicked = kick();
    await until(() => kick() !== kicked); // some cycles since its last start
    await until(isCommanding);
    machine.run('systemctl', 'stop', '--no-block', UNIT);
    await until(() => property('ActiveState') === 'inactive');
    expect(property('Result')).toBe('success');
    expect(field.world.court.unreleased()).toEqual([]);
    const summary = join(root, 'var/lib/edgewatt/data/guard.summary.json');
    expect(JSON.parse(readFileSync(summary, 'utf8')).cycles).toBeGreaterThan(2);
    expect(field.world.court.violations).toEqual([]);
  });

  it('leaves nothing when purged', () => {
    machine.run('dpkg', '--purge', 'edgewatt');
    for (const path of ['opt/edgewatt', 'var/lib/edgewatt', 'etc/edgewatt', 'usr/bin/edgewatt']) {
      expect(existsSync(join(root, path)), path).toBe(false);
    }
    expect(machine.run('systemctl', 'list-unit-files', '--no-legend')).not.toContain('edgewatt');
  });
});
