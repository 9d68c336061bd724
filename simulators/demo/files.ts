import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { Profile } from '../../devices/profile.ts';
import type { ClockOrigin } from '../../gateway/adapters/clock.ts';
import { newKeyPair } from '../../gateway/adapters/crypto.ts';
import type { Site } from '../../gateway/contracts/values/site.ts';
import { bigints, zoneOf } from '../sites/zone.ts';
import { CLOUD_ID, type Login, secret, writeLogin } from './broker.ts';
import { keepSimulatedRecords } from './commissioned.ts';

/** Secrets of one run, made anew each time. */
export interface RunSecrets {
  readonly directiveKeys: { readonly publicKey: string; readonly privateKey: string };
}

export function makeSecrets(): RunSecrets {
  return { directiveKeys: newKeyPair() };
}

function brokerSection(dir: string, url: string, login: Login) {
  const kind = login.kind === 'password' ? 'mqtt' : 'aws-iot';
  return { kind, url, ...writeLogin(dir, login), reconnectMaxMs: 2_000 };
}

export interface GatewayFiles {
  readonly siteText: string;
  readonly site: Site;
  readonly startMs: number;
  readonly history: string;
  readonly ownProfiles: readonly Profile[];
  readonly pagePort: number;
  readonly broker: { readonly url: string; readonly login: Login } | undefined;
  readonly origin: ClockOrigin;
  readonly peers: readonly { readonly id: string; readonly name: string; readonly url: string }[];
  readonly doors: { readonly claim: string; readonly tokens: readonly string[] };
}

/** Writes a gateway's folder as an installer would leave it. @returns the folder */
export function writeGateway(dir: string, files: GatewayFiles): string {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  writeFileSync(join(dir, 'site.yaml'), files.siteText);
  keepSimulatedRecords(join(dir, 'data'), files.site, files.startMs);
  writeFileSync(join(dir, 'history.csv'), files.history);
  for (const [n, profile] of files.ownProfiles.entries()) {
    mkdirSync(join(dir, 'profiles'), { recursive: true });
    writeFileSync(join(dir, 'profiles', `own${n + 1}.json`), JSON.stringify(profile));
  }
  secret(join(dir, 'doors.secret'), JSON.stringify(files.doors));
  const gateway = {
    version: 1,
    dataDir: 'data',
    page: { host: '127.0.0.1', port: files.pagePort },
    ...(files.broker && { broker: brokerSection(dir, files.broker.url, files.broker.login) }),
    history: 'history.csv',
    demo: { clockOrigin: files.origin, peers: files.peers, doorsFile: 'doors.secret' },
  };
  secret(join(dir, 'gateway.yaml'), stringify(gateway)); // its peers' addresses sign in
  return dir;
}

export interface CloudFiles {
  readonly sites: readonly Site[];
  readonly broker: { readonly url: string; readonly login: Login };
  readonly secrets: RunSecrets;
  readonly weatherUrl: string;
  readonly priceUrl: string;
  readonly transformerVa: number;
  readonly backgroundW: number;
  readonly tables?: string; // dynamodb:PREFIX
  readonly lake?: string; // s3:BUCKET or files:FOLDER
}

/**
 * Writes the cloud's folder: one zone with the sites as participants. @returns the configuration's
 * path
 */
export function writeCloud(dir: string, files: CloudFiles): string {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const { url, login } = files.broker;
  secret(join(dir, 'directive.key'), files.secrets.directiveKeys.privateKey);
  const zone = zoneOf(files.sites, files);
  const tenant = files.sites[0]?.tenant;
  const cloud = {
    version: 1,
    tenant,
    brokerUrl: url,
    clientId: CLOUD_ID,
    ...(login.kind === 'password' && { username: CLOUD_ID }),
    ...writeLogin(dir, login),
    database: 'cloud.db',
    reconnectMaxMs: 2_000,
    ...(files.tables !== undefined && { tables: files.tables }),
    ...(files.lake !== undefined && { lake: files.lake }),
    signing: { keyId: 'demo-grid', keyFile: 'directive.key' },
    zones: [zone],
  };
  const file = join(dir, 'cloud.yaml');
  writeFileSync(file, JSON.stringify(cloud, bigints, 2));
  return file;
}
