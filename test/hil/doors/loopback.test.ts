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
import { startA2aHttp } from '../../../cloud/adapters/a2a-http.ts';
import { parseCloudFile } from '../../../cloud/config/load.ts';
import { mcpOverHttp } from '../../../gateway/adapters/mcp.ts';
import { createPage } from '../../../gateway/adapters/page/server.ts';
import { loadGateway } from '../../../gateway/config/gateway-file.ts';
import { IotBroker } from '../../../simulators/iot-core/broker.ts';
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

/** Where the cloud's HTTP listens when its file names no host. */
function a2aDefaults(): { readonly host: string } {
  const text = readFileSync(new URL('../../../docs/examples/cloud.yaml', import.meta.url), 'utf8');
  const file = `${text}\na2a: { clients: [{ gateway: gw-sunfield, tokenFile: x.token }] }\n`;
  const { a2a } = parseCloudFile(file, 'cloud.yaml');
  return { host: a2a?.host ?? 'missing' };
}

describe('what listens', () => {
  it('listens on loopback unless configured otherwise', async () => {
    writeFileSync(join(dir, 'gateway.yaml'), 'version: 1\npage: { port: 0 }\n');
    const { page } = loadGateway(dir);
    const entrance = await testDoors();
    const server = createPage({ ...page, tls: undefined, doors: entrance.doors, assetsDir: dir });
    await server.start();
    const devices = await startTcpServer({ units: new Map() } as never, 0);
    const broker = new IotBroker({ port: 0 });
    await broker.start();
    const tools = await mcpOverHttp(async () => ({}), '1', 0, 'a-token-of-sixteen-or-more');
    const sent = a2aDefaults();
    const agents = await startA2aHttp({ ...sent, port: 0, clients: [] }, { agents: [] } as never);
    const places = listening();
    for (const one of [server, devices, broker, agents]) await one.stop();
    await tools.close();
    entrance.remove();
    expect(places.length).toBeGreaterThanOrEqual(5);
    for (const place of places) expect(LOOPBACK).toContain(place);
  });

  it('never leaves the address to the system: every listen in the house names one', () => {
    const found = codePaths()
      .filter((path) => /^(gateway|cloud|simulators)\//.test(path))
      .flatMap((path) => {
        const { text } = readSource(path);
        const calls = text.matchAll(/\b(?:server|app|front|http|https|net)\.listen\(([^;]*?)[;]/g);
        return [...calls].map((call) => ({ path, given: call[1] ?? '' }));
      });
    expect(found.length).toBeGreaterThan(4);
    for (const { path, given } of found) {
      // A path is a socket in a folder of ours; a front listens already, where its own call says.
      expect(given, `${path} names no host`).toMatch(/host|HOST|127\.0\.0\.1|^(path|front)\b/);
    }
  });
});
