import { describe, expect, it } from 'vitest';
import {
  createSigner,
  createVerifier,
  newKeyPair,
} from '../../../../../gateway/adapters/crypto.ts';
import { RELEASE_DOMAIN } from '../../../../../gateway/contracts/release.ts';
import { SITE_DOMAIN } from '../../../../../gateway/contracts/site-document.ts';
import { judgeSite, type Standing } from '../../../../../gateway/link/update/judge-site.ts';

const NOW_MS = 1_800_000_000_000;
const pair = newKeyPair();
const signer = createSigner('fleet-1', pair.privateKey);
const HERE: Standing = {
  site: 'barn',
  gateway: 'gw-barn',
  highestSequence: 7,
  sha256: 'b'.repeat(64),
  failed: { sequence: 6, why: 'safe mode' },
};
const GOOD = {
  v: 1,
  name: 'edgewatt-site',
  site: 'barn',
  gateway: 'gw-barn',
  sequence: 8,
  sha256: 'a'.repeat(64),
  sizeBytes: 2_000,
  issuedAtMs: NOW_MS,
  expiresAtMs: NOW_MS + 1,
};

function signed(change: Record<string, unknown> = {}, domain = SITE_DOMAIN) {
  const body = JSON.stringify({ ...GOOD, ...change });
  return { body, keyId: 'fleet-1', signature: signer.sign(domain + body) };
}

const judge = (given = signed(), keys: Record<string, string> = { 'fleet-1': pair.publicKey }) =>
  judgeSite(given, keys, HERE, createVerifier(), NOW_MS);

describe('a site document is taken', () => {
  it('when it is newer, for this gateway, and signed by a key that is trusted', () => {
    expect(judge()).toEqual({ ok: true, manifest: GOOD });
  });

  it('when it was made from the file that runs, and with a clock that is a little ahead', () => {
    expect(judge(signed({ replaces: HERE.sha256 })).ok).toBe(true);
    const times = { issuedAtMs: NOW_MS + 599_999, expiresAtMs: NOW_MS + 700_000 };
    expect(judge(signed(times)).ok).toBe(true);
  });
});

describe('a site document is refused', () => {
  const stranger = newKeyPair().publicKey;
  const cases: [string, ReturnType<typeof judge>, string][] = [
    ['no trusted key', judge(signed(), {}), "its key 'fleet-1' is not trusted here"],
    ['another key', judge(signed(), { 'fleet-1': stranger }), 'its signature is wrong'],
    ['changed', judge({ ...signed(), body: signed().body.replace('8', '9') }), 'signature'],
    ['a release of the same key', judge(signed({}, RELEASE_DOMAIN)), 'its signature is wrong'],
    ['something else that is signed', judge(signed({ name: 'edgewatt' })), 'not one of a site doc'],
    ['unknown words', judge(signed({ force: true })), 'not one of a site document'],
    ['endless', judge(signed({ sizeBytes: 2 ** 30 })), 'not one of a site document'],
    ['another site', judge(signed({ site: 'mill' })), 'it is for site mill, this is barn'],
    ['another gateway', judge(signed({ gateway: 'gw-2' })), 'it is for gateway gw-2, this is gw-'],
    ['expired', judge(signed({ expiresAtMs: NOW_MS })), 'its offer has expired'],
    [
      'from the future',
      judge(signed({ issuedAtMs: NOW_MS + 600_001, expiresAtMs: NOW_MS + 700_000 })),
      'it was issued in the future',
    ],
    ['the same', judge(signed({ sequence: 7 })), 'document 7 is not newer than 7'],
    ['older', judge(signed({ sequence: 1 })), 'document 1 is not newer than 7'],
    ['failed before', judge(signed({ sequence: 6 })), 'tried and rolled back: safe mode'],
    ['made from another file', judge(signed({ replaces: 'c'.repeat(64) })), 'local wins'],
  ];
  it.each(cases)('%s', (_, judgement, why) => {
    expect(judgement).toMatchObject({ ok: false, why: expect.stringContaining(why) });
  });
});
