import { once } from 'node:events';
import { connect } from 'node:net';
import jsmodbus from 'jsmodbus';
import modbusSerial from 'modbus-serial';
import { SerialPort } from 'serialport';
import { createClock } from '../../../gateway/adapters/clock.ts';
import { makeWire } from '../../../gateway/adapters/modbus/wire.ts';
import type { BusSpec } from '../../../gateway/contracts/values/site.ts';
import { createBus } from '../../../gateway/guard/bus/owner.ts';

/**
 * `client.ts '{"client":"ours","port":502,...}'`: reads the same registers again and again and
 * prints what that costs this process.
 */
export interface Task {
  readonly client: 'ours' | 'modbus-serial' | 'jsmodbus';
  readonly port?: number; // Modbus TCP on this machine
  readonly path?: string; // RTU
  readonly baud?: number;
  readonly registers: number;
  readonly connections: number;
  readonly depth: number; // requests in flight on each connection
  readonly warmUp: number;
  readonly requests: number;
}

const TIMEOUT_MS = 5_000;
const QUIET = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** One read; what it brings is checked, a client that returns anything else is not measured. */
type Read = () => Promise<readonly number[]>;

async function ours({ port = 0, path, baud = 0, registers, depth }: Task): Promise<Read> {
  const bus: BusSpec =
    path === undefined
      ? { id: 'bench', kind: 'tcp', host: '127.0.0.1', port }
      : { id: 'bench', kind: 'serial', path, baud, parity: 'none', stopBits: 1 };
  const owner = createBus({
    bus,
    wire: makeWire(bus),
    clock: createClock(),
    log: QUIET,
    stretch: 1,
    random: () => 0.5,
    unitsOnBus: 1,
  });
  const times = { timeoutMs: TIMEOUT_MS, pauseMs: 0, lateMs: 300, connectDelayMs: 0 };
  const handle = owner.attach({ unit: 1, ...times, depth });
  await new Promise<void>((open) => {
    owner.onOpen = open;
    owner.start();
  });
  const request = { fc: 3, at: 0, count: registers } as const;
  return async () => {
    const result = await handle.request(request, 'control');
    if (!result.ok) throw new Error(result.detail);
    return result.words;
  };
}

async function serial({ port, path, baud, registers }: Task): Promise<Read> {
  const client = new modbusSerial.default();
  client.setTimeout(TIMEOUT_MS);
  if (path === undefined) await client.connectTCP('127.0.0.1', { port: port ?? 0 });
  else await client.connectRTUBuffered(path, { baudRate: baud ?? 0 });
  client.setID(1);
  return async () => (await client.readHoldingRegisters(0, registers)).data;
}

async function js({ port, path, baud, registers }: Task): Promise<Read> {
  if (path !== undefined) {
    const line = new SerialPort({ path, baudRate: baud ?? 0, autoOpen: false });
    const client = new jsmodbus.client.RTU(line, 1, TIMEOUT_MS);
    line.open();
    await once(line, 'open');
    return async () => {
      const { response } = await client.readHoldingRegisters(0, registers);
      return [...response.body.valuesAsArray];
    };
  }
  const socket = connect({ host: '127.0.0.1', port: port ?? 0, noDelay: true });
  const client = new jsmodbus.client.TCP(socket, 1, TIMEOUT_MS);
  await once(socket, 'connect');
  return async () => {
    const { response } = await client.readHoldingRegisters(0, registers);
    return [...response.body.valuesAsArray];
  };
}

const CLIENTS = { ours, 'modbus-serial': serial, jsmodbus: js };

async function run(reads: readonly Read[], { registers }: Task, requests: number): Promise<void> {
  let left = requests;
  const last = registers - 1;
  await Promise.all(
    reads.map(async (read) => {
      while (left > 0) {
        left -= 1;
        const words = await read();
        if (words.length !== registers || words[last] !== last * 7) throw new Error('wrong');
      }
    }),
  );
}

const task: Task = JSON.parse(process.argv[2] ?? '{}');
const links = await Promise.all(
  Array.from({ length: task.connections }, () => CLIENTS[task.client](task)),
);
const reads = links.flatMap((read) => Array.from({ length: task.depth }, () => read));
await run(reads, task, task.warmUp);
const before = process.cpuUsage();
const startMs = performance.now();
await run(reads, task, task.requests);
const wallMs = performance.now() - startMs;
const { user, system } = process.cpuUsage(before);
const cpuMs = (user + system) / 1_000;
process.stdout.write(`${JSON.stringify({ requests: task.requests, cpuMs, wallMs })}\n`);
process.exit(0);
