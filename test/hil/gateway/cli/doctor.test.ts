import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { profileById } from '../../../../devices/catalogue.ts';
import {
  busFinding,
  certificateFinding,
  clockFinding,
  connects,
  diskFinding,
  type Finding,
  folderFinding,
  lockFinding,
  portTaken,
  secretFinding,
} from '../../../../gateway/cli/doctor-checks.ts';
import { loadSite } from '../../../../gateway/config/load.ts';
import { keepSimulatedRecords } from '../../../../simulators/demo/commissioned.ts';
import { Authority } from '../../../../simulators/iot-core/authority.ts';
import { ROOT } from '../../../architecture/source.ts';
import { runCli } from '../../../fixtures/cli.ts';

const NOBODY = 65_534;
const DAY_MS = 86_400_000;

let dir = '';
const servers: Server[] = [];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'doctor-test-'));
});
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
  rmSync(dir, { recursive: true, force: true });
});

function listen(server = createServer((socket) => socket.destroy())): Promise<number> {
  return new Promise((resolve) => {
    servers.push(server);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' ? (address?.port ?? 0) : 0);
    });
  });
}

function write(name: string, text: string, mode = 0o600): string {
  const file = join(dir, name);
  writeFileSync(file, text, { mode });
  return file;
}

/** One finding as people read it; whatever is not fine says how to mend it. */
function told({ state, what, mend }: Finding): string {
  expect(mend === undefined, `${what}: ${mend}`).toBe(state === 'fine');
  return `${state} ${what}${mend === undefined ? '' : `; ${mend}`}`;
}

/** A check as a user who may nothing: root could read and write everything. */
function asNobody(check: string, ...args: unknown[]): Finding {
  const module = JSON.stringify(join(ROOT, 'gateway/cli/doctor-checks.ts'));
  const call = `checks.${check}(...${JSON.stringify(args)})`;
  const script =
    `const checks = await import(${module});` +
    `process.stdout.write(JSON.stringify(await ${call}));`;
  const isRoot = process.getuid?.() === 0;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
    ...(isRoot && { uid: NOBODY, gid: NOBODY }),
  });
  expect(stdout, stderr).not.toBe('');
  return JSON.parse(stdout);
}

describe('edgewatt doctor, check by check:', () => {
  it('the wires', async () => {
    const port = await listen();
    const tcp = { id: 'lan', kind: 'tcp', host: '127.0.0.1', port } as const;
    expect(told(await busFinding(tcp))).toBe(`fine 127.0.0.1:${port} takes connections`);
    expect(told(await busFinding({ ...tcp, port: 9 }))).toMatch(/^bad .*ECONNREFUSED; check power/);
    const path = write('ttyUSB0', '');
    const line = { id: 'rs485', kind: 'serial', baud: 9_600, parity: 'none', stopBits: 1 } as const;
    expect(told(await busFinding({ ...line, path }))).toMatch(/^fine .*can be read and written$/);
    const none = { ...line, path: join(dir, 'none') };
    expect(told(await busFinding(none))).toMatch(/^bad .*is not there; plug the adapter in;/);
    writeFileSync(path, '', { mode: 0 });
    spawnSync('chmod', ['755', dir]);
    spawnSync('chmod', ['000', path]);
    expect(told(asNobody('busFinding', { ...line, path }))).toMatch(
      /^bad .*may not be used; add this user to the group dialout$/,
    );
  });

  it('the lock', () => {
    expect(told(lockFinding(dir))).toBe('fine no gateway runs on this site');
    const stat = readFileSync('/proc/self/stat', 'utf8');
    const start = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    write('guard.lock', `${process.pid} ${start}`);
    expect(lockFinding(dir).isRunning).toBe(true);
    expect(told(lockFinding(dir))).toBe(`fine the gateway runs (process ${process.pid})`);
    write('guard.lock', `${process.pid} 1`); // another process had this number
    expect(lockFinding(dir).isRunning).toBe(false);
    expect(told(lockFinding(dir))).toMatch(/^look a gateway ended without.*; start it: it takes/);
  });

  it('the folder and its disk', () => {
    expect(told(folderFinding(dir))).toMatch(/^(fine|look|bad) \d+ MB free in /);
    expect(told(folderFinding(join(dir, 'data')))).toMatch(/^look .*is not there yet; start once$/);
    expect(told(diskFinding(dir, 10e9))).toBe(`fine 10000 MB free in ${dir}`);
    expect(told(diskFinding(dir, 400e6))).toMatch(/^look 400 MB .*; free some space soon$/);
    expect(told(diskFinding(dir, 99e6))).toMatch(
      /^bad 99 MB .*; free some space: records are lost$/,
    );
    spawnSync('chmod', ['555', dir]);
    expect(told(asNobody('folderFinding', dir))).toMatch(/^bad .*may not be written; run as the/);
    spawnSync('chmod', ['755', dir]);
  });

  it('the clock', () => {
    const now = Date.UTC(2026, 10, 22);
    expect(told(clockFinding(now, dir))).toBe('fine it says 2026-11-22T00:00:00.000Z');
    expect(told(clockFinding(0, dir))).toMatch(/^bad it says 1970-.*; set the clock: timedatectl/);
    mkdirSync(join(dir, 'system'));
    expect(told(clockFinding(now, dir))).toMatch(
      /^look .*no time server has confirmed it; set the/,
    );
    mkdirSync(join(dir, 'timesync'));
    write('timesync/synchronized', '');
    expect(told(clockFinding(now, dir))).toMatch(/^fine/);
  });

  it('ports and connections', async () => {
    const port = await listen();
    expect(await portTaken('127.0.0.1', port)).toBe('EADDRINUSE');
    expect(await connects('127.0.0.1', port)).toBeUndefined();
    for (const server of servers.splice(0)) {
      await new Promise((resolve) => server.close(resolve));
    }
    expect(await portTaken('127.0.0.1', port)).toBeUndefined();
    expect(await connects('127.0.0.1', port)).toBe('ECONNREFUSED');
  });

  it('certificates and secrets', async () => {
    const authority = await Authority.create('doctor test');
    const file = write('page.crt', (await authority.server(['127.0.0.1'])).cert);
    const at = (days: number) => told(certificateFinding('c', file, Date.now() + days * DAY_MS));
    expect(at(0)).toMatch(/^fine .*page\.crt is valid until \d{4}-\d\d-\d\d$/);
    const until = /until (\S+)$/.exec(at(0))?.[1] ?? '';
    const left = (Date.parse(until) - Date.now()) / DAY_MS;
    expect(at(left - 10)).toMatch(/^look .*page\.crt ends on .*; renew it$/);
    expect(at(left + 2)).toMatch(/^bad .*page\.crt ended on .*; renew it$/);
    expect(at(-5_000)).toMatch(/^bad .*is not valid yet; check the clock of this machine first$/);
    const none = write('none.crt', 'no certificate');
    expect(told(certificateFinding('c', none, 0))).toMatch(/^bad .*is no certificate; name a PEM/);
    const secret = write('a.key', 'x');
    expect(told(secretFinding('s', secret))).toMatch(/^fine .*a\.key is for its owner alone$/);
    spawnSync('chmod', ['644', secret]);
    expect(told(secretFinding('s', secret))).toMatch(/^look others may read .*; chmod 600 /);
    expect(told(secretFinding('s', join(dir, 'b.key')))).toMatch(/^bad .*cannot be read; put the/);
  });
});

describe('edgewatt doctor, as a command,', () => {
  const house = readFileSync(join(ROOT, 'docs/examples/house.yaml'), 'utf8');

  it('finds nothing to mend on a site in order', async () => {
    const [pv, battery] = [await listen(), await listen()];
    const authority = await Authority.create('doctor test');
    const { cert, key } = await authority.server(['127.0.0.1']);
    const broker = await listen(createTlsServer({ cert, key }));
    const text = house
      .replace('host: 192.168.1.20', `host: 127.0.0.1, port: ${pv}`)
      .replace('host: 192.168.1.21', `host: 127.0.0.1, port: ${battery}`)
      .replace('/dev/serial/by-id/usb-rs485', write('ttyUSB0', ''));
    const site = loadSite(write('site.yaml', text), profileById);
    keepSimulatedRecords(dir, site, Date.now());
    write('ca.pem', authority.caPem);
    write('page.crt', cert);
    write('page.key', key);
    write('broker.secret', 'x');
    const gateway = [
      'version: 1',
      'dataDir: .',
      'page: { host: 0.0.0.0, port: 0, tls: { certFile: page.crt, keyFile: page.key } }',
      'broker:',
      `  { url: "mqtts://127.0.0.1:${broker}", passwordFile: broker.secret, caFile: ca.pem }`,
    ];
    write('gateway.yaml', `${gateway.join('\n')}\n`);
    const { code, out } = await runCli(['doctor', dir, '--json']);
    const { ok, findings } = JSON.parse(out) as { ok: boolean; findings: Finding[] };
    expect([code, ok], out).toEqual([0, true]);
    const isMachine = ({ check }: Finding) => check === 'clock' || check === 'disk';
    const own = findings.filter((one) => !isMachine(one));
    expect(own.filter(({ state }) => state !== 'fine')).toEqual([]);
    expect([...new Set(findings.map(({ check }) => check.split(' ')[0]))].sort()).toEqual([
      ...['broker', 'bus', 'clock', 'commissioning', 'disk', 'gateway.yaml', 'lock', 'page'],
      'site.yaml',
    ]);
  });

  it('says what is wrong, how to mend it, and ends with 1', async () => {
    let port = 8; // closed ones from 9 up: each bus a place of its own
    const nobody = (): string => `host: 127.0.0.1, port: ${++port}`;
    write('site.yaml', house.replaceAll(/host: 192[\d.]+/g, nobody));
    const taken = await listen();
    const gateway = [
      'version: 1',
      `page: { host: 0.0.0.0, port: ${taken} }`,
      'broker: { url: "mqtts://127.0.0.1:9", passwordFile: b.secret, caFile: ca.pem }',
    ];
    write('gateway.yaml', gateway.join('\n'));
    write('b.secret', 'x', 0o644);
    write('ca.pem', 'x');
    const { code, out } = await runCli(['doctor', dir]);
    expect(code).toBe(1);
    for (const line of [
      /^BAD {2}bus lan-pv: 127\.0\.0\.1:9: ECONNREFUSED\n {5}check power/m,
      /^BAD {2}bus rs485: \/dev\/serial\/by-id\/usb-rs485 is not there$/m,
      /^BAD {2}broker: mqtts:\/\/127\.0\.0\.1:9: ECONNREFUSED\n {5}check the network/m,
      /^BAD {2}broker certificate: .*ca\.pem is no certificate$/m,
      /^look broker secret: others may read .*b\.secret\n {5}chmod 600/m,
      /^look page: it is open to the network without TLS\n {5}set page\.tls/m,
      /^BAD {2}page: 0\.0\.0\.0:\d+: EADDRINUSE\n {5}stop what uses it, or set another/m,
      /^look commissioning: inverter1: pv1 not proven, not controlled\n {5}edgewatt devices comm/m,
      /^ok {3}lock: no gateway runs on this site$/m,
    ]) {
      expect(out).toMatch(line);
    }
  });

  it('tells each line of a site that is broken, and of a gateway.yaml that is', async () => {
    write('gateway.yaml', 'version: 1\n');
    write('site.yaml', house.replace('id: lan-pv', 'id: rs485'));
    const site = await runCli(['doctor', dir]);
    expect(site.code).toBe(1);
    expect(site.out).toMatch(
      /^BAD {2}site\.yaml: line \d+, .*no bus is called 'lan-pv'\n {5}name one of/m,
    );
    expect(site.out).toMatch(
      /^BAD {2}site\.yaml: line \d+, .*'rs485' is taken.*\n {5}give each entry/m,
    );
    expect(site.out).toMatch(/^look broker: none is named.*\n {5}add broker:/m);
    write('gateway.yaml', 'version: 1\npage: { prot: 80 }\n');
    const broken = await runCli(['doctor', dir]);
    expect(broken.code).toBe(1);
    expect(broken.out).toMatch(/^BAD {2}gateway\.yaml: .*gateway\.yaml:2.*\n {5}mend the file/m);
  });
});
