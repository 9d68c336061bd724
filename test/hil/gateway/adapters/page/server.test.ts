import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { get, type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  createPage,
  type Page,
  type PageOptions,
} from '../../../../../gateway/adapters/page/server.ts';
import { Fault } from '../../../../../gateway/contracts/values/fault.ts';
import { type TestDoors, testDoors } from '../../../../fixtures/page/doors.ts';
import { FACTORY } from '../../../../fixtures/view/live.ts';

let assetsDir = '';
let entrance: TestDoors;
const started: Page[] = [];

beforeAll(async () => {
  entrance = await testDoors();
  assetsDir = mkdtempSync(join(tmpdir(), 'page-server-test-'));
  mkdirSync(join(assetsDir, 'assets'));
  writeFileSync(join(assetsDir, 'index.html'), '<!doctype html><title>built</title>');
  writeFileSync(join(assetsDir, 'assets/index-abc.js'), 'export {};');
  writeFileSync(join(assetsDir, 'source.txt'), 'hash');
});
afterEach(async () => {
  for (const page of started.splice(0)) await page.stop();
});
afterAll(() => {
  entrance.remove();
  rmSync(assetsDir, { recursive: true, force: true });
});

async function serve(options: Partial<PageOptions> = {}) {
  const { doors } = entrance;
  const page = createPage({ doors, host: '127.0.0.1', port: 0, assetsDir, ...options });
  const url = await page.start();
  started.push(page);
  return { page, url };
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** fetch sets Host itself; here it is what the test says. */
function ask(url: string, headers: Record<string, string> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    request(url, { headers }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk) => {
        body += chunk;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
      );
    })
      .on('error', reject)
      .end();
  });
}

interface Listening {
  readonly response: IncomingMessage;
  /** Resolves once the text has arrived. */
  until(text: string): Promise<string>;
}

async function listen(url: string): Promise<Listening> {
  const headers = await entrance.headers(url);
  return new Promise((resolve, reject) => {
    get(`${url}api/live`, { headers }, (response) => {
      let seen = '';
      let waiting: (() => void) | undefined;
      response.setEncoding('utf8').on('data', (chunk) => {
        seen += chunk;
        waiting?.();
      });
      response.on('error', () => undefined); // the server ends it
      const until = (text: string): Promise<string> =>
        new Promise((found) => {
          waiting = () => {
            if (seen.includes(text)) found(seen);
          };
          waiting();
        });
      resolve({ response, until });
    }).on('error', reject);
  });
}

describe('the page server', () => {
  it('serves the built files, assets for ever and the page never from a cache', async () => {
    const { url } = await serve();
    const page = await ask(url);
    expect(page.body).toContain('built');
    expect(page.headers['cache-control']).toBe('public, max-age=0');
    const asset = await ask(`${url}assets/index-abc.js`);
    expect(asset.status).toBe(200);
    expect(asset.headers['cache-control']).toBe('public, max-age=31536000, immutable');
    expect((await ask(`${url}elsewhere`)).status).toBe(404);
  });

  it('does not leave its folder', async () => {
    const { url } = await serve();
    for (const path of [
      'assets/..%2f..%2fetc%2fpasswd',
      'assets/%2e%2e/source.txt',
      '..%2fsource.txt',
    ]) {
      expect((await ask(`${url}${path}`)).status).toBeGreaterThanOrEqual(400);
    }
  });

  it('sets security headers, without inline script and without foreign sources', async () => {
    const { url } = await serve();
    const { headers } = await ask(url);
    const policy = String(headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain('unsafe');
    expect(policy).not.toContain('http');
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['strict-transport-security']).toBeUndefined();
    const { response } = await listen(url);
    expect(response.headers['content-security-policy']).toBe(policy);
    expect(response.headers['content-type']).toBe('text/event-stream; charset=utf-8');
    response.destroy();
  });

  it('answers under its own names only', async () => {
    const { url } = await serve({ hosts: ['gateway.local'] });
    const { port } = new URL(url);
    for (const host of [
      `127.0.0.1:${port}`,
      `localhost:${port}`,
      'gateway.local',
      'GATEWAY.local:80',
    ]) {
      expect((await ask(url, { host })).status, host).toBe(200);
    }
    for (const host of ['evil.example', `evil.example:${port}`, '127.0.0.1.evil.example']) {
      const answer = await ask(`${url}api/live`, { host });
      expect(answer.status, host).toBeGreaterThanOrEqual(400);
      expect(answer.body).not.toContain('event:');
    }
    expect((await ask(url, { origin: 'http://evil.example' })).status).toBe(421);
    expect((await ask(url, { origin: `http://127.0.0.1:${port}` })).status).toBe(200);
  });

  it('pushes the last picture at once and each new one after it', async () => {
    const { page, url } = await serve();
    page.live(FACTORY);
    const stream = await listen(url);
    await stream.until('"headline":"The sun carries');
    page.live({ ...FACTORY, headline: 'Later.' });
    expect(await stream.until('Later.')).toMatch(/^retry: 2000\n\nevent: live\ndata: /);
    const health = JSON.parse((await ask(`${url}healthz`)).body);
    expect(health).toMatchObject({ page: 'built', listeners: 1 });
    expect(health.liveAgeMs).toBeGreaterThanOrEqual(0);
    stream.response.destroy();
  });

  it('refuses the page after the last that has room', async () => {
    const { url } = await serve({ listenersMax: 1 });
    const first = await listen(url);
    await first.until('retry');
    const second = await ask(`${url}api/live`, await entrance.headers(url));
    expect(second.status).toBe(503);
    expect(second.headers['retry-after']).toBe('5');
    first.response.destroy();
  });

  it('slows down who asks too often', async () => {
    const { url } = await serve({ requestsPerMinute: 3 });
    for (let n = 0; n < 3; n += 1) expect((await ask(`${url}healthz`)).status).toBe(200);
    const answer = await ask(`${url}healthz`);
    expect(answer.status).toBe(429);
    expect(answer.body).toContain('try again in');
  });

  it('runs before the page is built, and says when it cannot be', async () => {
    let done: (dir: string) => void = () => undefined;
    const { page, url } = await serve({
      assetsDir: new Promise<string>((resolve) => {
        done = resolve;
      }),
    });
    page.live(FACTORY);
    expect((await ask(url)).body).toContain('being built');
    expect((await ask(`${url}assets/index-abc.js`)).status).toBe(503);
    const stream = await listen(url);
    await stream.until('The sun carries');
    stream.response.destroy();
    done(assetsDir);
    await Promise.resolve();
    expect((await ask(url)).body).toContain('<title>built</title>');

    const broken = await serve({
      assetsDir: Promise.reject(new Fault('no vite', 'gateway/ui', 'run npm ci')),
    });
    const answer = await ask(broken.url);
    expect(answer.status).toBe(503);
    expect(answer.body).toBe('gateway/ui: no vite; run npm ci\n');
    expect(JSON.parse((await ask(`${broken.url}healthz`)).body).page).toBe('failed');
  });

  it('says in one line that its port is taken', async () => {
    const { url } = await serve();
    const port = Number(new URL(url).port);
    const { doors } = entrance;
    const second = createPage({ doors, host: '127.0.0.1', port, assetsDir });
    const refused = second.start();
    await expect(refused).rejects.toBeInstanceOf(Fault);
    await expect(refused).rejects.toThrow(
      [
        `127.0.0.1:${port}: port is taken by another program`,
        'stop that program or set another page.port in gateway.yaml',
      ].join('; '),
    );
    const nowhere = createPage({ doors, host: '192.0.2.1', port: 0, assetsDir });
    await expect(nowhere.start()).rejects.toThrow('this machine has no such address');
  });

  it('stops at once although pages are open', async () => {
    const { page, url } = await serve();
    const stream = await listen(url);
    await stream.until('retry');
    const ended = new Promise<void>((resolve) => {
      stream.response.on('close', resolve);
      stream.response.resume();
    });
    await page.stop();
    await ended;
    await expect(ask(url)).rejects.toThrow();
  });
});
