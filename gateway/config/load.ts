import { readFileSync } from 'node:fs';
import type { Profile } from '../../devices/profile.ts';
import { type Complaint, YamlFile } from '../adapters/yaml.ts';
import { Fault } from '../contracts/values/fault.ts';
import type { Site } from '../contracts/values/site.ts';
import { checkSite } from './check.ts';
import { profilesBeside } from './profiles.ts';
import { siteSchema } from './schema.ts';

export interface Loaded {
  readonly site: Site | undefined;
  readonly complaints: readonly Complaint[];
}

/**
 * Reads a site file's text.
 * @param profiles  the catalogue, for what a device can do
 * @returns the site when nothing is wrong with it, and every complaint in line order
 */
export function parseSite(text: string, profiles: (id: string) => Profile | undefined): Loaded {
  const file = new YamlFile(text);
  if (file.broken !== undefined) return { site: undefined, complaints: [file.broken] };
  const parsed = siteSchema.safeParse(file.value());
  if (!parsed.success) return { site: undefined, complaints: file.complaints(parsed.error) };
  const site = parsed.data as unknown as Site;
  const complaints = checkSite(site, profiles)
    .map(({ path, what, mend }) => file.complaint(path, what, mend))
    .sort((a, b) => a.line - b.line);
  return { site: complaints.length === 0 ? site : undefined, complaints };
}

/**
 * With the user's own profiles that stand beside the file.
 * @param profiles  the catalogue
 * @throws Fault with the first complaint, or when a file cannot be read
 */
export function loadSite(file: string, profiles: (id: string) => Profile | undefined): Site {
  const own = profilesBeside(file);
  const { site, complaints } = parseSite(readText(file), (id) => profiles(id) ?? own(id));
  const first = complaints[0];
  if (site !== undefined && first === undefined) return site;
  const more =
    complaints.length > 1 ? ` (and ${complaints.length - 1} more: edgewatt config check)` : '';
  throw new Fault(
    `${first?.path}: ${first?.what}`,
    `${file}:${first?.line}`,
    `${first?.mend}${more}`,
  );
}

export function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unreadable';
    throw new Fault(`cannot be read (${code})`, file, 'name an existing, readable file');
  }
}
