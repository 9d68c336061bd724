import { dirname, resolve } from 'node:path';
import { Fault } from '../../gateway/contracts/values/fault.ts';
import { openStore } from '../adapters/sqlite.ts';
import { parseCloudFile } from '../config/load.ts';
import type { CloudFile } from '../config/schema.ts';
import type { Store } from '../ports.ts';
import { isDatabase, readText } from './json-file.ts';

/**
 * Looks something up in the database of a cloud, which may be running.
 * @param config  file of the cloud
 * @throws Fault where there is no database yet
 */
export function lookUp<T>(config: string, look: (store: Store, file: CloudFile) => T): T {
  const file = parseCloudFile(readText(config), config);
  const database = resolve(dirname(config), file.database);
  if (!isDatabase(database)) {
    throw new Fault('there is no database yet', database, 'edgewatt-cloud run makes it');
  }
  const store = openStore(database);
  try {
    return look(store, file);
  } finally {
    store.close();
  }
}
