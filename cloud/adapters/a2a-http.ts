import { createHash, timingSafeEqual } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { A2A_VERSION_HEADER, AgentCard } from '@a2a-js/sdk';
import { JsonRpcTransportHandler, ServerCallContext, validateVersion } from '@a2a-js/sdk/server';
import rateLimit from '@fastify/rate-limit';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { A2aRequest } from '../../gateway/contracts/messages.ts';
import type { A2aDoor } from '../ports.ts';
import { type Card, GONE, requestHandler } from './a2a-handler.ts';

export interface A2aHttpSetup {
  readonly host: string;
  readonly port: number; // 0 = any free one
  /** As clients reach it; undefined = host and port. */
  readonly publicUrl?: string;
  /** Who may call: a token proves which gateway it is. */
  readonly clients: readonly { readonly gateway: string; readonly token: string }[];
}

export interface A2aHttp {
  readonly url: string;
  stop(): Promise<void>;
}

const BODY_MAX = 131_072;
const CALLS_A_MINUTE = 600;

interface Served {
  readonly card: Card;
  readonly etag: string;
  readonly json: string;
  readonly transport: JsonRpcTransportHandler;
}

/**
 * A2A 1.0 over HTTP, JSON-RPC binding: `POST /a2a/<agent>/` and
 * `GET /a2a/<agent>/.well-known/agent-card.json` for each agent. The card is public, everything
 * else needs a bearer token.
 */
export async function startA2aHttp(setup: A2aHttpSetup, door: A2aDoor): Promise<A2aHttp> {
  const app = fastify({ bodyLimit: BODY_MAX, forceCloseConnections: true });
  await app.register(rateLimit, { max: CALLS_A_MINUTE, timeWindow: 60_000 });
  const served = new Map<string, Served>();
  const tokens = setup.clients.map(({ gateway, token }) => ({ gateway, digest: digest(token) }));
  app.get('/a2a/:agent/.well-known/agent-card.json', (request, reply) =>
    sendCard(served.get(agentOf(request)), request, reply),
  );
  app.post('/a2a/:agent/', async (request, reply) => {
    const gateway = whoIs(tokens, request.headers.authorization);
    if (gateway === undefined) {
      return reply.code(401).header('www-authenticate', 'Bearer').send({ error: 'who are you?' });
    }
    const agent = served.get(agentOf(request));
    if (agent === undefined) return reply.code(404).send({ error: 'no such agent' });
    return answer(agent, gateway, request, reply);
  });
  await app.listen({ host: setup.host, port: setup.port });
  const { port } = app.server.address() as AddressInfo;
  const host = setup.host.includes(':') ? `[${setup.host}]` : setup.host;
  const url = setup.publicUrl?.replace(/\/$/, '') ?? `http://${host}:${port}`;
  for (const name of door.agents) served.set(name, serve(door, name, `${url}/a2a/${name}/`));
  return { url, stop: () => close(app) };
}

function serve(door: A2aDoor, name: A2aRequest['agent'], url: string): Served {
  const card = AgentCard.fromJSON(door.card(name, url));
  const json = JSON.stringify(AgentCard.toJSON(card));
  const transport = new JsonRpcTransportHandler(requestHandler(door, name, card));
  return { card, json, etag: `"${digest(json).toString('hex').slice(0, 32)}"`, transport };
}

async function close(app: FastifyInstance): Promise<void> {
  app.server.closeAllConnections();
  await app.close();
}

const agentOf = (request: FastifyRequest): string =>
  String((request.params as { agent?: unknown }).agent);

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Every token is compared, so that time says nothing about which one is near. */
function whoIs(
  tokens: readonly { readonly gateway: string; readonly digest: Buffer }[],
  header: string | undefined,
): string | undefined {
  const given = digest(/^Bearer (\S+)$/i.exec(header ?? '')?.[1] ?? '');
  let found: string | undefined;
  for (const one of tokens) if (timingSafeEqual(one.digest, given)) found = one.gateway;
  return found;
}

function sendCard(agent: Served | undefined, request: FastifyRequest, reply: FastifyReply) {
  if (agent === undefined) return reply.code(404).send({ error: 'no such agent' });
  reply.header('cache-control', 'public, max-age=300').header('etag', agent.etag);
  if (request.headers['if-none-match'] === agent.etag) return reply.code(304).send();
  return reply.type('application/json').send(agent.json);
}

async function answer(
  agent: Served,
  gateway: string,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  const asked = request.headers[A2A_VERSION_HEADER.toLowerCase()];
  const body = (request.body ?? {}) as Record<string, unknown>;
  const id = body['id'] ?? null;
  const gone = new AbortController();
  reply.raw.on('close', () => gone.abort());
  try {
    const requestedVersion = typeof asked === 'string' && asked !== '' ? asked : '0.3';
    const context = new ServerCallContext({
      user: { isAuthenticated: true, userName: gateway },
      requestedVersion,
      state: new Map([[GONE, gone.signal]]),
    });
    validateVersion(requestedVersion, agent.card, 'JSONRPC');
    const result = await agent.transport.handle(body, context);
    if (!(Symbol.asyncIterator in result)) return reply.send(result);
    return await stream(result, id, reply);
  } catch (error) {
    const mapped = JsonRpcTransportHandler.mapToJSONRPCError(error);
    return reply.send({ jsonrpc: '2.0', id, error: mapped });
  }
}

/** Server-sent events; an error before the first one is an ordinary answer. */
async function stream(
  events: AsyncGenerator<unknown, void, undefined>,
  id: unknown,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const first = await events.next();
  reply.hijack();
  const { raw } = reply;
  raw.writeHead(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-cache',
    'x-accel-buffering': 'no',
  });
  const write = (event: unknown): void => void raw.write(`data: ${JSON.stringify(event)}\n\n`);
  try {
    if (first.done !== true) write(first.value);
    for await (const event of events) write(event);
  } catch (error) {
    write({ jsonrpc: '2.0', id, error: JsonRpcTransportHandler.mapToJSONRPCError(error) });
  } finally {
    raw.end();
  }
  return reply;
}
