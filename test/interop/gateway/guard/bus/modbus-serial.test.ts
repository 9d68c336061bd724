import { ServerSerial, ServerTCP } from 'modbus-serial';
import { afterEach, test } from 'vitest';
import { createPtyPair } from '../../../../../simulators/servers/pty.ts';
import { exercise } from './exercise.ts';

const ends: (() => Promise<unknown> | undefined)[] = [];
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
  await exercise({ id: 'b', kind: 'tcp', host: '127.0.0.1', port }, ends);
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
  await exercise(
    {
      id: 'b',
      kind: 'serial',
      path: pair.gateway,
      baud: 115_200,
      parity: 'none',
      stopBits: 1,
    },
    ends,
  );
});
