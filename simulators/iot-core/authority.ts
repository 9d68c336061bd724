import 'reflect-metadata'; // @peculiar/x509 asks for it, and first
import { webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import * as x509 from '@peculiar/x509';

const CURVE = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const DAY_MS = 86_400_000;
const YEARS_10_MS = 3_650 * DAY_MS;

/** A certificate with its private key, both PEM. */
export interface Identity {
  readonly cert: string;
  readonly key: string;
}

/** When a certificate counts; ours do from a day before their authority was made, for ten years. */
export interface Validity {
  readonly fromMs: number;
  readonly untilMs: number;
}

interface Subject {
  readonly validity: Validity | undefined;
  readonly name: string;
  readonly publicKey: x509.PublicKeyType;
  readonly extensions: x509.Extension[];
}

const newKeys = (): Promise<CryptoKeyPair> =>
  webcrypto.subtle.generateKey(CURVE, true, ['sign', 'verify']) as Promise<CryptoKeyPair>;

async function pemOf(key: CryptoKey): Promise<string> {
  const der = await webcrypto.subtle.exportKey('pkcs8', key);
  return x509.PemConverter.encode(der, 'PRIVATE KEY');
}

/** SHA-256 of the certificate in hexadecimal, as AWS IoT names certificates. */
export async function certificateIdOf(pem: string): Promise<string> {
  const { rawData } = new x509.X509Certificate(pem);
  return Buffer.from(await webcrypto.subtle.digest('SHA-256', rawData)).toString('hex');
}

/**
 * A certificate authority made when it is needed: for the emulator's own server certificate and the
 * certificates of things.
 */
export class Authority {
  /** What clients must trust, PEM. */
  readonly caPem: string;
  private readonly root: x509.X509Certificate;
  private readonly signingKey: CryptoKey;
  private readonly fromMs: number;

  private constructor(root: x509.X509Certificate, signingKey: CryptoKey, fromMs: number) {
    this.root = root;
    this.signingKey = signingKey;
    this.fromMs = fromMs;
    this.caPem = root.toString('pem');
  }

  static async create(name: string): Promise<Authority> {
    const keys = await newKeys();
    const fromMs = Date.now() - DAY_MS;
    const root = await x509.X509CertificateGenerator.createSelfSigned({
      name: `CN=${name}`,
      notBefore: new Date(fromMs),
      notAfter: new Date(fromMs + YEARS_10_MS),
      keys,
      signingAlgorithm: CURVE,
      extensions: [
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.KeyUsagesExtension(
          x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign,
          true,
        ),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      ],
    });
    return new Authority(root, keys.privateKey, fromMs);
  }

  /** @param keyPem PKCS 8, as `keyPem` gave it */
  static async load(caPem: string, keyPem: string): Promise<Authority> {
    const der = x509.PemConverter.decodeFirst(keyPem);
    const key = await webcrypto.subtle.importKey('pkcs8', der, CURVE, true, ['sign']);
    const root = new x509.X509Certificate(caPem);
    return new Authority(root, key as CryptoKey, root.notBefore.getTime());
  }

  /** The signing key, PEM: for an authority that another process loads. */
  keyPem(): Promise<string> {
    return pemOf(this.signingKey);
  }

  /** @param hosts names and addresses it is reached by; the first is its common name */
  async server(hosts: readonly string[], validity?: Validity): Promise<Identity> {
    const keys = await newKeys();
    const names = hosts.map((host) => ({
      type: isIP(host) ? ('ip' as const) : ('dns' as const),
      value: host,
    }));
    const extensions = [
      new x509.SubjectAlternativeNameExtension(names),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
    ];
    const name = hosts[0] ?? 'localhost';
    const subject = { name, publicKey: keys.publicKey, extensions, validity };
    return { cert: await this.issue(subject), key: await pemOf(keys.privateKey) };
  }

  /** A thing's certificate with a key made here; a gateway makes its own and sends a request. */
  async client(name: string, validity?: Validity): Promise<Identity> {
    const keys = await newKeys();
    const cert = await this.issue(clientSubject(name, keys.publicKey, validity));
    return { cert, key: await pemOf(keys.privateKey) };
  }

  /** @returns the certificate, PEM @throws Error when it is no request or its signature is wrong */
  async sign(requestPem: string): Promise<string> {
    const request = new x509.Pkcs10CertificateRequest(requestPem);
    if (!(await request.verify())) throw new Error('the signature of the request is wrong');
    const name = request.subjectName.getField('CN')[0] ?? 'AWS IoT Certificate';
    return this.issue(clientSubject(name, request.publicKey));
  }

  private async issue(subject: Subject): Promise<string> {
    const made = await x509.X509CertificateGenerator.create({
      subject: [{ CN: [subject.name] }],
      issuer: this.root.subject,
      notBefore: new Date(subject.validity?.fromMs ?? this.fromMs),
      notAfter: new Date(subject.validity?.untilMs ?? this.fromMs + YEARS_10_MS),
      publicKey: subject.publicKey,
      signingKey: this.signingKey,
      signingAlgorithm: CURVE,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        ...subject.extensions,
      ],
    });
    return made.toString('pem');
  }
}

const clientSubject = (
  name: string,
  publicKey: x509.PublicKeyType,
  validity?: Validity,
): Subject => ({
  validity,
  name,
  publicKey,
  extensions: [new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth])],
});
