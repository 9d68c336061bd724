import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import jsmodbus from 'jsmodbus';
import modbusSerial from 'modbus-serial';
import { SerialPort } from 'serialport';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { polled, program, type Running, run } from './wire.ts';

const ModbusRtu = modbusSerial.default;

/**
 * Clients that we did not write read and write our simulated devices over real sockets and a
 * pseudo-terminal.
 */
let running: Running;
const tools = { mbpoll: (await program('mbpoll', '-V')) !== undefined };
beforeAll(async () => {
  running = await run();
  const { images } = running.devices;
  images['meter1']?.put('powerW', 2096);
  images['meter2']?.put('powerW', -2404);
  images['meter3']?.put('powerW', 2300);
  images['battery1']?.put('powerW', -20_000);
});
afterAll(async () => {
  await running.devices.stop();
});
const held = (device: string, key: string): number | undefined =>
  running.devices.images[device]?.take(key);

describe('modbus-serial', () => {
  it('reads and writes over TCP', async () => {
    const client = new ModbusRtu();
    client.setTimeout(2_000);
    await client.connectTCP('127.0.0.1', { port: running.port });
    try {
      client.setID(1);
      const power = await client.readInputRegisters(52, 2);
      expect(power.buffer.readFloatBE(0)).toBe(2096);
      client.setID(2);
      expect((await client.readHoldingRegisters(40_000, 4)).data).toEqual([0x5375, 0x6e53, 1, 66]);
      expect((await client.readHoldingRegisters(40_000, 125)).data).toHaveLength(125);
      client.setID(3);
      await client.writeRegisters(0, [1, 130, 60]);
      expect(held('charger1', 'setCurrentA')).toBe(13);
      await client.writeRegister(1, 100);
      expect(held('charger1', 'setCurrentA')).toBe(10);
      await expect(client.writeRegister(1, 10)).rejects.toMatchObject({ modbusCode: 3 });
      await expect(client.readHoldingRegisters(500, 1)).rejects.toMatchObject({ modbusCode: 2 });
      client.setID(77);
      await expect(client.readHoldingRegisters(0, 1)).rejects.toMatchObject({ modbusCode: 11 });
    } finally {
      await new Promise((resolve) => client.close(resolve));
    }
  });

  it('reads and writes over the serial line', async (context) => {
    if (running.path === undefined) return context.skip('socat is not installed');
    const client = new ModbusRtu();
    client.setTimeout(2_000);
    await client.connectRTUBuffered(running.path, { baudRate: 9600 });
    try {
      client.setID(1);
      expect((await client.readInputRegisters(52, 2)).buffer.readFloatBE(0)).toBe(-2404);
      client.setID(2);
      expect((await client.readInputRegisters(52, 2)).buffer.readFloatBE(0)).toBe(2300);
      client.setID(3);
      await client.writeRegister(1, 60);
      await client.writeRegister(0, 0);
      expect(running.devices.images['relay1']?.control()).toMatchObject({
        ownMode: false,
        enabled: false,
      });
    } finally {
      await new Promise((resolve) => client.close(resolve));
    }
  });
});

describe('jsmodbus', () => {
  it('reads and writes over TCP', async () => {
    const socket = connect({ host: '127.0.0.1', port: running.port });
    const client = new jsmodbus.client.TCP(socket, 247, 2_000);
    await once(socket, 'connect');
    try {
      const read = await client.readHoldingRegisters(35_138, 1);
      expect(read.response.body.valuesAsArray).toEqual([0]);
      await client.writeSingleRegister(47_512, 3_000);
      await client.writeSingleRegister(47_511, 11);
      expect(running.devices.images['hybrid1']?.control()).toEqual({
        ownMode: false,
        setpointW: -3_000,
      });
      await client.writeSingleRegister(47_511, 1);
    } finally {
      socket.destroy();
    }
  });
});

describe('mbpoll', () => {
  it('reads and writes over TCP', async (context) => {
    if (!tools.mbpoll) return context.skip('mbpoll is not installed');
    const tcp = ['-m', 'tcp', '-p', `${running.port}`, '-0', '-1', '-o', '2'];
    const power = await program(
      'mbpoll',
      ...tcp,
      '-a',
      '1',
      '-t',
      '3:hex',
      '-r',
      '52',
      '-c',
      '2',
      '127.0.0.1',
    );
    expect(polled(power?.out ?? '')).toEqual(['0x4503', '0x0000']);
    const written = await program(
      'mbpoll',
      ...tcp,
      '-a',
      '3',
      '-t',
      '4',
      '-r',
      '1',
      '127.0.0.1',
      '160',
    );
    expect(written?.code).toBe(0);
    expect(held('charger1', 'setCurrentA')).toBe(16);
    const refused = await program('mbpoll', ...tcp, '-a', '3', '-t', '4', '-r', '500', '127.0.0.1');
    expect(refused?.out).toContain('Illegal data address');
  });

  it('reads over the serial line', async (context) => {
    if (!tools.mbpoll) return context.skip('mbpoll is not installed');
    if (running.path === undefined) return context.skip('socat is not installed');
    const rtu = ['-m', 'rtu', '-b', '9600', '-P', 'none', '-0', '-1', '-o', '2', '-t', '3:hex'];
    const first = await program('mbpoll', ...rtu, '-a', '1', '-r', '52', '-c', '2', running.path);
    expect(polled(first?.out ?? '')).toEqual(['0xC516', '0x4000']);
    const second = await program('mbpoll', ...rtu, '-a', '2', '-r', '52', '-c', '2', running.path);
    expect(polled(second?.out ?? '')).toEqual(['0x450F', '0xC000']);
  });
});

/** Programs of ours around libraries that we did not write. */
const here = (name: string): string => new URL(`./peers/${name}`, import.meta.url).pathname;
const PYTHON = '/usr/bin/python3'; // Debian's own sees Debian's packages
const BUILD = 'cc -o "$1" "$2" $(pkg-config --cflags --libs libmodbus)';

describe.each(['pymodbus', 'libmodbus'])('%s', (name) => {
  const dir = mkdtempSync(join(tmpdir(), 'modbus-client-'));
  let command: readonly string[] | undefined;
  beforeAll(async () => {
    const out = join(dir, 'client');
    const made =
      name === 'pymodbus'
        ? await program(PYTHON, '-c', 'import pymodbus, serial')
        : await program('sh', '-c', BUILD, 'build', out, here('client.c'));
    if (made?.code === 0) command = name === 'pymodbus' ? [PYTHON, here('client.py')] : [out];
  });
  afterAll(() => rmSync(dir, { recursive: true }));

  const ask = async (...args: readonly (string | number)[]): Promise<number[]> => {
    const [first = '', ...rest] = command ?? [];
    const done = await program(first, ...rest, ...args.map(String));
    expect(done?.code, done?.out).toBe(0);
    return (done?.out ?? '').split('\n').filter(Boolean).map(Number);
  };

  it('reads and writes over TCP', async (context) => {
    if (command === undefined) return context.skip(`${name} is not installed`);
    expect(await ask('tcp', running.port, 1, 52, 2)).toEqual([0x4503, 0x0000]);
    await ask('tcp', running.port, 3, 1, 1, 90);
    expect(held('charger1', 'setCurrentA')).toBe(9);
  });

  it('reads over the serial line', async (context) => {
    if (command === undefined) return context.skip(`${name} is not installed`);
    if (running.path === undefined) return context.skip('socat is not installed');
    expect(await ask('rtu', running.path, 1, 52, 2)).toEqual([0xc516, 0x4000]);
  });
});

describe('jsmodbus on the line', () => {
  it('reads', async (context) => {
    if (running.path === undefined) return context.skip('socat is not installed');
    const port = new SerialPort({ path: running.path, baudRate: 9600, autoOpen: false });
    const client = new jsmodbus.client.RTU(port, 2, 2_000);
    port.open();
    await once(port, 'open');
    try {
      const read = await client.readInputRegisters(52, 2);
      expect(read.response.body.valuesAsArray).toEqual([0x450f, 0xc000]);
    } finally {
      await new Promise<void>((done) => port.close(() => done()));
    }
  });
});

it('the frame hook heard all of it, by bus and device', () => {
  const seen = new Set(running.frames.map(({ bus, device, fc }) => `${bus} ${device} ${fc}`));
  for (const frame of [
    'lan meter1 4',
    'lan battery1 3',
    'lan charger1 16',
    'lan charger1 6',
    'lan  3',
    'lan hybrid1 6',
  ]) {
    expect(seen).toContain(frame);
  }
});
