import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { advisorOf as cloudAdvisorOf } from '../../../cloud/cli/advisor.ts';
import { parseCloudFile } from '../../../cloud/config/load.ts';
import { createClock } from '../../../gateway/adapters/clock.ts';
import { loadGateway } from '../../../gateway/config/gateway-file.ts';
import { envelopeRationale, formOf } from '../../../gateway/contracts/advice.ts';
import type { Log } from '../../../gateway/ports.ts';
import { advisorOf } from '../../../gateway/processes/model.ts';
import { type ModelApi, startModelApi } from '../../../simulators/model-api/run.ts';
import { CONFIG } from '../../world/cloud/fixture.ts';

const dir = mkdtempSync(join(tmpdir(), 'edgewatt-model-'));
const clock = createClock(undefined);
const errors: string[] = [];
const log: Log = {
  info: () => undefined,
  warn: () => undefined,
  error: (text, fields) => void errors.push(`${text}: ${String(fields?.['why'])}`),
};
const ANSWER = { sentence: 'Everybody has the contracted power.' };
let api: ModelApi;
beforeAll(async () => {
  api = await startModelApi([{ kind: 'answer', input: ANSWER }]);
  writeFileSync(join(dir, 'key'), 'a-key\n');
});
afterAll(async () => {
  await api.close();
  rmSync(dir, { recursive: true });
});

const question = {
  agent: 'grid',
  instructions: 'You are the grid agent.',
  question: 'Why?',
  data: {},
  tools: [],
  answer: formOf(envelopeRationale),
};

test.each([
  ['anthropic', { provider: 'anthropic', model: 'claude-one' }, '/v1/messages'],
  [
    'bedrock',
    { provider: 'bedrock', model: 'eu.anthropic.claude-two', region: 'eu-central-1' },
    '/model/eu.anthropic.claude-two/invoke',
  ],
])('the cloud file chooses %s, with the name of the model', async (_name, chosen, path) => {
  const section = { ...chosen, keyFile: 'key', baseUrl: api.url };
  const text = JSON.stringify({ ...CONFIG, advisor: section });
  const file = parseCloudFile(text, 'cloud.json');
  const advisor = await cloudAdvisorOf(file, (name) => join(dir, name), clock, log);
  expect(advisor?.instructions.grid).toContain('# Grid agent');
  expect(advisor?.instructions['market-supervisor']).toContain('# Market supervisor');
  const answer = await advisor?.model.ask(question);
  expect(answer).toMatchObject({ state: 'answered', value: ANSWER });
  expect(api.seen.at(-1)?.path).toBe(path);
});

test('a gateway file with a model gives its agents their instructions', async () => {
  const yaml = `version: 1\nadvisor: {model: claude-one, keyFile: key, baseUrl: '${api.url}'}\n`;
  writeFileSync(join(dir, 'gateway.yaml'), yaml);
  const advisor = await advisorOf(loadGateway(dir), clock, log);
  expect(advisor?.instructions.forecasting).toContain('# Forecasting agent');
  expect(advisor?.instructions.producer).toContain('# Producer agent');
  expect(advisor?.instructions.consumer).toContain('# Consumer agent');
  expect(await advisor?.model.ask(question)).toMatchObject({ state: 'answered' });
  expect(advisor?.effect).toBe('shadow');
  writeFileSync(join(dir, 'gateway.yaml'), yaml.replace('{model', '{effect: lean, model'));
  expect((await advisorOf(loadGateway(dir), clock, log))?.effect).toBe('lean');
});

test('a key that is missing costs the gateway its advisor and nothing else', async () => {
  writeFileSync(join(dir, 'gateway.yaml'), 'version: 1\nadvisor: {model: m, keyFile: none}\n');
  expect(await advisorOf(loadGateway(dir), clock, log)).toBeUndefined();
  expect(errors).toHaveLength(1);
  expect(errors[0]).toMatch(/^no advisor: .*none: cannot be read/);
  writeFileSync(join(dir, 'gateway.yaml'), 'version: 1\n');
  expect(await advisorOf(loadGateway(dir), clock, log)).toBeUndefined();
});
