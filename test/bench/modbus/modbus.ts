import { numberFrom } from '../../fixtures/environment.ts';
import type { Task } from './client.ts';
import {
  type Cost,
  compiled,
  median,
  round,
  runC,
  runClient,
  type Server,
  servers,
  started,
  stop,
} from './parts.ts';
import { pure } from './pure.ts';
import { site32 } from './site32.ts';

const ROUNDS = { usual: 5, least: 1, most: 1_000, isWhole: true } as const;
const SITE_MS = { usual: 60_000, least: 1_000, most: 86_400_000 };
const roundsWanted = (): number => numberFrom('BENCH_ROUNDS', ROUNDS);
const CONNECTIONS = [1, 16, 64];
const NAMES = ['ours', 'modbus-serial', 'jsmodbus'] as const;
const LIBMODBUS = 'libmodbus in C';
const REGISTERS = 125;
const REQUESTS = 20_000;
const WARM_UP = 6_000;

const note = (text: string): void => {
  process.stderr.write(`${text}\n`);
};

type Costs = Map<string, Cost[]>;

function add(costs: Costs, name: string, cost: Cost): void {
  const list = costs.get(name) ?? [];
  list.push(cost);
  costs.set(name, list);
}

const cpuOf = (costs: Costs, name: string): number =>
  median((costs.get(name) ?? []).map(({ cpuUs }) => cpuUs));

/** Ours over another, round by round, so that a busy machine hits both. */
function ratio(costs: Costs, other: string): number {
  const own = costs.get('ours') ?? [];
  const list = costs.get(other) ?? [];
  return round(median(own.map(({ cpuUs }, n) => cpuUs / (list[n]?.cpuUs ?? Number.NaN))));
}

function summary(costs: Costs): object {
  const clients = [...costs.keys()].map((name) => [
    name,
    {
      cpuUsPerRequest: round(cpuOf(costs, name)),
      cpuUsPerValue: round(cpuOf(costs, name) / 62, 3), // two registers a value
      requestsPerS: round(1e6 / median((costs.get(name) ?? []).map(({ wallUs }) => wallUs)), 0),
    },
  ]);
  const others = [...costs.keys()].filter((name) => name !== 'ours');
  return {
    clients: Object.fromEntries(clients),
    oursOver: Object.fromEntries(others.map((name) => [name, ratio(costs, name)])),
  };
}

async function overTcp(server: Server, connections: number, libmodbus: string | undefined) {
  const costs: Costs = new Map();
  const base = { port: server.port, registers: REGISTERS, connections, warmUp: WARM_UP };
  const rounds = roundsWanted();
  for (let n = 0; n < rounds; n += 1) {
    for (const client of NAMES) {
      add(costs, client, await runClient({ ...base, client, depth: 1, requests: REQUESTS }));
    }
    if (libmodbus === undefined) continue;
    add(costs, LIBMODBUS, await runC(libmodbus, ['client', server.port, connections, REQUESTS]));
  }
  note(`tcp, server ${server.name}, ${connections} connections: done`);
  return { server: server.name, connections, ...summary(costs) };
}

async function pipelined(server: Server): Promise<object> {
  const found: Record<string, number> = {};
  const rounds = roundsWanted();
  for (const depth of [1, 4, 16]) {
    const list: number[] = [];
    for (let n = 0; n < rounds; n += 1) {
      const task: Task = {
        client: 'ours',
        port: server.port,
        registers: REGISTERS,
        connections: 1,
        depth,
        warmUp: WARM_UP,
        requests: REQUESTS,
      };
      list.push((await runClient(task)).cpuUs);
    }
    found[`depth${depth}`] = round(median(list));
  }
  return { server: server.name, cpuUsPerRequest: found };
}

/** 8 characters asked, 5 and two a register answered, 10 bits each, twice 3.5 of silence. */
function physicalMs(baud: number, registers: number): number {
  const characterMs = 10_000 / baud;
  return (13 + 2 * registers) * characterMs + 2 * Math.max(1.75, 3.5 * characterMs);
}

async function overRtu(paced: string, libmodbus: string | undefined, baud: number) {
  const rounds = Math.min(roundsWanted(), 3);
  const line = await started(paced, [String(baud)]);
  const sizes: object[] = [];
  for (const registers of [10, REGISTERS]) {
    const costs: Costs = new Map();
    const limitMs = physicalMs(baud, registers);
    const requests = Math.max(10, Math.round(3_000 / limitMs));
    for (let n = 0; n < rounds; n += 1) {
      for (const client of NAMES) {
        const more = { path: line.line, baud, registers, connections: 1, depth: 1 };
        add(costs, client, await runClient({ client, ...more, warmUp: requests, requests }));
      }
      if (libmodbus === undefined) continue;
      add(costs, LIBMODBUS, await runC(libmodbus, ['rtu', line.line, baud, registers, requests]));
    }
    const clients = [...costs].map(([name, list]) => {
      const wallMs = median(list.map(({ wallUs }) => wallUs)) / 1_000;
      const lineUsePct = round((100 * limitMs) / wallMs, 1);
      return [name, { cpuUs: round(cpuOf(costs, name), 0), readMs: round(wallMs), lineUsePct }];
    });
    sizes.push({ registers, physicalMs: round(limitMs), clients: Object.fromEntries(clients) });
  }
  await stop(line.child);
  note(`rtu, ${baud} baud: done`);
  return { baud, sizes };
}

/**
 * `npm run bench -- modbus`: what a request costs, in interleaved rounds against others; what of a
 * line's time is used; what framing and decoding cost alone.
 */
export async function benchModbus(): Promise<object> {
  const [rounds, siteMs] = [roundsWanted(), numberFrom('BENCH_MS', SITE_MS)];
  const { libmodbus, paced } = compiled();
  const list = await servers(libmodbus);
  try {
    const tcp: object[] = [];
    const pipelines: object[] = [];
    for (const server of list) {
      for (const connections of CONNECTIONS) {
        tcp.push(await overTcp(server, connections, libmodbus));
      }
      pipelines.push(await pipelined(server));
    }
    const rtu: object[] = [];
    for (const baud of paced === undefined ? [] : [9_600, 19_200, 115_200]) {
      rtu.push(await overRtu(paced ?? '', libmodbus, baud));
    }
    const [own] = list;
    const many = own && (await site32(own.port, siteMs));
    return { rounds, registers: REGISTERS, tcp, pipelines, rtu, site: many, pure: pure() };
  } finally {
    for (const { child } of list) await stop(child);
  }
}
