import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import jsmodbus from 'jsmodbus';
import modbusSerial from 'modbus-serial';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { parse, stringify } from 'yaml';
import { runCli } from '../../fixtures/cli.ts';
import { type SimulatedDevice, startDevice } from '../../fixtures/simulated-device.ts';
import { ROOT, Stage, type Started } from '../demo/started.ts';

const ModbusRtu = modbusSerial.default;
const LIMIT = { timeout: 60_000, interval: 100 };
const page = readFileSync(join(ROOT, 'docs/proxy.md'), 'utf8');
const [plain, passing] = [...page.matchAll(/```yaml\n(.*?)```/gs)].map(
  ([, block = '']) => parse(block) as { proxy: object },
);

/** A gateway with one simulated meter, and the proxy of docs/proxy.md on a free port. */
let stage: Stage;
let meter: SimulatedDevice;
let gateway: Started;
let port = 0;
beforeAll(async () => {
  stage = new Stage();
  meter = await startDevice('eastron/sdm630', '--tcp', '0', '--set', 'powerW=-2500');
  const barn = parse(readFileSync(join(ROOT, 'test/fixtures/sites/barn.yaml'), 'utf8'));
  barn.buses[0].port = meter.port;
  barn.devices[0] = { id: 'meter1', bus: 'lan1', unit: 1, profile: 'eastron/sdm630' };
  writeFileSync(join(stage.dir, 'site.yaml'), stringify(barn));
  const proxy = { ...plain?.proxy, ...passing?.proxy, port: 0 };
  const file = { version: 1, page: { port: 0 }, proxy };
  writeFileSync(join(stage.dir, 'gateway.yaml'), stringify(file));
  gateway = stage.start(['bin/edgewatt.mjs', 'run', stage.dir]);
  const said = () => /"port":(\d+),"msg":"the proxy answers"/.exec(gateway.err())?.[1];
  port = Number(await vi.waitUntil(said, LIMIT));
}, 120_000);
afterAll(async () => {
  await meter.stop();
  await stage.clear();
});

async function client(unit: number) {
  const one = new ModbusRtu();
  one.setTimeout(10_000);
  await one.connectTCP('127.0.0.1', { port });
  one.setID(unit);
  const close = () => new Promise<void>((resolve) => one.close(() => resolve()));
  return { one, close };
}

const program = (name: string, ...args: string[]): Promise<string | undefined> =>
  new Promise((resolve) => {
    execFile(name, args, { timeout: 60_000 }, (error, stdout, stderr) => {
      resolve(error?.code === 'ENOENT' ? undefined : stdout + stderr);
    });
  });

describe('the proxy of a running gateway', () => {
  it('shows the site to modbus-serial', async () => {
    const { one, close } = await client(1);
    const value = async () => (await one.readHoldingRegisters(120, 4)).buffer.readInt32BE(0);
    await expect.poll(value, LIMIT).toBe(-2_500);
    const [, , ageSteps = 0, quality] = (await one.readInputRegisters(120, 4)).data;
    expect(quality).toBe(0);
    expect(ageSteps).toBeLessThan(300);
    const head = (await one.readHoldingRegisters(0, 20)).data;
    expect([head[0], head[1], head[18], head[19]]).toEqual([0x4557, 1, 1, 3]);
    expect((await one.readHoldingRegisters(100, 2)).buffer.toString('latin1')).toBe('grid');
    await expect(one.writeRegister(120, 1)).rejects.toMatchObject({ modbusCode: 1 });
    await close();
  });

  it('mirrors the meter to jsmodbus, at its own addresses', async () => {
    const socket = connect({ host: '127.0.0.1', port });
    const one = new jsmodbus.client.TCP(socket, 11, 10_000);
    await once(socket, 'connect');
    const power = async () => {
      const read = await one.readInputRegisters(52, 2).catch(() => undefined);
      return read?.response.body.valuesAsBuffer.readFloatBE(0);
    };
    await expect.poll(power, LIMIT).toBe(-2_500);
    await meter.line('set powerW=3000');
    await expect.poll(power, LIMIT).toBe(3_000);
    socket.destroy();
  });

  it('answers mbpoll as docs/proxy.md says', async (context) => {
    const command = /```sh\n(mbpoll .*?)\n```/.exec(page)?.[1] ?? '';
    const [name = '', ...args] = command.replace('1502', `${port}`).split(' ');
    const poll = () => program(name, ...args);
    if ((await poll()) === undefined) return context.skip('mbpoll is not installed');
    // The image follows the mirror by a cycle.
    await expect.poll(poll, LIMIT).toMatch(/\[120\]:\s+3000\b/);
  });

  it.for(['pymodbus', 'libmodbus'])('answers %s, site and mirror', async (name, context) => {
    const peer = (file: string): string =>
      join(ROOT, 'test/interop/simulators/devices/peers', file);
    const built = join(stage.dir, 'client');
    const build = 'cc -o "$1" "$2" $(pkg-config --cflags --libs libmodbus)';
    if (name === 'libmodbus') await program('sh', '-c', build, 'build', built, peer('client.c'));
    const [command = '', ...first] =
      name === 'pymodbus' ? ['/usr/bin/python3', peer('client.py')] : [built];
    const ask = (...words: readonly number[]) =>
      program(command, ...first, 'tcp', `${port}`, ...words.map(String));
    const out = await ask(11, 52, 2);
    if (out === undefined || /No module named/.test(out)) return context.skip('not installed');
    expect(out.split('\n').filter(Boolean)).toEqual([`${0x453b}`, `${0x8000}`]);
    await expect.poll(() => ask(1, 120, 2), LIMIT).toBe('0\n3000\n');
  });

  it('lets a request pass that only the meter can answer', async () => {
    const { one, close } = await client(11);
    // Not polled; the meter itself has no holding registers.
    await expect(one.readHoldingRegisters(0, 1)).rejects.toMatchObject({ modbusCode: 1 });
    await expect(one.readInputRegisters(500, 1)).rejects.toMatchObject({ modbusCode: 2 });
    await close();
  });

  it('says so when the meter falls silent, and never shows an old value as one', async () => {
    const [site, mirror] = [await client(1), await client(11)];
    await meter.line('fault drop');
    const quality = async () => (await site.one.readHoldingRegisters(120, 4)).data;
    await expect.poll(async () => (await quality())[3], LIMIT).not.toBe(0);
    expect((await quality()).slice(0, 2)).toEqual([0x8000, 0]);
    const read = () => mirror.one.readInputRegisters(52, 2).catch((error) => error.modbusCode);
    await expect.poll(read, LIMIT).toBe(11);
    await expect(mirror.one.readInputRegisters(500, 2)).rejects.toMatchObject({ modbusCode: 11 });
    await site.close();
    await mirror.close();
  });

  it('has its map printed by the command', async () => {
    const { code, out } = await runCli(['proxy', stage.dir, '--json']);
    expect(code).toBe(0);
    const { version, registers } = JSON.parse(out);
    expect(version).toBe(1);
    expect(registers).toContainEqual(
      expect.objectContaining({ at: 120, what: 'grid.powerW: value, age, quality', unit: 'W' }),
    );
    writeFileSync(join(stage.dir, 'gateway.yaml'), 'version: 1\nproxy: { host: 0.0.0.0 }\n');
    const refused = await runCli(['proxy', stage.dir]);
    expect(refused.code).toBe(2);
    expect(refused.out).toContain('gateway.yaml:2: proxy.allow: beyond this machine the clients');
  });
});
