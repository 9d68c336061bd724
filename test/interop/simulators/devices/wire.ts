import { execFile } from 'node:child_process';
import { createClock, newOrigin } from '../../../../gateway/adapters/clock.ts';
import type { Device } from '../../../../gateway/contracts/values/site.ts';
import type { Frame, SiteDevices, WiredSite } from '../../../../simulators/devices/types.ts';
import { createSiteDevices } from '../../../../simulators/servers/site-devices.ts';

const device = (id: string, bus: string, unit: number, profile: string): Device => ({
  id,
  bus,
  unit,
  profile,
});

/** One TCP bus with four kinds of device, one serial line with two meters and a relay. */
export const SITE: WiredSite = {
  buses: [
    { id: 'lan', kind: 'tcp', host: '127.0.0.1', port: 0 },
    { id: 'line', kind: 'serial', path: '/dev/null', baud: 9600, parity: 'none', stopBits: 1 },
  ],
  devices: [
    device('meter1', 'lan', 1, 'eastron/sdm630'),
    device('battery1', 'lan', 2, 'sunspec/battery-701'),
    device('charger1', 'lan', 3, 'edgewatt/demo-wallbox'),
    device('hybrid1', 'lan', 247, 'goodwe/et'),
    device('meter2', 'line', 1, 'eastron/sdm630'),
    device('meter3', 'line', 2, 'eastron/sdm630'),
    device('relay1', 'line', 3, 'edgewatt/demo-relay'),
  ],
};

export interface Running {
  readonly devices: SiteDevices;
  readonly frames: Frame[];
  readonly notices: string[];
  readonly port: number; // of the TCP bus
  readonly path: string | undefined; // of the serial line's gateway end; undefined without socat
}

export async function run(site: WiredSite = SITE, speed = 1): Promise<Running> {
  const frames: Frame[] = [];
  const notices: string[] = [];
  const devices = createSiteDevices(site, {
    clock: createClock(newOrigin(speed, Date.UTC(2026, 5, 1))),
    settings: { battery1: { ratedW: 50_000 }, hybrid1: { ratedW: 8_000 } },
    onFrame: (frame) => frames.push(frame),
    onNotice: (line) => notices.push(line),
  });
  const buses = await devices.start();
  const tcp = buses.find((bus) => bus.kind === 'tcp');
  const serial = buses.find((bus) => bus.kind === 'serial');
  return { devices, frames, notices, port: tcp?.port ?? 0, path: serial?.path };
}

/** Runs a program; undefined when it is not installed. */
export function program(
  name: string,
  ...args: string[]
): Promise<{ out: string; code: number } | undefined> {
  return new Promise((resolve, reject) => {
    execFile(name, args, { timeout: 20_000 }, (error, stdout, stderr) => {
      if (error === null) resolve({ out: stdout + stderr, code: 0 });
      else if (error.code === 'ENOENT') resolve(undefined);
      else if (typeof error.code === 'number') resolve({ out: stdout + stderr, code: error.code });
      else reject(error);
    });
  });
}

/** Values of mbpoll's lines "[52]: \t0x4503". */
export const polled = (out: string): string[] =>
  [...out.matchAll(/^\[\d+\]:\s+(\S+)/gm)].map((match) => match[1] ?? '');
