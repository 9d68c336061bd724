import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { hash } from '../adapters/crypto.ts';
import { Fault } from '../contracts/values/fault.ts';
import {
  countStart,
  endedInOrder,
  type FilesStand,
  isLeft,
  leave,
  NO_FILES,
  ranWell,
  startFailed,
} from '../link/update/files-stand.ts';
import type { SiteStand } from '../link/update/stand.ts';
import { type GatewayFile, loadGateway } from './gateway-file.ts';
import { PROFILES_FOLDER } from './profiles.ts';
import { bringBack, standSchema } from './running-site.ts';

/** In the data folder: how the files stand, with the text of those that ran well. */
const KEPT_FILE = 'files.json';
/** In the data folder: those that ran well, written out where they run again. */
const LAST_GOOD = 'last-good';

const textsSchema = z.strictObject({
  gateway: z.string(),
  site: z.string(),
  profiles: z.record(z.string().regex(/^[^/]+\.json$/), z.string()),
});
type Texts = z.infer<typeof textsSchema>;

const keptSchema = z.strictObject({
  v: z.literal(1),
  dir: z.string(), // whose files these are
  good: z.string(),
  trial: z.strictObject({ sha256: z.string(), starts: z.int(), why: z.string() }).nullable(),
  failed: z.strictObject({ sha256: z.string(), why: z.string() }).nullable(),
  texts: textsSchema.nullable(),
  site: standSchema.nullable(), // the fleet's document that ran with them
});
type Kept = z.infer<typeof keptSchema>;

type Say = (text: string) => void;

/**
 * gateway.yaml, site.yaml and the profiles beside them, as people wrote them. They are never
 * touched: where a gateway does not stay up with changed ones, those that ran well run from a
 * copy, until somebody changes the files again.
 */
export class OwnFiles {
  readonly file: GatewayFile; // of those that run
  /** Why the files are left, one sentence; undefined where they run. */
  readonly left: string | undefined;
  /** The folder that those which run are read from, where it is not their own. */
  readonly from: string | undefined;
  /** Where how they stand is kept. */
  readonly keptFile: string;
  private readonly texts: Texts;
  private readonly sha256: string;
  private readonly kept: Kept;
  private stand: FilesStand;

  /** @throws Fault where they cannot be read and nothing is left to run instead */
  constructor(dir: string) {
    const { file, fault } = tried(dir);
    const { home, kept } = keptOf(dir, file?.dataDir);
    this.keptFile = join(home, KEPT_FILE);
    this.kept = kept;
    this.texts = readTexts(dir);
    this.sha256 = shaOf(this.texts);
    const { good, trial, failed, texts: before } = kept;
    this.stand = countStart({ good, trial, failed }, this.sha256);
    if (before !== null && isLeft(this.stand, this.sha256)) {
      this.from = writtenOut(join(home, LAST_GOOD), before);
      this.file = loadGateway(dir, this.from);
      this.left = sentenceOf(this.stand, changedNames(before, this.texts));
    } else if (file !== undefined) this.file = file;
    else {
      this.failed(fault, () => undefined);
      throw fault;
    }
  }

  /** The site is ours: from here on this start counts. */
  begun(say: Say): void {
    if (this.left !== undefined) {
      say(this.left);
      const isNew = !isLeft(this.kept, this.sha256);
      if (isNew && this.kept.site !== null) bringBack(this.file, this.kept.site, say);
    }
    this.write(say);
  }

  /** The start ends with a fault. */
  failed(fault: unknown, say: Say): void {
    if (this.left !== undefined) return;
    this.stand = startFailed(this.stand, fault instanceof Error ? fault.message : String(fault));
    this.write(say);
  }

  /**
   * They run as they ran before, or do not run.
   * @param site  of the fleet's document beside them
   */
  isSettled(site: SiteStand): boolean {
    if (this.left !== undefined) return true;
    const isSame = this.kept.good === this.sha256;
    return isSame && JSON.stringify(this.kept.site) === JSON.stringify(site);
  }

  /** They are tried, and others ran well before. */
  get isOnTrial(): boolean {
    return this.stand.trial !== null;
  }

  /** @returns what to keep once they have run long enough */
  ranWell(site: SiteStand): object {
    this.stand = ranWell(this.sha256);
    return { ...this.told(), texts: this.texts, site } satisfies Kept;
  }

  /** @returns what to keep before a start with those that ran before */
  leave(why: string): object {
    this.stand = leave(this.stand, this.sha256, why);
    return this.told();
  }

  /** @returns what to keep at an end in order; undefined where nothing was counted */
  ended(): object | undefined {
    if (this.stand.trial === null) return undefined;
    this.stand = endedInOrder(this.stand);
    return this.told();
  }

  private told(): Kept {
    return { ...this.kept, ...this.stand };
  }

  /** A disk that cannot be written is no reason not to start. */
  private write(say: Say): void {
    const text = JSON.stringify(this.told());
    if (text === JSON.stringify(this.kept)) return;
    try {
      mkdirSync(dirname(this.keptFile), { recursive: true });
      replaceWhole(this.keptFile, text);
    } catch (error) {
      say(`how gateway.yaml and site.yaml stand is not kept: ${String(error)}`);
    }
  }
}

/** The files that count, for those who only look. @throws Fault */
export function runningFiles(dir: string): { file: GatewayFile; left: string | undefined } {
  const { file } = tried(dir);
  const { home, kept } = keptOf(dir, file?.dataDir);
  const texts = readTexts(dir);
  if (kept.texts === null || !isLeft(kept, shaOf(texts))) {
    return { file: file ?? loadGateway(dir), left: undefined };
  }
  const left = sentenceOf(kept, changedNames(kept.texts, texts));
  return { file: loadGateway(dir, join(home, LAST_GOOD)), left };
}

/**
 * Why the files that an agent was not started with are left.
 * @param from  those that it was started with
 */
export function whyLeft(dir: string, from: string): string {
  const kept = readKept(dirname(from), dir);
  return kept?.texts ? sentenceOf(kept, changedNames(kept.texts, readTexts(dir))) : '';
}

function tried(dir: string): { file?: GatewayFile; fault?: Fault } {
  try {
    return { file: loadGateway(dir) };
  } catch (error) {
    if (error instanceof Fault) return { fault: error };
    throw error;
  }
}

const textOf = (file: string): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // whoever needs it says what is wrong with it
  }
};

function readTexts(dir: string): Texts {
  const folder = join(dir, PROFILES_FOLDER);
  let names: string[] = [];
  try {
    names = readdirSync(folder).filter((name) => name.endsWith('.json'));
  } catch {
    // Most gateways have no profiles of their own.
  }
  const profiles = names.sort().map((name) => [name, textOf(join(folder, name))] as const);
  return {
    gateway: textOf(join(dir, 'gateway.yaml')),
    site: textOf(join(dir, 'site.yaml')),
    profiles: Object.fromEntries(profiles),
  };
}

const shaOf = (texts: Texts): string => hash.sha256(JSON.stringify(texts));

function changedNames(before: Texts, now: Texts): string {
  const names = [
    ...(before.gateway === now.gateway ? [] : ['gateway.yaml']),
    ...(before.site === now.site ? [] : ['site.yaml']),
    ...(JSON.stringify(before.profiles) === JSON.stringify(now.profiles) ? [] : [PROFILES_FOLDER]),
  ];
  return names.join(' and ');
}

const sentenceOf = ({ failed }: FilesStand, names: string): string =>
  `The change of ${names} is left, and what ran before it runs: ${failed?.why ?? ''}`;

/** Where it may be kept, also when gateway.yaml says nothing that can be read. */
function homesOf(dir: string, dataDir: string | undefined): string[] {
  const { STATE_DIRECTORY: service } = process.env;
  const homes = [dataDir, service, join(resolve(dir), 'data')];
  return homes.filter((home) => home !== undefined);
}

function keptOf(dir: string, dataDir: string | undefined): { home: string; kept: Kept } {
  const homes = homesOf(dir, dataDir);
  for (const home of homes) {
    const kept = readKept(home, dir);
    if (kept !== undefined) return { home, kept };
  }
  const kept: Kept = { v: 1, dir: resolve(dir), ...NO_FILES, texts: null, site: null };
  return { home: homes[0] ?? dir, kept };
}

function readKept(home: string, dir: string): Kept | undefined {
  try {
    const kept = keptSchema.parse(JSON.parse(readFileSync(join(home, KEPT_FILE), 'utf8')));
    return kept.dir === resolve(dir) ? kept : undefined;
  } catch {
    return undefined; // none yet, or damaged: then there is nothing to go back to
  }
}

/** @returns the folder  @throws Fault when the disk does not take them */
function writtenOut(folder: string, { gateway, site, profiles }: Texts): string {
  try {
    if (JSON.stringify(readTexts(folder)) === JSON.stringify({ gateway, site, profiles })) {
      return folder;
    }
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(join(folder, PROFILES_FOLDER), { recursive: true, mode: 0o700 });
    replaceWhole(join(folder, 'gateway.yaml'), gateway);
    replaceWhole(join(folder, 'site.yaml'), site);
    for (const [name, text] of Object.entries(profiles)) {
      replaceWhole(join(folder, PROFILES_FOLDER, name), text);
    }
    return folder;
  } catch (error) {
    const what = `what ran before cannot be written: ${(error as Error).message}`;
    throw new Fault(what, folder, 'make room in the data folder');
  }
}

function replaceWhole(file: string, text: string): void {
  writeFileSync(`${file}.new`, text, { mode: 0o600, flush: true });
  renameSync(`${file}.new`, file);
}
