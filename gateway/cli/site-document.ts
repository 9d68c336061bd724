import { existsSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { profileById } from '../../devices/catalogue.ts';
import { createSigner, hash, newKeyPair } from '../adapters/crypto.ts';
import { loadSite, readText } from '../config/load.ts';
import { runningFiles } from '../config/own-files.ts';
import { runningSite } from '../config/running-site.ts';
import { JOB_DOCUMENT_CHARS, type SiteJob } from '../contracts/jobs.ts';
import { SITE_BYTES_MAX, SITE_DOMAIN, siteManifest } from '../contracts/site-document.ts';
import { Fault } from '../contracts/values/fault.ts';
import type { Signer } from '../ports.ts';

const DAY_MS = 86_400_000;

const keySchema = z.object({ keyId: z.string().min(1).max(64), privateKey: z.string() });

function signerOf(file: string): Signer {
  const mend = 'write one with edgewatt config key';
  try {
    const { keyId, privateKey } = keySchema.parse(JSON.parse(readText(file)));
    return createSigner(keyId, privateKey);
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw new Fault('not a signing key', file, mend);
  }
}

export interface SignOptions {
  readonly key: string;
  readonly url?: string;
  readonly replaces?: string;
  readonly sequence?: string;
  readonly days: string;
}

/** `edgewatt config sign`: a site file that is sound, as the document of a job, on stdout. */
export function signSite(file: string, options: SignOptions): void {
  const signer = signerOf(options.key);
  const site = loadSite(file, profileById);
  const text = readText(file);
  const sizeBytes = Buffer.byteLength(text);
  if (sizeBytes > SITE_BYTES_MAX) {
    throw new Fault(`${sizeBytes} bytes`, file, `a site document has ${SITE_BYTES_MAX} at most`);
  }
  const nowMs = Date.now();
  // Seconds rise by themselves: nobody has to remember the last one.
  const sequence = wholeNumber('--sequence', options.sequence ?? String(Math.ceil(nowMs / 1_000)));
  const manifest = siteManifest.parse({
    v: 1,
    name: 'edgewatt-site',
    site: site.id,
    gateway: site.gateway,
    sequence,
    sha256: hash.sha256(text),
    sizeBytes,
    issuedAtMs: nowMs,
    expiresAtMs: nowMs + wholeNumber('--days', options.days) * DAY_MS,
    ...(options.replaces !== undefined && { replaces: hashOf(options.replaces) }),
  });
  const body = JSON.stringify(manifest);
  const signed = { body, keyId: signer.keyId, signature: signer.sign(SITE_DOMAIN + body) };
  const place = options.url === undefined ? { document: text } : { url: options.url };
  const job: SiteJob = { operation: 'site', manifest: signed, ...place };
  const json = JSON.stringify(job);
  if (json.length > JOB_DOCUMENT_CHARS) {
    const what = `a job of ${json.length} characters, AWS IoT takes ${JOB_DOCUMENT_CHARS}`;
    throw new Fault(what, file, 'put the file where the gateway can fetch it, and add --url URL');
  }
  process.stdout.write(`${json}\n`);
}

function wholeNumber(option: string, text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new Fault(`'${text}' is no whole number from 1`, option, 'give one, as 3');
}

/** Of a site file, or the hash as it stands in the gateway's shadow. */
const hashOf = (text: string): string =>
  /^[0-9a-f]{64}$/.test(text) ? text : hash.sha256(readText(text));

/** `edgewatt config key`: a new signing key; its public half on stdout, as gateways take it. */
export function newKey(file: string, keyId: string): void {
  if (existsSync(file)) throw new Fault('there is a file already', file, 'name another one');
  const { publicKey, privateKey } = newKeyPair();
  const text = `${JSON.stringify({ keyId, privateKey, publicKey })}\n`;
  writeFileSync(file, text, { mode: 0o600, flag: 'wx' });
  process.stdout.write(`${JSON.stringify({ [keyId]: publicKey })}\n`);
}

/** `edgewatt config show`: the site file that counts, the local one or a document of the fleet. */
export function showSite(dir: string): void {
  const { file, left } = runningFiles(dir);
  const { text, sequence } = runningSite(file);
  if (left !== undefined) process.stderr.write(`edgewatt: ${left}\n`);
  const what = sequence === 0 ? 'the local file' : `document ${sequence} of the fleet`;
  process.stderr.write(`edgewatt: ${what} counts\n`);
  process.stdout.write(text);
}
