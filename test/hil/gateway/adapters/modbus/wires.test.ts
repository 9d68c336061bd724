import { createServer, type Socket } from 'node:net';
import { SerialPort } from 'serialport';
import { afterEach, describe, expect, test } from 'vitest';
import { createClock } from '../../../../../gateway/adapters/clock.ts';
import { makeWire } from '../../../../../gateway/adapters/modbus/wire.ts';
import type { BusSpec } from '../../../../../gateway/contracts/values/site.ts';
import { createBus } from '../../../../../gateway/guard/bus/owner.ts';
import type { Request } from '../../../../../gateway/guard/bus/pdu.ts';
import type { Log } from '../../../../../gateway/ports.ts';
import { createPtyPair } from '../../../../../simulators/servers/pty.ts';
import { createPeer, frameOf, type Peer } from '../../../../../simulators/wires/peer.ts';

const ends: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const read = (at: number, count = 2): Request => ({ fc: 3, at, count });
const truth = (at: number, count = 2): number[] =>
  Array.from({ length: count }, (_, index) => ((at + index) * 7) & 0xffff);

function newPeer(kind: 'tcp' | 'rtu'): Peer {
  const peer = createPeer(kind, [1]);
  for (let at = 0; at < 1_000; at += 1) peer.registers.set(at, (at * 7) & 0xffff);
  return peer;
}

const reply = (send: (bytes: Uint8Array) => void) => (bytes: Uint8Array, afterMs: number) => {
  if (afterMs === 0) send(bytes);
  else setTimeout(() => send(bytes), afterMs);
};

async function serve(peer: Peer) {
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    peer.reset();
    socket.on('data', (bytes) =>
      peer.heard(
        bytes,
        reply((out) => socket.writable && socket.write(out)),
      ),
    );
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const stop = (): Promise<void> =>
    new Promise((done) => {
      server.close(() => done());
      for (const socket of sockets) socket.destroy();
    });
  ends.push(() => (server.listening ? stop() : undefined));
  return { port, sockets, stop };
}

function client(bus: BusSpec, timeoutMs = 300) {
  const lines: string[] = [];
  const line = (text: string): void => {
    lines.push(text);
  };
  const log: Log = { info: line, warn: line, error: line };
  const clock = createClock();
  const wire = makeWire(bus);
  const own = createBus({
    bus,
    wire,
    clock,
    log,
    stretch: 1,
    random: () => 0.1,
    unitsOnBus: 1,
  });
  const handle = own.attach({ unit: 1, timeoutMs, pauseMs: 0, lateMs: 100, connectDelayMs: 0 });
  own.start();
  ends.push(() => own.stop());
  const ready = () => expect.poll(() => own.connected, { timeout: 20_000 }).toBe(true);
  return { bus: own, handle, lines, ready };
}

describe('TCP', () => {
  test('thirty openings are one socket; a second one beside it is refused', async () => {
    const { port, sockets } = await serve(newPeer('tcp'));
    const wire = makeWire({ id: 'b', kind: 'tcp', host: '127.0.0.1', port });
    for (let turn = 0; turn < 30; turn += 1) {
      wire.close();
      await wire.open();
    }
    await expect.poll(() => sockets.size, { timeout: 20_000 }).toBe(1);
    await expect(wire.open()).rejects.toThrow('is open already');
    wire.close();
    await expect.poll(() => sockets.size, { timeout: 20_000 }).toBe(0);
  });

  const tcp = (port: number): BusSpec => ({ id: 'b', kind: 'tcp', host: '127.0.0.1', port });

  test('a thousand reads and writes against a real socket, all right', async () => {
    const peer = newPeer('tcp');
    const { port } = await serve(peer);
    const { handle, ready } = client(tcp(port));
    await ready();
    for (let turn = 0; turn < 1_000; turn += 1) {
      const at = (turn * 31) % 800;
      expect(await handle.request(read(at, 1 + (turn % 100)), 'control')).toMatchObject({
        ok: true,
        words: truth(at, 1 + (turn % 100)),
      });
    }
    const words = [1, 2, 3];
    expect((await handle.request({ fc: 16, at: 900, words }, 'write')).ok).toBe(true);
    expect(await handle.request(read(900, 3), 'control')).toMatchObject({ words });
  });

  test('late, split, garbage, reset: no wrong value and no request that hangs', async () => {
    const peer = newPeer('tcp');
    const { port, sockets } = await serve(peer);
    const { bus, handle, ready } = client(tcp(port), 100);
    await ready();
    const faults: (() => void)[] = [
      () => {
        peer.faults.late = { every: 2, byMs: 150 };
      },
      () => {
        peer.faults.bend = (frame) => [frame.slice(0, 5), frame.slice(5)];
      },
      () => {
        peer.faults.bend = (frame, count) => [frameOf('tcp', 1, [3, 2, 0, 1], count + 9), frame];
      },
      () => {
        peer.faults.bend = () => [Uint8Array.from(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'))];
      },
      () => {
        for (const socket of sockets) socket.resetAndDestroy();
      },
    ];
    let right = 0;
    for (const fault of faults) {
      fault();
      for (let turn = 0; turn < 6; turn += 1) {
        const result = await handle.request(read(turn * 9, 3), 'control');
        if (!result.ok) continue;
        expect(result.words).toEqual(truth(turn * 9, 3));
        right += 1;
      }
      peer.faults.late = undefined;
      peer.faults.bend = undefined;
      await expect.poll(() => bus.connected, { timeout: 20_000 }).toBe(true);
    }
    expect(right).toBeGreaterThan(10);
    expect((await handle.request(read(5), 'control')).ok).toBe(true);
  });

  test('nobody listens: one line that says how to mend it', async () => {
    const gone = await serve(newPeer('tcp'));
    await gone.stop();
    const { bus, handle, lines } = client(tcp(gone.port));
    await expect.poll(() => lines.length, { timeout: 10_000 }).toBeGreaterThan(0);
    expect(lines[0]).toContain(`tcp 127.0.0.1:${gone.port}`);
    expect(lines[0]).toContain('nobody listens there; check the port');
    expect(lines[0]).not.toContain('\n');
    expect(await handle.request(read(1), 'control')).toMatchObject({ ok: false, why: 'closed' });
    expect(bus.connected).toBe(false);
  });

  test('a gateway that goes away and comes back on the same port', async () => {
    const peer = newPeer('tcp');
    const first = await serve(peer);
    const { bus, handle, ready } = client(tcp(first.port));
    await ready();
    await first.stop();
    await expect.poll(() => bus.connected).toBe(false);
    const again = createServer((socket) => {
      socket.on('data', (bytes) =>
        peer.heard(
          bytes,
          reply((out) => socket.write(out)),
        ),
      );
      socket.on('error', () => undefined);
      ends.push(() => {
        socket.destroy();
      });
    });
    await new Promise<void>((done) => again.listen(first.port, '127.0.0.1', done));
    ends.push(() => {
      again.close();
    });
    await ready();
    expect((await handle.request(read(3), 'control')).ok).toBe(true);
  });

  test('RTU frames over TCP', async () => {
    const peer = newPeer('rtu');
    const { port } = await serve(peer);
    const bus: BusSpec = { id: 'b', kind: 'rtu-over-tcp', host: '127.0.0.1', port };
    const { handle, ready } = client(bus);
    await ready();
    for (let turn = 0; turn < 100; turn += 1) {
      const result = await handle.request(read(turn, 1 + (turn % 20)), 'control');
      expect(result).toMatchObject({ ok: true, words: truth(turn, 1 + (turn % 20)) });
    }
  });
});

describe('serial line', () => {
  const serial = (path: string): BusSpec => ({
    id: 'b',
    kind: 'serial',
    path,
    baud: 115_200,
    parity: 'none',
    stopBits: 1,
  });

  async function line() {
    const pair = await createPtyPair();
    if (pair === undefined) return undefined;
    ends.push(pair.stop);
    const peer = newPeer('rtu');
    const port = new SerialPort({ path: pair.device, baudRate: 115_200, autoOpen: false });
    await new Promise<void>((done, fail) => port.open((error) => (error ? fail(error) : done())));
    port.on('error', () => undefined);
    port.on('data', (bytes: Buffer) =>
      peer.heard(
        bytes,
        reply((out) => port.isOpen && port.write(out)),
      ),
    );
    ends.push(() => new Promise<void>((done) => (port.isOpen ? port.close(() => done()) : done())));
    return { pair, peer };
  }

  test('reads and writes over a pty, with check sum errors in between', async (context) => {
    const ends2 = await line();
    if (ends2 === undefined) return context.skip('socat is not installed');
    const { pair, peer } = ends2;
    const { handle, ready } = client(serial(pair.gateway), 200);
    await ready();
    handle.prove(read(7, 1), truth(7, 1));
    let right = 0;
    peer.faults.bend = (frame, count) =>
      count % 10 === 0 ? [frame.map((byte, at) => (at === 4 ? byte ^ 0x10 : byte))] : [frame];
    for (let turn = 0; turn < 60; turn += 1) {
      const result = await handle.request(read(turn * 5, 2 + (turn % 9)), 'control');
      if (!result.ok) continue;
      expect(result.words).toEqual(truth(turn * 5, 2 + (turn % 9)));
      right += 1;
    }
    expect(right).toBeGreaterThan(45);
    peer.faults.bend = undefined;
    expect((await handle.request({ fc: 6, at: 3, word: 9 }, 'write')).ok).toBe(true);
    expect(peer.registers.get(3)).toBe(9);
  });

  test('the adapter is pulled out: told at once, pending requests settle', async (context) => {
    const ends2 = await line();
    if (ends2 === undefined) return context.skip('socat is not installed');
    const { pair, peer } = ends2;
    const { bus, handle, lines, ready } = client(serial(pair.gateway), 10_000);
    await ready();
    peer.faults.drop = true;
    const pending = handle.request(read(1), 'control');
    await expect.poll(() => peer.asked.length + handle.stats.requests).toBeGreaterThan(0);
    await pair.stop();
    expect(await pending).toMatchObject({ ok: false, why: 'closed' });
    expect(bus.connected).toBe(false);
    expect(lines.join('\n')).toMatch(/serial \/dev\/pts\/\d+: /);
  });

  test('a path that does not exist: one line with what, where and how to mend', async () => {
    const wire = makeWire(serial('/dev/serial/by-id/usb-none'));
    const error = await wire.open().then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(Error);
    const text = error instanceof Error ? error.message : '';
    expect(text).toContain('there is no /dev/serial/by-id/usb-none');
    expect(text).toContain('correct the path in the site file');
    expect(text).not.toContain('\n');
  });
});
