import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { SerialPort } from 'serialport';
import { afterEach, describe, expect, it } from 'vitest';
import { profileById } from '../../../../devices/catalogue.ts';
import { createClock } from '../../../../gateway/adapters/clock.ts';
import type { SiteDevices, WiredSite } from '../../../../simulators/devices/types.ts';
import { createPtyPair } from '../../../../simulators/servers/pty.ts';
import { createSiteDevices } from '../../../../simulators/servers/site-devices.ts';

const running: SiteDevices[] = [];
afterEach(async () => {
  for (const devices of running.splice(0)) await devices.stop();
});
const lan = (port: number) => ({ id: 'lan', kind: 'tcp', host: '127.0.0.1', port }) as const;
const line = {
  id: 'line',
  kind: 'serial',
  path: '',
  baud: 19_200,
  parity: 'even',
  stopBits: 1,
} as const;
const meter = (bus: string, unit: number, id = `meter${unit}`) => ({
  id,
  bus,
  unit,
  profile: 'eastron/sdm630',
});
const READ = Uint8Array.of(0, 7, 0, 0, 0, 6, 1, 4, 0, 52, 0, 2);

function make(site: WiredSite, notices: string[] = []): SiteDevices {
  const devices = createSiteDevices(site, {
    clock: createClock(),
    settings: {},
    onNotice: (text) => notices.push(text),
  });
  running.push(devices);
  return devices;
}
async function withPath<T>(path: string, body: () => Promise<T>): Promise<T> {
  const before = process.env['PATH'];
  process.env['PATH'] = path;
  try {
    return await body();
  } finally {
    process.env['PATH'] = before;
  }
}

it('serves profiles of the site, the generic device, and what has no server', async () => {
  const sdm630 = profileById('eastron/sdm630');
  if (sdm630 === undefined) throw new Error('no profile');
  const notices: string[] = [];
  const site: WiredSite = {
    buses: [{ ...lan(0), id: 'far', kind: 'udp' }],
    devices: [
      { ...meter('far', 1), profile: 'acme/meter' },
      { ...meter('far', 2), profile: 'sunspec/generic' },
    ],
  };
  const devices = createSiteDevices(site, {
    clock: createClock(),
    settings: {},
    ownProfiles: [{ ...sdm630, id: 'acme/meter' }],
    onNotice: (text) => notices.push(text),
  });
  running.push(devices);
  expect(await devices.start()).toMatchObject([{ id: 'far', kind: 'tcp' }]);
  expect(notices).toEqual([expect.stringContaining('Modbus over UDP is not simulated')]);
  expect(devices.images['meter1']?.profile.id).toBe('acme/meter');
  expect(devices.images['meter2']?.map.points['string2PowerW']).toBeDefined();
});

describe('sockets', () => {
  it('serve many clients at once, and end with the devices', async () => {
    const devices = make({ buses: [lan(0)], devices: [meter('lan', 1)] });
    const [bus] = await devices.start();
    if (bus?.kind !== 'tcp') throw new Error('no bus');
    const sockets = Array.from({ length: 20 }, () =>
      connect({ host: '127.0.0.1', port: bus.port }),
    );
    const answers = sockets.map((socket) => once(socket, 'data'));
    for (const socket of sockets) socket.write(READ);
    for (const answer of await Promise.all(answers)) expect(answer[0]).toHaveLength(13);
    const closed = sockets.map((socket) => once(socket, 'close'));
    await devices.stop();
    await Promise.all(closed);
    const late = connect({ host: '127.0.0.1', port: bus.port });
    const [error] = await once(late, 'error');
    expect(error).toMatchObject({ code: 'ECONNREFUSED' });
  });
  it('close on a frame that is not Modbus', async () => {
    const [bus] = await make({ buses: [lan(0)], devices: [meter('lan', 1)] }).start();
    if (bus?.kind !== 'tcp') throw new Error('no bus');
    const socket = connect({ host: '127.0.0.1', port: bus.port });
    socket.write('GET / HTTP/1.1\r\n\r\n');
    await once(socket, 'close');
  });
  it('say in one line that the port is taken, and leave nothing open', async () => {
    const [bus] = await make({ buses: [lan(0)], devices: [] }).start();
    if (bus?.kind !== 'tcp') throw new Error('no bus');
    const second = make({ buses: [lan(0), { ...lan(bus.port), id: 'other' }], devices: [] });
    await expect(second.start()).rejects.toThrow(
      `cannot listen on 127.0.0.1:${bus.port}: the port is taken`,
    );
  });
});

describe('a serial line', () => {
  it('is a pseudo-terminal pair that is gone afterwards', async (context) => {
    const probe = await createPtyPair();
    if (probe === undefined) return context.skip('socat is not installed');
    await probe.stop();
    const devices = make({ buses: [line], devices: [meter('line', 1), meter('line', 2)] });
    const [bus] = await devices.start();
    if (bus?.kind !== 'serial') throw new Error('no serial bus');
    expect(bus).toMatchObject({ baud: 19_200, parity: 'even' });
    const port = new SerialPort({ path: bus.path, baudRate: 19_200, parity: 'even' });
    await once(port, 'open');
    const answered = new Promise<number>((resolve) => {
      let bytes = 0;
      port.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes >= 9) resolve(bytes);
      });
    });
    port.write(Uint8Array.of(1, 4, 0, 52, 0, 2, 0x30, 0x05));
    expect(await answered).toBe(9);
    const closed = once(port, 'close');
    await devices.stop();
    if (port.isOpen) port.close();
    await closed;
    expect(existsSync(bus.path)).toBe(false);
  });
  it('is RTU over TCP where socat is missing, and says so', async () => {
    const notices: string[] = [];
    const devices = make({ buses: [line], devices: [meter('line', 1)] }, notices);
    const [bus] = await withPath('/nowhere', () => devices.start());
    expect(bus).toMatchObject({ id: 'line', kind: 'rtu-over-tcp', host: '127.0.0.1' });
    expect(notices).toHaveLength(1);
    expect(notices[0]).toMatch(/^bus line: socat is not installed, RTU runs over TCP port \d+/);
    if (bus?.kind !== 'rtu-over-tcp') throw new Error('no bus');
    const socket = connect({ host: '127.0.0.1', port: bus.port });
    const answer = once(socket, 'data');
    socket.write(Uint8Array.of(1, 4, 0, 52, 0, 2, 0x30, 0x05));
    expect((await answer)[0]).toHaveLength(9);
    socket.destroy();
  });
  it('leaves no socat behind', async (context) => {
    const pair = await createPtyPair();
    if (pair === undefined) return context.skip('socat is not installed');
    await pair.stop();
    const processes = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' });
    expect(processes).not.toContain(pair.device);
    expect(existsSync(pair.device)).toBe(false);
  });
});

describe('a wrong site', () => {
  it.each([
    [
      'an unknown profile',
      [{ id: 'x1', bus: 'lan', unit: 1, profile: 'nobody/nothing' }],
      'device x1: no profile nobody/nothing',
    ],
    [
      'two devices with one unit',
      [meter('lan', 1, 'a'), meter('lan', 1, 'b')],
      'bus lan: b and a share unit 1',
    ],
  ])('%s is refused', (_what, devices, message) => {
    expect(() =>
      createSiteDevices({ buses: [lan(0)], devices }, { clock: createClock(), settings: {} }),
    ).toThrow(message);
  });
});
