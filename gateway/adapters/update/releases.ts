import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { releaseVersion } from '../../contracts/release.ts';
import { Fault } from '../../contracts/values/fault.ts';

/**
 * Releases stand side by side, `releases/VERSION`; the link `current` names the one that runs.
 * What is on trial, how often it was started, what failed and what is the least version live in a
 * folder of their own, so that no release can forget it. The same files are read and written by
 * bin/package/boot.sh, which runs before any release. Both belong to root; the gateway's user has
 * `marks` alone, where a release on trial says that it is healthy.
 */
export interface Places {
  readonly root: string; // releases/ and current
  readonly state: string; // trial, boots, failed, minimum, refused
  readonly marks: string; // healthy, late, offered.ewb
}

/** Where boot.sh says that they are; nothing where no package started this process. */
export function placesOfPackage(env: NodeJS.ProcessEnv): Places | undefined {
  const { EDGEWATT_ROOT: root, EDGEWATT_UPDATE: state, EDGEWATT_MARKS: marks } = env;
  return root === undefined || state === undefined || marks === undefined
    ? undefined
    : { root, state, marks };
}

/** In `marks`: a bundle that the gateway has fetched; root installs it and takes it away. */
export const OFFERED_FILE = 'offered.ewb';

/** In `marks`, JSON: the version that a release on trial says is healthy. */
export const HEALTHY_FILE = 'healthy';

export interface TrialMark {
  readonly version: string;
  readonly previous: string;
}

function syncFolder(folder: string): void {
  const fd = openSync(folder, 'r');
  fsyncSync(fd);
  closeSync(fd);
}

/** On disk before it counts. */
function writeDurably(folder: string, name: string, text: string): void {
  const file = join(folder, name);
  const fd = openSync(`${file}.new`, 'w', 0o644);
  writeSync(fd, text);
  fsyncSync(fd);
  closeSync(fd);
  renameSync(`${file}.new`, file);
  syncFolder(folder);
}

function readFile(folder: string, name: string): string | undefined {
  const file = join(folder, name);
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined;
}

export const releaseFolder = (places: Places, version: string): string =>
  join(places.root, 'releases', version);

/** @throws Fault where no release is installed */
export function currentVersion(places: Places): string {
  try {
    const version = basename(readlinkSync(join(places.root, 'current')));
    return releaseVersion.parse(version);
  } catch {
    const mend = 'install the package, or name its folder with --root';
    throw new Fault('no release is installed here', places.root, mend);
  }
}

export const minimumVersion = (places: Places): string =>
  readFile(places.state, 'minimum') ?? '0.0.0';

/** Versions that were rolled back, with the reason: a line 'VERSION why' each. */
export function failedVersions(places: Places): Record<string, string> {
  const lines = (readFile(places.state, 'failed') ?? '').split('\n').filter((line) => line !== '');
  return Object.fromEntries(
    lines.map((line) => {
      const at = line.indexOf(' ');
      return [line.slice(0, at), line.slice(at + 1)];
    }),
  );
}

/** Why the bundle that was offered last is not installed; undefined when it is. */
export const refusalOf = (places: Places): string | undefined => readFile(places.state, 'refused');

export const isHealthy = (places: Places, version: string): boolean =>
  readFile(places.marks, HEALTHY_FILE) === JSON.stringify(version);

export function trialMark(places: Places): TrialMark | undefined {
  const [version, previous] = readFile(places.state, 'trial')?.split(' ') ?? [];
  return version === undefined || previous === undefined ? undefined : { version, previous };
}

/** Folders of a release that is being unpacked; what an interrupted one left behind goes first. */
export function beginRelease(places: Places, version: string): { fresh: string; staged: string } {
  const releases = join(places.root, 'releases');
  mkdirSync(releases, { recursive: true });
  mkdirSync(places.state, { recursive: true });
  for (const name of readdirSync(releases)) {
    if (name.startsWith('.')) rmSync(join(releases, name), { recursive: true, force: true });
  }
  return { fresh: join(releases, `.${version}.new`), staged: join(releases, `.${version}.staged`) };
}

export function abandonRelease(begun: { fresh: string; staged: string }): void {
  rmSync(begun.fresh, { recursive: true, force: true });
  rmSync(begun.staged, { force: true });
}

/**
 * Puts an unpacked release in its place and makes it current, on trial. A cut at any step leaves
 * the old release running: the trial is written before the link is swapped, and a trial whose link
 * was never swapped is forgotten at the next start.
 */
export function switchTo(places: Places, version: string, begun: { fresh: string }): void {
  const previous = currentVersion(places);
  const folder = releaseFolder(places, version);
  rmSync(folder, { recursive: true, force: true }); // of an earlier try; never the running one
  renameSync(begun.fresh, folder);
  syncFolder(dirname(folder));
  rmSync(join(places.state, 'boots'), { force: true });
  rmSync(join(places.marks, 'late'), { force: true });
  rmSync(join(places.marks, HEALTHY_FILE), { force: true });
  writeDurably(places.state, 'trial', `${version} ${previous}\n`);
  const link = join(places.root, 'current');
  rmSync(`${link}.new`, { force: true });
  symlinkSync(`releases/${version}`, `${link}.new`);
  renameSync(`${link}.new`, link);
  syncFolder(places.root);
}

/**
 * Before an installation: a healthy trial is kept, and nothing older than it is taken again; an
 * undecided one stands in the way.
 * @throws Fault
 */
export function settleTrial(places: Places): void {
  const mark = trialMark(places);
  if (mark === undefined) return;
  if (currentVersion(places) === mark.version && !isHealthy(places, mark.version)) {
    throw new Fault(
      `release ${mark.version} is still on trial`,
      places.state,
      'wait until it has proven healthy (ten minutes at most), then start the gateway again',
    );
  }
  if (currentVersion(places) === mark.version) {
    writeDurably(places.state, 'minimum', `${mark.version}\n`);
  }
  rmSync(join(places.state, 'trial'), { force: true });
  rmSync(join(places.state, 'boots'), { force: true });
  syncFolder(places.state);
}

/** Leaves the running release and the one before it. */
export function pruneReleases(places: Places): void {
  const kept = [currentVersion(places), trialMark(places)?.previous];
  const releases = join(places.root, 'releases');
  for (const name of readdirSync(releases)) {
    if (!kept.includes(name)) rmSync(join(releases, name), { recursive: true, force: true });
  }
}
