import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type BacktestOptions, backtest } from '../../../gateway/cli/backtest.ts';
import { docCommands } from '../../fixtures/docs.ts';
import { type RecordedFolder, recordedFolder } from '../../fixtures/recording.ts';
import { saidBy } from '../../fixtures/said.ts';

const page = readFileSync(new URL('../../../docs/backtest.md', import.meta.url), 'utf8');
let folder: RecordedFolder;

beforeAll(() => {
  folder = recordedFolder();
});
afterAll(() => folder.remove());

const run = (args: readonly string[]) =>
  saidBy(async () => {
    const { positionals, values } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        site: { type: 'string', multiple: true },
        windows: { type: 'string' },
        controller: { type: 'string', multiple: true },
        'no-weather': { type: 'boolean' },
        'drop-rows': { type: 'string' },
        'drop-price': { type: 'string' },
        plot: { type: 'string' },
        'keep-peak': { type: 'boolean' },
        'by-minute': { type: 'boolean' },
        json: { type: 'boolean' },
      },
    });
    const options: BacktestOptions = {
      ...values,
      keepPeak: values['keep-peak'] === true,
      byMinute: values['by-minute'] === true,
      ...(values['drop-rows'] !== undefined && { dropRows: values['drop-rows'] }),
      ...(values['drop-price'] !== undefined && { dropPrice: values['drop-price'] }),
    };
    await backtest(positionals[1] ?? '', options);
  });

it('every command of docs/backtest.md runs', async () => {
  const commands = docCommands(page, folder.dir).map((words) =>
    words.map((word) => word.replace(/^DIR\//, `${folder.dir}/`)),
  );
  expect(commands.length).toBe(11);
  const said = [];
  for (const command of commands) said.push(await run(command));
  expect(said[0]?.out).toMatch(/^site +from +none +self +tou +ours +limit +captured %\n01 /);
  expect(said[0]?.err).toBe('backtest: 01, window 1 of 1\n');
  expect(said[2]?.out).toMatch(/\n01 +2026-03-10T00:00 /);
  expect(said[3]?.out).toMatch(/^site +from +ours +self +captured %\n/);
  const svg = readFileSync(join(folder.dir, 'plot.svg'), 'utf8');
  expect(svg).toMatch(/^<svg .*<\/svg>\n$/s);
  expect(svg).not.toContain('NaN');
  const json = JSON.parse(said[10]?.out ?? '');
  expect(json).toMatchObject({ siteWindows: 1, currency: 'EUR', perWindow: [{ site: '01' }] });
  expect(Object.keys(json.controllers)).toEqual(['none', 'self', 'tou', 'ours', 'limit']);
  const { none, self, ours, limit } = json.controllers;
  expect(none).toMatchObject({ reductionPct: 0, capturedPct: 0, equivalentCycles: 0 });
  expect(limit).toMatchObject({ capturedPct: 100, peakKw: null });
  expect(ours.cost).toBeLessThan(self.cost);
  expect(ours.cost).toBeGreaterThan(limit.cost);
  for (const key of [
    ...Object.keys(ours),
    ...Object.keys(json.msPerDecision),
    'aboveBestRulePct',
  ]) {
    expect(page).toContain(`\`${key}\``);
  }
  for (const key of Object.keys(json.fallbacks)) expect(page).toContain(`\`${key}\``);
}, 60_000);

it('what is lost is counted, for every controller', async () => {
  const lost = await run(
    `backtest ${folder.dir} --drop-rows 20 --drop-price 10 --controller self --json`.split(' '),
  );
  const sound = await run(`backtest ${folder.dir} --controller self --json`.split(' '));
  const [with_, without] = [lost, sound].map(({ out }) => JSON.parse(out));
  expect(with_.fallbacks).toMatchObject({ feedLost: 10 });
  expect(with_.fallbacks.meterLost).toBeGreaterThan(2);
  expect(with_.fallbacks.meterLost).toBeLessThan(20);
  expect(with_.controllers.self.cost).toBeGreaterThan(without.controllers.self.cost);
}, 20_000);

it('the meta.json of docs/backtest.md is taken as it stands, bad input is one line', async () => {
  const meta = join(folder.dir, 'meta.json');
  const said = (args: string) =>
    run(`backtest ${folder.dir} --controller self ${args}`.trim().split(' '));
  const [, own = ''] = /```json\n(.*?)```/s.exec(page) ?? [];
  writeFileSync(meta, own);
  expect((await said('')).out).toMatch(/\n01 +2026-03-11T00:00 /);
  await expect(said('--site 9')).rejects.toThrow(/^--site: no site '9' .*: 01$/);
  await expect(said('--controller best')).rejects.toThrow(
    /no controller 'best'; name one of: none/,
  );
  await expect(said('--windows 2026-03-01')).rejects.toThrow(/'2026-03-01' is no span; write meta/);
  await expect(said('--windows 2026-03-03..2026-03-02')).rejects.toThrow(/ends before it begins/);
  await expect(said('--windows 2027-02-03..2027-02-04')).rejects.toThrow(
    /site_01.csv: no row in the window from 2027-02-03; choose one within 2026-03-01\.\.2026/,
  );
  await expect(said('--drop-rows 101')).rejects.toThrow(/'101' is no number from 0 to 100/);
  await expect(said('--plot /nowhere/x.svg')).rejects.toThrow(
    /x.svg: cannot be written \(ENOENT\)/,
  );
  writeFileSync(meta, '{"windows":[["2026-03-11T00:00",2]]}');
  await expect(said('')).rejects.toThrow(/site '01' has no battery; give it sites.01.battery/);
  writeFileSync(meta, '{"price_known":"day_ahead_25"}');
  await expect(said('')).rejects.toThrow(/meta.json: price_known: is 'always' or/);
  writeFileSync(meta, own.replace('"soc_min": 0.1', '"soc_min": 0.95'));
  await expect(said('')).rejects.toThrow(/soc_min is not below soc_max/);
  writeFileSync(meta, '{"windows":[{"from":"2026-03-11"}]}');
  await expect(said('')).rejects.toThrow(/windows\.0: is no start with days, such as/);
  writeFileSync(meta, '{}');
  await expect(said('')).rejects.toThrow(/meta.json names no windows; name one: --windows/);
  writeFileSync(
    join(folder.dir, 'site_01.csv'),
    'ts,load_kwh\n2026-03-01T00:00,1\n2026-03-01T01:00,1\n',
  );
  writeFileSync(meta, own);
  await expect(said('')).rejects.toThrow(/no column 'price_import'; a backtest needs load_kwh/);
}, 20_000);
