import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Climate } from '../plant/weather.ts';
import { createSources, type SourceSide } from '../sources/answer.ts';

/**
 * Weather and day-ahead prices over HTTP on the loopback:
 *
 *   const sources = await startSources({ climate, wallMs: () => clock.wallMs() });
 *   sources.weatherUrl  // as https://api.open-meteo.com/v1/forecast
 *   sources.priceUrl    // as https://api.energy-charts.info/price
 *   await sources.stop();
 *
 * `outage` makes either answer 503, as a broken supplier does.
 */
export interface Sources {
  readonly weatherUrl: string;
  readonly priceUrl: string;
  readonly outage: SourceSide['outage'];
  stop(): Promise<void>;
}

export interface SourcesOptions {
  readonly climate: Climate;
  readonly wallMs: () => number;
  readonly host?: string;
  readonly port?: number;
}

export async function startSources(options: SourcesOptions): Promise<Sources> {
  const side = createSources(options.climate, options.wallMs);
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    const { status, body } =
      request.method === 'GET'
        ? side.get(pathname, searchParams)
        : { status: 404, body: { error: true, reason: 'Not Found' } };
    response.writeHead(status, {
      'content-type': 'application/json; charset=utf-8',
      connection: 'close',
    });
    response.end(JSON.stringify(body));
  };
  const server = createServer(answer);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, options.host ?? '127.0.0.1', resolve);
  });
  const { address, port } = server.address() as AddressInfo;
  return {
    weatherUrl: `http://${address}:${port}/v1/forecast`,
    priceUrl: `http://${address}:${port}/price`,
    outage: side.outage,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
