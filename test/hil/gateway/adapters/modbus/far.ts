import { createSocket } from 'node:dgram';
import { createServer, type Socket } from 'node:net';
import { SerialPort } from 'serialport';
import type { BusSpec } from '../../../../../gateway/contracts/values/site.ts';
import { createPtyPair } from '../../../../../simulators/servers/pty.ts';
import { createPeer, type Peer } from '../../../../../simulators/wires/peer.ts';

/** A device on a real wire of each kind, and what the gateway calls that wire. */
export interface Far {
  readonly peer: Peer;
  readonly bus: BusSpec;
  /** The far end goes away, as if unplugged. */
  cut(): Promise<void> | void;
  stop(): Promise<void>;
}

const HOST = '127.0.0.1';
const BAUD = 115_200;

const later = (send: (bytes: Uint8Array) => void) => (bytes: Uint8Array, afterMs: number) => {
  if (afterMs === 0) send(bytes);
  else setTimeout(() => send(bytes), afterMs);
};

export const truth = (at: number, count = 2): number[] =>
  Array.from({ length: count }, (_, index) => ((at + index) * 7) & 0xffff);

function newPeer(kind: 'tcp' | 'rtu'): Peer {
  const peer = createPeer(kind, [1]);
  for (let at = 0; at < 1_000; at += 1) peer.registers.set(at, (at * 7) & 0xffff);
  return peer;
}

async function overTcp(kind: 'tcp' | 'rtu'): Promise<Far> {
  const peer = newPeer(kind);
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    peer.reset();
    const send = later((out) => socket.writable && socket.write(out));
    socket.on('data', (bytes) => peer.heard(bytes, send));
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((done) => server.listen(0, HOST, done));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const cut = (): void => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  return {
    peer,
    bus: { id: 'b', kind: kind === 'tcp' ? 'tcp' : 'rtu-over-tcp', host: HOST, port },
    cut,
    stop: () =>
      new Promise((done) => {
        server.close(() => done());
        cut();
      }),
  };
}

async function overUdp(): Promise<Far> {
  const peer = newPeer('tcp');
  const socket = createSocket('udp4');
  let isOpen = true;
  socket.once('close', () => {
    isOpen = false; // an answer that was late enough comes to nobody
  });
  socket.on('message', (bytes, from) => {
    peer.reset();
    peer.heard(
      bytes,
      later((out) => {
        if (isOpen) socket.send(out, from.port, from.address);
      }),
    );
  });
  await new Promise<void>((done) => socket.bind(0, HOST, done));
  const stop = (): Promise<void> => new Promise((done) => socket.close(() => done()));
  return {
    peer,
    bus: { id: 'b', kind: 'udp', host: HOST, port: socket.address().port },
    cut: () => undefined,
    stop,
  };
}

/** Longitudinal redundancy check of Modbus ASCII. */
const lrc = (bytes: Uint8Array): number => -bytes.reduce((sum, byte) => sum + byte, 0) & 0xff;

/** Speaks ASCII outside and RTU inside. */
function asciiEars(peer: Peer, send: (bytes: Uint8Array) => void): (bytes: Uint8Array) => void {
  let text = '';
  const crcOf = (frame: Uint8Array): number => {
    let crc = 0xffff;
    for (const byte of frame) {
      crc ^= byte;
      for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0xa001 : crc >>> 1;
    }
    return crc;
  };
  const say = later((frame) => {
    const body = frame.slice(0, -2);
    const hex = Buffer.from([...body, lrc(body)]).toString('hex');
    send(Buffer.from(`:${hex.toUpperCase()}\r\n`));
  });
  return (bytes) => {
    text += Buffer.from(bytes).toString('latin1');
    for (let end = text.indexOf('\r\n'); end >= 0; end = text.indexOf('\r\n')) {
      const body = Buffer.from(text.slice(text.indexOf(':') + 1, end), 'hex').subarray(0, -1);
      text = text.slice(end + 2);
      const crc = crcOf(body);
      peer.heard(Uint8Array.from([...body, crc & 0xff, crc >> 8]), say);
    }
  };
}

/** @returns undefined where socat is not installed */
async function overPty(framing: 'rtu' | 'ascii'): Promise<Far | undefined> {
  const pair = await createPtyPair();
  if (pair === undefined) return undefined;
  const peer = newPeer('rtu');
  const port = new SerialPort({ path: pair.device, baudRate: BAUD, autoOpen: false });
  await new Promise<void>((done, fail) => port.open((error) => (error ? fail(error) : done())));
  port.on('error', () => undefined);
  const send = (out: Uint8Array): void => {
    if (port.isOpen) port.write(Buffer.from(out));
  };
  const ascii = asciiEars(peer, send);
  port.on('data', (bytes: Buffer) => {
    if (framing === 'ascii') ascii(bytes);
    else peer.heard(bytes, later(send));
  });
  const line = { path: pair.gateway, baud: BAUD, parity: 'none', stopBits: 1 } as const;
  return {
    peer,
    bus: { id: 'b', kind: 'serial', ...line, framing, dataBits: 8 },
    cut: pair.stop,
    stop: async () => {
      await new Promise<void>((done) => (port.isOpen ? port.close(() => done()) : done()));
      await pair.stop();
    },
  };
}

export const FAR: Readonly<Record<string, () => Promise<Far | undefined>>> = {
  'Modbus TCP, ours': () => overTcp('tcp'),
  'RTU over TCP, ours': () => overTcp('rtu'),
  'RTU, ours': () => overPty('rtu'),
  'ASCII by modbus-serial': () => overPty('ascii'),
  'UDP by modbus-serial': () => overUdp(),
};
