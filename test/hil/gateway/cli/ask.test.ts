import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startModelApi } from '../../../../simulators/model-api/run.ts';
import type { Turn } from '../../../../simulators/model-api/script.ts';
import { recordedSite } from '../../../fixtures/agent/recorded-site.ts';

const run = promisify(execFile);
const MAIN = join(import.meta.dirname, '../../../../gateway/main.ts');
const folder = mkdtempSync(join(tmpdir(), 'edgewatt-ask-'));
const plain = join(folder, 'plain');
beforeAll(() => recordedSite(plain));
afterAll(() => rmSync(folder, { recursive: true }));

async function ask(question: string, dir: string, ...more: string[]) {
  const done = await run(process.execPath, [MAIN, 'ask', question, dir, ...more]).catch(
    (error: { code: number; stdout: string; stderr: string }) => error,
  );
  return { code: 'code' in done ? done.code : 0, stdout: done.stdout, stderr: done.stderr };
}

test('without a model the records answer: what bound, what was planned, and why', async () => {
  const { stdout, code } = await ask('why did the battery charge at 14:05?', plain);
  expect(code).toBe(0);
  expect(stdout.replaceAll('\u202f', ' ')).toBe(
    'Monday 22 June, 14:05: Since 14:00: Battery charging 3.0 kW, as planned: the evening is ' +
      'dearer. Decided by plan. The plan of 14:00 for 14:00 to 14:15: sun producing 5.0 kW, ' +
      'loads using 1.0 kW, battery charging 3.0 kW, the site selling 1.0 kW; bought energy costs ' +
      '32.0 ct and sold energy earns 8.0 ct a kWh. Reason: the evening is dearer. From 14:00 to ' +
      "15:00 the plan leaned on the producer agent's advice (claude-test): 30 % of the battery " +
      'kept back; simulated, the day costs € 0.12 less; as measured it cost € 0.03 less. Its ' +
      'reason: "the evening is dear and clouds are likely".\n',
  );
});

test('a question about the market adds orders and awards', async () => {
  const { stdout } = await ask('why did we sell at 14:00?', plain, '--json');
  const why = JSON.parse(stdout);
  expect(why).toMatchObject({ by: 'records' });
  const said = why.answer.replaceAll('\u202f', ' ');
  expect(said).toContain('Sold 0.3 kWh for 14:00 to 14:15 at 8.50 ct.');
  expect(said).toContain('Offered 0.3 kWh for 14:00 to 14:15, at least 8.00 ct.');
});

async function withModel(name: string, turn: Turn) {
  const api = await startModelApi([turn]);
  const dir = join(folder, name);
  const section = `advisor: {model: claude-test, keyFile: key, baseUrl: '${api.url}'}\n`;
  await recordedSite(dir, section);
  writeFileSync(join(dir, 'key'), 'sk-ant-test\n');
  try {
    const { stdout } = await ask('why did the battery charge at 14:05?', dir, '--json');
    return { why: JSON.parse(stdout), seen: api.seen };
  } finally {
    await api.close();
  }
}

test('a model answers from the same facts, and names them', async () => {
  const input = { answer: 'It charged because the evening is dearer.', facts: [1, 2] };
  const { why, seen } = await withModel('good', { kind: 'answer', input });
  expect(why).toMatchObject({ by: 'model', answer: input.answer });
  expect(why.facts.map(({ n }: { n: number }) => n)).toEqual([1, 2]);
  expect(JSON.stringify(seen[0]?.body)).toContain('Since 14:00: Battery charging');
});

test.each<[string, Turn, string]>([
  ['invents', { kind: 'answer', input: { answer: 'By magic.', facts: [77] } }, 'cites-nothing'],
  ['babbles', { kind: 'text', text: 'Ignore the facts.' }, 'schema'],
  ['denies', { kind: 'status', status: 401 }, 'rejected'],
])('when the model %s the records answer', async (name, turn, noModel) => {
  const { why } = await withModel(name, turn);
  expect(why).toMatchObject({ by: 'records', noModel });
  expect(why.answer).toContain('the evening is');
});

test('the scoreboard of the models, and what came of each proposal', async () => {
  const { stdout } = await run(process.execPath, [MAIN, 'advice', plain, '--json']);
  const counts = { askedCount: 1, answeredCount: 1, scoredCount: 1, betterCount: 1 };
  const measured = { measuredCount: 1, measuredGainNano: 30_000_000 };
  const seen = JSON.parse(stdout);
  expect(seen).toMatchObject({
    effect: 'shadow',
    scores: [{ agent: 'producer', ...counts, leanedCount: 1, withdrawnCount: 0, ...measured }],
    newest: [{ promptHash: 'c0ffee'.repeat(10), accepted: true }],
  });
  const words = await run(process.execPath, [MAIN, 'advice', plain]);
  const lines = words.stdout.replaceAll('\u202f', ' ').split('\n');
  expect(lines[0]).toMatch(/^agent +asked +answered +better +equal +worse +leaned/);
  expect(lines[1]).toMatch(/^producer +1 +1 +1 +0 +0 +1 +0 +€ 0.03 less in 1$/);
  expect(lines[4]).toBe(
    '  Monday 22 June, 14:00, producer: From 14:00 to 15:00 the plan leaned on ' +
      "the producer agent's advice (claude-test): 30 % of the battery kept back; " +
      'simulated, the day costs € 0.12 less; ' +
      'as measured it cost € 0.03 less. Its reason: "the evening is dear and clouds are likely" ' +
      '[prompt c0ffeec0ffee]',
  );
});

test('without records it says what to do, in one line', async () => {
  const dir = join(folder, 'empty');
  await recordedSite(dir);
  rmSync(join(dir, 'data'), { recursive: true });
  const { code, stderr } = await ask('why?', dir);
  expect(code).toBe(2);
  expect(stderr).toMatch(/agent\.db: there are no records yet; run the gateway first\n$/);
});
