import { X509Certificate } from 'node:crypto';
import { isIP, connect as plainConnect } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import type { BrokerCheck } from '../ports.ts';

const EXAMINE_MS = 10_000;
/** Not even waited for our first word: as one who does not like our certificate. */
const CLOSED = 'CLOSED_AFTER_HANDSHAKE';
/** TLS 1.3: whoever refuses our certificate says so after the handshake. */
const LISTEN_MS = 1_000;

export interface BrokerWay {
  readonly host: string;
  readonly port: number;
  readonly isTls: boolean;
  readonly ca?: string; // PEM, one root or several
  readonly cert?: string; // PEM
  readonly key?: string; // PEM
  readonly listenMs?: number; // real, default 1 s
}

/**
 * Goes the way to the broker without beginning a session, so that nobody's session ends by it.
 * @returns the code of what is in the way, as of Node, OpenSSL or the resolver (CERT_HAS_EXPIRED,
 *   ENOTFOUND, ...); undefined when nothing is
 */
export function examineWay(way: BrokerWay): Promise<string | undefined> {
  const { host, port, isTls, ca, cert, key, listenMs = LISTEN_MS } = way;
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const secrets = { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) };
  const servername = isIP(host) === 0 ? { servername: host } : {};
  const open = () =>
    isTls ? tlsConnect({ host, port, ...secrets, ...servername }) : plainConnect({ host, port });
  let socket: ReturnType<typeof open>;
  try {
    socket = open();
  } catch (error) {
    return Promise.resolve(codeOf(error)); // a key or certificate that is none
  }
  const end = (code: string | undefined): void => {
    clearTimeout(late);
    socket.destroy();
    resolve(code);
  };
  const late = setTimeout(() => end('ETIMEDOUT'), EXAMINE_MS);
  let closed = 'ECONNRESET';
  socket.once(isTls ? 'secureConnect' : 'connect', () => {
    closed = CLOSED;
    setTimeout(() => end(undefined), listenMs);
  });
  socket.once('error', (error) => {
    const code = codeOf(error);
    end(code === 'ECONNRESET' ? closed : code);
  });
  socket.once('close', () => end(closed));
  socket.resume();
  return promise;
}

const codeOf = (error: unknown): string =>
  String((error as { code?: string }).code ?? (error as Error).message);

/** @param way where the broker is, and with what this gateway comes there */
export function createBrokerCheck(way: BrokerWay): BrokerCheck {
  const own = validityOf(way.cert);
  return { ...(own && { ownCertificate: own }), examine: () => examineWay(way) };
}

function validityOf(pem: string | undefined): BrokerCheck['ownCertificate'] {
  if (pem === undefined) return undefined;
  try {
    const { validFromDate, validToDate } = new X509Certificate(pem);
    return { fromMs: validFromDate.getTime(), untilMs: validToDate.getTime() };
  } catch {
    return undefined; // the broker's own client says so
  }
}
