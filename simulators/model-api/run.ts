import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { replyOf, type Turn } from './script.ts';

/** A request as it came, for whoever checks it. */
export interface SeenRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface ModelApi {
  readonly url: string;
  readonly seen: readonly SeenRequest[];
  close(): Promise<void>;
}

/**
 * A Messages API that says what its script says, on loopback: Anthropic's address and Bedrock's
 * (`/model/<name>/invoke`). The last turn repeats.
 */
export async function startModelApi(script: readonly Turn[]): Promise<ModelApi> {
  const seen: SeenRequest[] = [];
  const server = createServer(async (request, response) => {
    const body = await read(request);
    seen.push({ path: request.url ?? '', headers: request.headers, body });
    const bedrock = /^\/model\/([^/]+)\/invoke$/.exec(request.url ?? '');
    if (request.url !== '/v1/messages' && bedrock === null) {
      response.writeHead(404).end('{}');
      return;
    }
    const turn = script[Math.min(seen.length, script.length) - 1];
    if (turn === undefined) throw new Error('the script is empty');
    const model = bedrock?.[1] ?? String(body['model']);
    const reply = replyOf(turn, seen.length, decodeURIComponent(model));
    const send = (): void => {
      response.writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers });
      response.end(JSON.stringify(reply.body));
    };
    if (reply.afterMs === 0) send();
    else {
      const timer = setTimeout(send, reply.afterMs);
      response.on('close', () => clearTimeout(timer));
    }
  });
  await listen(server);
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    seen,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
}

async function read(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as Record<string, unknown>;
  } catch {
    return {};
  }
}
