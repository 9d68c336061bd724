import { connect, type Socket } from 'node:net';
import type { Wire } from '../../ports.ts';

/** Real milliseconds after which a silent, idle connection is probed by the kernel. */
const KEEP_ALIVE_MS = 10_000;

/** Many answers: none is longer than 260 bytes. */
const INBOX = 4_096;

/** What a person can do about it, by the code that the system gives. */
const MEND: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody listens there; check the port and that Modbus TCP is switched on',
  EHOSTUNREACH: 'no way to that address; check the network and the address',
  ENETUNREACH: 'no way to that network; check the network and the address',
  ETIMEDOUT: 'no answer; check that the device is on and the address is right',
  ENOTFOUND: 'that name is unknown; check the spelling or use the address',
  EAI_AGAIN: 'no name server answers; use the address instead of the name',
  EACCES: 'not allowed by this machine; check its firewall',
};

const reason = (error: NodeJS.ErrnoException): string => MEND[error.code ?? ''] ?? error.message;

/** One TCP connection, for Modbus TCP and for RTU over TCP. A new socket at each open. */
export function createTcpWire(host: string, port: number): Wire {
  let socket: Socket | undefined;
  let opened = false;
  let abandon: ((error: Error) => void) | undefined;
  const label = `tcp ${host}:${port}`;

  const forget = (): void => {
    const old = socket;
    socket = undefined;
    opened = false;
    abandon?.(new Error('closed while connecting'));
    abandon = undefined;
    if (old === undefined) return;
    old.removeAllListeners();
    old.on('error', () => undefined); // a reset after our own close concerns nobody
    old.destroy();
  };

  /** Bytes come in one piece of memory, without a stream in between: half the cost of a read. */
  const inbox = Buffer.alloc(INBOX);
  const heard = (length: number): boolean => {
    wire.onBytes?.(inbox.subarray(0, length));
    return true;
  };

  const wire: Wire = {
    label,
    onBytes: undefined,
    onClose: undefined,
    get opened() {
      return opened;
    },
    open: () =>
      new Promise((done, fail) => {
        if (socket !== undefined) return fail(new Error(`${label}: is open already`));
        const own = connect({
          host,
          port,
          noDelay: true,
          onread: { buffer: inbox, callback: heard },
        });
        socket = own;
        abandon = fail;
        own.setKeepAlive(true, KEEP_ALIVE_MS);
        let last: NodeJS.ErrnoException | undefined;
        own.once('connect', () => {
          opened = true;
          abandon = undefined;
          done();
        });
        own.on('error', (error) => {
          last = error;
        });
        own.once('close', () => {
          const was = opened;
          const why = last === undefined ? 'the device closed the connection' : reason(last);
          if (!was) fail(new Error(why));
          forget();
          if (was) wire.onClose?.(why);
        });
      }),
    send: (bytes) => {
      if (opened && socket !== undefined && !socket.destroyed) socket.write(bytes);
    },
    close: forget,
  };
  return wire;
}
