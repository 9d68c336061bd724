import { runningFiles } from '../config/own-files.ts';
import { runningSite } from '../config/running-site.ts';
import { Fault } from '../contracts/values/fault.ts';
import { MAP_VERSION, mapRows, siteMap } from '../link/proxy/site-map.ts';

/** Prints which register of the proxy shows what at this site. @throws Fault without a proxy */
export function showProxyMap(dir: string, json: boolean): void {
  const { file } = runningFiles(dir);
  if (file.proxy === undefined) {
    throw new Fault('there is no section proxy', `${dir}/gateway.yaml`, 'see docs/proxy.md');
  }
  const map = siteMap(runningSite(file).site);
  const { host, port, unit, mirror } = file.proxy;
  const { words, hash } = map;
  if (json) {
    const all = { version: MAP_VERSION, host, port, unit, words, hash, mirror };
    process.stdout.write(`${JSON.stringify({ ...all, registers: mapRows(map) })}\n`);
    return;
  }
  const lines = [
    `Modbus TCP ${host}:${port}, unit ${unit}: map version ${MAP_VERSION}, ${words} registers, ` +
      `fingerprint 0x${hash.toString(16).padStart(4, '0')}`,
    ...mirror.map((one) => `unit ${one.unit}: ${one.device} at its own addresses`),
    ...mapRows(map).map((row) =>
      `${String(row.at).padStart(6)}  ${row.what}  ${row.unit}`.trimEnd(),
    ),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}
