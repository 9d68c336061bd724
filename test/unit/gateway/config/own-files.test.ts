import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OwnFiles, runningFiles, whyLeft } from '../../../../gateway/config/own-files.ts';
import { startSite } from '../../../../gateway/config/running-site.ts';
import { localStand } from '../../../../gateway/link/update/stand.ts';

const barn = readFileSync(new URL('../../../fixtures/sites/barn.yaml', import.meta.url), 'utf8');
const named = (name: string): string => barn.replace('name: Barn', `name: ${name}`);
const GATEWAY = 'version: 1\n';
const SITE = localStand('base');
const quiet = (): void => undefined;

let dir: string;
let said: string[];
const put = (name: string, text: string): void => writeFileSync(join(dir, name), text);
const say = (text: string): void => void said.push(text);

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'own-files-'));
  said = [];
  put('gateway.yaml', GATEWAY);
  put('site.yaml', barn);
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** A start that takes the site; what comes then is up to the caller. */
function start(): OwnFiles {
  const files = new OwnFiles(dir);
  files.begun(say);
  return files;
}
const crash = start;

const keep = (files: OwnFiles, value: object | undefined): void =>
  writeFileSync(files.keptFile, JSON.stringify(value));

function runWell(): void {
  const files = start();
  mkdirSync(join(dir, 'data'), { recursive: true });
  keep(files, files.ranWell(SITE));
}

describe('gateway.yaml and site.yaml with which the gateway does not stay up', () => {
  it('are left after three starts for those that ran well, and stay as they are', () => {
    runWell();
    put('site.yaml', named('Shed'));
    for (let n = 0; n < 3; n += 1) expect(crash().left).toBe(undefined);
    const fourth = start();
    expect(fourth.left).toBe(
      'The change of site.yaml is left, and what ran before it runs: it ended 3 times soon after',
    );
    expect(said).toEqual([fourth.left]);
    expect(startSite(fourth.file, quiet).site.name).toBe('Barn');
    expect(readFileSync(join(dir, 'site.yaml'), 'utf8')).toBe(named('Shed'));
    expect(start().from).toBe(fourth.from);
    expect(runningFiles(dir)).toEqual({ file: fourth.file, left: fourth.left });
    expect(whyLeft(dir, fourth.from ?? '')).toBe(fourth.left);
  });

  it('are tried again once somebody changes them', () => {
    runWell();
    put('site.yaml', named('Shed'));
    for (let n = 0; n < 4; n += 1) crash();
    put('site.yaml', named('Loft'));
    const again = start();
    expect(again).toMatchObject({ left: undefined, from: undefined, isOnTrial: true });
    keep(again, again.ranWell(SITE));
    expect(start()).toMatchObject({ isOnTrial: false, left: undefined });
    expect(start().isSettled(SITE)).toBe(true);
  });

  it('run on where nothing ran well before them', () => {
    for (let n = 0; n < 5; n += 1) expect(crash().left).toBe(undefined);
    expect(start().isOnTrial).toBe(false);
  });

  it('are not counted against by an end in order', () => {
    runWell();
    put('site.yaml', named('Shed'));
    for (let n = 0; n < 5; n += 1) {
      const files = start();
      expect(files.left).toBe(undefined);
      keep(files, files.ended());
    }
  });

  it('are left at once where their agent keeps ending', () => {
    runWell();
    put('gateway.yaml', `${GATEWAY}blackBox: { sizeMb: 8 }\n`);
    const files = start();
    keep(files, files.leave('its agent ended 3 times soon after'));
    expect(start().left).toMatch(/^The change of gateway\.yaml is left.*its agent ended 3 times/);
    expect(runningFiles(dir).file.blackBox.sizeMb).toBe(256);
  });

  it('that cannot be read end the start with their fault, and are left with it', () => {
    runWell();
    put('gateway.yaml', 'version: 2\n');
    for (let n = 0; n < 3; n += 1) expect(() => new OwnFiles(dir)).toThrow(/version/);
    expect(start().left).toMatch(/^The change of gateway\.yaml is left.*gateway\.yaml:1/);
  });

  it('say why when it is the site file that is not sound', () => {
    runWell();
    put('site.yaml', barn.replace('version: 1', 'version: 9'));
    for (let n = 0; n < 3; n += 1) {
      const files = start();
      try {
        startSite(files.file, quiet);
      } catch (error) {
        files.failed(error, quiet);
      }
    }
    expect(start().left).toMatch(/site\.yaml:\d+/);
  });

  it('of another folder, or damaged, are none to go back to', () => {
    runWell();
    writeFileSync(join(dir, 'data', 'files.json'), '{"v":1,');
    put('site.yaml', named('Shed'));
    for (let n = 0; n < 5; n += 1) expect(crash().left).toBe(undefined);
  });

  it('with profiles of their own: those are part of it', () => {
    mkdirSync(join(dir, 'profiles'));
    put('profiles/own.json', '{}');
    runWell();
    put('profiles/own.json', '{"x":1}');
    for (let n = 0; n < 3; n += 1) crash();
    const back = start();
    expect(back.left).toMatch(/^The change of profiles is left/);
    expect(readFileSync(join(back.from ?? '', 'profiles/own.json'), 'utf8')).toBe('{}');
  });
});

describe('the document of the fleet that ran with the files', () => {
  it('runs again with them, and no number is forgotten', () => {
    const files = start();
    startSite(files.file, quiet);
    const stand = join(dir, 'data/site/stand.json');
    const local = JSON.parse(readFileSync(stand, 'utf8'));
    const seven = { ...local, currentSequence: 7, highestSequence: 7 };
    writeFileSync(stand, JSON.stringify(seven));
    keep(files, files.ranWell(seven));
    put('site.yaml', named('Shed'));
    for (let n = 0; n < 3; n += 1) {
      const { file } = start();
      expect(startSite(file, quiet).sequence).toBe(0); // local wins
    }
    start();
    expect(JSON.parse(readFileSync(stand, 'utf8'))).toMatchObject({
      ...{ base: local.base, currentSequence: 7, highestSequence: 7 },
    });
  });
});
