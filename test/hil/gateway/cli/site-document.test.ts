import { copyFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createVerifier, hash } from '../../../../gateway/adapters/crypto.ts';
import { JOB_DOCUMENT_CHARS, jobDocument } from '../../../../gateway/contracts/jobs.ts';
import { judgeSite } from '../../../../gateway/link/update/judge-site.ts';
import { ROOT, Stage } from '../../demo/started.ts';

let stage: Stage;
let at: (name: string) => string;
beforeAll(() => {
  stage = new Stage();
  at = (name) => join(stage.dir, name);
  copyFileSync(join(ROOT, 'docs/examples/house.yaml'), at('house.yaml'));
});
afterAll(() => stage.clear());

async function config(...args: string[]) {
  const program = stage.start(['bin/edgewatt.mjs', 'config', ...args]);
  const code = await program.ended;
  return { code, out: program.out(), err: program.err() };
}

it('an author signs a sound site file as a job that its gateway takes', async () => {
  const key = await config('key', at('fleet.key.json'), '--id', 'fleet-1');
  expect(statSync(at('fleet.key.json')).mode & 0o777).toBe(0o600);
  const again = await config('key', at('fleet.key.json'), '--id', 'fleet-1');
  expect([again.code, again.err]).toEqual([2, expect.stringContaining('there is a file already')]);

  const args = ['--key', at('fleet.key.json'), '--replaces', at('house.yaml')];
  const signed = await config('sign', at('house.yaml'), ...args);
  expect(signed.err).toBe('');
  const job = jobDocument.parse(JSON.parse(signed.out));
  if (job.operation !== 'site') throw new Error('another job');
  const text = readFileSync(at('house.yaml'), 'utf8');
  expect(job.document).toBe(text);
  const sha256 = hash.sha256(text);
  const here = { site: 'house', gateway: 'gw-house', highestSequence: 1, sha256, failed: null };
  const keys = JSON.parse(key.out);
  const judged = judgeSite(job.manifest, keys, here, createVerifier(), Date.now());
  expect(judged).toMatchObject({ ok: true, manifest: { sha256, replaces: sha256 } });
}, 60_000);

it('what no gateway would take is not signed; what is too long needs a URL', async () => {
  writeFileSync(at('bad.yaml'), readFileSync(at('house.yaml'), 'utf8').replace(/fuseA: .*/, ''));
  const bad = await config('sign', at('bad.yaml'), '--key', at('fleet.key.json'));
  expect([bad.code, bad.out]).toEqual([2, '']);
  expect(bad.err).toMatch(/bad\.yaml:\d+: connections\[0\]\.fuseA: missing; add it/);
  const long = `# ${'x'.repeat(JOB_DOCUMENT_CHARS)}\n`;
  writeFileSync(at('long.yaml'), readFileSync(at('house.yaml'), 'utf8') + long);
  const inline = await config('sign', at('long.yaml'), '--key', at('fleet.key.json'));
  expect([inline.code, inline.out]).toEqual([2, '']);
  expect(inline.err).toMatch(/a job of \d+ characters, AWS IoT takes 32768; .* add --url URL\n$/);
  const url = 'https://files.example.org/long.yaml';
  const fetched = await config(
    'sign',
    at('long.yaml'),
    '--key',
    at('fleet.key.json'),
    '--url',
    url,
  );
  expect(JSON.parse(fetched.out)).toMatchObject({ operation: 'site', url });
}, 60_000);
