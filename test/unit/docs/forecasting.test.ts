import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { seededStream } from '../../../gateway/agents/forecasting/seasonal/sets.ts';
import { forecast } from '../../../gateway/cli/forecast.ts';
import { isoMinute } from '../../../gateway/contracts/values/stamp.ts';
import { docCommands } from '../../fixtures/docs.ts';
import { saidBy } from '../../fixtures/said.ts';

const page = readFileSync(new URL('../../../docs/forecasting.md', import.meta.url), 'utf8');
const DAYS = 31;
let dir = '';

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'forecast-'));
  const random = seededStream(9);
  const rows = Array.from({ length: DAYS * 24 }, (_, n) => {
    const sun = Math.max(0, 36 - ((n % 24) - 12) ** 2) / 36;
    const [load, pv] = [1 + random(), sun * random()].map((kwh) => kwh.toFixed(3));
    return `${isoMinute(n * 3_600_000)},${load},${pv}`;
  });
  const text = ['ts,load_kwh,pv_kwh', ...rows].join('\n');
  writeFileSync(join(dir, 'site_01.csv.gz'), gzipSync(text));
  writeFileSync(join(dir, 'site_02.csv'), text);
  writeFileSync(
    join(dir, 'meta.json'),
    JSON.stringify({ step_minutes: 60, time_zone: 'UTC', forecast_test_start: '1970-01-29T00:00' }),
  );
});
afterAll(() => rmSync(dir, { recursive: true }));

const run = (args: readonly string[]) =>
  saidBy(() => {
    const { positionals, values } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { site: { type: 'string', multiple: true }, json: { type: 'boolean' } },
    });
    forecast(positionals[1] ?? '', values);
  });

it('every command of docs/forecasting.md runs', async () => {
  const commands = docCommands(page, dir);
  expect(commands.length).toBe(3);
  const said = [];
  for (const command of commands) said.push(await run(command));
  const [both, one, json] = said;
  expect(both?.out.trim().split('\n').length).toBe(5);
  expect(one?.out).toMatch(/^site +of +nMAE .*\n01 +load +0\.\d+ .*\n01 +pv /);
  expect(one?.err).toMatch(/^forecast: 01 load, \d+ %\n/);
  const { set, variables } = JSON.parse(json?.out ?? '');
  expect(dir.endsWith(set)).toBe(true);
  expect(Object.keys(variables)).toEqual(['load', 'pv']);
  const fields = ['nMAE', 'MAE', 'MASE', 'pinball', 'coverage80', 'horizons'];
  expect(Object.keys(variables.load)).toEqual(fields);
  for (const field of fields) expect(page).toContain(`\`${field}\``);
  expect(Object.keys(variables.pv.horizons)).toEqual(['1h', '4h', '12h', '24h']);
  // Uniform noise of 0 to 1 on 1: nothing beats a mean error of a quarter, over 1.5.
  expect(variables.load.nMAE).toBeGreaterThan(0.12);
  expect(variables.load.nMAE).toBeLessThan(0.26);
}, 60_000);

it('bad input is one line', async () => {
  await expect(run(['forecast', dir, '--site', '9'])).rejects.toThrow(
    /^--site: no site '9' .*: 01, 02$/,
  );
  writeFileSync(join(dir, 'meta.json'), '{"forecast_test_start":"1970-01-05T00:00"}');
  await expect(run(['forecast', dir])).rejects.toThrow(/less than 28 days of history/);
  writeFileSync(join(dir, 'site_02.csv'), 'ts,power\n1970-01-01T00:00Z,1\n1970-01-01T01:00Z,1\n');
  await expect(run(['forecast', dir, '--site', '02'])).rejects.toThrow(/no column to forecast/);
});
