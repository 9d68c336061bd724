import { mkdir, open, readdir, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Lake } from '../ports.ts';
import { datasetPrefix, dayPrefix, daysOf, packed, pathOf, unpacked } from './lake.ts';

/** The lake as a folder of files. A part is there whole or not at all, also after a crash. */
export function openFileLake(folder: string): Lake {
  return {
    async put(part) {
      const path = join(folder, pathOf(part));
      await mkdir(dirname(path), { recursive: true });
      const draft = `${path}.${process.pid}.draft`;
      const file = await open(draft, 'w');
      try {
        await file.writeFile(packed(part.lines));
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(draft, path);
    },

    async read(tenant, dataset, day) {
      const place = join(folder, dayPrefix(tenant, dataset, day));
      const names = (await listing(place)).filter((name) => name.endsWith('.jsonl.gz')).sort();
      const parts = await Promise.all(names.map((name) => readFile(join(place, name))));
      return parts.flatMap(unpacked);
    },

    async days(tenant, dataset) {
      return daysOf(await listing(join(folder, datasetPrefix(tenant, dataset))));
    },
  };
}

async function listing(place: string): Promise<string[]> {
  try {
    return await readdir(place);
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return [];
    throw error;
  }
}
