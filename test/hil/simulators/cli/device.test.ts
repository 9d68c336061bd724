import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import jsmodbus from 'jsmodbus';
import modbusSerial from 'modbus-serial';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createClock } from '../../../../gateway/adapters/clock.ts';
import { makeWire } from '../../../../gateway/adapters/modbus/wire.ts';
import type { BusSpec } from '../../../../gateway/contracts/values/site.ts';
import { createBus } from '../../../../gateway/guard/bus/owner.ts';
import type { Request } from '../../../../gateway/guard/bus/pdu.ts';
import { KINDS } from '../../../../simulators/devices/faults/rules.ts';
import { createPtyPair } from '../../../../simulators/servers/pty.ts';
import { ROOT } from '../../../architecture/source.ts';
import { type SimulatedDevice, startDevice } from '../../../fixtures/simulated-device.ts';

const ModbusRtu = modbusSerial.default;
const QUIET = { info: () => undefined, warn: () => undefined, error: () => undefined };
const LIMIT = { timeout: 60_000 };
const ends: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function started(...args: readonly string[]): Promise<SimulatedDevice> {
  const device = await startDevice(...args);
  ends.push(device.stop);
  return device;
}

/** Our own bus owner, as the guard has it, and a request that is repeated until it is answered. */
async function ours(bus: BusSpec, unit: number) {
  const wire = makeWire(bus);
  const own = createBus({
    bus,
    wire,
    clock: createClock(),
    log: QUIET,
    stretch: 1,
    random: () => 0.1,
    unitsOnBus: 1,
  });
  const limits = { timeoutMs: 300, pauseMs: 0, lateMs: 100, connectDelayMs: 0 };
  const handle = own.attach({ unit, ...limits });
  own.start();
  ends.push(() => own.stop());
  await expect.poll(() => own.connected, LIMIT).toBe(true);
  const ask = (request: Request) => handle.request(request, 'control');
  /** The first answer: a busy machine may lose one to its time-out. */
  const answered = (request: Request) =>
    vi.waitUntil(async () => {
      const result = await ask(request);
      return result.ok && result;
    }, LIMIT);
  return { ask, answered };
}

/** Runs a program; undefined where it is not installed. */
const program = (name: string, ...args: string[]): Promise<string | undefined> =>
  new Promise((resolve, reject) => {
    execFile(name, args, { timeout: 60_000 }, (error, stdout, stderr) => {
      if (error?.code === 'ENOENT') resolve(undefined);
      else if (error !== null && typeof error.code !== 'number') reject(error);
      else resolve(stdout + stderr);
    });
  });

const POWER: Request = { fc: 4, at: 52, count: 2 };
const WATTS_2096 = [0x4503, 0];

describe('on TCP', () => {
  it('is read right by our bus owner, whatever happens in between', async () => {
    const device = await started('eastron/sdm630', '--tcp', '0', '--set', 'powerW=2096');
    const { ask, answered } = await ours(
      { id: 'b', kind: 'tcp', host: '127.0.0.1', port: device.port },
      device.unit,
    );
    expect(await answered(POWER)).toMatchObject({ words: WATTS_2096 });
    const rules = ['late 400', 'short', 'garbage', 'shifted', 'half-open'];
    for (const rule of rules) {
      await device.line(`fault ${rule} times 1`);
      const struck = await ask({ ...POWER, count: 4 });
      if (struck.ok) expect(struck.words, rule).toHaveLength(4);
      else expect(struck.ok, rule).toBe(false);
      expect(await answered(POWER), `after ${rule}`).toMatchObject({ words: WATTS_2096 });
    }
    await device.line('fault reboot 300ms');
    expect((await ask(POWER)).ok).toBe(false);
    await answered(POWER);
    const state = await device.line('state');
    expect(state).toMatchObject({ event: 'state', profile: 'eastron/sdm630' });
    expect(await device.stop()).toBe(0);
    expect(device.events.at(-1)).toMatchObject({ points: { powerW: 2096 }, faults: [] });
  });

  it('serves clients that we did not write, and tells each write', async () => {
    const device = await started('edgewatt/demo-wallbox', '--tcp', '0', '--set', 'socPct=40');
    const client = new ModbusRtu();
    client.setTimeout(5_000);
    await client.connectTCP('127.0.0.1', { port: device.port });
    ends.push(() => new Promise((resolve) => client.close(resolve)));
    client.setID(device.unit);
    await client.writeRegisters(0, [1, 130, 60]);
    await client.writeRegister(1, 100);
    expect((await client.readInputRegisters(17, 1)).data).toEqual([400]);
    await device.line('fault exception 6 on writes');
    await expect(client.writeRegister(1, 160)).rejects.toMatchObject({ modbusCode: 6 });
    const socket = connect({ host: '127.0.0.1', port: device.port });
    const second = new jsmodbus.client.TCP(socket, device.unit, 5_000);
    await once(socket, 'connect');
    ends.push(() => socket.destroy());
    const read = await second.readHoldingRegisters(0, 3);
    expect(read.response.body.valuesAsArray).toEqual([1, 100, 60]);
    const writes = () => device.events.filter(({ event }) => event === 'write');
    await expect.poll(() => writes().length, LIMIT).toBe(2);
    expect(writes()).toMatchObject([
      { fc: 16, address: 0, points: { setEnable: 1, setCurrentA: 13, setReversionS: 60 } },
      { fc: 6, address: 1, points: { setCurrentA: 10 } },
    ]);
    await expect(device.line('fault echo')).resolves.toMatchObject({ event: 'error' });
  });

  it('serves as many clients as its profile or a fault says', async () => {
    const device = await started('eastron/sdm630', '--tcp', '0', '--fault', 'one-client');
    const open = async () => {
      const socket = connect({ host: '127.0.0.1', port: device.port });
      socket.on('error', () => undefined);
      ends.push(() => socket.destroy());
      await once(socket, 'connect');
      return socket;
    };
    const heard = (socket: Socket, event: string): Promise<boolean> =>
      new Promise((resolve) => socket.once(event, () => resolve(event === 'data')));
    const answers = (socket: Socket): Promise<boolean> => {
      const first = Promise.race([heard(socket, 'data'), heard(socket, 'close')]);
      socket.write(Uint8Array.of(0, 7, 0, 0, 0, 6, 1, 4, 0, 52, 0, 2));
      return first;
    };
    const oldest = await open();
    expect(await answers(oldest)).toBe(true);
    expect(await answers(await open())).toBe(false);
    expect(await answers(oldest)).toBe(true);
    await device.line('off one-client');
    await device.line('fault one-client newest');
    const closed = heard(oldest, 'close');
    const newest = await open();
    await closed;
    expect(await answers(newest)).toBe(true);
  });

  it('is read by mbpoll', async (context) => {
    const device = await started('eastron/sdm630', '--tcp', '0', '--set', 'powerW=2096');
    const words = ['-t', '3:hex', '-r', '52', '-c', '2', '-a', '1', '-0', '-1', '-o', '10'];
    const out = await program('mbpoll', '-m', 'tcp', '-p', `${device.port}`, ...words, '127.0.0.1');
    if (out === undefined) return context.skip('mbpoll is not installed');
    expect(out).toMatch(/\[52\]:\s+0x4503\s+\[53\]:\s+0x0000/);
  });
});

describe('on a serial line', () => {
  it('is read right by our bus owner through noise, echo and other masters', async (context) => {
    const pair = await createPtyPair();
    if (pair === undefined) return context.skip('socat is not installed');
    ends.push(pair.stop);
    const device = await started(
      'edgewatt/demo-wallbox',
      '--serial',
      pair.device,
      '--baud',
      '19200',
    );
    const line = { baud: 19_200, parity: 'none', stopBits: 1 } as const;
    const bus: BusSpec = { id: 'b', kind: 'serial', path: pair.gateway, ...line };
    const { ask, answered } = await ours(bus, device.unit);
    await device.line('set setCurrentA=16');
    const registers: Request = { fc: 3, at: 0, count: 5 };
    for (const rule of ['noise', 'echo', 'wrong-id', 'short', 'garbage', 'shifted', 'late 350']) {
      await device.line(`fault ${rule} times 1`);
      const struck = await ask(registers);
      if (struck.ok) expect(struck.words[1], rule).toBe(160);
      expect(await answered(registers), `after ${rule}`).toMatchObject({
        words: [0, 160, 0, 0, 0],
      });
    }
    await device.line('fault second-master setCurrentA=6');
    await ask(registers);
    await answered(registers);
    expect(await answered(registers)).toMatchObject({ words: [0, 60, 0, 0, 0] });
  });

  it('serves mbpoll and modbus-serial', async (context) => {
    const pair = await createPtyPair();
    if (pair === undefined) return context.skip('socat is not installed');
    ends.push(pair.stop);
    const device = await started('eastron/sdm630', '--serial', pair.device, '--set', 'powerW=2096');
    const words = ['-t', '3:hex', '-r', '52', '-c', '2', '-a', '1', '-0', '-1', '-o', '10'];
    const line = ['-m', 'rtu', '-b', '9600', '-P', 'none'];
    const out = await program('mbpoll', ...line, ...words, pair.gateway);
    if (out !== undefined) expect(out).toMatch(/\[52\]:\s+0x4503\s+\[53\]:\s+0x0000/);
    const client = new ModbusRtu();
    client.setTimeout(5_000);
    await client.connectRTUBuffered(pair.gateway, { baudRate: 9600 });
    ends.push(() => new Promise((resolve) => client.close(resolve)));
    client.setID(device.unit);
    expect((await client.readInputRegisters(52, 2)).data).toEqual(WATTS_2096);
  });
});

describe('docs/simulated-devices.md', () => {
  const page = readFileSync(join(ROOT, 'docs/simulated-devices.md'), 'utf8');
  const block = (fence: string): string[] =>
    (new RegExp(`\`\`\`${fence}\n(.*?)\`\`\``, 's').exec(page)?.[1] ?? '').trim().split('\n');

  it('has commands that do as they say', async () => {
    for (const command of block('sh')) {
      const words = (command.match(/'[^']*'|\S+/g) ?? []).map((word) => word.replaceAll("'", ''));
      const [npx, name, sub, ...args] = words.filter((word) => word !== '--json');
      expect([npx, name, sub]).toEqual(['npx', 'edgewatt-sim', 'device']);
      const device = await started(...args);
      expect(device.port, command).toBeGreaterThan(0);
      if (command !== block('sh')[0]) continue;
      for (const line of block('text')) {
        const reply = await device.line(line);
        expect(reply['event'], line).toBe(line === 'state' ? 'state' : 'reply');
      }
    }
  });

  it.each([
    ['nobody/nothing', "no profile 'nobody/nothing'; 'edgewatt devices list' shows them"],
    ['sdm', 'did you mean eastron/sdm120, eastron/sdm630?'],
    ['sunspec/generic --models 103', '--models: a SunSpec chain begins with model 1'],
    ['sunspec/generic --models 1,120', 'none of its SunSpec models is an inverter'],
    ['goodwe/et --models 1', 'has its own registers; it belongs to sunspec/generic'],
    ['eastron/sdm630 --fault noise', "'noise' has no meaning on TCP; leave it out"],
  ])('refuses %s in one line', async (words, complaint) => {
    await expect(startDevice(...words.split(' '), '--tcp', '0')).rejects.toThrow(complaint);
  });

  it('names every fault', () => {
    for (const kind of Object.keys(KINDS)) expect(page).toContain(`\`${kind}`);
  });
});
