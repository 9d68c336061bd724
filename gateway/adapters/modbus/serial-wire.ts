import { accessSync, constants, readdirSync } from 'node:fs';
import { SerialPort } from 'serialport';
import type { BusSpec } from '../../contracts/values/site.ts';
import type { Wire } from '../../ports.ts';

type SerialBus = Extract<BusSpec, { kind: 'serial' }>;

const BY_ID = '/dev/serial/by-id';

/** Ports that this machine has, by names that survive replugging. */
function present(): string {
  try {
    const names = readdirSync(BY_ID);
    if (names.length > 0) return `present: ${names.map((name) => `${BY_ID}/${name}`).join(', ')}`;
  } catch {
    // No such directory: no USB adapter has been seen.
  }
  return 'no USB adapter is plugged in';
}

/** One line when the port cannot be used: what is wrong and how to mend it. */
function trouble(path: string): string | undefined {
  try {
    accessSync(path, constants.F_OK);
  } catch {
    const mend = 'plug the adapter in or correct the path in the site file';
    return `there is no ${path}; ${mend} (${present()})`;
  }
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
  } catch {
    return `no permission for ${path}; add this user to the group that owns it (dialout)`;
  }
  return undefined;
}

function plain(path: string, message: string): string {
  if (/lock/i.test(message)) return `${path} is in use by another program; stop that program`;
  return message.replace(/^Error:?\s*/i, '').split('\n')[0] ?? message;
}

/** A serial port: closed before it is opened again, and its disappearance is told at once. */
export function createSerialWire(bus: SerialBus): Wire {
  let port: SerialPort | undefined;
  const label = `serial ${bus.path}`;

  const forget = (): void => {
    const old = port;
    port = undefined;
    if (old === undefined) return;
    old.removeAllListeners();
    old.on('error', () => undefined);
    if (old.isOpen) old.close(() => undefined);
  };

  const wire: Wire = {
    label,
    onBytes: undefined,
    onClose: undefined,
    get opened() {
      return port?.isOpen === true;
    },
    open: () =>
      new Promise((done, fail) => {
        if (port !== undefined) return fail(new Error(`${label}: is open already`));
        const why = trouble(bus.path);
        if (why !== undefined) return fail(new Error(why));
        const own = new SerialPort({
          path: bus.path,
          baudRate: bus.baud,
          dataBits: 8,
          parity: bus.parity,
          stopBits: bus.stopBits,
          autoOpen: false,
        });
        port = own;
        const ended = (message: string): void => {
          if (port !== own) return;
          forget();
          wire.onClose?.(message);
        };
        own.on('data', (bytes: Buffer) => wire.onBytes?.(bytes));
        own.on('error', (error) => ended(plain(bus.path, error.message)));
        own.on('close', () => ended(trouble(bus.path) ?? 'the adapter went away'));
        own.open((error) => {
          if (port !== own) return own.isOpen ? own.close(() => undefined) : undefined;
          if (error === null || error === undefined) return done();
          forget();
          fail(new Error(plain(bus.path, error.message)));
        });
      }),
    send: (bytes) => {
      if (port?.isOpen === true) port.write(bytes);
    },
    close: forget,
  };
  return wire;
}
