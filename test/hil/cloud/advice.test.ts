import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import { openStore } from '../../../cloud/adapters/sqlite.ts';
import type { Row } from '../../../cloud/ports.ts';

const run = promisify(execFile);
const MAIN = join(import.meta.dirname, '../../../cloud/main.ts');
const dir = mkdtempSync(join(tmpdir(), 'edgewatt-cloud-advice-'));
afterAll(() => rmSync(dir, { recursive: true }));
const T0 = Date.UTC(2026, 0, 1);

function kept(table: Row['table'], kind: string, n: number, body: object): Row {
  const key = `${kind}/z1/${n}`;
  return { table, key, kind, zone: 'z1', who: '', fromMs: T0 + n, body: JSON.stringify(body) };
}

function database(): string {
  const file = join(dir, 'cloud.db');
  const store = openStore(file);
  const finding = { kind: 'dominance', who: 'p1', why: 'it has 90 percent' };
  const model = { name: 'm', promptHash: 'beef'.repeat(16) };
  const book = { findings: [finding], agreed: 1, onlyRules: 0, onlyModel: 0 };
  const rows = [
    kept('market_data', 'surveillance', 1, { rules: [finding], model: { ...model, ...book } }),
    kept('market_data', 'surveillance', 2, { rules: [] }),
    kept('grid_metrics', 'rationale', 3, {
      rules: 'Everybody has the contracted power.',
      model: { ...model, sentence: 'It carries 999 kW.', grounded: false },
    }),
    kept('forecast_data', 'review', 4, { rules: [], model: { ...model, none: 'timeout' } }),
  ];
  store.transaction(() => store.write(rows.map((row) => ({ op: 'put', row }))));
  store.close();
  return file;
}

test("the scoreboard of the cloud's agents, for people and for machines", async () => {
  const file = database();
  const { stdout } = await run(process.execPath, [MAIN, 'advice', file, '--json']);
  const score = { answeredCount: 1, noneCount: 0, agreedCount: 0, onlyRulesCount: 0 };
  const none = { ...score, answeredCount: 0, noneCount: 1 };
  expect(JSON.parse(stdout).scores).toEqual([
    { agent: 'forecasting', ...none, casesCount: 1, onlyModelCount: 0 },
    { agent: 'market-supervisor', ...score, casesCount: 2, agreedCount: 1, onlyModelCount: 0 },
    { agent: 'grid', ...score, casesCount: 1, onlyModelCount: 1 },
  ]);
  const words = (await run(process.execPath, [MAIN, 'advice', file])).stdout.split('\n');
  expect(words[0]).toMatch(/^agent +cases +answered +no answer +agreed +only rules +only model$/);
  expect(words[2]).toMatch(/^market-supervisor +2 +1 +0 +1 +0 +0$/);
  const [at, hash] = ['  2026-01-01T00:00Z', '[prompt beefbeefbeef]'];
  expect(words.slice(6)).toEqual([
    `${at} forecasting, zone z1: rules: nothing; model: timeout ${hash}`,
    `${at} market-supervisor, zone z1: rules: dominance p1; model: dominance p1 ${hash}`,
    `${at} market-supervisor, zone z1: rules: nothing`,
    `${at} grid, zone z1: rules: Everybody has the contracted power.; ` +
      `model: It carries 999 kW. ${hash}`,
    '',
  ]);
});

test('a file that is none is refused in one line, and not made', async () => {
  const file = join(dir, 'none.db');
  const done = await run(process.execPath, [MAIN, 'advice', file]).catch((error) => error);
  expect(done).toMatchObject({ code: 2 });
  expect(done.stderr).toMatch(/none\.db: not a database of edgewatt-cloud; name the file/);
});
