import { profileById } from '../../devices/catalogue.ts';
import { createClock } from '../adapters/clock.ts';
import { lookAt, lookLine } from '../agents/forecasting/sources/look.ts';
import { loadGateway } from '../config/gateway-file.ts';
import { loadSite } from '../config/load.ts';
import { Fault } from '../contracts/values/fault.ts';
import { openSources } from '../processes/sources.ts';
import { print, printJson } from './output.ts';

/**
 * `edgewatt sources DIR`: asks each source of a gateway's file once and says what came.
 * @returns the exit code: 1 when one of them is of no use
 * @throws Fault where none is named, or a key cannot be used
 */
export async function showSources(dir: string, options: { json?: boolean }): Promise<number> {
  const file = loadGateway(dir);
  const { place, currency } = loadSite(file.siteFile, profileById);
  const clock = createClock(file.demo?.clockOrigin);
  const sources = await openSources(file, clock);
  if (sources === undefined) {
    const mend = 'name them as docs/sources.md shows, or leave it to the cloud';
    throw new Fault('no sources', file.gatewayFile, mend);
  }
  const looks = await lookAt(sources, { ...place, currency }, sources.ports, clock.wallMs());
  if (options.json === true) printJson(looks);
  else for (const look of looks) print(lookLine(look));
  return looks.every(({ state }) => state === 'good') ? 0 : 1;
}
