import { readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Fault } from '../contracts/values/fault.ts';
import type { Site } from '../contracts/values/site.ts';

const MOST = 0xffff_ffff;

/** Files with the codes that unlock a device's writes, by device. */
export const codeFiles = (
  siteFile: string,
  { devices }: Pick<Site, 'devices'>,
): Map<string, string> =>
  new Map(
    devices.flatMap(({ id, codeFile }) =>
      codeFile === undefined ? [] : [[id, join(dirname(siteFile), codeFile)] as const],
    ),
  );

/**
 * The codes themselves: secrets that go nowhere but on the device's wire.
 * @throws Fault that names the file, never what is in it
 */
export function readCodes(siteFile: string, site: Pick<Site, 'devices'>): Map<string, number> {
  const codes = new Map<string, number>();
  for (const [device, file] of codeFiles(siteFile, site)) codes.set(device, codeIn(file));
  return codes;
}

function codeIn(file: string): number {
  let text: string;
  try {
    if ((statSync(file).mode & 0o077) !== 0) {
      throw new Fault('others may read this secret', file, `chmod 600 ${file}`);
    }
    text = readFileSync(file, 'utf8').trim();
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw new Fault('cannot be read', file, "put the device's code there, for this user alone");
  }
  if (/^\d{1,10}$/.test(text) && Number(text) <= MOST) return Number(text);
  throw new Fault('no code', file, 'write the number alone, at most 4294967295');
}
