import { readFileSync } from 'node:fs';
import type { ZoneConfig } from '../config/cloud.ts';
import { cloudConfig, parseCloudFile } from '../config/load.ts';
import { type Registered, registryOf } from '../fleet.ts';
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

async function openTables(place: string): Promise<Tables> {
  const [kind, name] = split(place);
  if (kind === 'dynamodb') {
    const { openDynamoTables } = await import('../adapters/dynamodb.ts');
    return openDynamoTables(name);
  }
  if (kind !== 'sqlite') throw new Error(`EDGEWATT_TABLES: not dynamodb: or sqlite: ${place}`);
  const [{ openStore }, { tablesOf }] = await Promise.all([
    import('../adapters/sqlite.ts'),
    import('../adapters/sqlite-tables.ts'),
  ]);
  return tablesOf(openStore(name));
}

async function openLake(place: string): Promise<Lake> {
  const [kind, name] = split(place);
  if (kind === 's3') return (await import('../adapters/s3.ts')).openS3Lake(name);
  if (kind === 'files') return (await import('../adapters/files.ts')).openFileLake(name);
  throw new Error(`EDGEWATT_LAKE: not s3: or files: ${place}`);
}

function split(place: string): [string, string] {
  const at = place.indexOf(':');
  return [place.slice(0, at), place.slice(at + 1)];
}

function named(env: NodeJS.ProcessEnv, name: string): string {
  const value = env[name];
  if (value === undefined || value === '') throw new Error(`${name} is not set`);
  return value;
}
