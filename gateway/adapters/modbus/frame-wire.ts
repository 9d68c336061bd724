import { lookup } from 'node:dns/promises';
import { EventEmitter } from 'node:events';
import AsciiPort from 'modbus-serial/ports/asciiport.js';
import UdpPort from 'modbus-serial/ports/udpport.js';
import type { BusSpec } from '../../contracts/values/site.ts';
import type { Wire } from '../../ports.ts';
import { plain, trouble } from './serial-wire.ts';

type Port = InstanceType<typeof AsciiPort>;

/**
 * Modbus ASCII and Modbus over UDP, framed by `modbus-serial`: its ports take and give whole RTU
 * frames, so that everything above this wire is the same as on a serial line: unit, function, byte
 * count, echo and check sum are checked there, with silence and a proof after each failure. ASCII
 * knows functions 1 to 6, 15 and 16; an answer to another one is not handed on.
 */
function frameWire(label: string, make: () => Promise<Port>): Wire {
  let port: Port | undefined;
  let attempt = 0;
  let closed: Promise<void> = Promise.resolve();

  const forget = (): void => {
    const old = port;
    port = undefined;
    attempt += 1;
    if (old === undefined) return;
    old.removeAllListeners();
    if (old.isOpen) closed = new Promise((done) => old.close(() => done()));
  };

  const wire: Wire = {
    label,
    onBytes: undefined,
    onClose: undefined,
    get opened() {
      return port !== undefined;
    },
    open: async () => {
      if (port !== undefined) throw new Error(`${label}: is open already`);
      attempt += 1;
      const own = attempt;
      await closed;
      const made = await make();
      await new Promise<void>((done, fail) => {
        made.open((error) => (error instanceof Error ? fail(error) : done()));
      });
      if (own !== attempt) {
        made.close(() => undefined);
        throw new Error('closed while opening');
      }
      port = made;
      const ended = (message: string): void => {
        if (port !== made) return;
        forget();
        wire.onClose?.(message);
      };
      made.on('data', (frame: Uint8Array) => wire.onBytes?.(frame));
      // The port tells nobody what happens to what it stands on.
      const under: unknown = Reflect.get(made, '_client');
      if (!(under instanceof EventEmitter)) return;
      under.on('error', (error: Error) => ended(error.message));
      under.on('close', () => ended('the port was closed'));
    },
    send: (bytes) => {
      port?.write(Buffer.from(bytes)); // a copy: ASCII writes its own check sum into it
    },
    close: forget,
  };
  return wire;
}

export function createAsciiWire(bus: Extract<BusSpec, { kind: 'serial' }>): Wire {
  const { path, baud, dataBits = 7, parity, stopBits } = bus;
  return frameWire(`serial ${path} (ASCII)`, async () => {
    const why = trouble(path);
    if (why !== undefined) throw new Error(why);
    const port = new AsciiPort(path, { baudRate: baud, dataBits, parity, stopBits });
    const open = port.open.bind(port);
    port.open = (done) =>
      open((error) => done(error instanceof Error ? new Error(plain(path, error.message)) : error));
    return port;
  });
}

/** The port compares addresses, so that a name is looked up first, at each opening. */
export function createUdpWire(host: string, port: number): Wire {
  return frameWire(`udp ${host}:${port}`, async () => {
    const { address } = await lookup(host, 4);
    return new UdpPort(address, { port });
  });
}
