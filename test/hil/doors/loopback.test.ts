import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPage } from '../../../gateway/adapters/page/server.ts';
import { loadGateway } from '../../../gateway/config/gateway-file.ts';
import { startTcpServer } from '../../../simulators/servers/modbus-tcp.ts';
import { codePaths, readSource } from '../../architecture/source.ts';
import { testDoors } from '../../fixtures/page/doors.ts';

const LISTENING = '0A';
const LOOPBACK = ['0100007F', '00000000000000000000000001000000'];

/** Local addresses on which this very process listens, in hex as the kernel writes them. */
function listening(): string[] {
  const mine = new Set(
    readdirSync('/proc/self/fd').flatMap((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${fd}`))?.[1] ?? [];
      } catch {
        return []; // closed since the listing
      }
    }),
  );
  return ['tcp', 'tcp6'].flatMap((table) =>
    readFileSync(`/proc/self/net/${table}`, 'utf8')
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter((row) => row[3] === LISTENING && mine.has(row[9] ?? ''))
      .map((row) => row[1]?.split(':')[0] ?? ''),
  );
}

let dir = '';
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'loopback-test-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe('what listens', () => {
  it('listens on loopback unless configured otherwise', async () => {
    writeFileSync(join(dir, 'gateway.yaml'), 'version: 1\npage: { port: 0 }\n');
    const { page } = loadGateway(dir);
    const entrance = await testDoors();
    const server = createPage({ ...page, tls: undefined, doors: entrance.doors, assetsDir: dir });
    await server.start();
    const devices = await startTcpServer({ units: new Map() } as never, 0);
    const places = listening();
    await server.stop();
    await devices.stop();
    entrance.remove();
    expect(places.length).toBeGreaterThanOrEqual(2);
    for (const place of places) expect(LOOPBACK).toContain(place);
  });

  it('never leaves the address to the system: every listen in the house names one', () => {
    const found = codePaths()
      .filter((path) => /^(gateway|cloud|simulators)\//.test(path))
      .flatMap((path) => {
        const { text } = readSource(path);
        const calls = text.matchAll(/\b(?:server|app|http|https|net)\.listen\(([^;]*?)[;]/g);
        return [...calls].map((call) => ({ path, given: call[1] ?? '' }));
      });
    expect(found.length).toBeGreaterThan(4);
    for (const { path, given } of found) {
      expect(given, `${path} names no host`).toMatch(/host|HOST|127\.0\.0\.1/);
    }
  });
});
