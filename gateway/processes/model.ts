import { join } from 'node:path';
import { hash } from '../adapters/crypto.ts';
import type { AgentDeps } from '../agents/agent.ts';
import type { GatewayFile } from '../config/gateway-file.ts';
import { readText } from '../config/load.ts';
import { Fault } from '../contracts/values/fault.ts';
import type { Clock, Log, Model } from '../ports.ts';

/** The model of the gateway file; none without the section. @throws Fault without a key */
export async function modelOf(
  file: GatewayFile,
  clock: Clock,
  log: Log,
): Promise<Model | undefined> {
  if (file.advisor === undefined) return undefined;
  const { model, keyFile, baseUrl, effect: _effect, ...limits } = file.advisor;
  const apiKey = readText(keyFile).trim();
  if (!/^\S+$/.test(apiKey)) throw new Fault('no key', keyFile, 'write the API key into it');
  // Loaded only where it is used: a gateway without a model does not carry the SDK in memory.
  const { anthropicClient, messagesOf } = await import('../adapters/anthropic.ts');
  const { createModel } = await import('../adapters/model.ts');
  const client = anthropicClient({ apiKey, ...(baseUrl !== undefined && { baseUrl }) });
  return createModel({ messages: messagesOf(client, model), limits, clock, hash, log });
}

/**
 * The model that advises, with the instructions of its agents. A key that is missing must
 * not cost the site its planner: it is said, and the agent goes on.
 */
export async function advisorOf(
  file: GatewayFile,
  clock: Clock,
  log: Log,
): Promise<AgentDeps['advisor']> {
  try {
    const model = await modelOf(file, clock, log);
    if (model === undefined) return undefined;
    const read = (agent: string): string =>
      readText(join(import.meta.dirname, '..', 'agents', agent, 'instructions.md'));
    const instructions = {
      forecasting: read('forecasting'),
      producer: read('producer'),
      consumer: read('consumer'),
    };
    return { model, instructions, effect: file.advisor?.effect ?? 'shadow' };
  } catch (error) {
    log.error('no advisor', { why: error instanceof Error ? error.message : String(error) });
    return undefined;
  }
}
