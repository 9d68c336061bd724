import { dirname, resolve } from 'node:path';
import { Fault } from '../../gateway/contracts/values/fault.ts';
import { openStore } from '../adapters/sqlite.ts';
import { parseCloudFile } from '../config/load.ts';
import type { CloudFile } from '../config/schema.ts';
import type { Store } from '../ports.ts';
import { isDatabase, readText } from './json-file.ts';

/** Opens a cloud's database for one look, whether the cloud runs or not. */
export function openedFor<T>(
  database: string,
  look: (store: ReturnType<typeof openStore>) => T,
): T {
  const store = openStore(database);
  try {
    return look(store);
  } finally {
    store.close();
  }
}

/**
 * Looks something up in the database that the file of a cloud names.
 * @param config  file of the cloud
 * @throws Fault where there is no database yet
 */
export function lookUp<T>(config: string, look: (store: Store, file: CloudFile) => T): T {
  const file = parseCloudFile(readText(config), config);
  const database = resolve(dirname(config), file.database);
  if (!isDatabase(database)) {
    throw new Fault('there is no database yet', database, 'edgewatt-cloud run makes it');
  }
  return openedFor(database, (store) => look(store, file));
}
