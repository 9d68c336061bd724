import { readFileSync } from 'node:fs';
import { openLake, openTables } from '../adapters/places.ts';
import type { ZoneConfig } from '../config/cloud.ts';
import { cloudConfig, parseCloudFile } from '../config/load.ts';
import { type Registered, registryOf } from '../fleet/registry.ts';
import type { Lake, Tables } from '../ports.ts';

/** What every Lambda works with; made once for the life of its process. */
export interface Ports {
  readonly tenant: string;
  readonly zones: ReadonlyMap<string, ZoneConfig>;
  readonly registry: ReadonlyMap<string, Registered>;
  readonly tables: Tables;
  readonly lake: Lake;
  nowMs(): number;
}

/**
 * From the environment: `EDGEWATT_CONFIG` (the cloud's file), `EDGEWATT_TABLES`
 * (`dynamodb:PREFIX` or `sqlite:FILE`), `EDGEWATT_LAKE` (`s3:BUCKET` or `files:FOLDER`). Only what
 * is named is loaded: on AWS nothing of SQLite is there.
 */
export async function openPorts(env: NodeJS.ProcessEnv): Promise<Ports> {
  const file = named(env, 'EDGEWATT_CONFIG');
  const { tenant, zones } = cloudConfig(parseCloudFile(readFileSync(file, 'utf8'), file));
  return {
    tenant,
    zones: new Map(zones.map((zone) => [zone.market.id, zone])),
    registry: registryOf(zones),
    tables: await openTables(named(env, 'EDGEWATT_TABLES')),
    lake: await openLake(named(env, 'EDGEWATT_LAKE')),
    nowMs: () => Date.now(),
  };
}

function named(env: NodeJS.ProcessEnv, name: string): string {
  const value = env[name];
  if (value === undefined || value === '') throw new Error(`${name} is not set`);
  return value;
}
