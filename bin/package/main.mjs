// npm run package: for each architecture a Debian package and, with a release key, a signed bundle.
//
//   npm run package [-- --arch x64|arm64] [--key FILE] [--channel NAME]
//
// The key's file is JSON: { "keyId": "...", "privateKey": "base64 PKCS8", "publicKey": "base64
// SPKI" }.
// Without one the package trusts no release key yet: put one into /etc/edgewatt/release-keys.json.
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { writeBundle } from './bundle.mjs';
import { writeDeb } from './deb.mjs';
import { buildRelease, HOUSE, VERSION } from './release.mjs';
import { entriesBelow } from './tar.mjs';

const EXPIRES_MS = 90 * 86_400_000;
const { values } = parseArgs({
  options: {
    arch: { type: 'string', multiple: true },
    key: { type: 'string' },
    channel: { type: 'string', default: 'stable' },
  },
});
const key = values.key === undefined ? undefined : JSON.parse(readFileSync(values.key, 'utf8'));
const keys = key === undefined ? {} : { [key.keyId]: key.publicKey };
const work = join(HOUSE, '.cache/package');
const to = join(HOUSE, 'dist');
mkdirSync(work, { recursive: true });
mkdirSync(to, { recursive: true });

for (const arch of values.arch ?? ['x64', 'arm64']) {
  const release = join(work, arch);
  await buildRelease(arch, release, work);
  const { file, bytes } = await writeDeb({ arch, version: VERSION, release, to, keys });
  process.stdout.write(`${file} ${(bytes / 1e6).toFixed(1)} MB\n`);
  if (key === undefined) continue;
  const bundle = join(to, `edgewatt-${VERSION}-${arch}.ewb`);
  const about = { version: VERSION, arch, channel: values.channel, minFrom: '0.0.0' };
  const expiresAtMs = Date.now() + EXPIRES_MS;
  await writeBundle(bundle, entriesBelow(release, ''), { ...about, expiresAtMs }, key);
  process.stdout.write(`${bundle}\n`);
}
