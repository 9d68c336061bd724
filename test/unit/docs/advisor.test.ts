import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { parseCloudFile } from '../../../cloud/config/load.ts';
import { loadGateway } from '../../../gateway/config/gateway-file.ts';
import { siteSchema } from '../../../gateway/config/schema.ts';
import { ADVICE_BOUNDS } from '../../../gateway/contracts/values/site.ts';
import { CONFIG } from '../../world/cloud/fixture.ts';

const blocks = (page: string): string[] => {
  const text = readFileSync(new URL(`../../../docs/${page}`, import.meta.url), 'utf8');
  return [...text.matchAll(/```yaml\n(.*?)```/gs)].map(([, block]) => block ?? '');
};

test('the sections of docs/advisor.md load as they stand there', () => {
  const [leaning = '', bounds = '', gateway = '', cloud = ''] = blocks('advisor.md');
  expect(siteSchema.shape.control.parse(parse(bounds).control).advice).toEqual(ADVICE_BOUNDS);
  const dir = mkdtempSync(join(tmpdir(), 'edgewatt-docs-'));
  try {
    writeFileSync(join(dir, 'gateway.yaml'), `version: 1\n${gateway}`);
    expect(loadGateway(dir).advisor).toMatchObject({ timeoutMs: 30_000, dayTokens: 500_000 });
    expect(loadGateway(dir).advisor?.effect).toBe('shadow');
    writeFileSync(join(dir, 'gateway.yaml'), `version: 1\n${leaning}`);
    expect(loadGateway(dir).advisor?.effect).toBe('lean');
  } finally {
    rmSync(dir, { recursive: true });
  }
  const file = parseCloudFile(JSON.stringify({ ...CONFIG, ...parse(cloud) }), 'cloud.json');
  expect(file.advisor).toMatchObject({ provider: 'bedrock', dayMicroUsd: 1_000_000 });
});

test('the section of docs/a2a-mqtt.md loads as it stands there', () => {
  const [section = ''] = blocks('a2a-mqtt.md');
  const text = JSON.stringify({ ...CONFIG, ...parse(section) }).replace('sunfield-gw', 'gw-sun');
  expect(parseCloudFile(text, 'cloud.json').a2a?.port).toBe(8_090);
});
