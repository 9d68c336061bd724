import { randomBytes } from 'node:crypto';

/** A gateway's doors as a run sets them: one claim code for all, and tokens that sign in once. */
export interface RunDoors {
  readonly claim: string;
  readonly tokens: readonly string[];
  /** Address for whoever started the run. */
  readonly url: string;
  /** Addresses for the run itself: an answer that is lost costs one, not the run. */
  readonly ownUrls: readonly string[];
  /** Address on the page of each gateway, in their order. */
  readonly peerUrls: readonly string[];
}

const MARK = '#signin=';
const OWN = 4;
const token = (): string => randomBytes(32).toString('base64url');

/** Twelve letters and figures in three groups. */
export const newClaim = (): string =>
  (randomBytes(6).toString('hex').toUpperCase().match(/.{4}/g) ?? []).join('-');

/** @param base  'http://127.0.0.1:8080/'  @param peers  how many pages link to this one */
export function runDoors(base: string, claim: string, peers: number): RunDoors {
  const tokens = Array.from({ length: 1 + OWN + peers }, token);
  const [url = '', ...rest] = tokens.map((one) => `${base}${MARK}${one}`);
  return { claim, tokens, url, ownUrls: rest.slice(0, OWN), peerUrls: rest.slice(OWN) };
}

/**
 * Signs in with an address of `runDoors`, once.
 * @returns the page's address without the token, and the headers of every further request
 */
export async function signIn(
  url: string,
  signal: AbortSignal,
): Promise<{ readonly base: string; readonly headers: { readonly cookie: string } }> {
  const [base = '', secret = ''] = url.split(MARK);
  const answer = await fetch(`${base}api/session/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token: secret }),
    signal,
  });
  const cookie = answer.headers.getSetCookie()[0]?.split(';')[0];
  if (answer.status !== 204 || cookie === undefined) {
    throw new Error(`the page refuses with ${answer.status}`);
  }
  return { base, headers: { cookie } };
}
