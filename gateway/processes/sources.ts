import { checkKeys, createFiles } from '../adapters/files.ts';
import { createHttp } from '../adapters/http.ts';
import type { OwnSources } from '../agents/own-sources.ts';
import type { GatewayFile } from '../config/gateway-file.ts';
import { Fault } from '../contracts/values/fault.ts';
import type { Clock, Files } from '../ports.ts';
import type { Degraded } from './degraded.ts';

const HISTORY_DAYS = 371; // asked of the cloud where the file names no sources

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

/**
 * For the agent, which goes on without them. A key that cannot be used is an alarm until it can:
 * its file is read again each time it is asked for.
 */
export async function sourcesOf(
  { sources, dir }: GatewayFile,
  clock: Clock,
  degraded: Degraded,
): Promise<{ readonly sources?: OwnSources; readonly historyDays: number }> {
  if (sources === undefined) return { historyDays: HISTORY_DAYS };
  const files = told(createFiles(dir), degraded);
  await checkKeys(files, [sources]).catch(() => undefined); // an alarm already
  const { historyDays } = sources;
  return { sources: { ...sources, ports: { http: createHttp({}, clock), files } }, historyDays };
}

function told(files: Files, degraded: Degraded): Files {
  return {
    ...files,
    async secret(file) {
      const code = `SOURCES:${file}`;
      const cost = 'Its source of weather or prices is not asked.';
      try {
        const secret = await files.secret(file);
        degraded.stands(code, cost, undefined);
        return secret;
      } catch (error) {
        if (error instanceof Fault) degraded.stands(code, cost, error);
        throw error;
      }
    },
  };
}
