import type { Site } from '../../contracts/values/site.ts';

/** Buses that control hangs on: they measure a connection, or what is controlled. */
export function controlBuses(site: Site): ReadonlySet<string> {
  const controlled = site.terminals.filter(({ control }) => control !== 'none');
  const places = new Set([...site.connections, ...controlled].map(({ id }) => id));
  const devices = new Set([
    ...controlled.flatMap(({ device, controlDevice }) => [device, controlDevice]),
    ...site.meters.filter(({ of }) => places.has(of)).map(({ device }) => device),
  ]);
  return new Set(site.devices.filter(({ id }) => devices.has(id)).map(({ bus }) => bus));
}
