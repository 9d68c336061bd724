import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createAttempts } from '../../../gateway/adapters/page/attempts.ts';
import { type Doors, openDoors } from '../../../gateway/adapters/page/doors.ts';
import { createPage, type Page, type PageOptions } from '../../../gateway/adapters/page/server.ts';
import { FACTORY } from '../../fixtures/view/live.ts';

const CODE = 'K7QF-2MWX-9TRB';
const PASSWORD = 'correct horse battery';
const SECRET = 'this belongs to nobody outside';

let dir = '';
let doors: Doors;
let page: Page;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'break-in-test-'));
  mkdirSync(join(dir, 'page/assets'), { recursive: true });
  writeFileSync(join(dir, 'page/index.html'), '<!doctype html><title>page</title>');
  writeFileSync(join(dir, 'page/assets/index-abc.js'), 'export {};');
  writeFileSync(join(dir, 'page/assets/.hidden'), SECRET);
  writeFileSync(join(dir, 'page/secret.txt'), SECRET);
  writeFileSync(join(dir, 'secret.txt'), SECRET);
  symlinkSync('../secret.txt', join(dir, 'page/secret'));
});
afterEach(async () => {
  await page.stop();
  rmSync(join(dir, 'doors.json'), { force: true });
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

async function start(options: Partial<PageOptions> = {}): Promise<URL> {
  doors = await openDoors({ file: join(dir, 'doors.json'), claim: CODE });
  const assetsDir = join(dir, 'page');
  page = createPage({ doors, host: '127.0.0.1', port: 0, assetsDir, ...options });
  const url = new URL(await page.start());
  page.live(FACTORY);
  return url;
}

/** Bytes as they are, as no well-behaved client sends them. @returns everything that came back */
function raw({ hostname, port }: URL, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    let said = '';
    socket.setEncoding('utf8').on('data', (text) => {
      said += text;
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(said));
  });
}
const status = (answer: string): number => Number(/^HTTP\/1.1 (\d+)/.exec(answer)?.[1] ?? 0);
const get = (url: URL, path: string, more = ''): Promise<string> =>
  raw(url, `GET ${path} HTTP/1.1\r\nHost: ${url.host}\r\nConnection: close\r\n${more}\r\n`);
const enter = (url: URL, path: string, body: unknown, headers: Record<string, string> = {}) =>
  fetch(new URL(`/api/session/${path}`, url), {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
const cookieOf = (answer: Response): string =>
  answer.headers.getSetCookie()[0]?.split(';')[0] ?? '';

const PATHS = [
  '/../secret.txt',
  '/assets/../../secret.txt',
  '/assets/..%2f..%2fsecret.txt',
  '/assets/..%5c..%5csecret.txt',
  '/assets/%2e%2e%2f%2e%2e%2fsecret.txt',
  '/assets/%252e%252e%252fsecret.txt',
  '/assets/..;/secret.txt',
  '/assets/../secret',
  '/assets/..%2fsecret.txt',
  '/assets//etc/passwd',
  '/assets/%2fetc%2fpasswd',
  '/assets/index-abc.js%00.txt',
  '/assets/.hidden',
  '/assets/%c0%ae%c0%ae%2fsecret.txt',
  'http://127.0.0.1/secret.txt',
  `/assets/${'a/'.repeat(2_000)}`,
];

describe('a stranger who asks for files', () => {
  it('gets those of the page and no others', async () => {
    const url = await start();
    for (const path of PATHS) {
      const answer = await get(url, path);
      expect(status(answer), path).toBeGreaterThanOrEqual(400);
      expect(answer).not.toContain(SECRET);
      expect(answer).not.toMatch(/root:|node_modules|\/tmp\//); // no word of where things are
    }
    expect(status(await get(url, '/assets/index-abc.js'))).toBe(200);
  });
});

describe('a page of another site', () => {
  it('whose name was made to lead here is refused, whatever the way in', async () => {
    const url = await start();
    for (const host of ['evil.example', `evil.example:${url.port}`, '', 'localhost.evil.example']) {
      for (const path of ['/', '/api/session', '/healthz', '/nothing']) {
        const bytes = `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
        expect(status(await raw(url, bytes)), `${host} ${path}`).toBe(421);
      }
    }
    expect(status(await raw(url, 'GET / HTTP/1.0\r\n\r\n'))).toBe(421); // no name at all
  });

  it('is foreign also on this machine, at another port', async () => {
    const url = await start();
    for (const origin of ['http://127.0.0.1:1', `http://localhost:${url.port}`, 'null']) {
      const answer = await enter(url, 'claim', { code: CODE, password: PASSWORD }, { origin });
      expect(answer.status, origin).toBe(421);
    }
    expect(doors.claimed).toBe(false);
  });

  it('may not ask for leave either', async () => {
    const url = await start();
    const headers = { origin: 'http://evil.example', 'access-control-request-method': 'POST' };
    const answer = await fetch(new URL('/api/session/claim', url), { method: 'OPTIONS', headers });
    expect(answer.status).toBe(421);
    expect([...answer.headers.keys()].filter((key) => key.startsWith('access-control'))).toEqual(
      [],
    );
  });
});

describe('a page that listens to every address', () => {
  const address = Object.values(networkInterfaces())
    .flat()
    .find((one) => one?.family === 'IPv4' && !one.internal)?.address;

  it.skipIf(address === undefined)('answers under the one that was asked', async () => {
    const { port } = await start({ host: '0.0.0.0' });
    const url = new URL(`http://${address}:${port}/`);
    expect((await fetch(url)).status).toBe(200);
    expect(status(await get(new URL(`http://127.0.0.1:${port}/`), '/', ''))).toBe(200);
    const other = `GET / HTTP/1.1\r\nHost: 192.0.2.7:${port}\r\nConnection: close\r\n\r\n`;
    expect(status(await raw(url, other))).toBe(421);
  });
});

describe('a session', () => {
  it('that a stranger chose is never taken over', async () => {
    const url = await start();
    const name = `edgewatt-${url.port}`;
    const planted = { cookie: `${name}=chosen-by-a-stranger` };
    const answer = await enter(url, 'claim', { code: CODE, password: PASSWORD }, planted);
    expect(answer.status).toBe(204);
    expect(cookieOf(answer)).toMatch(/=[\w-]{43}$/);
    const live = await fetch(new URL('/api/live', url), { headers: planted });
    expect(live.status).toBe(401);
  });

  it('ends where another one begins in the same browser', async () => {
    const url = await start();
    const first = cookieOf(await enter(url, 'claim', { code: CODE, password: PASSWORD }));
    const second = cookieOf(
      await enter(url, 'password', { password: PASSWORD }, { cookie: first }),
    );
    const state = async (cookie: string) =>
      (await fetch(new URL('/api/session', url), { headers: { cookie } })).json();
    expect(await state(first)).toEqual({ signedIn: false, claimed: true });
    expect(await state(second)).toMatchObject({ signedIn: true });
  });

  it('that has ended is shown nothing more on a line that is still open', async () => {
    const url = await start();
    const entry = await doors.claim('192.0.2.1', CODE, PASSWORD);
    const session = entry.ok ? entry.session : '';
    const headers = { cookie: `edgewatt-${url.port}=${session}` };
    const live = await fetch(new URL('/api/live', url), { headers });
    const reader = live.body?.pipeThrough(new TextDecoderStream()).getReader();
    let heard = '';
    while (!heard.includes('event: live')) heard += (await reader?.read())?.value ?? '';
    doors.signOut(session);
    page.live({ ...FACTORY, headline: 'Seen by nobody.' });
    const rest = async (): Promise<string> => {
      const { value, done } = (await reader?.read()) ?? { done: true };
      return done ? '' : value + (await rest());
    };
    await expect(rest()).rejects.toThrow('terminated'); // the line is cut
    expect(heard).not.toContain('Seen by nobody.');
  });
});

describe('a stranger who sends', () => {
  const begin = ({ host }: URL, length: number | undefined, more = ''): string =>
    `POST /api/session/claim HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\n${
      length === undefined ? 'Transfer-Encoding: chunked' : `Content-Length: ${length}`
    }\r\n${more}\r\n`;

  it('too much is cut off, announced or not', async () => {
    const url = await start();
    expect(status(await raw(url, begin(url, 1e9)))).toBe(413);
    const chunk = `1388\r\n${'x'.repeat(0x1388)}\r\n`;
    expect(status(await raw(url, begin(url, undefined) + chunk))).toBe(413);
    expect(status(await get(url, '/', `X-Long: ${'x'.repeat(20_000)}\r\n`))).toBe(431);
  });

  it('nothing, half a head or half a body loses the line', async () => {
    const url = await start({ requestMs: 1_000 });
    const answers = await Promise.all([
      raw(url, ''),
      raw(url, `GET / HTTP/1.1\r\nHost: ${url.host}\r\n`),
      raw(url, `${begin(url, 100)}{"code":`),
    ]);
    for (const answer of answers) expect([0, 408]).toContain(status(answer));
  });

  it('what is no JSON, or more than JSON, gets an answer and changes nothing', async () => {
    const url = await start();
    for (const body of ['{', '[]', 'null', '{"__proto__":{"code":"x"},"password":"y"}', '\u0000']) {
      const head = begin(url, Buffer.byteLength(body), 'Connection: close\r\n');
      expect(status(await raw(url, head + body)), body).toBe(400);
    }
    expect(({} as { code?: string }).code).toBeUndefined();
  });

  it('requests for what is not there is slowed down like any other', async () => {
    const url = await start({ requestsPerMinute: 3 });
    const statuses: number[] = [];
    for (let n = 0; n < 5; n += 1) statuses.push((await fetch(new URL(`none/${n}`, url))).status);
    expect(statuses).toEqual([404, 404, 404, 429, 429]);
  });
});

describe('who guesses from many addresses', () => {
  const HOUR_MS = 3_600_000;

  it('gets few tries an hour, from all of them together', () => {
    let nowMs = 0;
    const attempts = createAttempts(() => nowMs);
    let tries = 0;
    for (; nowMs < 24 * HOUR_MS; nowMs += 1_000) {
      const address = `203.0.113.${(nowMs / 1_000) % 251}`;
      if (attempts.take(address) === 0) tries += 1;
    }
    expect(tries).toBeLessThan(24 * 150); // of 86,400; a password of ten characters stands
    expect(tries).toBeGreaterThan(24 * 30); // and strangers' tries do not close the door for good
  });

  it('does not keep out who comes from this machine', () => {
    const attempts = createAttempts(() => 0);
    for (let n = 0; n < 200; n += 1) attempts.take(`198.51.100.${n}`);
    expect(attempts.take('192.0.2.1')).toBeGreaterThan(0);
    for (const address of ['127.0.0.1', '::1', '::ffff:127.0.0.1']) {
      expect(attempts.take(address), address).toBe(0);
    }
    for (let n = 0; n < 4; n += 1) attempts.take('127.0.0.1');
    expect(attempts.take('127.0.0.1')).toBeGreaterThan(0); // it has its own five tries
  });
});
