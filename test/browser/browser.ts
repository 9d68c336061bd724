import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Chromium, { inflate } from '@sparticuz/chromium';
import { type Browser, chromium } from 'playwright-core';

/**
 * A real browser from npm alone: @sparticuz/chromium carries it, and the shared libraries of a bare
 * system too. Where neither runs, a Chromium of the system; where there is none, the tests say so
 * and are skipped.
 */
const ARGS = [
  '--no-sandbox', // tests run as root in containers
  '--no-zygote',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--font-render-hinting=none',
];
const SYSTEM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

function launch(executablePath: string, libraries?: string): Promise<Browser> {
  const fonts = join(tmpdir(), 'fonts');
  const env: Record<string, string | undefined> = { ...process.env };
  if (existsSync(join(fonts, 'fonts.conf'))) env['FONTCONFIG_PATH'] = fonts;
  if (libraries !== undefined) env['LD_LIBRARY_PATH'] = libraries;
  return chromium.launch({ executablePath, args: ARGS, env, timeout: 30_000 });
}

async function withOwnLibraries(executablePath: string): Promise<Browser> {
  const packed = new URL('../bin/al2023.tar.br', import.meta.resolve('@sparticuz/chromium'));
  const dir = await inflate(packed.pathname);
  return launch(executablePath, join(dir, 'lib'));
}

/** @returns the browser, or in one line why there is none */
export async function openBrowser(): Promise<Browser | string> {
  const tried: string[] = [];
  const attempt = async (run: () => Promise<Browser>): Promise<Browser | undefined> => {
    try {
      return await run();
    } catch (error) {
      tried.push(error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error));
      return undefined;
    }
  };
  const own = await attempt(async () => launch(await Chromium.executablePath()));
  if (own !== undefined) return own;
  const bare = await attempt(async () => withOwnLibraries(await Chromium.executablePath()));
  if (bare !== undefined) return bare;
  for (const path of SYSTEM.filter((file) => existsSync(file))) {
    const system = await attempt(() => launch(path));
    if (system !== undefined) return system;
  }
  return `no browser runs here: ${tried.join('; ')}`;
}
