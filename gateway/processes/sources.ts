import { checkKeys, createFiles } from '../adapters/files.ts';
import { createHttp } from '../adapters/http.ts';
import type { OwnSources } from '../agents/own-sources.ts';
import type { GatewayFile } from '../config/gateway-file.ts';
import type { Clock } from '../ports.ts';
import type { Degraded } from './degraded.ts';

/**
 * The sources of the gateway file, ready to be asked; undefined where it names none.
 * @throws Fault when a key cannot be used
 */
export async function openSources(
  { sources, dir }: GatewayFile,
  clock: Clock,
): Promise<OwnSources | undefined> {
  if (sources === undefined) return undefined;
  const files = createFiles(dir);
  await checkKeys(files, [sources]);
  return { ...sources, ports: { http: createHttp({}, clock), files } };
}

/** For the agent, which goes on without them. */
export async function sourcesOf(
  file: GatewayFile,
  clock: Clock,
  degraded: Degraded,
): Promise<{ readonly sources?: OwnSources }> {
  const sources = await degraded.without('SOURCES', 'Weather and prices are not asked for.', () =>
    openSources(file, clock),
  );
  return sources === undefined ? {} : { sources };
}
