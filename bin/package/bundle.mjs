// A release bundle (.ewb): one line of signed words, then the release as a gzipped tar. What the
// words mean and who judges them: gateway/contracts/release.ts, gateway/link/update/.
import { createPrivateKey, sign } from 'node:crypto';
import { createReadStream, createWriteStream, rmSync, writeFileSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { unpackedBytes, writeTarGz } from './tar.mjs';

const DOMAIN = 'edgewatt-release-v1\n';

/** @param {string} file  the bundle to write
 *  @param {import('./tar.mjs').Entry[]} entries  what the release consists of
 *  @param {object} about  version, arch, channel, minFrom, expiresAtMs
 *  @param {{ keyId: string, privateKey: string }} key  ed25519, base64 PKCS8 */
export async function writeBundle(file, entries, about, key) {
  const payload = `${file}.payload`;
  const measured = await writeTarGz(entries, payload);
  const body = JSON.stringify({
    v: 1,
    name: 'edgewatt',
    ...about,
    ...measured,
    unpackedBytes: Math.max(1, unpackedBytes(entries)),
  });
  writeFileSync(file, `${JSON.stringify(signed(body, key))}\n`);
  await pipeline(createReadStream(payload), createWriteStream(file, { flags: 'a' }));
  rmSync(payload);
}

function signed(body, { keyId, privateKey }) {
  const bytes = Buffer.from(privateKey, 'base64');
  const key = createPrivateKey({ key: bytes, format: 'der', type: 'pkcs8' });
  return { body, keyId, signature: sign(null, Buffer.from(DOMAIN + body), key).toString('base64') };
}
