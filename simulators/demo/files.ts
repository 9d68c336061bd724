import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { ClockOrigin } from '../../gateway/adapters/clock.ts';
import { newKeyPair } from '../../gateway/adapters/crypto.ts';
import { cloudFilters, gatewayTopics, zoneTopics } from '../../gateway/contracts/topics.ts';
import type { Site } from '../../gateway/contracts/values/site.ts';
import type { Grant } from '../iot-core/rights.ts';

/** Secrets and ports of one run, made anew each time. */
export interface RunSecrets {
  readonly directiveKeys: { readonly publicKey: string; readonly privateKey: string };
  readonly passwords: Readonly<Record<string, string>>; // by client id
}

export const CLOUD_ID = 'edgewatt-cloud';
export const JUDGE_ID = 'judge';

export function makeSecrets(clients: readonly string[]): RunSecrets {
  return {
    directiveKeys: newKeyPair(),
    passwords: Object.fromEntries(clients.map((id) => [id, randomBytes(18).toString('base64url')])),
  };
}

/** Each gateway may speak and listen under its own name only; the judge may only listen. */
export function grantsFor(sites: readonly Site[], secrets: RunSecrets): Grant[] {
  const tenant = sites[0]?.tenant ?? 'demo';
  const password = (id: string): string => secrets.passwords[id] ?? '';
  const gateways = sites.map((site) => {
    const t = gatewayTopics(site.tenant, site.gateway);
    const zone = zoneTopics(site.tenant, site.zone);
    return {
      clientId: site.gateway,
      password: password(site.gateway),
      publish: [t.telemetry, t.status, t.a2aRequest],
      subscribe: [
        t.telemetryAck,
        t.directive,
        t.statement,
        t.a2aResponse,
        t.a2aNotice,
        zone.forecast,
        zone.market,
      ],
    };
  });
  return [
    ...gateways,
    {
      clientId: CLOUD_ID,
      password: password(CLOUD_ID),
      publish: [`ew/v1/${tenant}/#`],
      subscribe: cloudFilters(tenant),
    },
    {
      clientId: JUDGE_ID,
      password: password(JUDGE_ID),
      publish: [],
      subscribe: sites.map((site) => gatewayTopics(site.tenant, site.gateway).directive),
    },
  ];
}

const secret = (file: string, text: string): void => writeFileSync(file, text, { mode: 0o600 });

export interface GatewayFiles {
  readonly siteText: string;
  readonly commissioning: string;
  readonly history: string;
  readonly pagePort: number;
  readonly brokerUrl: string | undefined;
  readonly password: string;
  readonly origin: ClockOrigin;
  readonly peers: readonly { readonly id: string; readonly name: string; readonly url: string }[];
  readonly doors: { readonly claim: string; readonly tokens: readonly string[] };
}

/** Writes a gateway's folder as an installer would leave it. @returns the folder */
export function writeGateway(dir: string, files: GatewayFiles): string {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  writeFileSync(join(dir, 'site.yaml'), files.siteText);
  writeFileSync(join(dir, 'commissioning.json'), files.commissioning);
  writeFileSync(join(dir, 'history.csv'), files.history);
  secret(join(dir, 'broker.secret'), files.password);
  secret(join(dir, 'doors.secret'), JSON.stringify(files.doors));
  const gateway = {
    version: 1,
    dataDir: 'data',
    page: { host: '127.0.0.1', port: files.pagePort },
    ...(files.brokerUrl === undefined
      ? {}
      : {
          broker: { url: files.brokerUrl, passwordFile: 'broker.secret', reconnectMaxMs: 2_000 },
        }),
    history: 'history.csv',
    commissioning: 'commissioning.json',
    demo: { clockOrigin: files.origin, peers: files.peers, doorsFile: 'doors.secret' },
  };
  secret(join(dir, 'gateway.yaml'), stringify(gateway)); // its peers' addresses sign in
  return dir;
}

export interface CloudFiles {
  readonly sites: readonly Site[];
  readonly brokerUrl: string;
  readonly secrets: RunSecrets;
  readonly weatherUrl: string;
  readonly priceUrl: string;
  readonly transformerVa: number;
  readonly backgroundW: number;
}

/**
 * Writes the cloud's folder: one zone with the sites as participants. @returns the configuration's
 * path
 */
export function writeCloud(dir: string, files: CloudFiles): string {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  secret(join(dir, 'broker.secret'), files.secrets.passwords[CLOUD_ID] ?? '');
  secret(join(dir, 'directive.key'), files.secrets.directiveKeys.privateKey);
  const first = files.sites[0];
  if (first === undefined) throw new RangeError('a run needs a site');
  const participants = files.sites.map((site) => {
    const connection = site.connections[0];
    return {
      id: site.participant,
      tariff: connection?.tariff,
      gateways: [
        {
          id: site.gateway,
          connection: connection?.id,
          contractedImportW: connection?.contractedImportW,
          contractedExportW: connection?.contractedExportW,
        },
      ],
    };
  });
  const zone = {
    id: first.zone,
    currency: first.currency,
    latitudeDeg: first.place.latitudeDeg,
    longitudeDeg: first.place.longitudeDeg,
    timeZone: first.place.timeZone,
    gridFeeNanoPerWh: 20_000,
    tariff: first.connections[0]?.tariff,
    transformer: { ratedVa: files.transformerVa, uncontrolledW: files.backgroundW },
    weatherUrl: files.weatherUrl,
    priceUrl: files.priceUrl,
    participants,
  };
  const cloud = {
    version: 1,
    tenant: first.tenant,
    brokerUrl: files.brokerUrl,
    clientId: CLOUD_ID,
    username: CLOUD_ID,
    passwordFile: 'broker.secret',
    database: 'cloud.db',
    signing: { keyId: 'demo-grid', keyFile: 'directive.key' },
    zones: [zone],
  };
  const file = join(dir, 'cloud.yaml');
  writeFileSync(file, JSON.stringify(cloud, bigints, 2));
  return file;
}

/** Amounts beyond 2^53 stay exact as decimal strings. */
const bigints = (_key: string, value: unknown): unknown =>
  typeof value === 'bigint' ? value.toString() : value;

export function writeBroker(dir: string, port: number, grants: readonly Grant[]): string {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const file = join(dir, 'broker.json');
  secret(file, JSON.stringify({ port, grants }));
  return file;
}
