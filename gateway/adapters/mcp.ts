import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  localhostHostValidation,
  localhostOriginValidation,
  toNodeHandler,
} from '@modelcontextprotocol/node';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { LOOK_UPS, type LookUp } from '../contracts/advice.ts';
import { Fault } from '../contracts/values/fault.ts';

export type Look = (name: LookUp, input: unknown) => Promise<Record<string, unknown>>;

/** One server of the Model Context Protocol: tools that look, none that act. */
function server(look: Look, version: string): McpServer {
  const mcp = new McpServer({ name: 'edgewatt', version });
  for (const [name, { title, description, input, output }] of Object.entries(LOOK_UPS)) {
    mcp.registerTool(
      name,
      {
        title,
        description,
        inputSchema: input,
        outputSchema: output,
        annotations: { readOnlyHint: true, idempotentHint: true, openWorldHint: false },
      },
      async (given: unknown) => {
        const found = await look(name as LookUp, given);
        return {
          content: [{ type: 'text' as const, text: JSON.stringify(found) }],
          structuredContent: found,
        };
      },
    );
  }
  return mcp;
}

/** Over stdin and stdout. Resolves when the client has closed its end. */
export async function mcpOverStdio(look: Look, version: string): Promise<void> {
  const ended = new Promise<void>((resolve) => {
    process.stdin.once('end', resolve);
    process.stdin.once('close', resolve);
  });
  const handle = serveStdio(() => server(look, version));
  await ended;
  await handle.close();
}

export interface McpHttp {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Over HTTP on loopback: pages of other origins and names that only lead here are refused.
 * @throws Fault when the port is taken
 */
export async function mcpOverHttp(look: Look, version: string, port: number): Promise<McpHttp> {
  const handler = toNodeHandler(createMcpHandler(() => server(look, version)));
  const knownHost = localhostHostValidation();
  const knownOrigin = localhostOriginValidation();
  const http = createServer((request, response) => {
    if (!knownHost(request, response) || !knownOrigin(request, response)) return;
    if (request.url?.split('?')[0] !== '/mcp') {
      response.writeHead(404).end();
      return;
    }
    void handler(request as Parameters<typeof handler>[0], response); // url is there: a request
  });
  await listen(http, port);
  const { port: given } = http.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${given}/mcp`,
    close: () =>
      new Promise((resolve) => {
        http.close(() => resolve());
        http.closeAllConnections();
      }),
  };
}

function listen(http: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    http.once('error', (error: NodeJS.ErrnoException) => {
      reject(new Fault(`cannot listen: ${error.code}`, `127.0.0.1:${port}`, 'choose another port'));
    });
    http.listen(port, '127.0.0.1', resolve);
  });
}
