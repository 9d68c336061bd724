import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { LONG, QUICK } from './bugs.ts';
import { planted } from './plant.ts';

/**
 * Loaded before a program (`node --import`): its source is changed while it is loaded, by the bug
 * that PLANTED names. Nothing of this is in the product.
 */
const bug = [...QUICK, ...LONG].find(({ name }) => name === process.env['PLANTED']);
if (bug !== undefined) {
  const url = pathToFileURL(join(import.meta.dirname, '../..', bug.file)).href;
  registerHooks({
    load: (asked, context, next) => {
      const loaded = next(asked, context);
      if (asked !== url || loaded.source === undefined) return loaded;
      const source = Buffer.from(loaded.source as Uint8Array).toString();
      return { ...loaded, source: planted(source, bug) };
    },
  });
}
