import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CATALOGUE, profileById } from '../../devices/catalogue.ts';
import { checkProfile } from '../../devices/check.ts';
import type { Profile } from '../../devices/profile.ts';
import { type Complaint, YamlFile } from '../adapters/yaml.ts';
import { Fault } from '../contracts/values/fault.ts';
import { profileSchema } from './profile-schema.ts';

/** Beside the site file: the user's own. */
export const PROFILES_FOLDER = 'profiles';
const MOST_FILES = 64;
const MOST_BYTES = 256 * 1_024;

export interface ParsedProfile {
  readonly profile: Profile | undefined;
  readonly complaints: readonly Complaint[];
}

/** @param taken  why an id may not be used again; undefined when it is free */
export function parseProfile(
  content: string,
  taken: (id: string) => string | undefined,
): ParsedProfile {
  const file = new YamlFile(content);
  if (file.broken !== undefined) {
    const broken = { ...file.broken, what: file.broken.what.replace('not YAML', 'not JSON') };
    return { profile: undefined, complaints: [broken] };
  }
  const parsed = profileSchema.safeParse(file.value());
  if (!parsed.success) return { profile: undefined, complaints: file.complaints(parsed.error) };
  const profile = parsed.data as unknown as Profile;
  const double = taken(profile.id);
  const complaints = checkProfile(profile).map(({ path, what, mend }) =>
    file.complaint(path, what, mend),
  );
  if (double !== undefined) {
    complaints.push(file.complaint(['id'], `'${profile.id}' is ${double}`, 'choose another id'));
  }
  complaints.sort((a, b) => a.line - b.line);
  return { profile: complaints.length === 0 ? profile : undefined, complaints };
}

/** Profile files beside a site file, sorted; none when there is no such folder. */
function filesBeside(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).sort();
  const other = names.find((name) => /\.ya?ml$/.test(name));
  if (other !== undefined) {
    throw new Fault('profiles are JSON', join(folder, other), 'write it as JSON, or move it away');
  }
  const files = names.filter((name) => name.endsWith('.json')).map((name) => join(folder, name));
  if (files.length > MOST_FILES) {
    throw new Fault(`${files.length} profiles`, folder, `keep at most ${MOST_FILES}`);
  }
  return files;
}

/**
 * The user's own profiles, in the folder `profiles` beside the site file.
 * @throws Fault with the first complaint
 */
export function ownProfiles(siteFolder: string): Profile[] {
  const folder = join(siteFolder, PROFILES_FOLDER);
  const own = new Map<string, Profile>();
  for (const file of filesBeside(folder)) {
    if (statSync(file).size > MOST_BYTES) {
      throw new Fault('too large for a profile', file, `at most ${MOST_BYTES} bytes`);
    }
    const { profile, complaints } = parseProfile(readFileSync(file, 'utf8'), (id) => {
      if (profileById(id) !== undefined) return 'a profile of the catalogue';
      return own.has(id) ? `in another file of ${folder}` : undefined;
    });
    const [first] = complaints;
    if (first !== undefined) {
      const more = complaints.length > 1 ? ` (and ${complaints.length - 1} more)` : '';
      throw new Fault(
        `${first.path}: ${first.what}`,
        `${file}:${first.line}`,
        `${first.mend}${more}`,
      );
    }
    if (profile !== undefined) own.set(profile.id, profile);
  }
  return [...own.values()];
}

/**
 * The catalogue and, beside it, the user's own profiles.
 * @throws Fault with the first complaint about one of these
 */
export function profilesBeside(siteFile: string): (id: string) => Profile | undefined {
  const own = ownProfiles(dirname(siteFile));
  return (id) => profileById(id) ?? own.find((profile) => profile.id === id);
}

/** All of them, sorted by id. */
export const allProfiles = (siteFolder: string | undefined): Profile[] =>
  [...CATALOGUE, ...(siteFolder === undefined ? [] : ownProfiles(siteFolder))].sort((a, b) =>
    a.id < b.id ? -1 : 1,
  );
