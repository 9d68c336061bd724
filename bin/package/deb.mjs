// A Debian package without Debian's tools: an ar archive of two tars.
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { entriesBelow, unpackedBytes, withParents, writeTarGz } from './tar.mjs';

const here = import.meta.dirname;
const text = (name) => readFileSync(join(here, name), 'utf8');
const ARCH = { x64: 'amd64', arm64: 'arm64' };

/** What stands beside the release on a machine. */
function system(keys) {
  return [
    { path: 'opt/edgewatt/boot.sh', mode: 0o755, text: text('boot.sh') },
    { path: 'usr/bin/edgewatt', mode: 0o777, link: '/opt/edgewatt/current/edgewatt' },
    ...['edgewatt.service', 'edgewatt-update.path', 'edgewatt-update.service'].map((name) => ({
      path: `usr/lib/systemd/system/${name}`,
      mode: 0o644,
      text: text(name),
    })),
    { path: 'usr/lib/udev/rules.d/60-edgewatt.rules', mode: 0o644, text: text('edgewatt.rules') },
    { path: 'etc/edgewatt/release-keys.json', mode: 0o644, text: `${JSON.stringify(keys)}\n` },
    { path: 'usr/share/doc/edgewatt/copyright', mode: 0o644, file: join(here, '../../LICENSE') },
  ];
}

const DOT = (entry) => ({ ...entry, path: `./${entry.path}` });

/** @param {{ arch: 'x64' | 'arm64', version: string, release: string, to: string,
 *            keys: Record<string, string> }} given
 *  @returns {Promise<{ file: string, bytes: number }>} */
export async function writeDeb({ arch, version, release, to, keys }) {
  const files = [...entriesBelow(release, `opt/edgewatt/releases/${version}`), ...system(keys)];
  const data = withParents(files);
  const control = text('control')
    .replace('@VERSION@', version)
    .replace('@ARCH@', ARCH[arch])
    .replace('@SIZE@', String(Math.ceil(unpackedBytes(data) / 1_024)));
  const scripts = ['postinst', 'prerm', 'postrm'].map((name) => ({
    path: name,
    mode: 0o755,
    text: text(name).replaceAll('@VERSION@', version),
  }));
  const entries = [
    { path: 'conffiles', mode: 0o644, text: '/etc/edgewatt/release-keys.json\n' },
    { path: 'control', mode: 0o644, text: control },
    ...scripts,
  ];
  const parts = [join(to, 'control.tar.gz'), join(to, 'data.tar.gz')];
  await writeTarGz(entries.map(DOT), parts[0]);
  await writeTarGz(data.map(DOT), parts[1]);
  const file = join(to, `edgewatt_${version}_${ARCH[arch]}.deb`);
  writeFileSync(file, '!<arch>\n');
  member(file, 'debian-binary', Buffer.from('2.0\n'));
  member(file, 'control.tar.gz', readFileSync(parts[0]));
  member(file, 'data.tar.gz', readFileSync(parts[1]));
  for (const part of parts) rmSync(part);
  return { file, bytes: statSync(file).size };
}

function member(file, name, bytes) {
  const header = [
    name.padEnd(16),
    '0'.padEnd(12),
    '0'.padEnd(6),
    '0'.padEnd(6),
    '100644'.padEnd(8),
    String(bytes.length).padEnd(10),
    '`\n',
  ].join('');
  const even = bytes.length % 2 === 0 ? [] : [Buffer.from('\n')];
  writeFileSync(file, Buffer.concat([Buffer.from(header), bytes, ...even]), { flag: 'a' });
}
