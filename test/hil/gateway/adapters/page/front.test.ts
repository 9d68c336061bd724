import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { createFront } from '../../../../../gateway/adapters/page/front.ts';
import type { Page, PageOptions } from '../../../../../gateway/adapters/page/server.ts';
import { Fault } from '../../../../../gateway/contracts/values/fault.ts';
import { Authority } from '../../../../../simulators/iot-core/authority.ts';
import { type TestDoors, testDoors } from '../../../../fixtures/page/doors.ts';
import { FACTORY } from '../../../../fixtures/view/live.ts';

let assetsDir = '';
let entrance: TestDoors;
const started: Page[] = [];

beforeAll(async () => {
  entrance = await testDoors();
  assetsDir = mkdtempSync(join(tmpdir(), 'page-front-test-'));
  writeFileSync(join(assetsDir, 'index.html'), '<!doctype html><title>built</title>');
});
afterEach(async () => {
  for (const page of started.splice(0)) await page.stop();
});
afterAll(() => {
  entrance.remove();
  rmSync(assetsDir, { recursive: true, force: true });
});

async function front(options: Partial<PageOptions> = {}) {
  const { doors } = entrance;
  const page = createFront({ doors, host: '127.0.0.1', port: 0, assetsDir, ...options });
  const url = await page.start();
  started.push(page);
  return { page, url };
}

it('answers whoever comes first, those beside, and those after', async () => {
  const { page, url } = await front();
  expect(page.routes).toEqual([]); // nobody came yet: no server
  const first = await Promise.all(Array.from({ length: 8 }, () => fetch(url)));
  expect(first.map(({ status }) => status)).toEqual(Array(8).fill(200));
  expect(await first[0]?.text()).toContain('built');
  expect(page.routes.length).toBeGreaterThan(3);
  expect((await fetch(`${url}nothing`)).status).toBe(404);
  const other = await fetch(url, { headers: { origin: 'http://elsewhere.example' } });
  expect(other.status).toBe(421);
});

it('shows what was last seen before anybody came', async () => {
  const { page, url } = await front();
  page.live(FACTORY);
  const { cookie } = await entrance.headers(url);
  const stop = new AbortController();
  const live = await fetch(`${url}api/live`, { headers: { cookie }, signal: stop.signal });
  const { value } = (await live.body?.getReader().read()) ?? {};
  expect(new TextDecoder().decode(value)).toContain('event: live');
  stop.abort();
});

it('speaks HTTPS to the first as well', async () => {
  const authority = await Authority.create('front test');
  const { cert, key } = await authority.server(['127.0.0.1']);
  const { url } = await front({ tls: { cert, key } });
  expect(url).toMatch(/^https:/);
  const ask = () =>
    new Promise<number | undefined>((resolve, reject) => {
      const asked = request(url, { ca: authority.caPem, agent: false }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      });
      asked.on('error', reject);
      asked.end();
    });
  expect(await Promise.all([ask(), ask()])).toEqual([200, 200]);
  expect(await ask()).toBe(200);
});

it('cuts who says too little, and ends with lines open', async () => {
  const { page, url } = await front({ requestMs: 400 });
  const slow = connect(Number(new URL(url).port), '127.0.0.1', () =>
    slow.write('GET / HTTP/1.1\r\n'),
  );
  slow.on('error', () => undefined);
  await new Promise((resolve) => slow.resume().once('close', resolve));
  const open = connect(Number(new URL(url).port), '127.0.0.1');
  open.on('error', () => undefined);
  await new Promise((resolve) => open.once('connect', resolve));
  const closed = new Promise((resolve) => open.once('close', resolve));
  await page.stop();
  await closed;
  started.length = 0;
  await expect(fetch(url)).rejects.toThrow();
});

it('is refused in one line where the port is taken, and ends where nobody came', async () => {
  const { page, url } = await front();
  const port = Number(new URL(url).port);
  const second = createFront({ doors: entrance.doors, host: '127.0.0.1', port, assetsDir });
  const why = await second.start().catch((error: unknown) => error);
  expect(why).toBeInstanceOf(Fault);
  expect(String(why)).toContain('port is taken by another program');
  await page.stop();
  started.length = 0;
  await expect(fetch(url)).rejects.toThrow();
});
