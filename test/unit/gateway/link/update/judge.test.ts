import { describe, expect, it } from 'vitest';
import {
  createSigner,
  createVerifier,
  newKeyPair,
} from '../../../../../gateway/adapters/crypto.ts';
import { RELEASE_DOMAIN } from '../../../../../gateway/contracts/release.ts';
import {
  compareVersions,
  type Installed,
  judgeRelease,
} from '../../../../../gateway/link/update/judge.ts';

const NOW_MS = 1_800_000_000_000;
const pair = newKeyPair();
const signer = createSigner('release-1', pair.privateKey);
const keys = { 'release-1': pair.publicKey };
const INSTALLED: Installed = {
  version: '1.4.2',
  minimum: '1.4.0',
  arch: 'arm64',
  channel: 'stable',
  failed: {},
};
const GOOD = {
  v: 1,
  name: 'edgewatt',
  version: '1.5.0',
  arch: 'arm64',
  channel: 'stable',
  sha256: 'a'.repeat(64),
  sizeBytes: 1_000,
  unpackedBytes: 4_000,
  minFrom: '1.0.0',
  expiresAtMs: NOW_MS + 1,
};

function signed(change: Record<string, unknown> = {}, domain = RELEASE_DOMAIN) {
  const body = JSON.stringify({ ...GOOD, ...change });
  return { body, keyId: 'release-1', signature: signer.sign(domain + body) };
}

const judge = (given = signed(), installed: Partial<Installed> = {}, trusted = keys) =>
  judgeRelease(given, trusted, { ...INSTALLED, ...installed }, createVerifier(), NOW_MS);

describe('a release is taken', () => {
  it('when it is newer, for this gateway, and signed by a key that is trusted', () => {
    expect(judge()).toEqual({ ok: true, manifest: GOOD });
  });
});

describe('a release is refused', () => {
  const other = newKeyPair();
  const cases: [string, ReturnType<typeof judge>, string][] = [
    ['arbitrary: no trusted key', judge(signed(), {}, {} as typeof keys), 'is not trusted here'],
    ['named like a built-in', judge({ ...signed(), keyId: 'toString' }), 'is not trusted here'],
    [
      'arbitrary: another key',
      judge(signed(), {}, { 'release-1': other.publicKey }),
      'its signature is wrong',
    ],
    ['changed', judge({ ...signed(), body: signed().body.replace('1.5', '1.6') }), 'signature'],
    ['another message of the same key', judge(signed({}, '')), 'its signature is wrong'],
    ['other software', judge(signed({ name: 'firmware' })), 'not one of a release'],
    ['unknown words', judge(signed({ script: 'x' })), 'not one of a release'],
    ['endless', judge(signed({ sizeBytes: 2 ** 40 })), 'not one of a release'],
    ['another processor', judge(signed({ arch: 'x64' })), 'it is for x64, this is arm64'],
    ['another channel', judge(signed({ channel: 'beta' })), 'this gateway follows stable'],
    ['frozen', judge(signed({ expiresAtMs: NOW_MS })), 'has expired'],
    ['older', judge(signed({ version: '1.4.1' })), 'is not newer than 1.4.2'],
    ['the same', judge(signed({ version: '1.4.2' })), 'is not newer than 1.4.2'],
    ['below the least', judge(signed(), { minimum: '1.5.1' }), 'the least allowed, 1.5.1'],
    ['a leap', judge(signed({ minFrom: '1.4.3' })), 'it needs version 1.4.3 first'],
    ['failed before', judge(signed(), { failed: { '1.5.0': 'slow' } }), 'rolled back: slow'],
  ];
  it.each(cases)('%s', (_, judgement, why) => {
    expect(judgement).toMatchObject({ ok: false, why: expect.stringContaining(why) });
  });
});

it('versions are compared as numbers', () => {
  const sorted = ['1.10.0', '1.9.9', '0.20.0', '1.9.10'].sort(compareVersions);
  expect(sorted).toEqual(['0.20.0', '1.9.9', '1.9.10', '1.10.0']);
});
