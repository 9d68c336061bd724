import { createServer, type Server, type Socket } from 'node:net';
import { Fault } from '../contracts/values/fault.ts';

/** One connection's inside: bytes in, frames out. */
interface Session {
  feed(bytes: Uint8Array, send: (frame: Uint8Array) => void): boolean;
  readonly restMs: number;
}

export interface ProxyPort {
  readonly host: string;
  readonly port: number; // 0 = a free one
  readonly clients: number; // connections at a time
  readonly allow: readonly string[]; // addresses of clients; none: this machine alone
}

const LOOPBACK = /^(::ffff:)?127\.|^::1$/;
/** A client that takes no answers is no client. */
const BACKLOG_BYTES = 65_536;
const IDLE_MS = 300_000;
const NOTHING = new Uint8Array(0);

/**
 * Listens for Modbus TCP clients.
 * @throws Fault when the port cannot be had
 */
export async function openProxyPort(
  options: ProxyPort,
  session: (from: string) => Session,
): Promise<{ readonly port: number; stop(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true, keepAlive: true }, (socket) => {
    socket.on('error', () => socket.destroy());
    const from = (socket.remoteAddress ?? '').replace(/^::ffff:/, '');
    const isKnown = LOOPBACK.test(from) || options.allow.includes(from);
    if (!isKnown || sockets.size >= options.clients) {
      socket.destroy();
      return;
    }
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.setTimeout(IDLE_MS, () => socket.destroy());
    const own = session(from);
    const send = (frame: Uint8Array): void => {
      if (socket.writableLength > BACKLOG_BYTES) socket.destroy();
      else if (socket.writable) socket.write(frame);
    };
    const read = (bytes: Uint8Array): void => {
      if (!own.feed(bytes, send)) socket.destroy();
      if (socket.destroyed) return;
      if (own.restMs === 0) socket.resume();
      else {
        socket.pause();
        setTimeout(() => read(NOTHING), own.restMs);
      }
    };
    socket.on('data', read);
  });
  await listen(server, options);
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : options.port;
  return {
    port,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function listen(server: Server, { host, port }: ProxyPort): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why = error.code === 'EADDRINUSE' ? 'the port is taken' : error.message;
      const mend = 'choose another proxy.port in gateway.yaml';
      reject(new Fault(why, `proxy ${host}:${port}`, mend));
    });
    server.listen(port, host, resolve);
  });
}
