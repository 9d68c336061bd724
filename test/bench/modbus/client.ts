import { once } from 'node:events';
import { connect } from 'node:net';
import jsmodbus from 'jsmodbus';
import modbusSerial from 'modbus-serial';
import { createClock } from '../../../gateway/adapters/clock.ts';
import { makeWire } from '../../../gateway/adapters/modbus/wire.ts';
import type { BusSpec } from '../../../gateway/contracts/values/site.ts';
import { createBus } from '../../../gateway/guard/bus/owner.ts';

/**
 * `client.ts NAME PORT CONNECTIONS REQUESTS [DEPTH]`: reads 125 registers again and again and
 * prints what a request costs this process.
 */
const REGISTERS = 125;
const WARM_UP = 4_000;
const QUIET = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** One read, checked; a client that returns anything else is not measured. */
type Read = () => Promise<void>;

function judge(words: readonly number[]): void {
  if (words.length !== REGISTERS || words[124] !== 868) throw new Error('a wrong answer');
}

async function ours(port: number, depth: number): Promise<Read> {
  const clock = createClock();
  const bus: BusSpec = { id: 'bench', kind: 'tcp', host: '127.0.0.1', port };
  const owner = createBus({
    bus,
    wire: makeWire(bus),
    clock,
    log: QUIET,
    stretch: 1,
    random: () => 0.5,
    unitsOnBus: 1,
  });
  const settings = { unit: 1, timeoutMs: 5_000, pauseMs: 0, lateMs: 300, connectDelayMs: 0, depth };
  const handle = owner.attach(settings);
  await new Promise<void>((open) => {
    owner.onOpen = open;
    owner.start();
  });
  const request = { fc: 3, at: 0, count: REGISTERS } as const;
  return async () => {
    const result = await handle.request(request, 'control');
    if (!result.ok) throw new Error(result.detail);
    judge(result.words);
  };
}

async function serial(port: number): Promise<Read> {
  const client = new modbusSerial.default();
  client.setTimeout(5_000);
  await client.connectTCP('127.0.0.1', { port });
  client.setID(1);
  return async () => judge((await client.readHoldingRegisters(0, REGISTERS)).data);
}

async function js(port: number): Promise<Read> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  const client = new jsmodbus.client.TCP(socket, 1, 5_000);
  await once(socket, 'connect');
  return async () => {
    const { response } = await client.readHoldingRegisters(0, REGISTERS);
    judge([...response.body.valuesAsArray]);
  };
}

const CLIENTS: Readonly<Record<string, (port: number, depth: number) => Promise<Read>>> = {
  ours,
  'modbus-serial': serial,
  jsmodbus: js,
};

async function run(reads: readonly Read[], requests: number): Promise<void> {
  let left = requests;
  await Promise.all(
    reads.map(async (read) => {
      while (left > 0) {
        left -= 1;
        await read();
      }
    }),
  );
}

const [name = '', port = '', connections = '1', requests = '1000', depth = '1'] =
  process.argv.slice(2);
const make = CLIENTS[name];
if (make === undefined) throw new Error(`no client is called ${name}`);
const links = await Promise.all(
  Array.from({ length: Number(connections) }, () => make(Number(port), Number(depth))),
);
const reads = links.flatMap((read) => Array.from({ length: Number(depth) }, () => read));
await run(reads, WARM_UP);
const before = process.cpuUsage();
const startMs = performance.now();
await run(reads, Number(requests));
const wallMs = performance.now() - startMs;
const { user, system } = process.cpuUsage(before);
const cpuMs = (user + system) / 1_000;
process.stdout.write(`${JSON.stringify({ requests: Number(requests), cpuMs, wallMs })}\n`);
process.exit(0);
