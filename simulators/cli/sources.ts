import { createClock, newOrigin } from '../../gateway/adapters/clock.ts';
import { Fault } from '../../gateway/contracts/values/fault.ts';
import { startSources } from '../servers/sources.ts';
import { SIMULATED_KEY } from '../sources/answer.ts';
import { SIMULATED_AREA } from '../sources/shapes.ts';
import { interrupted, print } from './running.ts';

export interface SourcesOptions {
  readonly port: number; // 0 = a free one
  readonly latitudeDeg: number;
  readonly longitudeDeg: number;
  readonly seed: number;
  readonly startMs: number | undefined; // the machine's time without
  readonly speed: number;
}

/**
 * The suppliers of weather and prices on one port of the loopback, until Ctrl-C: their addresses
 * go to standard output as one JSON object.
 */
export async function sources(options: SourcesOptions): Promise<void> {
  const ending = interrupted();
  const { startMs, speed, seed, latitudeDeg, longitudeDeg } = options;
  const clock = createClock(startMs === undefined ? undefined : newOrigin(speed, startMs));
  const server = await startSources({
    ...{ climate: { seed, latitudeDeg, longitudeDeg }, port: options.port },
    wallMs: () => clock.wallMs(),
  }).catch((error: unknown) => {
    const why = (error as { code?: string }).code ?? String(error);
    throw new Fault(`cannot listen: ${why}`, `--port ${options.port}`, 'choose another port');
  });
  process.stdout.write(`${JSON.stringify(server.urls)}\n`);
  print(`The key is '${SIMULATED_KEY}', the area ${SIMULATED_AREA}. Ctrl-C ends it.`);
  await ending;
  await server.stop();
}
