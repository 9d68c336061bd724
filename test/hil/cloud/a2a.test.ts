import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, expect, test } from 'vitest';
import { newKeyPair } from '../../../gateway/adapters/crypto.ts';
import { CONFIG } from '../../world/cloud/fixture.ts';

const MAIN = join(import.meta.dirname, '../../../cloud/main.ts');
const dir = mkdtempSync(join(tmpdir(), 'edgewatt-a2a-'));
afterAll(() => rmSync(dir, { recursive: true }));

function configured(token: string): string {
  writeFileSync(join(dir, 'grid.key'), newKeyPair().privateKey);
  writeFileSync(join(dir, 'sun.token'), token);
  const a2a = { port: 0, clients: [{ gateway: 'gw-sun', tokenFile: 'sun.token' }] };
  const brokerUrl = 'mqtt://127.0.0.1:1'; // nobody is there: it is waited for
  const zones = CONFIG.zones.map(({ weather: _w, prices: _p, ...zone }) => zone);
  const file = join(dir, 'cloud.json');
  writeFileSync(file, JSON.stringify({ ...CONFIG, zones, brokerUrl, a2a }));
  return file;
}

test('edgewatt-cloud run serves its agents over HTTP on loopback', async () => {
  const file = configured('a-token-of-sixteen-or-more\n');
  const cloud = spawn(process.execPath, [MAIN, 'run', '--config', file]);
  const ended = new Promise<number | null>((resolve) => cloud.once('exit', resolve));
  let url = '';
  for await (const line of createInterface({ input: cloud.stderr })) {
    const event = JSON.parse(line) as { msg: string; url?: string };
    if (event.msg === 'A2A over HTTP') url = event.url ?? '';
    if (url !== '') break;
  }
  cloud.stderr.resume();
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  const card = await fetch(`${url}/a2a/grid/.well-known/agent-card.json`);
  expect(await card.json()).toMatchObject({ name: 'grid' });
  const asked = await fetch(`${url}/a2a/forecasting/`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'a2a-version': '1.0',
      authorization: 'Bearer a-token-of-sixteen-or-more',
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 7,
      method: 'SendMessage',
      params: {
        message: {
          messageId: 'm1',
          role: 'ROLE_USER',
          parts: [{ data: { kind: 'get-forecast' } }],
        },
      },
    }),
  });
  expect(await asked.json()).toMatchObject({
    id: 7,
    result: { task: { status: { state: 'TASK_STATE_FAILED' } } }, // nothing is known yet
  });
  cloud.kill('SIGTERM');
  expect(await ended).toBe(0);
});

test('a token that is too short is refused in one line', async () => {
  const cloud = spawn(process.execPath, [MAIN, 'run', '--config', configured('short')]);
  let said = '';
  cloud.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const code = await new Promise((resolve) => cloud.once('close', resolve));
  expect(code).toBe(2);
  expect(said).toMatch(/sun\.token: not a token; write 16 or more characters without spaces\n$/);
});
