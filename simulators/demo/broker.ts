import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cloudFilters, gatewayTopics, zoneTopics } from '../../gateway/contracts/topics.ts';
import type { Site } from '../../gateway/contracts/values/site.ts';
import { Authority } from '../iot-core/authority.ts';
import { resource, THING } from '../iot-core/policy.ts';
import type { Grant } from '../iot-core/rights.ts';
import type { BrokerFile } from '../iot-core/run.ts';

export const CLOUD_ID = 'edgewatt-cloud';
export const JUDGE_ID = 'judge';
/** Who runs a fleet that provisions itself: shadows and jobs of every thing. */
export const OPERATOR_ID = 'operator';
const CLAIM_ID = 'claim';
const TEMPLATE = 'edgewatt-gateway';
/** A thing's name is its serial number, and that is the gateway's id; as in the CDK app. */
const SERIAL_NUMBER = `\${SerialNumber}`;

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
    }
  | {
      readonly kind: 'claim'; // `edgewatt provision` makes the certificate
      readonly ca: string;
      readonly cert: string;
      readonly key: string;
      readonly template: string;
      readonly serialNumber: string;
    };

/** The broker of a run, before it is started. */
export interface RunBroker {
  readonly url: string;
  readonly port: number;
  readonly configFile: string; // for edgewatt-sim iot-core
  /** Where jobs are made, and the token that is asked for; in a fleet alone. */
  readonly control: { readonly url: string; readonly token: string } | undefined;
  login(clientId: string): Login;
}

export const secret = (file: string, text: string): void =>
  writeFileSync(file, text, { mode: 0o600 });

/** Puts a login into files of a folder. @returns the keys that name them in a configuration */
export function writeLogin(dir: string, login: Login): Record<string, unknown> {
  if (login.kind === 'password') {
    secret(join(dir, 'broker.secret'), login.password);
    return { passwordFile: 'broker.secret' };
  }
  writeFileSync(join(dir, 'ca.pem'), login.ca);
  const own = { caFile: 'ca.pem', certFile: 'cert.pem', keyFile: 'private.key' };
  if (login.kind === 'claim') {
    writeFileSync(join(dir, 'claim.pem'), login.cert);
    secret(join(dir, 'claim.key'), login.key);
    const { template, serialNumber } = login;
    const claim = { claimCertFile: 'claim.pem', claimKeyFile: 'claim.key' };
    return { ...own, provision: { template, serialNumber, ...claim } };
  }
  writeFileSync(join(dir, 'cert.pem'), login.cert);
  secret(join(dir, 'private.key'), login.key);
  return own;
}

export interface BrokerSetup {
  readonly kind: BrokerKind;
  readonly dir: string;
  readonly port: number;
  readonly sites: readonly Site[];
  /** Gateways come by claim, and jobs are made at this port. */
  readonly controlPort: number | undefined;
}

/** Writes what the broker of these sites reads, and makes everyone's way in. */
export async function makeBroker(setup: BrokerSetup): Promise<RunBroker> {
  const { kind, dir, port } = setup;
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const configFile = join(dir, 'broker.json');
  const logins = kind === 'plain' ? plainBroker(setup, configFile) : undefined;
  const made = logins ?? (await certifiedBroker(setup, configFile));
  const tokenFile = join(dir, 'control.secret');
  return {
    url: `${kind === 'plain' ? 'mqtt' : 'mqtts'}://127.0.0.1:${port}`,
    port,
    configFile,
    control:
      setup.controlPort === undefined
        ? undefined
        : {
            url: `http://127.0.0.1:${setup.controlPort}`,
            token: readFileSync(tokenFile, 'utf8'),
          },
    login: (id) => {
      const login = made.get(id);
      if (login === undefined) throw new RangeError(`no client '${id}' in this run`);
      return login;
    },
  };
}

type Logins = ReadonlyMap<string, Login>;

const gatewaysOf = (sites: readonly Site[]): string[] => sites.map(({ gateway }) => gateway);

function plainBroker({ port, sites }: BrokerSetup, configFile: string): Logins {
  const logins = new Map<string, Login>();
  for (const id of [...gatewaysOf(sites), CLOUD_ID, JUDGE_ID]) {
    logins.set(id, { kind: 'password', password: randomBytes(18).toString('base64url') });
  }
  secret(configFile, JSON.stringify({ port, grants: grantsFor(sites, logins) }));
  return logins;
}

async function certifiedBroker(setup: BrokerSetup, configFile: string): Promise<Logins> {
  const { dir, port, sites, controlPort } = setup;
  const gateways = gatewaysOf(sites);
  const isFleet = controlPort !== undefined;
  const clients = [CLOUD_ID, JUDGE_ID, ...(isFleet ? [OPERATOR_ID, CLAIM_ID] : gateways)];
  const logins = new Map<string, Login>();
  const authority = await Authority.create('Edgewatt demo authority');
  const ca = authority.caPem;
  for (const id of clients) {
    const identity = await authority.client(id);
    logins.set(id, { kind: 'certificate', ca, ...identity });
    writeFileSync(join(dir, `${id}.pem`), identity.cert);
    if (id !== CLAIM_ID) continue;
    for (const serialNumber of gateways) {
      logins.set(serialNumber, {
        kind: 'claim',
        ca,
        template: TEMPLATE,
        serialNumber,
        ...identity,
      });
    }
  }
  const server = await authority.server(['127.0.0.1', 'localhost']);
  const tls = writeLogin(dir, { kind: 'certificate', ca, ...server }) as BrokerFile['tls'];
  if (isFleet) {
    secret(join(dir, 'ca.key'), await authority.keyPem());
    secret(join(dir, 'control.secret'), randomBytes(24).toString('base64url'));
  }
  const config: BrokerFile = {
    port,
    tls: { ...(tls as NonNullable<typeof tls>), ...(isFleet && { caKeyFile: 'ca.key' }) },
    policies: policiesFor(sites),
    certificates: clients.map((id) => ({
      certFile: `${id}.pem`,
      ...(id !== CLAIM_ID && { thing: id }),
      policy: gateways.includes(id) ? 'gateway' : id,
    })),
    ...(isFleet && {
      templates: [
        {
          name: TEMPLATE,
          thingName: SERIAL_NUMBER,
          policy: 'gateway',
          serialNumbers: gateways,
        },
      ],
      stateFile: 'state.json',
      control: { port: controlPort, tokenFile: 'control.secret' },
    }),
  };
  secret(configFile, JSON.stringify(config, null, 2));
  return logins;
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

const CLAIM_ASKS = [
  '$aws/certificates/create-from-csr/json',
  `$aws/provisioning-templates/${TEMPLATE}/provision/json`,
];
const CLAIM_ANSWERS = CLAIM_ASKS.flatMap((topic) => [`${topic}/accepted`, `${topic}/rejected`]);

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
  const everyThing = ['shadow', 'jobs'].map((part) => `$aws/things/*/${part}/*`);
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
    [CLAIM_ID]: {
      Statement: [
        allow('Connect', 'client', ['*']),
        allow('Publish', 'topic', CLAIM_ASKS),
        allow('Subscribe', 'topicfilter', CLAIM_ANSWERS),
        allow('Receive', 'topic', CLAIM_ANSWERS),
      ],
    },
    [OPERATOR_ID]: {
      Statement: [
        allow('Connect', 'client', [OPERATOR_ID]),
        allow('Publish', 'topic', everyThing),
        allow('Subscribe', 'topicfilter', everyThing),
        allow('Receive', 'topic', everyThing),
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
