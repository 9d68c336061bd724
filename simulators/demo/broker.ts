import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cloudFilters, gatewayTopics, zoneTopics } from '../../gateway/contracts/topics.ts';
import type { Site } from '../../gateway/contracts/values/site.ts';
import { Authority } from '../iot-core/authority.ts';
import { resource, THING } from '../iot-core/policy.ts';
import type { Grant } from '../iot-core/rights.ts';
import type { BrokerFile } from '../iot-core/run.ts';

export const CLOUD_ID = 'edgewatt-cloud';
export const JUDGE_ID = 'judge';

/** By certificates as on AWS, or plain: by password, unencrypted, on loopback. */
export type BrokerKind = 'iot-core' | 'plain';

/** How one client comes in. */
export type Login =
  | { readonly kind: 'password'; readonly password: string }
  | {
      readonly kind: 'certificate';
      readonly ca: string;
      readonly cert: string;
      readonly key: string;
    };

/** The broker of a run, before it is started. */
export interface RunBroker {
  readonly url: string;
  readonly configFile: string; // for edgewatt-sim iot-core
  login(clientId: string): Login;
}

export const secret = (file: string, text: string): void =>
  writeFileSync(file, text, { mode: 0o600 });

/** Puts a login into files of a folder. @returns the keys that name them in a configuration */
export function writeLogin(dir: string, login: Login): Record<string, string> {
  if (login.kind === 'password') {
    secret(join(dir, 'broker.secret'), login.password);
    return { passwordFile: 'broker.secret' };
  }
  writeFileSync(join(dir, 'ca.pem'), login.ca);
  writeFileSync(join(dir, 'cert.pem'), login.cert);
  secret(join(dir, 'private.key'), login.key);
  return { caFile: 'ca.pem', certFile: 'cert.pem', keyFile: 'private.key' };
}

/** Writes what the broker of these sites reads, and makes everyone's way in. */
export async function makeBroker(
  kind: BrokerKind,
  dir: string,
  port: number,
  sites: readonly Site[],
): Promise<RunBroker> {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const clients = [...sites.map(({ gateway }) => gateway), CLOUD_ID, JUDGE_ID];
  const configFile = join(dir, 'broker.json');
  const logins = new Map<string, Login>();
  if (kind === 'plain') {
    for (const id of clients) {
      logins.set(id, { kind: 'password', password: randomBytes(18).toString('base64url') });
    }
    secret(configFile, JSON.stringify({ port, grants: grantsFor(sites, logins) }));
  } else {
    const authority = await Authority.create('Edgewatt demo authority');
    for (const id of clients) {
      const identity = await authority.client(id);
      logins.set(id, { kind: 'certificate', ca: authority.caPem, ...identity });
      writeFileSync(join(dir, `${id}.pem`), identity.cert);
    }
    const server = await authority.server(['127.0.0.1', 'localhost']);
    const tls = writeLogin(dir, { kind: 'certificate', ca: authority.caPem, ...server });
    const config: BrokerFile = {
      port,
      tls: tls as BrokerFile['tls'],
      policies: policiesFor(sites),
      certificates: clients.map((id) => ({
        certFile: `${id}.pem`,
        thing: id,
        policy: id === CLOUD_ID || id === JUDGE_ID ? id : 'gateway',
      })),
    };
    secret(configFile, JSON.stringify(config, null, 2));
  }
  return {
    url: `${kind === 'plain' ? 'mqtt' : 'mqtts'}://127.0.0.1:${port}`,
    configFile,
    login: (id) => {
      const login = logins.get(id);
      if (login === undefined) throw new RangeError(`no client '${id}' in this run`);
      return login;
    },
  };
}

/** What a gateway says and hears, by topics. */
function gatewayTraffic(tenant: string, gateway: string, zones: readonly string[]) {
  const t = gatewayTopics(tenant, gateway);
  const zone = zones.flatMap((id) => Object.values(zoneTopics(tenant, id)));
  return {
    publish: [t.telemetry, t.status, t.diagnostics, t.a2aRequest],
    subscribe: [t.telemetryAck, t.directive, t.statement, t.a2aResponse, t.a2aNotice, ...zone],
    retain: [t.status],
  };
}

/** Each gateway may speak and listen under its own name only; the judge may only listen. */
function grantsFor(sites: readonly Site[], logins: ReadonlyMap<string, Login>): Grant[] {
  const tenant = sites[0]?.tenant ?? 'demo';
  const grant = (clientId: string, publish: string[], subscribe: string[]): Grant => {
    const login = logins.get(clientId);
    const password = login?.kind === 'password' ? login.password : '';
    return { clientId, password, publish, subscribe };
  };
  const gateways = sites.map((site) => {
    const { publish, subscribe } = gatewayTraffic(site.tenant, site.gateway, [site.zone]);
    return grant(site.gateway, publish, subscribe);
  });
  return [
    ...gateways,
    grant(CLOUD_ID, [`ew/v1/${tenant}/#`], cloudFilters(tenant)),
    grant(
      JUDGE_ID,
      [],
      sites.map((site) => gatewayTopics(site.tenant, site.gateway).directive),
    ),
  ];
}

type Policies = NonNullable<BrokerFile['policies']>;

const allow = (action: string, kind: Parameters<typeof resource>[0], names: readonly string[]) => ({
  Effect: 'Allow' as const,
  Action: [`iot:${action}`],
  Resource: names.map((name) => resource(kind, name)),
});

/** The same in the words of AWS: one policy for all gateways, by the name of the thing. */
function policiesFor(sites: readonly Site[]): Policies {
  const tenant = sites[0]?.tenant ?? 'demo';
  const zones = [...new Set(sites.map(({ zone }) => zone))];
  const own = (topics: readonly string[]): string[] =>
    topics.map((topic) => topic.replace('/THING/', `/${THING}/`));
  const { publish, subscribe, retain } = gatewayTraffic(tenant, 'THING', zones);
  const reserved = [`$aws/things/${THING}/shadow/*`, `$aws/things/${THING}/jobs/*`];
  const directives = sites.map((site) => gatewayTopics(site.tenant, site.gateway).directive);
  return {
    gateway: {
      Statement: [
        allow('Connect', 'client', [THING]),
        allow('Publish', 'topic', [...own(publish), ...reserved]),
        allow('RetainPublish', 'topic', own(retain)),
        allow('Subscribe', 'topicfilter', [...own(subscribe), ...reserved]),
        allow('Receive', 'topic', [...own(subscribe), ...reserved]),
      ],
    },
    [CLOUD_ID]: {
      Statement: [
        allow('Connect', 'client', [CLOUD_ID]),
        allow('Publish', 'topic', [`ew/v1/${tenant}/*`]),
        allow('RetainPublish', 'topic', [`ew/v1/${tenant}/*`]),
        allow('Subscribe', 'topicfilter', cloudFilters(tenant)),
        allow('Receive', 'topic', [`ew/v1/${tenant}/*`]),
      ],
    },
    [JUDGE_ID]: {
      Statement: [
        allow('Connect', 'client', [JUDGE_ID]),
        allow('Subscribe', 'topicfilter', directives),
        allow('Receive', 'topic', directives),
      ],
    },
  };
}
