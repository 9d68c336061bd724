import type { Lake, Tables } from '../ports.ts';

/**
 * Tables and lake by their names in a configuration. Only what is named is loaded: in a Lambda
 * nothing of SQLite is there.
 */

/** @param place  `dynamodb:PREFIX` or `sqlite:FILE` */
export async function openTables(place: string): Promise<Tables> {
  const [kind, name] = split(place);
  if (kind === 'dynamodb') {
    const { openDynamoTables } = await import('./dynamodb.ts');
    return openDynamoTables(name);
  }
  if (kind !== 'sqlite') throw new RangeError(`not dynamodb: or sqlite: ${place}`);
  const [{ openStore }, { tablesOf }] = await Promise.all([
    import('./sqlite.ts'),
    import('./sqlite-tables.ts'),
  ]);
  return tablesOf(openStore(name));
}

/** @param place  `s3:BUCKET` or `files:FOLDER` */
export async function openLake(place: string): Promise<Lake> {
  const [kind, name] = split(place);
  if (kind === 's3') return (await import('./s3.ts')).openS3Lake(name);
  if (kind === 'files') return (await import('./files.ts')).openFileLake(name);
  throw new RangeError(`not s3: or files: ${place}`);
}

function split(place: string): [string, string] {
  const at = place.indexOf(':');
  return [place.slice(0, at), place.slice(at + 1)];
}
