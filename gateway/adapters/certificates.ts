import 'reflect-metadata'; // @peculiar/x509 asks for it, and first
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

const CURVE = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/** A new private key (PKCS 8) and the request for its certificate, both PEM. */
export interface KeyAndRequest {
  readonly key: string;
  readonly request: string;
}

/** Made on the gateway: the key is never sent. @param commonName e.g. the serial number */
export async function newRequest(commonName: string): Promise<KeyAndRequest> {
  const keys = (await webcrypto.subtle.generateKey(CURVE, true, [
    'sign',
    'verify',
  ])) as CryptoKeyPair;
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: [{ CN: [commonName] }],
    keys,
    signingAlgorithm: CURVE,
  });
  const der = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  return { key: x509.PemConverter.encode(der, 'PRIVATE KEY'), request: request.toString('pem') };
}
