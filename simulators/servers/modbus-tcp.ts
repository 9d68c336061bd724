import { createServer, type Server, type Socket } from 'node:net';
import { createMbapSession, type Session } from '../devices/mbap.ts';
import { createRtuSession } from '../devices/rtu.ts';
import type { DeviceServer, Station } from '../devices/types.ts';

const HOST = '127.0.0.1';

export interface TcpDeviceServer extends DeviceServer {
  readonly port: number;
}

/**
 * Serves a station's units on 127.0.0.1, many clients at once.
 * @param port 0 = a free one
 * @param framing 'mbap' for Modbus TCP, 'rtu' for RTU frames over TCP
 * @throws Error with one line when the port is taken
 */
export async function startTcpServer(
  station: Station,
  port: number,
  framing: 'mbap' | 'rtu' = 'mbap',
): Promise<TcpDeviceServer> {
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    serve(socket, framing === 'rtu' ? createRtuSession(station) : createMbapSession(station));
    socket.on('close', () => sockets.delete(socket));
  });
  await listen(server, port);
  const address = server.address();
  const actual = typeof address === 'object' && address !== null ? address.port : port;
  return {
    port: actual,
    label: `${framing === 'rtu' ? 'rtu-over-tcp' : 'tcp'} ${HOST}:${actual}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function serve(socket: Socket, session: Session): void {
  socket.on('data', (bytes: Uint8Array) => {
    const { out, close } = session.feed(bytes);
    for (const frame of out) socket.write(frame);
    if (close) socket.destroy();
  });
  socket.on('error', () => socket.destroy()); // a client that went away is no fault of the device
}

/** On loopback. @throws Error with one line when the port is taken */
export function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const taken = error.code === 'EADDRINUSE';
      const why = taken ? 'the port is taken: stop what uses it, or choose 0' : error.message;
      reject(new Error(`cannot listen on ${HOST}:${port}: ${why}`));
    });
    server.listen(port, HOST, resolve);
  });
}
