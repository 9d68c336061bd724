import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addRoots, listRoots, removeRoot } from '../../../gateway/cli/authority.ts';
import { Authorities, FACES } from '../../fixtures/link/certificates.ts';

let all: Authorities;
let dir = '';
const at = (name: string): string => join(dir, name);
const roots = (): { name: string; fingerprint: string }[] => JSON.parse(listRoots(dir, true)).roots;

beforeEach(async () => {
  all = await Authorities.create();
  dir = mkdtempSync(join(tmpdir(), 'authority-'));
  writeFileSync(at('ca.pem'), all.ours.caPem);
  writeFileSync(at('next.pem'), all.foreign.caPem);
  writeFileSync(at('cert.pem'), all.mine.cert);
  writeFileSync(at('key.pem'), all.mine.key);
});
afterEach(async () => {
  await all.end();
  rmSync(dir, { recursive: true, force: true });
});

function gatewayAt(port: number): void {
  const lines = [
    'version: 1',
    'broker:',
    `  url: mqtts://127.0.0.1:${port}`,
    '  caFile: ca.pem',
    '  certFile: cert.pem',
    '  keyFile: key.pem',
  ];
  writeFileSync(at('gateway.yaml'), `${lines.join('\n')}\n`);
}

describe('the authority behind the broker changes', () => {
  it('with the second root there first, nothing notices; the old one leaves later', async () => {
    const before = await all.broker(await all.ours.server(['127.0.0.1']));
    gatewayAt(before.port);
    expect(await addRoots(dir, at('next.pem'))).toContain('tried and kept');
    expect(roots().map(({ name }) => name)).toEqual(['CN=ours', 'CN=foreign']);
    await addRoots(dir, at('next.pem'));
    expect(roots()).toHaveLength(2); // once
    const [old] = roots();
    // While the broker still stands on it, its removal is taken back.
    const kept = readFileSync(at('ca.pem'), 'utf8');
    await expect(
      removeRoot(dir, roots()[0]?.fingerprint ?? '').then(() => 'removed'),
    ).rejects.toThrow(/no way to the broker with those that are left .*nothing was changed/);
    expect(readFileSync(at('ca.pem'), 'utf8')).toBe(kept);
    await before.broker.stop();
    const after = await all.broker(await all.foreign.server(['127.0.0.1']));
    gatewayAt(after.port);
    const given = { port: after.port, ca: kept, identity: all.mine };
    for (const face of Object.values(FACES)) expect(await all.tried(face(given))).toBe(true);
    await removeRoot(dir, (old?.fingerprint ?? '').toLowerCase());
    expect(roots().map(({ name }) => name)).toEqual(['CN=foreign']);
  });

  it.each([
    ['is the gateway’s own certificate', () => addRoots(dir, at('cert.pem')), /is no authority/],
    ['is none', () => addRoots(dir, at('gateway.yaml')), /no certificate in it/],
    ['nobody has', () => removeRoot(dir, 'AA:BB'), /no such root/],
  ])('a root that %s is refused, and all stays as it is', async (_what, change, why) => {
    const { port } = await all.broker(await all.ours.server(['127.0.0.1']));
    gatewayAt(port);
    await expect((async () => change())()).rejects.toThrow(why);
    expect(roots()).toHaveLength(1);
  });

  it('without a broker that answers nothing is changed', async () => {
    gatewayAt(1);
    await expect(addRoots(dir, at('next.pem'))).rejects.toThrow(
      /ECONNREFUSED.*nothing was changed/,
    );
    expect(roots()).toHaveLength(1);
  });
});
