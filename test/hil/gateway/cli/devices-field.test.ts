import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { knock } from '../../../../gateway/adapters/bus-door.ts';
import { takeLock } from '../../../../gateway/adapters/process/lock.ts';
import { probeDevice, testDevice } from '../../../../gateway/cli/devices-probe.ts';
import { scanDevices } from '../../../../gateway/cli/devices-scan.ts';
import { createPtyPair, type PtyPair } from '../../../../simulators/servers/pty.ts';
import { ROOT } from '../../../architecture/source.ts';
import { type SimulatedDevice, startDevice } from '../../../fixtures/simulated-device.ts';

interface Said {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** `edgewatt devices ...` as a person types it, its two outputs apart. */
function devices(...args: readonly string[]): Promise<Said> {
  const child = spawn(process.execPath, [join(ROOT, 'gateway/main.ts'), 'devices', ...args]);
  const said = { out: '', err: '' };
  child.stdout.on('data', (text) => {
    said.out += text;
  });
  child.stderr.on('data', (text) => {
    said.err += text;
  });
  return new Promise((resolve) => {
    child.once('close', (code) => resolve({ code, ...said }));
  });
}

const SCAN = { yes: true, units: '1', serial: [], baud: '9600', parity: 'none', timeout: '700' };
const METER = ['eastron/sdm630', '--set', 'powerW=2096'];
let meter: SimulatedDevice;
let battery: SimulatedDevice;
let serial: SimulatedDevice | undefined;
let pty: PtyPair | undefined;
let dir = '';
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'field-test-'));
  pty = await createPtyPair();
  [meter, battery, serial] = await Promise.all([
    startDevice(...METER, '--tcp', '0', '--clients', '1'),
    startDevice('sunspec/battery-701', '--tcp', '0'),
    pty && startDevice(...METER, '--serial', pty.device),
  ]);
});
afterAll(async () => {
  await Promise.all([meter.stop(), battery.stop(), serial?.stop()]);
  await pty?.stop();
  rmSync(dir, { recursive: true, force: true });
});
const at = ({ port, unit }: SimulatedDevice): string => `127.0.0.1:${port}/${unit}`;

describe('edgewatt devices scan', () => {
  it('says what it will do, then finds who answers', async () => {
    const places = [`127.0.0.1:${meter.port}`, `127.0.0.1/32:${battery.port}`, '127.0.0.1:1'];
    const { code, out, err } = await devices('scan', ...places, '--units', '1', '--yes', '--json');
    expect(code, err).toBe(0);
    expect(err.indexOf('3 network address(es)')).toBeLessThan(err.indexOf('Eastron'));
    expect(err).toContain('127.0.0.1:1: nobody listens there');
    const { plan, requests, closed, devices: found } = JSON.parse(out);
    expect(plan.connections).toBe(3);
    expect(closed).toBe(1);
    expect(requests).toBeGreaterThan(20);
    expect(found).toMatchObject([
      { address: at(meter), profile: 'eastron/sdm630', sunspec: null },
      {
        address: at(battery),
        profile: 'sunspec/battery-701',
        identity: { maker: 'SunSpec' },
        sunspec: { base: 40_000, models: [{ id: 1 }, { id: 701 }, {}, { id: 704 }, {}, {}, {}] },
      },
    ]);
    expect(found[0].also).toContain('eastron/sdm120');
  });

  it('ends with 1 where nobody is, and with 2 and one line for a mistake', async () => {
    expect(await scanDevices(['127.0.0.1:1'], SCAN)).toBe(1);
    expect(await probeDevice('127.0.0.1:1', SCAN)).toBe(1);
    await expect(scanDevices([], SCAN)).rejects.toThrow('nothing to scan');
    const wide = scanDevices(['10.0.0.0/8'], SCAN);
    await expect(wide).rejects.toThrow('16777216 addresses; at most 1024');
    const hasty = scanDevices(['127.0.0.1'], { ...SCAN, timeout: '1' });
    await expect(hasty).rejects.toThrow('--timeout 1: not a time');
    await expect(async () => testDevice('127.0.0.1', SCAN)).rejects.toThrow('not PROFILE@ADDRESS');
    const unknown = async () => testDevice('acme/none@127.0.0.1', SCAN);
    await expect(unknown).rejects.toThrow('no such profile');
    const unasked = await devices('scan', '127.0.0.1:1');
    expect([unasked.code, unasked.out]).toEqual([2, '']);
    expect(unasked.err).toContain('nobody can be asked; add --yes');
  });
});

describe('edgewatt devices probe', () => {
  it('says who it is, its models, and everything it reads', async () => {
    const { code, out } = await devices('probe', `127.0.0.1:${battery.port}`);
    expect(code).toBe(0);
    expect(out).toContain('(sunspec/battery-701)');
    expect(out).toMatch(/SunSpec at 40000: models 1 at 40002, 701 at 40070/);
    expect(out).toMatch(/frequencyHz +[45]\d(\.\d+)? Hz/);
  });
});

describe('edgewatt devices test', () => {
  it('reads every point and judges it', async () => {
    const target = `eastron/sdm630@${at(meter)}`;
    const sound = await devices('test', target, '--json');
    expect(sound.code, sound.err).toBe(0);
    const { ok, counts, points, medianMs } = JSON.parse(sound.out);
    expect([ok, counts.good]).toEqual([true, points.length]);
    expect(medianMs).toBeGreaterThan(0);
    const power = points.find(({ point }: { point: string }) => point === 'powerW');
    expect(power).toMatchObject({ unit: 'W', state: 'good', value: 2_096 });

    await meter.line('set frequencyHz=71');
    const high = await devices('test', target);
    await meter.line('set frequencyHz=50');
    expect(high.code).toBe(1);
    expect(high.out).toMatch(/frequencyHz +71 Hz +[\d.]+ ms +IMPLAUSIBLE +above 70 Hz/);
    expect(high.out).toContain('1 implausible');
    const chainless = testDevice(`sunspec/meter-203@${at(meter)}`, SCAN);
    await expect(chainless).rejects.toThrow('it answers without a SunSpec model chain');
  });

  it('writes only what has no effect, and puts it back', async () => {
    const target = `sunspec/battery-701@${at(battery)}`;
    const { code, out } = await devices('test', target, '--write', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(out).writes).toEqual([
      { point: 'setReversionS', state: 'proven', beforeValue: 0, writtenValue: 60, backValue: 60 },
    ]);
    const writes = battery.events.filter(({ event }) => event === 'write');
    expect(writes).toHaveLength(2);
    const refused = testDevice(target, { ...SCAN, write: 'setW' });
    await expect(refused).rejects.toThrow('acts on it, or keeps it; one of: setReversionS');
    expect(battery.events.filter(({ event }) => event === 'write')).toHaveLength(2);
  });
});

/** A site of the meter and the battery alone, which only observes. */
function writeSite(): void {
  const barn = readFileSync(join(ROOT, 'test/fixtures/sites/barn.yaml'), 'utf8');
  const site = barn
    .replace('port: 1502', `port: ${meter.port}`)
    .replace('port: 1503', `port: ${battery.port}`)
    .replace('sunspec/meter-203', 'eastron/sdm630')
    .replace(/ {2}- \{ id: inverter1.*\n/, '')
    .replace(/ {2}- id: pv1\n( {4}.*\n)+/, '');
  writeFileSync(join(dir, 'site.yaml'), `${site}control: { active: false }\n`);
  writeFileSync(join(dir, 'gateway.yaml'), 'version: 1\ndataDir: data\npage: { port: 0 }\n');
}

/** The gateway of that site, until its commands can ask. @returns ends it */
async function startGateway(): Promise<() => Promise<void>> {
  const child = spawn(process.execPath, [join(ROOT, 'gateway/main.ts'), 'run', dir], {
    stdio: 'ignore',
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const isOpen = async (): Promise<boolean> => {
    const door = await knock(join(dir, 'data')).catch(() => undefined);
    const answer = await door?.ask('meter1', Uint8Array.of(4, 0, 52, 0, 2));
    door?.close();
    return answer?.[0] === 4;
  };
  await expect.poll(isOpen, { timeout: 60_000, interval: 100 }).toBe(true);
  return async () => {
    child.kill('SIGTERM');
    await ended;
  };
}

describe('beside a gateway', () => {
  it('asks through the one that runs, never beside it, and only what may be asked', async () => {
    writeSite();
    const stop = await startGateway();
    try {
      const site = ['--site', dir];
      // The meter takes one client, which is the gateway.
      const probed = await devices('probe', `127.0.0.1:${meter.port}`, '--json', ...site);
      expect(probed.code, probed.err).toBe(0);
      const { profile, points } = JSON.parse(probed.out);
      expect(profile).toBe('eastron/sdm630');
      expect(points).toContainEqual(expect.objectContaining({ point: 'powerW', value: 2_096 }));
      const tested = await devices('test', `sunspec/battery-701@${at(battery)}`, ...site);
      expect(tested.code, tested.out).toBe(0);
      const scan = ['scan', `127.0.0.1:${meter.port}`, '--units', '1-3', '--yes', '--json'];
      const { devices: found } = JSON.parse((await devices(...scan, ...site)).out);
      expect(found).toMatchObject([{ address: at(meter), profile: 'eastron/sdm630' }]);
      const own = { ...SCAN, site: dir };
      const write = testDevice(`sunspec/battery-701@${at(battery)}`, { ...own, write: true });
      await expect(write).rejects.toThrow('nothing is written through a running gateway');
      const other = testDevice(`eastron/sdm120@${at(meter)}`, own);
      await expect(other).rejects.toThrow('says eastron/sdm630; stop the gateway first');
      expect(await probeDevice(`127.0.0.1:${meter.port}/7`, own)).toBe(1);
      const data = join(dir, 'data');
      expect(statSync(join(data, 'bus.sock')).mode & 0o777).toBe(0o600);
      const door = await knock(data);
      expect(await door.ask('inverter2', Uint8Array.of(6, 0, 0, 0, 1))).toEqual([0x86, 1]);
      expect(await door.ask('nobody', Uint8Array.of(3, 0, 0, 0, 1))).toEqual([0x83, 10]);
      await expect(door.ask('x'.repeat(65), Uint8Array.of(3, 0, 0, 0, 1))).rejects.toThrow();
      door.close();
    } finally {
      await stop();
    }
    expect(await testDevice(`eastron/sdm630@${at(meter)}`, { ...SCAN, site: dir })).toBe(0);
  });

  it('is refused where the gateway that has the bus does not open', async () => {
    const unlock = await takeLock(join(dir, 'data'));
    const held = await devices('test', `eastron/sdm630@${at(meter)}`, '--site', dir);
    unlock();
    expect([held.code, held.out]).toEqual([2, '']);
    expect(held.err).toContain(`the running gateway (process ${process.pid}) owns this bus and`);
  });
});

it('is documented by commands that work', async () => {
  const docs = readFileSync(join(ROOT, 'docs/devices.md'), 'utf8');
  const commands = [...docs.matchAll(/^npx edgewatt devices (scan|probe|test) (.*)$/gm)];
  expect(commands.map(([, name]) => name)).toEqual(['scan', 'scan', 'probe', 'test']);
  for (const [line, name = '', words = ''] of commands) {
    if (pty === undefined && words.includes('/dev/')) continue;
    const args = words
      .replace('192.168.1.0/24', `127.0.0.1/32:${meter.port} --units 1`)
      .replace('192.168.1.20:502', `127.0.0.1:${meter.port}`)
      .replace('/dev/ttyUSB0', pty?.gateway ?? '')
      .replace('--units 1-5', '--units 1');
    const { code, out, err } = await devices(name, ...args.split(' '));
    expect(code, `${line}\n${err}`).toBe(0);
    expect(out).toContain('powerW');
    if (!words.includes('/dev/')) continue;
    expect(err).toContain('9600 none, 9600 even, 19200 none, 19200 even; until a unit answers');
    expect(out).toMatch(/@9600n\/1 +eastron\/sdm630 .*powerW 2096/);
    expect(out.trimEnd().split('\n')).toHaveLength(2);
  }
});
