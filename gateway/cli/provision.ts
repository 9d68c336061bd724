import { createPublicKey, randomUUID, X509Certificate } from 'node:crypto';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { profileById } from '../../devices/catalogue.ts';
import { createAwsIotBroker } from '../adapters/aws-iot.ts';
import { newRequest } from '../adapters/certificates.ts';
import { createClock } from '../adapters/clock.ts';
import { loadGateway } from '../config/gateway-file.ts';
import { loadSite, readText } from '../config/load.ts';
import { Fault } from '../contracts/values/fault.ts';
import { type Fields, fieldsOf, Refusal, ReservedTopics } from '../link/fleet/reserved.ts';
import type { Broker } from '../ports.ts';

const CONNECT_MS = 30_000; // a wrong authority is told only after about 20 s
const TLS_PORT = 8_883;
const REQUEST = '$aws/certificates/create-from-csr/json';

interface Plan {
  readonly gateway: string; // the thing this site file stands for
  readonly host: string;
  readonly port: number;
  readonly ca: string;
  readonly certFile: string;
  readonly keyFile: string;
  readonly template: string;
  readonly serialNumber: string;
  readonly claimCertFile: string;
  readonly claimKeyFile: string;
}

/** @throws Fault when the gateway file does not say how */
function planOf(dir: string): Plan {
  const { broker, siteFile } = loadGateway(dir);
  const { certFile, keyFile, caFile, provision } = broker ?? {};
  if (!broker || !provision || !certFile || !keyFile || !caFile) {
    throw new Fault(
      'says nothing about provisioning',
      `${dir}/gateway.yaml`,
      'see docs/iot-core.md',
    );
  }
  const { hostname: host, port } = new URL(broker.url);
  return {
    gateway: loadSite(siteFile, profileById).gateway,
    host,
    port: port === '' ? TLS_PORT : Number(port),
    ca: readText(caFile),
    certFile,
    keyFile,
    ...provision,
  };
}

/** Resolves when connected. @throws Fault with the broker's reason */
async function connected(broker: Broker, plan: Plan, who: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const late = setTimeout(() => reject(new Error('no answer')), CONNECT_MS);
  broker.onState = (state, why) => (state === 'connected' ? resolve() : reject(new Error(why)));
  broker.start();
  try {
    await promise;
  } catch (error) {
    const why = `the ${who} is not let in (${(error as Error).message})`;
    throw new Fault(why, `${plan.host}:${plan.port}`, 'look at host, authority and certificate');
  } finally {
    clearTimeout(late);
  }
}

function brokerOf(plan: Plan, clientId: string, cert: string, key: string): Broker {
  const { host, port, ca } = plan;
  const times = { minReconnectMs: 1_000, maxReconnectMs: 5_000 };
  return createAwsIotBroker({ host, port, clientId, ca, cert, key, ...times });
}

/** Asks with the claim's certificate for one of the gateway's own. @returns certificate, PEM */
async function ask(plan: Plan, request: string): Promise<string> {
  const [claim, claimKey] = [readText(plan.claimCertFile), readText(plan.claimKeyFile)];
  const broker = brokerOf(plan, `claim-${randomUUID()}`, claim, claimKey);
  const register = `$aws/provisioning-templates/${plan.template}/provision/json`;
  const topics = new ReservedTopics(broker, createClock());
  broker.onMessage = (message) => void topics.take(message);
  broker.subscribe(
    [REQUEST, register].flatMap((topic) => [`${topic}/accepted`, `${topic}/rejected`]),
  );
  const put = (topic: string, body: Fields): Promise<Fields> =>
    topics.ask(topic, body).catch((error: unknown) => {
      const code = error instanceof Refusal ? ` ${error.code}` : '';
      const why = error instanceof Error ? error.message : String(error);
      throw new Fault(`refused${code}: ${why}`, topic, 'ask the operator of the fleet');
    });
  try {
    await connected(broker, plan, 'claim certificate');
    const made = await put(REQUEST, { certificateSigningRequest: request });
    const registered = await put(register, {
      certificateOwnershipToken: made['certificateOwnershipToken'],
      parameters: { SerialNumber: plan.serialNumber },
    });
    const thing = fieldsOf(registered)['thingName'];
    if (thing !== plan.gateway) {
      const why = `the template made the thing '${thing}', the site file says '${plan.gateway}'`;
      throw new Fault(why, 'gateway', 'use one name in both');
    }
    return String(made['certificatePem']);
  } finally {
    await broker.stop();
  }
}

/**
 * `edgewatt provision`: makes a key here, has its certificate signed by way of the claim, tries it,
 * and only then removes the claim. A second run changes nothing. @returns exit code
 */
export async function provision(dir: string, say: (line: string) => void): Promise<number> {
  const plan = planOf(dir);
  const claimFiles = [plan.claimCertFile, plan.claimKeyFile];
  if (existsSync(plan.certFile) && existsSync(plan.keyFile)) {
    await tryOwn(plan);
    for (const file of claimFiles) rmSync(file, { force: true });
    say(`${plan.gateway} has its certificate already, and it works`);
    return 0;
  }
  const { key, request } = await newRequest(plan.serialNumber);
  const cert = await ask(plan, request);
  if (!isOf(cert, key)) {
    throw new Fault('the certificate is not of the key made here', REQUEST, 'run it again');
  }
  writeFileSync(plan.keyFile, key, { mode: 0o600 });
  writeFileSync(plan.certFile, cert);
  await tryOwn(plan);
  for (const file of claimFiles) rmSync(file, { force: true });
  say(`${plan.gateway} has its own certificate in ${plan.certFile}; the claim is removed`);
  return 0;
}

/** Whether the certificate belongs to the key. */
function isOf(cert: string, key: string): boolean {
  const wanted = createPublicKey(key).export({ type: 'spki', format: 'der' });
  return new X509Certificate(cert).publicKey.export({ type: 'spki', format: 'der' }).equals(wanted);
}

async function tryOwn(plan: Plan): Promise<void> {
  const own = brokerOf(plan, plan.gateway, readText(plan.certFile), readText(plan.keyFile));
  try {
    await connected(own, plan, "gateway's own certificate");
  } finally {
    await own.stop();
  }
}
