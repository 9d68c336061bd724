import { readFileSync } from 'node:fs';
import { profileById } from '../../devices/catalogue.ts';
import { parseSite } from '../../gateway/config/load.ts';
import type { Site } from '../../gateway/contracts/values/site.ts';
import { Run } from '../../simulators/demo/run.ts';
import { plantFromSite } from '../../simulators/sites/plant.ts';

/** The house of the examples, its wires on ports that the machine chooses. */
export function house(): Site {
  const url = new URL('../../docs/examples/house.yaml', import.meta.url);
  const text = readFileSync(url, 'utf8').replace(/port: \d+/g, 'port: 502');
  const { site } = parseSite(text, profileById);
  if (site === undefined) throw new Error('docs/examples/house.yaml is not sound');
  const buses = site.buses.map((bus) =>
    bus.kind === 'serial' ? bus : { ...bus, host: '127.0.0.1', port: 0 },
  );
  return { ...site, buses };
}

/** A house with real processes, sockets and a serial line, without sun; `loadW` by wall clock. */
export function houseRun(speed: number, startMs: number, loadW: (atMs: number) => number): Run {
  const site = house();
  return new Run({
    sites: [
      {
        site,
        plant: plantFromSite(site, { seed: 1, startSocPct: 80 }),
        comment: site.name,
        history: () => 'ts,load_kwh,pv_kwh\n',
        drive: {
          loadWh: (fromMs, toMs) => (loadW((fromMs + toMs) / 2) * (toMs - fromMs)) / 3_600_000,
          pvWh: () => 0,
        },
      },
    ],
    seed: 1,
    speed,
    startMs,
    withCloud: false,
    transformerVa: 0,
    backgroundW: 0,
    notice: (line) => process.stderr.write(`${line}\n`),
  });
}
