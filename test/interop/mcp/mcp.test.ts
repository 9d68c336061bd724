import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { profileById } from '../../../devices/catalogue.ts';
import { type McpHttp, mcpOverHttp } from '../../../gateway/adapters/mcp.ts';
import { openRecords } from '../../../gateway/adapters/sqlite/reader.ts';
import { LookUps } from '../../../gateway/agents/advisor/lookups.ts';
import { newestMs } from '../../../gateway/agents/advisor/why.ts';
import { loadSite } from '../../../gateway/config/load.ts';
import { NOON, recordedSite } from '../../fixtures/agent/recorded-site.ts';

const MAIN = join(import.meta.dirname, '../../../gateway/main.ts');
const dir = mkdtempSync(join(tmpdir(), 'edgewatt-mcp-'));
let records: ReturnType<typeof openRecords>;
let http: McpHttp;
beforeAll(async () => {
  await recordedSite(dir);
  records = openRecords(join(dir, 'data', 'agent.db'));
  const site = loadSite(join(dir, 'site.yaml'), profileById);
  const clockMs = NOON + 3_600_000;
  const lookUps = new LookUps(site, records, () => newestMs(records, clockMs));
  http = await mcpOverHttp((name, input) => lookUps.run(name, input), '0.1.0', 0);
});
afterAll(async () => {
  await http.close();
  records.close();
  rmSync(dir, { recursive: true });
});

const TRANSPORTS = {
  http: () => new StreamableHTTPClientTransport(new URL(http.url)),
  stdio: () => new StdioClientTransport({ command: process.execPath, args: [MAIN, 'mcp', dir] }),
};

describe.each(Object.keys(TRANSPORTS) as (keyof typeof TRANSPORTS)[])('over %s', (name) => {
  const client = new Client({ name: 'test', version: '1' });
  beforeAll(() => client.connect(TRANSPORTS[name]()));
  afterAll(() => client.close());

  test('five tools, all of which only look', async () => {
    const { tools } = await client.listTools();
    expect(tools.map((tool) => tool.name)).toEqual(['state', 'history', 'plan', 'market', 'why']);
    for (const { annotations } of tools) expect(annotations).toMatchObject({ readOnlyHint: true });
  });

  test('each gives what was recorded', async () => {
    const call = async (tool: string, input: Record<string, unknown> = {}) =>
      (await client.callTool({ name: tool, arguments: input })).structuredContent;
    expect(await call('state')).toMatchObject({
      decision: { reason: { code: 'PLAN' } },
      events: [{ text: 'The cloud is back' }],
      outboxRows: 0,
    });
    expect(await call('history', { hours: 1 })).toMatchObject({
      quarters: [{ place: 'grid', outWh: 260, from: '14:00' }, { place: 'pv1' }],
    });
    expect(await call('plan')).toMatchObject({
      plan: { source: 'optimal' },
      steps: [{ why: 'the evening is dearer' }, { from: '14:15' }],
    });
    expect(await call('market')).toMatchObject({
      orders: [{ side: 'sell', state: 'accepted' }],
      awards: [{ awards: [{ energyWh: 250 }] }],
    });
    const why = await call('why', { question: 'why charge at 14:05?' });
    expect(JSON.stringify(why)).toContain('the evening is dearer');
  });

  test('what is not of a tool is refused', async () => {
    const wrong = await client.callTool({ name: 'history', arguments: { hours: 9_999 } });
    expect(wrong.isError).toBe(true);
    const more = await client.callTool({ name: 'state', arguments: { write: true } });
    expect(more.isError).toBe(true);
  });
});

test('a page of another origin gets nothing', async () => {
  const post = (headers: Record<string, string>) =>
    fetch(http.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: '{}',
    });
  expect((await post({ origin: 'https://evil.example' })).status).toBe(403);
});

/**
 * The other scenarios of the suite call tools, resources and prompts of the suite's own example
 * server, which no other server has.
 */
const SCENARIOS = [
  'server-initialize',
  'ping',
  'tools-list',
  'server-sse-multiple-streams',
  'dns-rebinding-protection',
];

test.each(SCENARIOS)('conformance: %s', async (scenario) => {
  const tool = createRequire(import.meta.url).resolve(
    '@modelcontextprotocol/conformance/dist/index.js',
  );
  const { code, out } = await new Promise<{ code: number; out: string }>((resolve) => {
    const args = [tool, 'server', '--url', http.url, '--scenario', scenario];
    execFile(process.execPath, args, { cwd: dir }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), out: stdout + stderr });
    });
  });
  expect(code, out).toBe(0);
  expect(out).toMatch(/\b0 failed\b/);
});
