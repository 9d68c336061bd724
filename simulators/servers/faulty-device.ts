import { createServer, type Server, type Socket } from 'node:net';
import { SerialPort } from 'serialport';
import type { BusSpec } from '../../gateway/contracts/values/site.ts';
import type { Clock } from '../../gateway/ports.ts';
import { type Act, createFaultySession, type FaultyStation } from '../devices/faults/session.ts';
import type { DeviceServer } from '../devices/types.ts';
import { listen } from './modbus-tcp.ts';

type Line = Pick<BusSpec & { kind: 'serial' }, 'baud' | 'parity' | 'stopBits'>;

/** The sockets of one device that can be told to misbehave. */
class TcpDoor {
  private readonly station: FaultyStation;
  private readonly clock: Clock;
  private readonly clients: number;
  private readonly open = new Set<Socket>(); // oldest first
  private goneUntilMs = 0;

  constructor(station: FaultyStation, clock: Clock, clients: number) {
    this.station = station;
    this.clock = clock;
    this.clients = clients;
  }

  enter(socket: Socket): void {
    socket.on('error', () => socket.destroy()); // a client that went away is no fault of the device
    const nowMs = this.clock.realMs();
    const single = this.station.faults.standing('one-client', nowMs);
    const most = single === undefined ? this.clients : 1;
    if (nowMs < this.goneUntilMs || (single?.text !== 'newest' && this.open.size >= most)) {
      socket.destroy();
      return;
    }
    if (single?.text === 'newest') this.closeAll();
    this.open.add(socket);
    socket.on('close', () => this.open.delete(socket));
    const session = createFaultySession(this.station);
    socket.on('data', (bytes: Uint8Array) => this.act(socket, session.feed(bytes)));
  }

  closeAll(): void {
    for (const socket of this.open) socket.destroy();
    this.open.clear();
  }

  private act(socket: Socket, acts: readonly Act[]): void {
    for (const act of acts) {
      if ('goneMs' in act) {
        this.goneUntilMs = this.clock.realMs() + act.goneMs;
        this.closeAll();
      } else if ('end' in act) {
        if (act.end === 'reset') socket.resetAndDestroy();
        else socket.end();
      } else {
        later(this.clock, act, (bytes) => socket.writable && socket.write(bytes));
      }
    }
  }
}

function later(
  clock: Clock,
  { send, afterMs }: Extract<Act, { send: unknown }>,
  write: (bytes: Uint8Array) => void,
): void {
  if (afterMs === 0) write(send);
  else clock.realAt(clock.realMs() + afterMs, () => write(send));
}

/**
 * @param port 0 = a free one
 * @param clients connections at a time; further ones are closed
 * @throws Error with one line when the port is taken
 */
export async function startFaultyTcp(
  station: FaultyStation,
  clock: Clock,
  { port, clients }: { readonly port: number; readonly clients: number },
): Promise<DeviceServer & { readonly port: number }> {
  const door = new TcpDoor(station, clock, clients);
  const server: Server = createServer({ noDelay: true }, (socket) => door.enter(socket));
  await listen(server, port);
  const address = server.address();
  const actual = typeof address === 'object' && address !== null ? address.port : port;
  const framing = station.wire === 'rtu' ? 'rtu-over-tcp' : 'tcp';
  return {
    port: actual,
    label: `${framing} 127.0.0.1:${actual}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        door.closeAll();
      }),
  };
}

/** @throws Error with one line when the tty does not open */
export async function startFaultySerial(
  station: FaultyStation,
  clock: Clock,
  path: string,
  { baud, parity, stopBits }: Line,
): Promise<DeviceServer> {
  const options = { baudRate: baud, parity, stopBits, dataBits: 8, autoOpen: false } as const;
  const port = new SerialPort({ path, ...options });
  const session = createFaultySession(station);
  let goneUntilMs = 0;
  port.on('data', (bytes: Uint8Array) => {
    if (clock.realMs() < goneUntilMs) return;
    for (const act of session.feed(bytes)) {
      if ('goneMs' in act) goneUntilMs = clock.realMs() + act.goneMs;
      else if ('send' in act) later(clock, act, (sent) => port.isOpen && port.write(sent));
    }
  });
  port.on('error', () => undefined); // the other end went away: the line is silent, as it would be
  await new Promise<void>((resolve, reject) => {
    port.open((error) => {
      if (error === null || error === undefined) resolve();
      else reject(new Error(`cannot open ${path}: ${error.message}`));
    });
  });
  return {
    label: `serial ${path}`,
    stop: () =>
      new Promise((resolve) => {
        if (port.isOpen) port.close(() => resolve());
        else resolve();
      }),
  };
}
