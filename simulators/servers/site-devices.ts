import { profileById } from '../../devices/catalogue.ts';
import type { BusSpec } from '../../gateway/contracts/values/site.ts';
import { createDeviceImage } from '../devices/image.ts';
import { withRegisters } from '../devices/layout.ts';
import type {
  DeviceImage,
  DeviceServer,
  SiteDevices,
  SiteDevicesOptions,
  Station,
  WiredSite,
} from '../devices/types.ts';
import { startSerialServer } from './modbus-serial-line.ts';
import { startTcpServer } from './modbus-tcp.ts';
import { createPtyPair } from './pty.ts';

const DEFAULT_RATED_W = 10_000;

/**
 * All devices of a site on real loopback sockets and pseudo-terminals. A serial bus gets a pty pair
 * and keeps baud and parity; where socat is missing it becomes RTU over TCP, with a notice.
 * @throws Error when the site names a profile that is not in the catalogue or two devices share a
 *   unit
 */
export function createSiteDevices(site: WiredSite, options: SiteDevicesOptions): SiteDevices {
  const images: Record<string, DeviceImage> = {};
  for (const { id, profile: name } of site.devices) {
    const known = profileById(name) ?? options.ownProfiles?.find((own) => own.id === name);
    if (known === undefined) throw new Error(`device ${id}: no profile ${name}`);
    const settings = options.settings[id] ?? { ratedW: DEFAULT_RATED_W };
    const { profile, chain } = withRegisters(known, settings);
    images[id] = createDeviceImage(profile, { id, settings: { ...settings, ...chain } });
  }
  const stations = new Map(
    site.buses.map((bus) => [bus.id, stationOf(site, bus.id, images, options)]),
  );
  let stops: (() => Promise<void>)[] = [];

  const stop = async (): Promise<void> => {
    const all = stops.reverse();
    stops = [];
    for (const one of all) await one();
  };
  const startBus = async (bus: BusSpec): Promise<BusSpec> => {
    const station = stations.get(bus.id);
    if (station === undefined) throw new Error(`no bus ${bus.id}`);
    const keep = <T extends DeviceServer>(server: T): T => {
      stops.push(server.stop);
      return server;
    };
    if (bus.kind === 'udp') {
      const { port } = keep(await startTcpServer(station, bus.port));
      options.onNotice?.(`bus ${bus.id}: Modbus over UDP is not simulated, it is Modbus TCP here`);
      return { id: bus.id, kind: 'tcp', host: '127.0.0.1', port };
    }
    if (bus.kind !== 'serial') {
      const framing = bus.kind === 'tcp' ? 'mbap' : 'rtu';
      const { port } = keep(await startTcpServer(station, bus.port, framing));
      return { ...bus, host: '127.0.0.1', port };
    }
    const pair = await createPtyPair();
    if (pair === undefined) {
      const { port } = keep(await startTcpServer(station, 0, 'rtu'));
      options.onNotice?.(
        `bus ${bus.id}: socat is not installed, RTU runs over TCP port ${port}, not a serial line`,
      );
      return { id: bus.id, kind: 'rtu-over-tcp', host: '127.0.0.1', port };
    }
    stops.push(pair.stop);
    keep(await startSerialServer(station, pair.device, bus));
    if (bus.framing === 'ascii') {
      options.onNotice?.(`bus ${bus.id}: Modbus ASCII is not simulated, the line speaks RTU here`);
    }
    return { ...bus, framing: 'rtu', dataBits: 8, path: pair.gateway };
  };

  return {
    images,
    start: async () => {
      try {
        const buses: BusSpec[] = [];
        for (const bus of site.buses) buses.push(await startBus(bus));
        return buses;
      } catch (error) {
        await stop();
        throw error;
      }
    },
    stop,
  };
}

function stationOf(
  site: WiredSite,
  bus: string,
  images: Readonly<Record<string, DeviceImage>>,
  { clock, onFrame, onRequest }: SiteDevicesOptions,
): Station {
  const units = new Map<number, DeviceImage>();
  for (const device of site.devices) {
    const image = images[device.id];
    if (device.bus !== bus || image === undefined) continue;
    const other = units.get(device.unit);
    if (other !== undefined) {
      throw new Error(`bus ${bus}: ${device.id} and ${other.id} share unit ${device.unit}`);
    }
    units.set(device.unit, image);
  }
  return { bus, units, clock, onFrame, onRequest };
}
