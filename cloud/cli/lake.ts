import { dirname, resolve } from 'node:path';
import { Fault } from '../../gateway/contracts/values/fault.ts';
import { openLake } from '../adapters/places.ts';
import type { CloudFile } from '../config/schema.ts';
import type { Lake } from '../ports.ts';

/** @param config  the cloud's file, for paths  @throws Fault for a place that cannot be opened */
export async function lakeOf({ lake }: CloudFile, config: string): Promise<Lake> {
  const place = lake.replace(
    /^files:(.*)$/s,
    (_all, path: string) => `files:${resolve(dirname(config), path)}`,
  );
  try {
    return await openLake(place);
  } catch (error) {
    const why = (error as Error).message;
    throw new Fault(`the lake cannot be opened: ${why}`, config, 'npm ci, then try again');
  }
}
