import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHttp } from '../../../../gateway/adapters/http.ts';

const asked: (string | undefined)[] = [];
const answers: Record<string, (response: ServerResponse) => void> = {
  '/ok': (response) => response.end('{"price":"5 €"}'),
  '/missing': (response) => response.writeHead(404).end('nothing here'),
  '/moved': (response) => response.writeHead(302, { location: '/ok' }).end(),
  '/same': (response) => response.writeHead(304, { expires: 'never' }).end(),
  '/never': () => undefined,
  '/stuck': (response) => response.write('first half, then nothing'),
  '/large': (response) => response.end('x'.repeat(2_000)),
};
async function echo(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const { method, headers } = request;
  const body = Buffer.concat(chunks).toString('utf8');
  response.end(JSON.stringify({ method, type: headers['content-type'], body }));
}
let server: Server;
let base = '';
beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(request.headers['x-key'] as string | undefined);
    if (request.url === '/echo') void echo(request, response);
    else answers[(request.url ?? '').replace(/\?.*/, '')]?.(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

describe('http port', () => {
  const http = createHttp({ bytesMax: 1_000 });

  it('answers with status and text', async () => {
    expect(await http.get(`${base}/ok`, 5_000, { 'x-key': 'k' })).toMatchObject({
      status: 200,
      body: '{"price":"5 €"}',
      headers: { 'content-length': '17' },
    });
    expect(asked.at(-1)).toBe('k');
    expect(await http.get(`${base}/missing`, 5_000)).toMatchObject({
      status: 404,
      body: 'nothing here',
    });
    expect(await http.get(`${base}/moved`, 5_000)).toMatchObject({ status: 200 });
  });

  it('asks with a body, and tells the headers of an answer', async () => {
    const posted = await http.post(`${base}/echo`, '{"query":"é"}', 5_000, { 'x-key': 'k' });
    expect(JSON.parse(posted.body)).toEqual({
      method: 'POST',
      type: 'application/json',
      body: '{"query":"é"}',
    });
    const unchanged = await http.get(`${base}/same`, 5_000, { 'if-none-match': '"1"' });
    expect(unchanged).toMatchObject({ status: 304, headers: { expires: 'never' } });
  });

  it('gives up in time, before the answer and inside it', async () => {
    await expect(http.get(`${base}/never?key=secret`, 60)).rejects.toThrow(
      `no answer from ${base}/never in 60 ms`,
    );
    await expect(http.get(`${base}/stuck`, 60)).rejects.toThrow('in 60 ms');
  });

  it('takes no more than it should', async () => {
    await expect(http.get(`${base}/large`, 5_000)).rejects.toThrow('more than 1000 bytes');
  });

  it('says why there is no answer', async () => {
    await expect(http.get('http://127.0.0.1:1/x?key=secret', 5_000)).rejects.toThrow(
      /^no answer from http:\/\/127\.0\.0\.1:1\/x: /,
    );
    await expect(http.get('nonsense', 5_000)).rejects.toThrow('no answer from nonsense');
  });
});
