import { join } from 'node:path';
import { anthropicClient, messagesOf } from '../../gateway/adapters/anthropic.ts';
import { hash } from '../../gateway/adapters/crypto.ts';
import { createModel } from '../../gateway/adapters/model.ts';
import type { Clock, Log } from '../../gateway/ports.ts';
import type { Advisor } from '../compose-advice.ts';
import type { CloudFile } from '../config/schema.ts';
import { readText } from './json-file.ts';

/** The model that the file names: Anthropic's own interface or Bedrock's. @throws Fault */
export async function advisorOf(
  file: CloudFile,
  at: (path: string) => string,
  clock: Clock,
  log: Log,
): Promise<Advisor | undefined> {
  if (file.advisor === undefined) return undefined;
  const { advisor } = file;
  const client = await clientOf(advisor, at);
  const messages = messagesOf(client, advisor.model);
  const model = createModel({ messages, limits: advisor, clock, hash, log });
  const read = (agent: string): string =>
    readText(join(import.meta.dirname, '..', 'agents', agent, 'instructions.md'));
  return {
    model,
    instructions: {
      'market-supervisor': read('market-supervisor'),
      grid: read('grid'),
      forecasting: read('forecasting'),
    },
  };
}

async function clientOf(advisor: NonNullable<CloudFile['advisor']>, at: (path: string) => string) {
  const key = advisor.keyFile === undefined ? {} : { apiKey: readText(at(advisor.keyFile)).trim() };
  const address = advisor.baseUrl === undefined ? {} : { baseUrl: advisor.baseUrl };
  if (advisor.provider === 'anthropic') return anthropicClient({ apiKey: '', ...key, ...address });
  // Loaded only where it is used: it brings AWS's credentials with it.
  const { bedrockClient } = await import('../adapters/bedrock.ts');
  return bedrockClient({ region: advisor.region, ...key, ...address });
}
