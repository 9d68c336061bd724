import { ServerSerial, ServerTCP } from 'modbus-serial';
import { afterEach, expect, test } from 'vitest';
import { createClock } from '../../../../../gateway/adapters/clock.ts';
import { makeWire } from '../../../../../gateway/adapters/modbus/wire.ts';
import type { BusSpec } from '../../../../../gateway/contracts/values/site.ts';
import { createBus } from '../../../../../gateway/guard/bus/owner.ts';
import type { Request } from '../../../../../gateway/guard/bus/pdu.ts';
import type { Log } from '../../../../../gateway/ports.ts';
import { createPtyPair } from '../../../../../simulators/servers/pty.ts';

const QUIET: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };
const ends: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** Registers and coils as a server that we did not write wants to be asked for them. */
function vector() {
  const holding = new Map<number, number>();
  const coils = new Map<number, boolean>();
  return {
    holding,
    getHoldingRegister: (at: number) => holding.get(at) ?? (at * 3) & 0xffff,
    getInputRegister: (at: number) => (at * 5) & 0xffff,
    getCoil: (at: number) => coils.get(at) ?? at % 3 === 0,
    getDiscreteInput: (at: number) => at % 2 === 0,
    setRegister: (at: number, value: number) => {
      holding.set(at, value);
    },
    setCoil: (at: number, value: boolean) => {
      coils.set(at, value);
    },
  };
}

async function exercise(bus: BusSpec): Promise<void> {
  const clock = createClock();
  const wire = makeWire(bus);
  const own = createBus({
    bus,
    wire,
    clock,
    log: QUIET,
    stretch: 1,
    random: () => 0.1,
    unitsOnBus: 1,
  });
  const handle = own.attach({
    unit: 1,
    timeoutMs: 1_000,
    pauseMs: 0,
    lateMs: 100,
    connectDelayMs: 0,
  });
  own.start();
  ends.push(() => own.stop());
  await expect.poll(() => own.connected, { timeout: 20_000 }).toBe(true);
  const ask = (request: Request) => handle.request(request, 'control');
  const list = (from: number, count: number, of: (at: number) => number): number[] =>
    Array.from({ length: count }, (_, index) => of(from + index));
  expect(await ask({ fc: 3, at: 100, count: 125 })).toMatchObject({
    ok: true,
    words: list(100, 125, (at) => (at * 3) & 0xffff),
  });
  expect(await ask({ fc: 4, at: 7, count: 2 })).toMatchObject({
    ok: true,
    words: list(7, 2, (at) => (at * 5) & 0xffff),
  });
  expect(await ask({ fc: 1, at: 1, count: 19 })).toMatchObject({
    ok: true,
    words: list(1, 19, (at) => (at % 3 === 0 ? 1 : 0)),
  });
  expect(await ask({ fc: 2, at: 1, count: 9 })).toMatchObject({
    ok: true,
    words: list(1, 9, (at) => (at % 2 === 0 ? 1 : 0)),
  });
  expect(await ask({ fc: 6, at: 4, word: 0xfffe })).toMatchObject({ ok: true });
  expect(await ask({ fc: 16, at: 5, words: [1, 2, 3] })).toMatchObject({ ok: true });
  expect(await ask({ fc: 5, at: 1, on: true })).toMatchObject({ ok: true });
  expect(await ask({ fc: 15, at: 2, bits: [true, false, true] })).toMatchObject({ ok: true });
  expect(await ask({ fc: 3, at: 4, count: 4 })).toMatchObject({ words: [0xfffe, 1, 2, 3] });
  expect(await ask({ fc: 1, at: 1, count: 4 })).toMatchObject({ words: [1, 1, 0, 1] });
}

test('every function against the TCP server of modbus-serial', async () => {
  const server = new ServerTCP(vector(), { host: '127.0.0.1', port: 0, unitID: 1 });
  ends.push(() => new Promise<void>((done) => server.close(() => done())));
  const port = await new Promise<number>((done) => {
    server.on('initialized', () => {
      const listening: unknown = Reflect.get(server, '_server');
      const address: unknown = Reflect.apply(
        Reflect.get(Object(listening), 'address') as () => unknown,
        listening,
        [],
      );
      done(Number(Reflect.get(Object(address), 'port')));
    });
  });
  await exercise({ id: 'b', kind: 'tcp', host: '127.0.0.1', port });
});

test('every function against the serial server of modbus-serial', async (context) => {
  const pair = await createPtyPair();
  if (pair === undefined) return context.skip('socat is not installed');
  ends.push(pair.stop);
  const server = new ServerSerial(vector(), {
    path: pair.device,
    baudRate: 115_200,
    unitID: 1,
  });
  ends.push(() => new Promise<void>((done) => server.close(() => done())));
  await new Promise<void>((done) => server.on('initialized', () => done()));
  await exercise({
    id: 'b',
    kind: 'serial',
    path: pair.gateway,
    baud: 115_200,
    parity: 'none',
    stopBits: 1,
  });
});
