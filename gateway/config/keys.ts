import { existsSync } from 'node:fs';
import { type TrustedKeys, trustedKeys } from '../contracts/signed.ts';
import { Fault } from '../contracts/values/fault.ts';
import { readText } from './load.ts';

/**
 * Public keys that this gateway trusts for one purpose.
 * @param option  how else the file is named, for the message
 * @throws Fault when there is no such file, or it is none of keys
 */
export function loadKeys(file: string, option: string): TrustedKeys {
  const mend = `put {"KEY-ID": "PUBLIC KEY"} there, or name another file with ${option}`;
  if (!existsSync(file)) throw new Fault('no keys are trusted here', file, mend);
  try {
    return trustedKeys.parse(JSON.parse(readText(file)));
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw new Fault('not a file of trusted keys', file, mend);
  }
}
