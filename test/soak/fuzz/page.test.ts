import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createPage } from '../../../gateway/adapters/page/server.ts';
import { bender } from '../../fixtures/fuzz/bend.ts';
import { testDoors } from '../../fixtures/page/doors.ts';
import { count } from '../counts.ts';

const REQUESTS = 6_000;
const AT_ONCE = 20;

const requests = [
  'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n',
  'GET /api/live HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: edgewatt=abc\r\n\r\n',
  'POST /api/login HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: http://127.0.0.1\r\n' +
    'Content-Type: application/json\r\nContent-Length: 25\r\n\r\n{"password":"0123456789"}',
  'POST /api/claim HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n' +
    '5\r\n{"a":\r\n2\r\n1}\r\n0\r\n\r\n',
].map((text) => Buffer.from(text));

/** Says it and hangs up; whatever comes back is read. */
function say(port: number, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.end(bytes));
    socket.on('error', () => undefined).on('close', () => resolve());
    socket.resume();
  });
}

it('whatever bytes arrive at the page: it answers, and does not grow', async () => {
  const entrance = await testDoors();
  const assetsDir = mkdtempSync(join(tmpdir(), 'page-fuzz-'));
  mkdirSync(join(assetsDir, 'assets'));
  writeFileSync(join(assetsDir, 'index.html'), '<!doctype html><title>built</title>');
  writeFileSync(join(assetsDir, 'source.txt'), 'hash');
  const { doors } = entrance;
  const page = createPage({ doors, host: '127.0.0.1', port: 0, assetsDir });
  try {
    const port = Number(new URL(await page.start()).port);
    const bend = bender(Date.now() % 1_000_000_007);
    const round = async (): Promise<void> => {
      for (let at = 0; at < REQUESTS / 2; at += AT_ONCE) {
        const all = Array.from({ length: AT_ONCE }, () => say(port, bend(requests)));
        await Promise.all(all);
      }
    };
    await round();
    const warmBytes = process.memoryUsage().rss;
    await round();
    count('fuzz of the page', { requests: REQUESTS });
    expect(process.memoryUsage().rss - warmBytes).toBeLessThan(64 * 1_048_576);
    // Who asked so often has to wait; the page says so, and says it in order.
    const answer = await fetch(`http://127.0.0.1:${port}/healthz`);
    expect([200, 429, 503]).toContain(answer.status);
  } finally {
    await page.stop();
    entrance.remove();
    rmSync(assetsDir, { recursive: true, force: true });
  }
});
