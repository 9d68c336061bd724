import { openProxyPort } from '../adapters/proxy.ts';
import type { ProxySection } from '../config/proxy.ts';
import { Fault } from '../contracts/values/fault.ts';
import type { GuardFrame } from '../contracts/values/frames.ts';
import type { Image } from '../contracts/values/image.ts';
import type { Site } from '../contracts/values/site.ts';
import { Mirror } from '../link/proxy/mirror.ts';
import { createProxySession } from '../link/proxy/server.ts';
import { siteMap } from '../link/proxy/site-map.ts';
import type { Clock, Log } from '../ports.ts';
import type { Passing } from './passing.ts';

/** The readings of this gateway for other Modbus masters, from the agent process. */
export interface Proxy {
  readonly port: number;
  take(frame: GuardFrame): void;
  stop(): Promise<void>;
}

/** @throws Fault when the port cannot be had, or a mirrored device is none of the site */
export async function openProxy(
  section: ProxySection,
  site: Site,
  clock: Clock,
  log: Log,
  passing: Pick<Passing, 'ask'>,
): Promise<Proxy> {
  const open = section.passThrough?.devices ?? [];
  const mirror = new Mirror();
  const map = siteMap(site);
  let newest: Image | undefined;
  const mirrored = new Map(section.mirror.map(({ device, unit }) => [unit, device]));
  for (const device of mirrored.values()) {
    if (site.devices.some(({ id }) => id === device)) continue;
    const known = site.devices.map(({ id }) => id).join(', ');
    throw new Fault(`no device '${device}'`, 'gateway.yaml: proxy.mirror', `name one of: ${known}`);
  }
  const listening = await openProxyPort(section, (from) =>
    createProxySession({
      map,
      siteUnit: section.unit,
      mirrored,
      mirror,
      image: () => newest,
      monoMs: clock.monoMs,
      realMs: clock.realMs,
      perSecond: section.requestsPerSecond,
      pass: (device, pdu) =>
        open.includes(device) ? passing.ask(device, pdu, false, from) : undefined,
    }),
  );
  log.info('the proxy answers', { host: section.host, port: listening.port });
  return {
    port: listening.port,
    take: (frame) => {
      if (frame.t === 'image') newest = frame.image;
      else if (frame.t === 'mirror') mirror.take(frame.device, frame.spans);
    },
    stop: listening.stop,
  };
}
