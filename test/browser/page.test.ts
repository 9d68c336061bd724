import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page as Tab } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensurePageBuilt } from '../../gateway/adapters/page/build.ts';
import { createPage, type Page } from '../../gateway/adapters/page/server.ts';
import type { DayView, LiveView } from '../../gateway/contracts/values/view.ts';
import { type TestDoors, testDoors } from '../fixtures/page/doors.ts';
import { factoryDay, HOUR_MS, NOW_MS } from '../fixtures/view/day.ts';
import {
  ALARM,
  EMPTY,
  FACTORY,
  FIELD,
  HOUSE,
  NO_CLOUD,
  STALE,
  UNKNOWN_STORE,
} from '../fixtures/view/live.ts';
import { openBrowser } from './browser.ts';
import { paleTexts } from './contrast.ts';

const N = '\u202f';
const SHOTS = join(tmpdir(), 'edgewatt-page');
const opened = await openBrowser();
const browser: Browser | undefined = typeof opened === 'string' ? undefined : opened;
if (typeof opened === 'string') process.stderr.write(`skipped: ${opened}\n`);

interface Opened {
  readonly tab: Tab;
  readonly server: Page;
  readonly url: string;
  readonly complaints: string[];
  close(): Promise<void>;
}

interface Given {
  readonly live?: LiveView;
  readonly day?: DayView;
  readonly width?: number;
  readonly dark?: boolean;
  readonly clock?: boolean; // the page's clock stands until the test moves it
}

let assetsDir = '';
let entrance: TestDoors;

async function open(given: Given): Promise<Opened> {
  const width = given.width ?? 1280;
  const { doors } = entrance;
  const server = createPage({ doors, host: '127.0.0.1', port: 0, assetsDir });
  const url = await server.start();
  if (given.live !== undefined) server.live(given.live);
  if (given.day !== undefined) server.day(given.day);
  const context: BrowserContext = await (browser as Browser).newContext({
    viewport: { width, height: width < 700 ? 844 : 900 },
    colorScheme: given.dark === true ? 'dark' : 'light',
    reducedMotion: 'reduce',
    timezoneId: 'America/New_York', // times are the site's, not the browser's
  });
  const complaints: string[] = [];
  const tab = await context.newPage();
  tab.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  tab.on('pageerror', (error) => complaints.push(error.message));
  if (given.clock === true) await tab.clock.install();
  await tab.goto(entrance.urlOf(url));
  if (given.live !== undefined)
    await tab.getByRole('heading', { level: 1, name: given.live.headline }).waitFor();
  const close = async (): Promise<void> => {
    await context.close();
    await server.stop();
  };
  return { tab, server, url, complaints, close };
}

async function shoot(tab: Tab, name: string): Promise<void> {
  await tab.screenshot({ path: join(SHOTS, `${name}.png`), fullPage: true });
}

const sideways = (tab: Tab): Promise<number> =>
  tab.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);

const visibleText = (tab: Tab): Promise<string> => tab.locator('body').innerText();

beforeAll(async () => {
  mkdirSync(SHOTS, { recursive: true });
  assetsDir = await ensurePageBuilt();
  entrance = await testDoors();
});

afterAll(async () => {
  await browser?.close();
  entrance?.remove();
});

describe.skipIf(browser === undefined)('the site page in a browser', () => {
  for (const width of [390, 1280, 1440]) {
    for (const dark of [false, true]) {
      it(`shows everything at ${width} px, ${dark ? 'dark' : 'light'}`, async () => {
        const page = await open({ live: FACTORY, day: factoryDay(), width, dark });
        const text = await visibleText(page.tab);
        const shown = [
          'The sun carries 66',
          'Trading',
          'live',
          'Discharging 9.0',
          'Every kWh beyond would cost 34.1',
          `buying up to 60${N}kW, until 20:00`,
          'Today and tomorrow',
          'Saved today',
          `€${N}17.86`,
          'Cost so far',
          `earned €${N}4.12`,
          'Oven meter silent',
          '7 of 8 fresh',
          `4${N}min`,
          `64${N}% full`,
        ];
        for (const words of shown) expect(text).toContain(words);
        const flow = page.tab.locator('svg.flow');
        await flow.waitFor();
        expect(await flow.textContent()).toContain('41.8');
        expect(await sideways(page.tab)).toBeLessThanOrEqual(0);
        expect(text).not.toMatch(/(^|[^\p{L}])[\u2212\u2013-]\s?\d/u); // words carry the sign
        expect(await page.tab.evaluate(paleTexts)).toEqual([]);
        expect(page.complaints).toEqual([]);
        await shoot(page.tab, `factory-${width}-${dark ? 'dark' : 'light'}`);
        await page.close();
      });
    }
  }

  it('has no sideways scroll at 200 % zoom or squeezed, for every kind of site', async () => {
    for (const live of [FACTORY, FIELD, HOUSE, STALE, ALARM]) {
      const page = await open({ live, day: factoryDay(NOW_MS - 24 * HOUR_MS), width: 640 });
      for (const width of [640, 641, 720, 900, 1080, 1181, 360, 320]) {
        await page.tab.setViewportSize({ width, height: 800 });
        await expect
          .poll(() => sideways(page.tab), {
            timeout: 2_000,
            message: `${live.site.id} at ${width} px`,
          })
          .toBeLessThanOrEqual(0);
      }
      await page.close();
    }
  });

  it('says how fast time runs', async () => {
    const page = await open({ live: FIELD, day: factoryDay() });
    expect(await visibleText(page.tab)).toContain(`time runs 96 times faster; a cycle is 4.8${N}s`);
    expect(await visibleText(page.tab)).toContain(`a reading is fresh for 24${N}s`);
    await shoot(page.tab, 'field');
    await page.close();
  });

  it('shows a silent meter hatched with what it was, and no sum that needs it', async () => {
    const page = await open({ live: STALE, day: factoryDay() });
    const flow = page.tab.locator('svg.flow');
    expect(await flow.textContent()).toContain(`was 9.0${N}kW`);
    expect(await flow.textContent()).toContain(`battery inverter silent for 4${N}min`);
    expect(await flow.textContent()).toContain('Factory usesunknown');
    expect(await flow.locator('path[fill="url(#flow-hatch)"]').count()).toBe(2);
    expect(await visibleText(page.tab)).toContain('in and out cannot be compared');
    expect(await visibleText(page.tab)).toContain('Holding');
    await shoot(page.tab, 'stale');
    await page.close();
  });

  it('says unknown where nothing was ever read, without a bar and without a 0', async () => {
    const page = await open({ live: UNKNOWN_STORE, day: factoryDay(), width: 390 });
    expect(await visibleText(page.tab)).toContain('Battery, unknown');
    expect(await visibleText(page.tab)).toContain('Battery: unknown');
    expect(await page.tab.locator('.store-full').count()).toBe(0);
    expect(await page.tab.locator('svg.flow').textContent()).not.toContain('Battery');
    await page.close();
  });

  it('tells alarms at once, with the next step', async () => {
    const page = await open({ live: FACTORY, day: factoryDay() });
    const alert = page.tab.getByRole('alert');
    expect(await alert.textContent()).toBe('');
    page.server.live(ALARM);
    await alert.getByText('The grid meter has not answered since 16:48').waitFor();
    expect(await alert.textContent()).toContain('Check its supply');
    expect(await visibleText(page.tab)).toContain('Safe');
    expect(await visibleText(page.tab)).toContain('Limited');
    await shoot(page.tab, 'alarm');
    await page.close();
  });

  it('goes on without the cloud and says since when', async () => {
    const page = await open({ live: NO_CLOUD, day: factoryDay() });
    const text = await visibleText(page.tab);
    expect(text).toContain('Planning without the cloud since 16:26.');
    expect(text).toContain(`no cloud for 26${N}min`);
    expect(text).toContain('1,214 records waiting');
    await page.close();
  });

  it('says in one line what will stand where nothing is yet', async () => {
    const none = factoryDay();
    const day: DayView = {
      ...none,
      measured: [],
      planned: [],
      prices: [],
      market: [],
      events: [],
      next: [],
      limits: [],
    };
    const page = await open({ live: EMPTY, day });
    const text = await visibleText(page.tab);
    expect(text).toContain('Power stands here with the first readings');
    expect(text).toContain('Nothing happened yet today');
    expect(text).toContain('The first plan stands here when it is made');
    expect(text).toContain('Devices stand here once the site file names them');
    expect(await page.tab.locator('svg.strip').textContent()).toContain(
      'prices stand here when they are known',
    );
    expect(page.complaints).toEqual([]);
    await shoot(page.tab, 'empty');
    await page.close();
  });

  it('stands with its frame before the first picture, and says so after 2 s', async () => {
    const page = await open({ clock: true });
    await page.tab.getByRole('heading', { name: 'Power now' }).waitFor();
    expect(await visibleText(page.tab)).not.toContain('waiting for the gateway');
    await page.tab.clock.runFor(3_000);
    await page.tab.getByText('waiting for the gateway').waitFor();
    page.server.live(FACTORY);
    await page.tab.getByRole('heading', { level: 1, name: FACTORY.headline }).waitFor();
    expect(page.complaints).toEqual([]);
    await page.close();
  });

  it('keeps the last picture without contact while ages count on, until it is back', async () => {
    const page = await open({ live: FACTORY, day: factoryDay(), clock: true });
    await page.tab.clock.runFor(180_000);
    await page.tab.getByText(`no contact for 3${N}min`, { exact: true }).waitFor();
    const text = await visibleText(page.tab);
    expect(text).toContain('Silent');
    expect(text).toContain(`7${N}min`); // the oven meter was 4 min old in the picture
    expect(text).toContain('0 of 8 fresh');
    expect(await page.tab.locator('svg.flow').textContent()).toContain('41.8');
    await shoot(page.tab, 'offline');
    page.server.live({ ...FACTORY, headline: 'Back again.' });
    await page.tab.getByRole('heading', { level: 1, name: 'Back again.' }).waitFor();
    expect(await visibleText(page.tab)).not.toContain('no contact');
    await page.close();
  });

  it('reconnects to a gateway that was started again, without a reload', async () => {
    const page = await open({ live: FACTORY, day: factoryDay() });
    const port = Number(new URL(page.url).port);
    await page.tab.evaluate(() => {
      document.body.dataset['kept'] = 'yes';
    });
    await page.server.stop();
    const { doors } = entrance;
    const again = createPage({ doors, host: '127.0.0.1', port, assetsDir });
    await again.start();
    again.live({ ...FACTORY, headline: 'The gateway was started again.' });
    await page.tab
      .getByRole('heading', { level: 1, name: 'The gateway was started again.' })
      .waitFor({ timeout: 20_000 });
    expect(await page.tab.evaluate(() => document.body.dataset['kept'])).toBe('yes');
    expect(await page.tab.locator('svg.strip').count()).toBe(1);
    await again.stop();
    await page.close();
  });

  it('changes figures in place', async () => {
    const page = await open({ live: FACTORY, day: factoryDay() });
    const flows = FACTORY.flows.map((flow) =>
      flow.id === 'grid' ? { ...flow, powerW: -7_700, doing: `selling 7.7${N}kW` } : flow,
    );
    page.server.live({ ...FACTORY, flows, headline: 'Now it sells.' });
    await page.tab.getByRole('heading', { level: 1, name: 'Now it sells.' }).waitFor();
    expect(await page.tab.locator('svg.flow').textContent()).toContain('Grid, selling7.7');
    await page.close();
  });

  it('reads the strip out by keyboard, a quarter-hour a step', async () => {
    const page = await open({ live: FACTORY, day: factoryDay() });
    const strip = page.tab.getByRole('slider');
    await strip.focus();
    await page.tab.keyboard.press('Home');
    expect(await strip.getAttribute('aria-valuenow')).toBe('0');
    expect(await strip.getAttribute('aria-valuetext')).toMatch(/^Today 00:00, measured, sun 0/);
    for (let step = 0; step < 4; step += 1) await page.tab.keyboard.press('ArrowRight');
    expect(await page.tab.locator('.probe').innerText()).toContain('Today 01:00, measured');
    for (let step = 0; step < 3; step += 1) await page.tab.keyboard.press('PageUp');
    await page.tab.keyboard.press('ArrowRight');
    expect(await strip.getAttribute('aria-valuetext')).toContain('Today 04:15, no data');
    await page.tab.keyboard.press('End');
    expect(await strip.getAttribute('aria-valuetext')).toMatch(/^Tomorrow 23:45, planned/);
    await page.tab.keyboard.press('ArrowRight');
    expect(await strip.getAttribute('aria-valuenow')).toBe('191');
    await page.close();
  });

  it('reads the strip out by pointer', async () => {
    const page = await open({ live: FACTORY, day: factoryDay() });
    await page.tab.locator('svg.strip').scrollIntoViewIfNeeded();
    const box = await page.tab.locator('svg.strip').boundingBox();
    if (box === null) throw new Error('the strip is not drawn');
    await page.tab.mouse.move(box.x + 44 + (box.width - 46) * ((19.3 / 48) % 1), box.y + 150);
    const probe = await page.tab.locator('.probe').innerText();
    expect(probe).toContain('Today 19:15, planned');
    expect(probe).toContain('because it is the dearest hour of the day');
    expect(probe).toContain(`43.6${N}ct`);
    await page.close();
  });

  it('switches between the sites of the demo', async () => {
    const page = await open({ live: FACTORY, day: factoryDay(), width: 390 });
    const names = page.tab.locator('.switcher ul a');
    await page.tab.locator('.switcher summary').click();
    expect(await names.allInnerTexts()).toEqual(['Sunfield', 'Brightworks', 'Millhouse']);
    expect(await names.nth(1).getAttribute('aria-current')).toBe('true');
    expect(await names.nth(2).getAttribute('href')).toBe('http://127.0.0.1:8082/');
    await page.tab.keyboard.press('Escape');
    expect(await names.nth(0).isVisible()).toBe(false);
    page.server.live({ ...FACTORY, peers: [], headline: 'Alone.' });
    await page.tab.getByRole('heading', { level: 1, name: 'Alone.' }).waitFor();
    expect(await page.tab.locator('.switcher').count()).toBe(0);
    await page.close();
  });

  it('keeps a chosen theme, and has targets of 44 px on the phone', async () => {
    const page = await open({ live: FACTORY, day: factoryDay(), width: 390 });
    const ground = (): Promise<string> =>
      page.tab.evaluate(() => getComputedStyle(document.body).backgroundColor);
    expect(await ground()).toBe('rgb(243, 242, 237)');
    await page.tab.getByRole('button', { name: 'Change to dark theme' }).click();
    expect(await ground()).toBe('rgb(12, 17, 22)');
    await page.tab.reload();
    await page.tab.getByRole('heading', { level: 1, name: FACTORY.headline }).waitFor();
    expect(await ground()).toBe('rgb(12, 17, 22)');
    const small = await page.tab.evaluate(() =>
      [...document.querySelectorAll('button, summary, .target')]
        .filter((element) => element.getBoundingClientRect().height < 44)
        .map((element) => element.textContent),
    );
    expect(small).toEqual([]);
    await page.close();
  });

  it('loads nothing from elsewhere', async () => {
    const page = await open({ live: FACTORY, day: factoryDay() });
    const asked: string[] = [];
    page.tab.on('request', (request) => asked.push(request.url()));
    await page.tab.reload();
    await page.tab.getByRole('heading', { level: 1, name: FACTORY.headline }).waitFor();
    expect(asked.length).toBeGreaterThan(2);
    expect(asked.filter((address) => !address.startsWith(page.url))).toEqual([]);
    await page.close();
  });
});
