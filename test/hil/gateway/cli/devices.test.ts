import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ROOT } from '../../../architecture/source.ts';
import { runCli } from '../../../fixtures/cli.ts';

const docs = readFileSync(join(ROOT, 'docs/devices.md'), 'utf8');
const own = /```json\n(.*?)```/s.exec(docs)?.[1] ?? '';
let dir = '';
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'devices-test-'));
  mkdirSync(join(dir, 'profiles'));
  writeFileSync(join(dir, 'profiles', 'heatmeter.json'), own);
  const barn = readFileSync(join(ROOT, 'test/fixtures/sites/barn.yaml'), 'utf8');
  writeFileSync(join(dir, 'site.yaml'), barn.replace('sunspec/meter-203', 'acme/heatmeter'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

it('lists every device, those of the site beside the catalogue', async () => {
  const { code, out } = await runCli(['devices', 'list', '--site', dir, '--json']);
  expect(code).toBe(0);
  const { devices } = JSON.parse(out) as { devices: { id: string; controls: string }[] };
  const ids = devices.map(({ id }) => id);
  expect(ids).toEqual([...ids].sort());
  expect(ids).toContain('acme/heatmeter');
  expect(devices.find(({ id }) => id === 'sungrow/sh')?.controls).toBe(
    'battery setpoint: no time of its own',
  );
});

it('shows one in words: registers, sequence, end, wear and sources', async () => {
  const { code, out } = await runCli(['devices', 'show', 'solaredge/storedge']);
  expect(code).toBe(0);
  expect(out).toMatch(/battery\.powerW +holding 57716 +f32 +-1 +W +control/);
  expect(out).toMatch(/set: battery\.setControlMode = 4, battery\.setChargeW = <absPowerW>/);
  expect(out).toContain('ends: own-mode after 10 to 86400 s');
  expect(out).toContain('Source: WillCodeForCats/solaredge-modbus-multi');
});

it('ends in one line with exit code 2; config check knows the profiles of the site', async () => {
  const unknown = await runCli(['devices', 'show', 'nobody/nothing']);
  expect(unknown).toMatchObject({ code: 2 });
  expect(unknown.out).toBe(
    'edgewatt: nobody/nothing: no such profile; edgewatt devices list shows the profiles\n',
  );
  const sound = await runCli(['config', 'check', join(dir, 'site.yaml')]);
  expect(sound.out).toContain('is sound');
  const file = join(dir, 'profiles', 'heatmeter.json');
  writeFileSync(file, own.replace('"at": 102', '"at": 101'));
  const wrong = await runCli(['config', 'check', join(dir, 'site.yaml')]);
  expect(wrong.code).toBe(2);
  expect(wrong.out).toBe(
    `edgewatt: ${file}:19: points.voltageL1V: stands on input 101, and so does 'powerW'; ` +
      'correct an address or a type (and 1 more)\n',
  );
});
