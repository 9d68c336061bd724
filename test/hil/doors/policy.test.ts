import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fastify from 'fastify';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openDoors } from '../../../gateway/adapters/page/doors.ts';
import { guardRoutes } from '../../../gateway/adapters/page/policy.ts';
import { createPage, type Page } from '../../../gateway/adapters/page/server.ts';
import { Authority } from '../../../simulators/iot-core/authority.ts';
import { FACTORY } from '../../fixtures/view/live.ts';

const CODE = 'K7QF-2MWX-9TRB';
const PASSWORD = 'correct horse battery';

/** Everything that answers without a session, and why it may. */
const WITHOUT_SESSION = [
  'GET / public', // the page's code, nothing of the site
  'GET /api/session public', // whether this browser is signed in
  'GET /assets/:name public',
  'GET /favicon.svg public',
  'GET /healthz public', // ages and counts
  'POST /api/session/claim door',
  'POST /api/session/password door',
  'POST /api/session/token door',
];

let dir = '';
let page: Page | undefined;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'policy-test-'));
  mkdirSync(join(dir, 'assets'));
  writeFileSync(join(dir, 'index.html'), '<!doctype html>');
});
afterEach(async () => {
  await page?.stop();
  rmSync(join(dir, 'doors.json'), { force: true });
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

async function start(): Promise<string> {
  const doors = await openDoors({ file: join(dir, 'doors.json'), claim: CODE });
  page = createPage({ doors, host: '127.0.0.1', port: 0, assetsDir: dir });
  const url = await page.start();
  page.live(FACTORY);
  return url;
}

const post = (url: string, body: unknown, headers: Record<string, string> = {}) =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });

async function claim(url: string): Promise<{ cookie: string; set: string }> {
  const answer = await post(`${url}api/session/claim`, { code: CODE, password: PASSWORD });
  expect(answer.status).toBe(204);
  const set = answer.headers.getSetCookie()[0] ?? '';
  return { cookie: set.split(';')[0] ?? '', set };
}

describe('the router table', () => {
  it('has a policy on every route, and none without a session beside the known ones', async () => {
    await start();
    const routes = page?.routes ?? [];
    expect(routes.length).toBeGreaterThan(8);
    for (const { method, url, policy } of routes) {
      expect(['public', 'door', 'session'], `${method} ${url}`).toContain(policy);
    }
    const open = routes
      .filter(({ method, policy }) => policy !== 'session' && method !== 'HEAD')
      .map(({ method, url, policy }) => `${method} ${url} ${policy}`);
    expect(open.sort()).toEqual(WITHOUT_SESSION);
  });

  it('refuses every session route to whoever has none', async () => {
    const url = await start();
    const closed = (page?.routes ?? []).filter(({ policy }) => policy === 'session');
    expect(closed.length).toBeGreaterThan(1);
    for (const route of closed) {
      for (const cookie of ['', 'edgewatt-80=x', `edgewatt-${new URL(url).port}=guess`]) {
        const answer = await fetch(new URL(route.url, url), {
          method: route.method,
          headers: cookie === '' ? {} : { cookie },
        });
        expect(answer.status, `${route.method} ${route.url} ${cookie}`).toBe(401);
        expect(await answer.text()).not.toContain('event:');
      }
    }
  });

  it('does not take a route without a policy', async () => {
    const app = fastify();
    const doors = await openDoors({ file: join(dir, 'doors.json'), claim: CODE });
    guardRoutes(app, doors);
    expect(() => app.get('/forgotten', () => 'secret')).toThrow('declares no policy');
    await app.close();
  });
});

describe('a session', () => {
  it('lives in a cookie that no script reads and no foreign page sends', async () => {
    const url = await start();
    const { cookie, set } = await claim(url);
    expect(set).toMatch(/; HttpOnly; SameSite=Strict$/); // Secure is for HTTPS only
    const stop = new AbortController();
    const live = await fetch(`${url}api/live`, { headers: { cookie }, signal: stop.signal });
    expect(live.status).toBe(200);
    stop.abort();
  });

  it('has a Secure cookie where the page speaks HTTPS', async () => {
    const authority = await Authority.create('doors test');
    const { cert, key } = await authority.server(['127.0.0.1']);
    const doors = await openDoors({ file: join(dir, 'doors.json'), claim: CODE });
    const tls = { cert, key };
    page = createPage({ doors, host: '127.0.0.1', port: 0, assetsDir: dir, tls });
    const url = await page.start();
    expect(url).toMatch(/^https:/);
    const set = await new Promise<string>((resolve, reject) => {
      const options = { method: 'POST', headers: { 'content-type': 'application/json' } };
      const ca = authority.caPem;
      const asked = request(`${url}api/session/claim`, { ...options, ca }, (answer) => {
        answer.resume();
        resolve(answer.headers['set-cookie']?.[0] ?? '');
      });
      asked.on('error', reject);
      asked.end(JSON.stringify({ code: CODE, password: PASSWORD }));
    });
    expect(set).toMatch(/; HttpOnly; SameSite=Strict; Secure$/);
  });

  it('is changed with its own token only', async () => {
    const url = await start();
    const { cookie } = await claim(url);
    const state = await (await fetch(`${url}api/session`, { headers: { cookie } })).json();
    expect(state).toMatchObject({ signedIn: true, claimed: true });
    const end = (headers: Record<string, string>) =>
      post(`${url}api/session/end`, {}, { cookie, ...headers });
    expect((await end({})).status).toBe(403);
    expect((await end({ 'x-edgewatt-change': 'x' })).status).toBe(403);
    const change = (state as { change: string }).change;
    const foreign = { 'x-edgewatt-change': change, origin: 'http://evil.example' };
    expect((await end(foreign)).status).toBe(421);
    const ended = await end({ 'x-edgewatt-change': change });
    expect(ended.status).toBe(204);
    expect(ended.headers.getSetCookie()[0]).toContain('Max-Age=0');
    expect((await fetch(`${url}api/live`, { headers: { cookie } })).status).toBe(401);
  });

  it('is not given to a form, a foreign page, or who tries too often', async () => {
    const url = await start();
    const form = await fetch(`${url}api/session/claim`, {
      method: 'POST',
      body: new URLSearchParams({ code: CODE, password: PASSWORD }),
    });
    expect(form.status).toBe(415);
    const body = { code: CODE, password: PASSWORD };
    const foreign = { origin: 'http://evil.example' };
    expect((await post(`${url}api/session/claim`, body, foreign)).status).toBe(421);
    expect((await post(`${url}api/session/claim`, { code: CODE })).status).toBe(400);
    expect((await post(`${url}api/session/claim`, 'x'.repeat(10_000))).status).toBe(413);
    for (let n = 0; n < 5; n += 1) {
      const wrong = await post(`${url}api/session/claim`, { ...body, code: 'wrong' });
      expect(wrong.status).toBe(401);
    }
    const late = await post(`${url}api/session/claim`, body);
    expect(late.status).toBe(429);
    expect(late.headers.get('retry-after')).toBe('60');
  });
});
