import { existsSync } from 'node:fs';
import { type BrokerWay, createBrokerCheck } from '../adapters/broker-check.ts';
import type { BrokerSection } from '../config/broker.ts';
import { readText } from '../config/load.ts';
import { gatewayTopics } from '../contracts/topics.ts';
import { Fault } from '../contracts/values/fault.ts';
import type { Site } from '../contracts/values/site.ts';
import { encodeJson, offlineStatusOf } from '../link/status/status.ts';
import type { Broker, BrokerCheck, Clock } from '../ports.ts';

/** A thousand gateways whose broker is gone for a moment come back at 200 a second. */
const RECONNECT_MIN_MS = 5_000;
const TLS_PORT = 8_883;
const PLAIN_PORT = 1_883;

/** The same way, to be looked at. @throws Fault when a file of it is missing */
export const brokerCheckOf = (section: BrokerSection): BrokerCheck =>
  createBrokerCheck(brokerWayOf(section));

/** @throws Fault when a file of it is missing */
export function brokerWayOf(section: BrokerSection): BrokerWay {
  const { hostname, port, protocol } = new URL(section.url);
  const isTls = protocol === 'mqtts:';
  const files = { ca: section.caFile, cert: section.certFile, key: section.keyFile };
  const pems = Object.entries(files).flatMap(([name, path]) =>
    path === undefined ? [] : [[name, readText(path)]],
  );
  const standard = isTls ? TLS_PORT : PLAIN_PORT;
  return {
    ...{ host: hostname, port: port === '' ? standard : Number(port), isTls },
    ...Object.fromEntries(pems),
  };
}

/**
 * The gateway's broker as its file names it; only its own client is loaded.
 * @throws Fault when a file of it is missing
 */
export async function openBroker(
  section: BrokerSection,
  site: Site,
  clock: Clock,
): Promise<Broker> {
  const read = (path: string | undefined): string => (path === undefined ? '' : readText(path));
  const { certFile } = section;
  if (certFile !== undefined && section.provision !== undefined && !existsSync(certFile)) {
    throw new Fault('this gateway has no certificate yet', certFile, 'run edgewatt provision');
  }
  const common = {
    clientId: site.gateway,
    will: {
      topic: gatewayTopics(site.tenant, site.gateway).status,
      payload: encodeJson(offlineStatusOf(site)),
      retain: true,
    },
    minReconnectMs: RECONNECT_MIN_MS,
    maxReconnectMs: section.reconnectMaxMs,
  };
  const certificates = {
    ca: read(section.caFile),
    cert: read(section.certFile),
    key: read(section.keyFile),
  };
  if (section.kind === 'aws-iot') {
    const { hostname, port } = new URL(section.url);
    const options = { host: hostname, port: port === '' ? TLS_PORT : Number(port) };
    const { createAwsIotBroker } = await import('../adapters/aws-iot.ts');
    return createAwsIotBroker({ ...common, ...certificates, ...options }, clock);
  }
  const given = Object.fromEntries(Object.entries(certificates).filter(([, pem]) => pem !== ''));
  const login =
    section.passwordFile === undefined
      ? {}
      : { username: site.gateway, password: read(section.passwordFile).trim() };
  const { createMqttBroker } = await import('../adapters/mqtt.ts');
  return createMqttBroker({ url: section.url, ...common, ...login, ...given }, clock);
}
