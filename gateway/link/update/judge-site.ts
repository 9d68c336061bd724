import type { SignedWords, TrustedKeys } from '../../contracts/signed.ts';
import { SITE_DOMAIN, type SiteManifest, siteManifest } from '../../contracts/site-document.ts';
import type { Instant } from '../../contracts/values/time.ts';
import type { Verifier } from '../../ports.ts';
import { type Judgement, type Kind, openSigned, refused } from './signed.ts';

export const SITE_DOCUMENT: Kind<SiteManifest> = {
  domain: SITE_DOMAIN,
  schema: siteManifest,
  name: 'site document',
};

/** What stands at this site, as far as a new document must know. */
export interface Standing {
  readonly site: string;
  readonly gateway: string;
  readonly highestSequence: number; // sequence of any document taken so far
  readonly sha256: string; // of the site file that runs
  readonly failed: { readonly sequence: number; readonly why: string } | null;
}

/** A clock that is a little behind is no reason to refuse. */
const AHEAD_MS = 600_000;

/**
 * Whether a site document may be tried here, from its signed words alone, before its text is
 * fetched or read.
 */
export function judgeSite(
  signed: SignedWords,
  keys: TrustedKeys,
  here: Standing,
  verifier: Verifier,
  nowMs: Instant,
): Judgement<SiteManifest> {
  const opened = openSigned(signed, SITE_DOCUMENT, keys, verifier);
  if (!opened.ok) return opened;
  const { site, gateway, sequence, issuedAtMs, expiresAtMs, replaces } = opened.manifest;
  if (site !== here.site) return refused(`it is for site ${site}, this is ${here.site}`);
  if (gateway !== here.gateway) {
    return refused(`it is for gateway ${gateway}, this is ${here.gateway}`);
  }
  if (nowMs >= expiresAtMs) return refused('its offer has expired');
  if (issuedAtMs > nowMs + AHEAD_MS) {
    return refused('it was issued in the future: check the clock of this gateway');
  }
  if (sequence === here.failed?.sequence) {
    return refused(`it was tried and rolled back: ${here.failed.why}`);
  }
  if (sequence <= here.highestSequence) {
    return refused(`document ${sequence} is not newer than ${here.highestSequence}`);
  }
  if (replaces !== undefined && replaces !== here.sha256) {
    return refused('it was made from another site file than the one that runs: local wins');
  }
  return opened;
}
