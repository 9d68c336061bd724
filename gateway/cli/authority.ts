import { X509Certificate } from 'node:crypto';
import { renameSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { examineWay } from '../adapters/broker-check.ts';
import { loadGateway } from '../config/gateway-file.ts';
import { readText } from '../config/load.ts';
import { Fault } from '../contracts/values/fault.ts';
import { brokerWayOf } from '../processes/broker.ts';

const PEM = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** A certificate that others may be signed by. */
export interface Root {
  readonly pem: string;
  readonly name: string;
  readonly fingerprint: string; // SHA-256, hexadecimal, as openssl prints it
  readonly untilMs: number;
}

/** Every certificate of a PEM text. @throws Fault for one that is none */
export function rootsOf(text: string, file: string): Root[] {
  const mend = 'name a PEM file with one root certificate or several';
  const pems = text.match(PEM) ?? [];
  if (pems.length === 0) throw new Fault('no certificate in it', file, mend);
  return pems.map((pem) => {
    let root: X509Certificate;
    try {
      root = new X509Certificate(pem);
    } catch {
      throw new Fault('a certificate in it cannot be read', file, mend);
    }
    const name = root.subject.replaceAll('\n', ', ');
    if (!root.ca) throw new Fault(`${name} is no authority`, file, mend);
    return { pem, name, fingerprint: root.fingerprint256, untilMs: root.validToDate.getTime() };
  });
}

/** The gateway's roots, and where they stand. */
function known(dir: string) {
  const { broker } = loadGateway(dir);
  const where = resolve(dir, 'gateway.yaml');
  if (broker?.caFile === undefined || !broker.url.startsWith('mqtts://')) {
    throw new Fault(
      'it names no broker with a caFile',
      where,
      'add broker.caFile, mqtts:// in url',
    );
  }
  const { caFile } = broker;
  return { broker, caFile, roots: rootsOf(readText(caFile), caFile) };
}

const line = ({ name, fingerprint, untilMs }: Root): string =>
  `${new Date(untilMs).toISOString().slice(0, 10)}  ${fingerprint}  ${name}`;

/** `edgewatt authority list`: whom the gateway believes who the broker is, and until when. */
export function listRoots(dir: string, json: boolean): string {
  const { roots } = known(dir);
  if (json) return JSON.stringify({ roots: roots.map(({ pem: _pem, ...root }) => root) });
  return roots.map(line).join('\n');
}

/**
 * Tries the way to the broker with other roots, and keeps them only where it is free: what would
 * lock the gateway out never gets into the file.
 */
async function change(dir: string, roots: readonly Root[], what: string): Promise<string> {
  const { broker, caFile } = known(dir);
  const ca = `${roots.map(({ pem }) => pem).join('\n')}\n`;
  const code = await examineWay({ ...brokerWayOf(broker), ca });
  if (code !== undefined) {
    const why = `no way to the broker with ${what} (${code}), so nothing was changed`;
    throw new Fault(why, broker.url, 'edgewatt doctor says what is in the way');
  }
  writeFileSync(`${caFile}.new`, ca, { flush: true });
  renameSync(`${caFile}.new`, caFile);
  return [...roots.map(line), 'tried and kept; counts from the next start of the agent'].join('\n');
}

/** `edgewatt authority add`. @throws Fault, with everything as it was */
export function addRoots(dir: string, file: string): Promise<string> {
  const { roots } = known(dir);
  const more = rootsOf(readText(file), file);
  const past = more.find(({ untilMs }) => untilMs < Date.now());
  if (past !== undefined) {
    throw new Fault(`${past.name} has ended`, file, 'take one that counts, or set the clock');
  }
  const fresh = more.filter(
    (one) => !roots.some(({ fingerprint }) => fingerprint === one.fingerprint),
  );
  return change(dir, [...roots, ...fresh], 'them');
}

/** `edgewatt authority remove`. @throws Fault, with everything as it was */
export function removeRoot(dir: string, fingerprint: string): Promise<string> {
  const { roots, caFile } = known(dir);
  const wanted = fingerprint.replaceAll(':', '').toUpperCase();
  const left = roots.filter((one) => one.fingerprint.replaceAll(':', '') !== wanted);
  if (left.length === roots.length) {
    throw new Fault('no such root', caFile, 'edgewatt authority list shows them');
  }
  if (left.length === 0) throw new Fault('it is the only root', caFile, 'add another one first');
  return change(dir, left, 'those that are left');
}
