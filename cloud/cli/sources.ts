import { dirname } from 'node:path';
import { createClock } from '../../gateway/adapters/clock.ts';
import { checkKeys, createFiles } from '../../gateway/adapters/files.ts';
import { createHttp } from '../../gateway/adapters/http.ts';
import { lookAt, lookLine } from '../../gateway/agents/forecasting/sources/look.ts';
import { parseCloudFile } from '../config/load.ts';
import { readText } from './json-file.ts';

/**
 * `edgewatt-cloud sources`: asks the sources of each zone once and says what came.
 * @returns the text, and the exit code: 1 when one of them is of no use
 * @throws Fault where a key cannot be used
 */
export async function showSources(options: {
  readonly config: string;
  readonly json?: boolean;
}): Promise<{ readonly text: string; readonly code: number }> {
  const { zones } = parseCloudFile(readText(options.config), options.config);
  const files = createFiles(dirname(options.config));
  await checkKeys(files, zones);
  const clock = createClock();
  const ports = { http: createHttp({ userAgent: 'edgewatt-cloud/1' }, clock), files };
  const looks = [];
  for (const zone of zones) {
    for (const look of await lookAt(zone, zone, ports, clock.wallMs())) {
      looks.push({ zone: zone.id, ...look });
    }
  }
  const lines = looks.map((look) => `${look.zone}: ${lookLine(look)}`);
  return {
    text: options.json === true ? JSON.stringify(looks) : lines.join('\n'),
    code: looks.every(({ state }) => state === 'good') ? 0 : 1,
  };
}
