import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer, request as httpRequest } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
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
let door: Awaited<ReturnType<typeof startDoor>>;
const TOKEN = 'a-token-of-sixteen-or-more';
beforeAll(async () => {
  await recordedSite(dir);
  records = openRecords(join(dir, 'data', 'agent.db'));
  const site = loadSite(join(dir, 'site.yaml'), profileById);
  const clockMs = NOON + 3_600_000;
  const lookUps = new LookUps(site, records, () => newestMs(records, clockMs));
  http = await mcpOverHttp((name, input) => lookUps.run(name, input), '0.1.0', 0, TOKEN);
  door = await startDoor();
});
afterAll(async () => {
  await door.close();
  await http.close();
  records.close();
  rmSync(dir, { recursive: true });
});

/**
 * The conformance suite sends no token: this passes everything on as it came, with the token in the
 * place of none.
 */
async function startDoor() {
  const server = createServer((request, response) => {
    const { method, headers, url } = request;
    const onward = httpRequest(new URL(url ?? '', http.url), {
      ...(method !== undefined && { method }),
      headers: { ...headers, authorization: `Bearer ${TOKEN}` },
    });
    onward.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    response.on('close', () => onward.destroy());
    request.pipe(onward);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url: `http://127.0.0.1:${port}/mcp`, close };
}

const TRANSPORTS = {
  http: () =>
    new StreamableHTTPClientTransport(new URL(http.url), {
      requestInit: { headers: { authorization: `Bearer ${TOKEN}` } },
    }),
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

describe('documents and a prompt', () => {
  const client = new Client({ name: 'test', version: '1' });
  beforeAll(() => client.connect(TRANSPORTS.http()));
  afterAll(() => client.close());

  test('look-ups without input are documents to attach', async () => {
    const { resources } = await client.listResources();
    expect(resources.map(({ uri }) => uri)).toEqual(
      ['state', 'plan', 'history', 'market'].map((name) => `edgewatt://site/${name}`),
    );
    const { contents } = await client.readResource({ uri: 'edgewatt://site/plan' });
    expect(JSON.stringify(contents)).toContain('the evening is dearer');
    await expect(client.readResource({ uri: 'edgewatt://site/secrets' })).rejects.toThrow();
  });

  test('the prompt brings the recorded facts with the question', async () => {
    const { prompts } = await client.listPrompts();
    expect(prompts.map(({ name }) => name)).toEqual(['why']);
    const question = 'why charge at 14:05?';
    const { messages } = await client.getPrompt({ name: 'why', arguments: { question } });
    expect(JSON.stringify(messages)).toContain('the evening is dearer');
  });
});

test('nobody gets in without the token, and it is told nowhere', async () => {
  const post = (authorization?: string) =>
    fetch(http.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(authorization && { authorization }) },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' }),
    });
  for (const wrong of [undefined, 'Bearer wrong', `Basic ${TOKEN}`, `Bearer ${TOKEN}x`]) {
    const answer = await post(wrong);
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/);
    expect(await answer.text()).toBe('');
  }
});

test('edgewatt mcp --http makes its token, readable by its user alone', async () => {
  const program = spawn(process.execPath, [MAIN, 'mcp', dir, '--http', '0']);
  const said = await new Promise<string>((resolve) => {
    program.stderr.on('data', (chunk: Buffer) => {
      if (String(chunk).includes('MCP on')) resolve(String(chunk));
    });
  });
  const [, url = '', file = ''] = /MCP on (\S+); its token is in (\S+)/.exec(said) ?? [];
  const token = readFileSync(file, 'utf8').trim();
  expect(token).toMatch(/^[\w-]{43}$/);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(said).not.toContain(token);
  const client = new Client({ name: 'test', version: '1' });
  const headers = { authorization: `Bearer ${token}` };
  await client.connect(
    new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }),
  );
  expect((await client.listTools()).tools).toHaveLength(5);
  await client.close();
  program.kill('SIGTERM');
  expect(await new Promise((resolve) => program.once('exit', resolve))).toBe(0);
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

/** Those that any read-only server can pass; docs/mcp.md says why the others do not apply. */
const SCENARIOS = [
  'server-initialize',
  'ping',
  'tools-list',
  'resources-list',
  'prompts-list',
  'server-sse-multiple-streams',
  'dns-rebinding-protection',
];

test.each(SCENARIOS)('conformance: %s', async (scenario) => {
  const tool = createRequire(import.meta.url).resolve(
    '@modelcontextprotocol/conformance/dist/index.js',
  );
  const { code, out } = await new Promise<{ code: number; out: string }>((resolve) => {
    const args = [tool, 'server', '--url', door.url, '--scenario', scenario];
    execFile(process.execPath, args, { cwd: dir }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), out: stdout + stderr });
    });
  });
  expect(code, out).toBe(0);
  expect(out).toMatch(/\b0 failed\b/);
});
