import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page as Tab } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensurePageBuilt } from '../../gateway/adapters/page/build.ts';
import { openDoors } from '../../gateway/adapters/page/doors.ts';
import { createPage } from '../../gateway/adapters/page/server.ts';
import { FACTORY } from '../fixtures/view/live.ts';
import { openBrowser } from './browser.ts';
import { paleTexts } from './contrast.ts';

const CODE = 'K7QF-2MWX-9TRB';
const PASSWORD = 'correct horse battery';
const SHOTS = join(tmpdir(), 'edgewatt-page');
const opened = await openBrowser();
const browser: Browser | undefined = typeof opened === 'string' ? undefined : opened;
if (typeof opened === 'string') process.stderr.write(`skipped: ${opened}\n`);

let assetsDir = '';
let dir = '';
beforeAll(async () => {
  mkdirSync(SHOTS, { recursive: true });
  dir = mkdtempSync(join(tmpdir(), 'login-test-'));
  assetsDir = await ensurePageBuilt();
});
afterAll(async () => {
  await browser?.close();
  rmSync(dir, { recursive: true, force: true });
});

async function serve(name: string, tokens: readonly string[] = []) {
  const doors = await openDoors({ file: join(dir, `${name}.json`), claim: CODE, tokens });
  const server = createPage({ doors, host: '127.0.0.1', port: 0, assetsDir });
  const url = await server.start();
  server.live(FACTORY);
  return { server, url };
}

async function visit(url: string, dark = false): Promise<Tab> {
  const context = await (browser as Browser).newContext({
    viewport: { width: dark ? 390 : 1280, height: 844 },
    colorScheme: dark ? 'dark' : 'light',
  });
  const tab = await context.newPage();
  await tab.goto(url);
  return tab;
}

const picture = (tab: Tab) =>
  tab.getByRole('heading', { level: 1, name: FACTORY.headline }).waitFor();
const door = (tab: Tab, name: string) => tab.getByRole('heading', { level: 1, name }).waitFor();

describe.skipIf(browser === undefined)('the door of the page', () => {
  it('is claimed once with the code, then opened with the password', async () => {
    const { server, url } = await serve('claim');
    const owner = await visit(url);
    await door(owner, 'Claim this gateway');
    await owner.screenshot({ path: join(SHOTS, 'door-claim.png') });
    await owner.getByLabel('Claim code').fill('wrong wrong');
    await owner.getByLabel('New password').fill(PASSWORD);
    await owner.keyboard.press('Enter');
    await owner.getByRole('alert').getByText('This is not the claim code').waitFor();
    await owner.getByLabel('Claim code').fill('k7qf 2mwx 9trb');
    await owner.getByRole('button', { name: 'Claim and sign in' }).click();
    await picture(owner);

    const other = await visit(url, true);
    await door(other, 'Sign in');
    expect(await other.locator('body').innerText()).not.toContain(FACTORY.site.name);
    expect(await other.evaluate(paleTexts)).toEqual([]);
    await other.screenshot({ path: join(SHOTS, 'door-password-dark.png') });
    await other.getByLabel('Password').fill(PASSWORD);
    await other.getByRole('button', { name: 'Sign in' }).click();
    await picture(other);
    await other.reload();
    await picture(other);
    await other.getByRole('button', { name: 'Sign out' }).click();
    await door(other, 'Sign in');
    await picture(owner); // ended for one browser, not for all
    await server.stop();
  });

  it('opens by an address that signs in once and forgets its token', async () => {
    const { server, url } = await serve('token', ['one-time-token']);
    const first = await visit(`${url}#signin=one-time-token`);
    await picture(first);
    expect(first.url()).toBe(url);
    const second = await visit(`${url}#signin=one-time-token`);
    await door(second, 'Claim this gateway');
    await server.stop();
  });

  it('keeps two gateways of one machine apart', async () => {
    const a = await serve('a', ['token-of-a']);
    const b = await serve('b', ['token-of-b']);
    const tab = await visit(`${a.url}#signin=token-of-a`);
    await picture(tab);
    await tab.goto(`${b.url}#signin=token-of-b`);
    await picture(tab);
    await tab.goto(a.url);
    await picture(tab);
    await a.server.stop();
    await b.server.stop();
  });
});
