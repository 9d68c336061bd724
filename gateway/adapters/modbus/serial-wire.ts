import { accessSync, constants, readdirSync } from 'node:fs';
import { ReadStream } from 'node:tty';
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
export function trouble(path: string): string | undefined {
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

export function plain(path: string, message: string): string {
  if (/lock/i.test(message)) return `${path} is in use by another program; stop that program`;
  return message.replace(/^Error:?\s*/i, '').split('\n')[0] ?? message;
}

/** Many answers: none is longer than 256 bytes. */
const INBOX = 4_096;

/**
 * The port's bytes as a terminal of Node's own: `serialport` sets the line up and reads it through
 * the thread pool, at ten times the processor time a piece.
 * @throws Error when the open port is no terminal
 */
function terminalOf(port: SerialPort, heard: (bytes: Uint8Array) => void): ReadStream {
  const fd: unknown = Reflect.get(Object(port.port), 'fd');
  if (typeof fd !== 'number') throw new Error('no terminal');
  const buffer = Buffer.alloc(INBOX);
  const callback = (length: number): boolean => {
    heard(buffer.subarray(0, length));
    return true;
  };
  const terminal = new ReadStream(fd, { onread: { buffer, callback } });
  terminal.resume();
  return terminal;
}

function portOf({ path, baud, parity, stopBits, dataBits = 8 }: SerialBus): SerialPort {
  return new SerialPort({ path, baudRate: baud, dataBits, parity, stopBits, autoOpen: false });
}

/**
 * A serial port: wholly closed before it is opened again, and its disappearance is told at once.
 */
export function createSerialWire(bus: SerialBus): Wire {
  let port: SerialPort | undefined;
  let terminal: ReadStream | undefined;
  let closed: Promise<void> = Promise.resolve(); // the last port, down to its lock
  const label = `serial ${bus.path}`;

  const forget = (): void => {
    const old = port;
    const stream = terminal;
    port = undefined;
    terminal = undefined;
    stream?.removeAllListeners();
    stream?.on('error', () => undefined);
    stream?.destroy();
    if (old === undefined) return;
    old.removeAllListeners();
    old.on('error', () => undefined);
    if (old.isOpen) closed = new Promise((done) => old.close(() => done()));
  };

  const wire: Wire = {
    label,
    onBytes: undefined,
    onClose: undefined,
    get opened() {
      return terminal !== undefined;
    },
    open: async () => {
      if (port !== undefined) throw new Error(`${label}: is open already`);
      const own = portOf(bus);
      port = own;
      await closed;
      const why = port === own ? trouble(bus.path) : 'closed while opening';
      if (why !== undefined) {
        if (port === own) forget();
        throw new Error(why);
      }
      await new Promise<void>((done, fail) => {
        own.open((error) => {
          if (error === null || error === undefined) return done();
          if (port === own) forget();
          fail(new Error(plain(bus.path, error.message)));
        });
      });
      if (port !== own) {
        own.close(() => undefined);
        throw new Error('closed while opening');
      }
      const ended = (message?: string): void => {
        if (port !== own) return;
        forget();
        wire.onClose?.(trouble(bus.path) ?? message ?? 'the adapter went away');
      };
      terminal = terminalOf(own, (bytes) => wire.onBytes?.(bytes));
      terminal.on('error', (error) => ended(plain(bus.path, error.message)));
      terminal.on('close', () => ended());
      own.on('error', (error) => ended(plain(bus.path, error.message)));
      own.on('close', () => ended());
    },
    send: (bytes) => {
      terminal?.write(bytes);
    },
    close: forget,
  };
  return wire;
}
