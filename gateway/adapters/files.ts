import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { keyFileOf, type PriceSource, type WeatherSource } from '../contracts/sources.ts';
import { Fault } from '../contracts/values/fault.ts';
import type { Files } from '../ports.ts';

const BYTES_MAX = 4_194_304;

/**
 * Files named in a configuration, read anew each time, so that a key can be exchanged in place.
 * Rejects with a Fault that names the file, never what is in it.
 * @param dir  folder that relative names start from
 */
export function createFiles(dir: string): Files {
  return {
    async text(file) {
      const path = resolve(dir, file);
      const { size } = await looked(path);
      if (size > BYTES_MAX) throw new Fault('too large', path, `at most ${BYTES_MAX} bytes`);
      return readFile(path, 'utf8');
    },
    async secret(file) {
      const path = resolve(dir, file);
      const { mode } = await looked(path);
      const open = (mode & 0o077) !== 0;
      if (open) throw new Fault('others may read this secret', path, `chmod 600 ${path}`);
      const secret = (await readFile(path, 'utf8')).trim();
      if (!/^[!-~]{1,1000}$/.test(secret)) throw new Fault('no key', path, 'write the key alone');
      return secret;
    },
  };
}

async function looked(path: string): Promise<{ size: number; mode: number }> {
  try {
    return await stat(path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unreadable';
    throw new Fault(`cannot be read (${code})`, path, 'name an existing, readable file');
  }
}

interface Sources {
  readonly weather?: WeatherSource | undefined;
  readonly prices?: PriceSource | undefined;
}

/** Every key that is named can be read now. @throws Fault */
export async function checkKeys(files: Files, named: readonly Sources[]): Promise<void> {
  for (const { weather, prices } of named) {
    for (const source of [weather, prices]) {
      const file = keyFileOf(source);
      if (file !== undefined) await files.secret(file);
    }
  }
}
