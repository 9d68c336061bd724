import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSigner, hash, newKeyPair } from '../../../../gateway/adapters/crypto.ts';
import {
  putDocument,
  readStand,
  runningSite,
  startSite,
} from '../../../../gateway/config/running-site.ts';
import { SITE_DOMAIN } from '../../../../gateway/contracts/site-document.ts';
import { taken } from '../../../../gateway/link/update/stand.ts';

const barn = readFileSync(new URL('../../../fixtures/sites/barn.yaml', import.meta.url), 'utf8');
const pair = newKeyPair();
const quiet = (): void => undefined;

let dir: string;
let place: Parameters<typeof runningSite>[0];
let said: string[];
const say = (text: string): void => void said.push(text);

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'running-site-'));
  said = [];
  const fleet = { siteKeysFile: join(dir, 'site-keys.json'), releaseKeysFile: join(dir, 'r.json') };
  place = { dataDir: join(dir, 'data'), siteFile: join(dir, 'site.yaml'), fleet };
  writeFileSync(place.siteFile, barn);
  writeFileSync(fleet.siteKeysFile, JSON.stringify({ f: pair.publicKey }));
  startSite(place, quiet); // the start of a guard before any document came
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** What the agent leaves for the next start once it has judged a document. */
function take(sequence: number, text: string): Promise<void> {
  const body = JSON.stringify({
    ...{ v: 1, name: 'edgewatt-site', site: 'barn', gateway: 'gw-barn', sequence },
    ...{ sha256: hash.sha256(text), sizeBytes: text.length, issuedAtMs: 0, expiresAtMs: 1 },
  });
  const signature = createSigner('f', pair.privateKey).sign(SITE_DOMAIN + body);
  const document = { manifest: { body, keyId: 'f', signature }, document: text };
  return putDocument(place, document, taken(readStand(place), sequence, false));
}

const named = (name: string): string => barn.replace('name: Barn', `name: ${name}`);
const start = () => startSite(place, say);

describe('the site file that counts', () => {
  it('is the local one, until a document is taken; the one before it is kept', async () => {
    expect(runningSite(place)).toMatchObject({ sequence: 0, sha256: hash.sha256(barn) });
    await take(4, named('Four'));
    expect(start()).toMatchObject({ sequence: 4, site: { name: 'Four' } });
    await take(5, named('Five'));
    await take(6, named('Six'));
    expect(start().site.name).toBe('Six');
    expect(readdirSync(join(place.dataDir, 'site')).sort()).toEqual([
      ...['5.json', '6.json', 'stand.json'],
    ]);
    expect(runningSite(place).site.name).toBe('Six');
    expect(said).toEqual([]);
  });

  it('is what ran before, when a document does not get healthy in three starts', async () => {
    await take(4, named('Four'));
    for (const _ of [1, 2, 3]) expect(start().sequence).toBe(4);
    expect(start()).toMatchObject({ sequence: 0, stand: { highestSequence: 4, trial: null } });
    expect(said).toEqual(['site document 4 is left: not healthy after 3 starts']);
  });

  it('is the local one again, once somebody changed it', async () => {
    await take(4, named('Four'));
    start();
    appendFileSync(place.siteFile, '# changed\n');
    expect(runningSite(place).sequence).toBe(0);
    expect(start().sequence).toBe(0);
    expect(said).toEqual([expect.stringMatching(/^site document 4 is left: .*local wins$/)]);
  });

  it.each<[string, () => void, RegExp]>([
    [
      'was changed on the disk',
      () => {
        const file = join(place.dataDir, 'site/4.json');
        writeFileSync(file, readFileSync(file, 'utf8').replace('fuseA: 63', 'fuseA: 99'));
      },
      /^it is not what was signed$/,
    ],
    ['is damaged', () => writeFileSync(join(place.dataDir, 'site/4.json'), '{'), /^it is damaged$/],
    ['is gone', () => rmSync(join(place.dataDir, 'site/4.json')), /^cannot be read \(ENOENT\)$/],
    [
      'comes from a key that is trusted no more',
      () => writeFileSync(place.fleet.siteKeysFile, '{}'),
      /^its key 'f' is not trusted here$/,
    ],
  ])('is the local one where the document %s', async (_name, spoil, why) => {
    await take(4, named('Four'));
    start();
    spoil();
    expect(start()).toMatchObject({ sequence: 0, site: { name: 'Barn' } });
    expect(readStand(place).failed).toEqual({ sequence: 4, why: expect.stringMatching(why) });
  });
});
