import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Climate } from '../plant/weather.ts';
import { createSources, SOURCE_PATHS, type SourceSide } from '../sources/answer.ts';

/**
 * Weather and day-ahead prices over HTTP, in the shapes of their suppliers:
 *
 *   const sources = await startSources({ climate, wallMs: () => clock.wallMs() });
 *   sources.urls.openMeteo  // as https://api.open-meteo.com/v1/forecast
 *   sources.urls.entsoe     // as https://web-api.tp.entsoe.eu/api
 *   await sources.stop();
 *
 * `outage` makes those of weather or of prices answer 503, as a broken supplier does.
 */
export interface Sources {
  readonly urls: Readonly<Record<keyof typeof SOURCE_PATHS, string>>;
  readonly outage: SourceSide['outage'];
  stop(): Promise<void>;
}

export interface SourcesOptions {
  readonly climate: Climate;
  readonly wallMs: () => number;
  readonly host?: string;
  readonly port?: number;
}

const BODY_BYTES = 10_000;

export async function startSources(options: SourcesOptions): Promise<Sources> {
  const side = createSources(options.climate, options.wallMs);
  const server = createServer((request, response) => {
    void answer(side, request, response);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, options.host ?? '127.0.0.1', resolve);
  });
  const { address, port } = server.address() as AddressInfo;
  const named = Object.entries(SOURCE_PATHS).map(([name, path]) => [
    name,
    `http://${address}:${port}${path}`,
  ]);
  return {
    urls: Object.fromEntries(named) as Sources['urls'],
    outage: side.outage,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  side: SourceSide,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes <= BODY_BYTES) chunks.push(chunk);
  }
  const { status, body, headers } = side.ask({
    path: pathname,
    query: searchParams,
    headers: request.headers as Record<string, string | undefined>,
    ...(request.method === 'POST' && { body: Buffer.concat(chunks).toString('utf8') }),
  });
  response.writeHead(status, { ...headers, connection: 'close' });
  response.end(body);
}
