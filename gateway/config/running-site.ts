import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { profileById } from '../../devices/catalogue.ts';
import { createVerifier, hash } from '../adapters/crypto.ts';
import { type SiteDocument, siteDocument } from '../contracts/site-document.ts';
import { Fault } from '../contracts/values/fault.ts';
import type { Site } from '../contracts/values/site.ts';
import { SITE_DOCUMENT } from '../link/update/judge-site.ts';
import { openSigned } from '../link/update/signed.ts';
import { localStand, rolledBack, type SiteStand, startWith } from '../link/update/stand.ts';
import type { GatewayFile } from './gateway-file.ts';
import { loadKeys } from './keys.ts';
import { loadSite, parseSite, readText } from './load.ts';
import { profilesBeside } from './profiles.ts';

/** The site file that counts: the local one, or a document that the fleet sent. */
export interface RunningSite {
  readonly site: Site;
  readonly text: string;
  readonly sha256: string;
  readonly sequence: number; // of the document; 0 for the local file
}

export const standSchema = z.strictObject({
  v: z.literal(1),
  base: z.string(),
  currentSequence: z.int().min(0),
  previousSequence: z.int().min(0),
  highestSequence: z.int().min(0),
  trial: z.strictObject({ starts: z.int().min(0), wasSafe: z.boolean() }).nullable(),
  failed: z.strictObject({ sequence: z.int(), why: z.string() }).nullable(),
});

type Place = Pick<GatewayFile, 'dataDir' | 'siteFile' | 'fleet'>;

const folderOf = ({ dataDir }: Place): string => join(dataDir, 'site');
export const standFile = (place: Place): string => join(folderOf(place), 'stand.json');
const documentFile = (place: Place, sequence: number): string =>
  join(folderOf(place), `${sequence}.json`);

/** The stand as it was left; that of the local file where there is none that makes sense. */
export function readStand(place: Place): SiteStand {
  try {
    return standSchema.parse(JSON.parse(readText(standFile(place))));
  } catch {
    return localStand(hash.sha256(readText(place.siteFile)));
  }
}

/** Whole and on disk, or as it was. */
async function writeDurably(file: string, value: unknown): Promise<void> {
  await writeFile(`${file}.new`, JSON.stringify(value), { mode: 0o600, flush: true });
  await rename(`${file}.new`, file);
}

/** Keeps a judged document beside the others, and names it for the next start. */
export async function putDocument(
  place: Place,
  document: SiteDocument,
  stand: SiteStand,
): Promise<void> {
  const folder = folderOf(place);
  const { currentSequence, previousSequence } = stand;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeDurably(documentFile(place, currentSequence), document);
  await writeDurably(standFile(place), stand);
  const kept = [currentSequence, previousSequence].map((sequence) => `${sequence}.json`);
  for (const name of await readdir(folder)) {
    if (/^\d+\.json$/.test(name) && !kept.includes(name)) await rm(join(folder, name));
  }
}

/**
 * The site file of this sequence, as it was judged when it came: its signature and its hash are
 * compared again, so that what stands in the data folder is no way around them.
 * @throws Fault
 */
export function siteOf(place: Place, sequence: number): RunningSite {
  if (sequence === 0) {
    const text = readText(place.siteFile);
    const site = loadSite(place.siteFile, profileById);
    return { site, text, sha256: hash.sha256(text), sequence };
  }
  const file = documentFile(place, sequence);
  const { manifest, document: text } = readDocument(file);
  const opened = openSigned(manifest, SITE_DOCUMENT, siteKeys(place), createVerifier());
  const refuse = (what: string): Fault => new Fault(what, file, 'send another site document');
  if (!opened.ok) throw refuse(opened.why);
  const sha256 = hash.sha256(text);
  if (opened.manifest.sequence !== sequence || opened.manifest.sha256 !== sha256) {
    throw refuse('it is not what was signed');
  }
  const { site, complaints } = parseSite(text, profilesBeside(place.siteFile));
  if (site !== undefined) return { site, text, sha256, sequence };
  const [first] = complaints;
  throw refuse(`line ${first?.line}, ${first?.path}: ${first?.what}`);
}

function readDocument(file: string): SiteDocument {
  try {
    return siteDocument.parse(JSON.parse(readText(file)));
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw new Fault('it is damaged', file, 'send another site document');
  }
}

/** The document that runs, or that the next start tries; nothing for the local file. */
export const takenDocument = (
  place: Place,
  { currentSequence }: SiteStand,
): SiteDocument | undefined =>
  currentSequence === 0 ? undefined : readDocument(documentFile(place, currentSequence));

/** Who may send site documents to this gateway. @throws Fault when nobody may */
export function siteKeys({ fleet }: Pick<GatewayFile, 'fleet'>) {
  return loadKeys(fleet.siteKeysFile, 'fleet.siteKeysFile');
}

/** The site file that counts, for those who only look. @throws Fault */
export function runningSite(place: Place): RunningSite {
  const stand = readStand(place);
  const isLocal = stand.currentSequence > 0 && stand.base !== hash.sha256(readText(place.siteFile));
  return siteOf(place, isLocal ? 0 : stand.currentSequence);
}

/**
 * The same for a guard that starts: a start of a trial is counted, and what cannot be loaded is
 * left for what ran before, with the reason.
 * @param say  told once, where something was left  @throws Fault when the local file is not sound
 */
export function startSite(
  place: Place,
  say: (text: string) => void,
): RunningSite & { readonly stand: SiteStand } {
  const before = readStand(place);
  let stand = startWith(before, hash.sha256(readText(place.siteFile)));
  for (;;) {
    try {
      const running = siteOf(place, stand.currentSequence);
      keepStand(place, stand, say);
      if (stand.failed !== null && stand.failed !== before.failed) {
        say(`site document ${stand.failed.sequence} is left: ${stand.failed.why}`);
      }
      return { ...running, stand };
    } catch (error) {
      if (!(error instanceof Fault) || stand.currentSequence === 0) throw error;
      // One that was kept has nothing before it but the local file, which always counts.
      const back = stand.trial === null ? { ...stand, previousSequence: 0 } : stand;
      stand = rolledBack(back, error.what);
    }
  }
}

/** Before the guard turns; a disk that cannot be written is no reason not to start. */
function keepStand(place: Place, stand: SiteStand, say: (text: string) => void): void {
  try {
    const file = standFile(place);
    mkdirSync(folderOf(place), { recursive: true, mode: 0o700 });
    writeFileSync(`${file}.new`, JSON.stringify(stand), { mode: 0o600, flush: true });
    renameSync(`${file}.new`, file);
  } catch (error) {
    say(`the stand of the site document is not kept: ${String(error)}`);
  }
}

/**
 * The document that ran with other local files, where it is still there: they run again. No number
 * is forgotten.
 */
export function bringBack(place: Place, stand: SiteStand, say: (text: string) => void): void {
  const now = readStand(place);
  if (now.base === stand.base) return;
  const highestSequence = Math.max(stand.highestSequence, now.highestSequence);
  keepStand(place, { ...stand, highestSequence }, say);
}
