import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
// @ts-expect-error: plain JavaScript
import { writeDeb } from '../../../bin/package/deb.mjs';
import { tellService } from '../../../gateway/adapters/process/service.ts';
import { ROOT } from '../../architecture/source.ts';

const has = (name: string): boolean => spawnSync('which', [name]).status === 0;

/** As a service manager hears: what comes with a message, the barrier's file, is closed. */
const LISTEN = `
  socket(my $s, PF_UNIX, SOCK_DGRAM, 0); bind($s, sockaddr_un($ARGV[0])); $| = 1;
  while (defined recv($s, my $said, 4096, 0)) { print "$said\\n" }`;

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'unit-test-'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(dir, { recursive: true, force: true });
});

describe('the service', () => {
  it.skipIf(!has('systemd-analyze')).each(['edgewatt.service', 'edgewatt-update.service'])(
    '%s is exposed to 2.0 at most',
    (name) => {
      const unit = join(ROOT, 'bin/package', name);
      const args = ['security', '--offline=true', '--threshold=20', '--no-pager', unit];
      const { status, stdout } = spawnSync('systemd-analyze', args, { encoding: 'utf8' });
      expect(status, stdout.split('\n').at(-2)).toBe(0);
    },
  );

  it.skipIf(!has('systemd-notify') || !has('perl'))(
    'is told that the gateway is up, and kicked after completed cycles only',
    async () => {
      const socket = join(dir, 'notify');
      const manager = spawn('perl', ['-MSocket', '-e', LISTEN, socket]);
      let heard = '';
      manager.stdout.on('data', (text) => {
        heard += text;
      });
      await vi.waitUntil(() => existsSync(socket), { timeout: 5_000 });
      vi.stubEnv('NOTIFY_SOCKET', socket);
      let realMs = 0;
      const service = tellService(() => realMs);
      service.cycle();
      service.cycle(); // too early for a kick
      await vi.waitUntil(() => heard.includes('READY=1'), { timeout: 5_000 });
      expect(heard).not.toContain('WATCHDOG');
      realMs += 3_000;
      service.cycle();
      await vi.waitUntil(() => heard.includes('WATCHDOG=1'), { timeout: 5_000 });
      service.stopping();
      await vi.waitUntil(() => heard.includes('STOPPING=1'), { timeout: 5_000 });
      manager.kill();
    },
  );
});

describe.skipIf(!has('dpkg-deb'))('the Debian package', () => {
  it('is one that dpkg reads, with everything in its place', async () => {
    const release = join(dir, 'release');
    mkdirSync(join(release, 'app'), { recursive: true });
    writeFileSync(join(release, 'edgewatt'), '#!/bin/sh\n', { mode: 0o755 });
    writeFileSync(join(release, 'app/main.js'), 'x'.repeat(3_000));
    const keys = { 'release-1': 'key' };
    const given = { arch: 'arm64', version: '1.2.3', release, to: dir, keys };
    const { file } = await writeDeb(given);
    const dpkg = (...args: string[]): string => {
      const { status, stdout, stderr } = spawnSync('dpkg-deb', args, { encoding: 'utf8' });
      expect(status, stderr).toBe(0);
      return stdout;
    };
    expect(dpkg('--field', file, 'Version', 'Architecture')).toBe(
      'Version: 1.2.3\nArchitecture: arm64\n',
    );
    const list = dpkg('--contents', file);
    expect(list).toMatch(
      /^-rwxr-xr-x root\/root .* \.\/opt\/edgewatt\/releases\/1\.2\.3\/edgewatt$/m,
    );
    expect(list).toMatch(/^-rwxr-xr-x .* \.\/opt\/edgewatt\/boot\.sh$/m);
    for (const name of ['edgewatt.service', 'edgewatt-update.path', 'edgewatt-update.service']) {
      expect(list).toContain(`./usr/lib/systemd/system/${name}`);
    }
    expect(list).toContain('./usr/lib/udev/rules.d/60-edgewatt.rules');
    expect(list).toContain('./usr/bin/edgewatt -> /opt/edgewatt/current/edgewatt');
    dpkg('--control', file, join(dir, 'control'));
    for (const name of ['postinst', 'prerm', 'postrm']) {
      expect(spawnSync('sh', ['-n', join(dir, 'control', name)]).status, name).toBe(0);
    }
  });
});
