import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadGateway } from '../../../gateway/config/gateway-file.ts';
import { jobDocument } from '../../../gateway/contracts/jobs.ts';
import { readBrokerFile } from '../../../simulators/iot-core/run.ts';

const page = readFileSync(new URL('../../../docs/iot-core.md', import.meta.url), 'utf8');
const block = (language: string): string =>
  new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``).exec(page)?.[1] ?? '';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'edgewatt-docs-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('the broker section in docs/iot-core.md loads as it stands there', () => {
  writeFileSync(join(folder, 'gateway.yaml'), `version: 1\n${block('yaml')}`);
  const { broker } = loadGateway(folder);
  expect(broker?.kind).toBe('aws-iot');
  expect(broker?.provision?.claimKeyFile).toBe(join(folder, 'claim.key'));
});

test('the emulator file in docs/iot-core.md loads as it stands there', () => {
  const file = join(folder, 'broker.json');
  writeFileSync(file, block('json'));
  expect(readBrokerFile(file)).toMatchObject({ port: 8_883, limits: 'documented' });
  writeFileSync(file, '{"port": 1, "foo": 2}');
  expect(() => readBrokerFile(file)).toThrow(/Unrecognized key: "foo".*docs\/iot-core.md/);
});

test('the job documents in docs/iot-core.md are understood', () => {
  const documents = [...page.matchAll(/`(\{"operation"[^`]*\})`/g)].map(([, text]) => text ?? '');
  expect(documents).toHaveLength(6);
  for (const text of documents) expect(jobDocument.safeParse(JSON.parse(text)).success).toBe(true);
});

test.each([
  ['aws-iot without certificates', '{kind: aws-iot, url: "mqtts://h", caFile: c}', /certFile/],
  ['aws-iot in the clear', '{kind: aws-iot, url: "mqtt://h", certFile: c, keyFile: k}', /mqtts/],
  ['mqtt without any secret', '{url: "mqtt://h"}', /passwordFile/],
  ['a claim for a plain broker', '{url: "mqtt://h", passwordFile: p, provision: {}}', /provision/],
])('a gateway file refuses %s', (_name, broker, why) => {
  writeFileSync(join(folder, 'gateway.yaml'), `version: 1\nbroker: ${broker}\n`);
  expect(() => loadGateway(folder)).toThrow(why);
});
