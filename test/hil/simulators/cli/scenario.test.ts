import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import modbusSerial from 'modbus-serial';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ROOT } from '../../../architecture/source.ts';

const ModbusRtu = modbusSerial.default;

let dir: string;
let own: string; // the scenario of docs/scenarios.md, as a user copies it
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'edgewatt-scenario-test-'));
  own = join(dir, 'my.yaml');
  const page = readFileSync(join(ROOT, 'docs/scenarios.md'), 'utf8');
  writeFileSync(own, /```yaml\n(.*?)```/s.exec(page)?.[1] ?? '');
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs the command as a user does. @param heard  is told of each piece of standard error */
function scenario(args: readonly string[], heard?: (err: string) => void): Promise<Ended> {
  const child = spawn(process.execPath, [join(ROOT, 'simulators/main.ts'), 'scenario', ...args]);
  let out = '';
  let err = '';
  child.stdout.on('data', (text) => {
    out += text;
  });
  child.stderr.on('data', (text) => {
    err += text;
    heard?.(err);
  });
  return new Promise((resolve) => {
    child.once('close', (code) => resolve({ code, out, err }));
  });
}

test('the scenario of the page passes, and leaves a result, a report and a drawing', async () => {
  const [svg, xml] = [join(dir, 'my.svg'), join(dir, 'my.xml')];
  const ended = await scenario([own, '--json', '--plot', svg, '--junit', xml]);
  expect(ended.err).toBe('');
  expect(JSON.parse(ended.out)).toMatchObject({ passed: true, results: [{ scenario: 'my' }] });
  expect(ended.code).toBe(0);
  expect(readFileSync(xml, 'utf8')).toMatch(/<testsuite name="my".* failures="0"/);
  expect(readFileSync(svg, 'utf8')).toMatch(/^<svg .*<\/svg>\n$/s);
});

test('an unmet expectation ends with exit code 1, bad input with 2 and one line', async () => {
  const strict = join(dir, 'strict.yaml');
  writeFileSync(strict, readFileSync(own, 'utf8').replace('at least -41 kW', 'at least -4 kW'));
  const failed = await scenario([strict]);
  expect(failed.code).toBe(1);
  expect(failed.out).toMatch(/FAIL from 5 s after sun: grid.powerW at least -4 kW \(line \d+\)/);
  writeFileSync(strict, readFileSync(own, 'utf8').replace('pv1 12 kW', 'pv1 12 kVA'));
  for (const [args, complaint] of [
    [[strict], /strict.yaml:14: '12 kVA' is no figure; write one as 4.2 kW/],
    [['export-limit'], /no scenario 'export-limit'.*did you mean export-limit-60-battery-full/],
    [[own, '--against', 'modbus-master', 'far:1'], /'far:1' is no address of this machine/],
  ] as const) {
    const refused = await scenario(args);
    expect(refused.code, refused.err).toBe(2);
    expect(refused.err).toMatch(complaint);
    expect(refused.err.trim().split('\n')).toHaveLength(1);
  }
});

test('any Modbus master reads the devices, and is judged by plant and wire', async () => {
  const words: Promise<number[]>[] = [];
  const read = async (port: number): Promise<number[]> => {
    const client = new ModbusRtu();
    client.setTimeout(5_000);
    await client.connectTCP('127.0.0.1', { port });
    client.setID(1);
    const { data } = await client.readHoldingRegisters(40_000, 2);
    await new Promise<void>((resolve) => client.close(() => resolve()));
    return data;
  };
  const ended = await scenario([own, '--against', 'modbus-master', '--speed', '60'], (err) => {
    const [, port] = /tcp +127\.0\.0\.1:(\d+) +meter1/.exec(err) ?? [];
    if (port !== undefined && words.length === 0) words.push(read(Number(port)));
  });
  expect(await words[0]).toEqual([0x5375, 0x6e53]); // 'SunS'
  // Nobody keeps the limit here.
  expect(ended.code).toBe(1);
  expect(ended.out).toMatch(/FAIL from 5 s after sun: grid.powerW at least -41 kW/);
  expect(ended.out).toMatch(
    /- {4}within 5 s after sun: reason EXPORT_LIMIT.*\n *only our gateway tells/,
  );
});
