import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { openStore } from '../../../gateway/adapters/sqlite/store.ts';
import { report } from '../../../gateway/cli/report.ts';
import type { DayAccount } from '../../../gateway/contracts/values/account.ts';
import { docCommands } from '../../fixtures/docs.ts';

const DAY = 86_400_000;
const HOUR = 3_600_000;
const FIRST = Date.UTC(2026, 5, 14, 22); // 15 June in Berlin
const doc = (name: string): string =>
  readFileSync(new URL(`../../../docs/${name}`, import.meta.url), 'utf8');
let root = '';

const account = (n: number, costs?: DayAccount['costs']): DayAccount => ({
  v: 1,
  day: `2026-06-${15 + n}`,
  ...{ fromMs: FIRST + n * DAY, untilMs: FIRST + (n + 1) * DAY, currency: 'EUR' },
  missing: costs ? [] : [{ fromMs: FIRST + n * DAY, untilMs: FIRST + n * DAY + 3_600_000 }],
  ...{ missingCount: costs ? 0 : 4, unpricedCount: 0, chargeUnknown: false, heldBackCount: 0 },
  ...{ costs, startWh: 1_000 * n, endWh: 1_000 * n + 600 },
  self: costs && { storedWh: { battery1: 900 }, peakW: 0 },
});
const costs = (ours: string, limitNano: string | undefined): DayAccount['costs'] => ({
  ...{ oursNano: ours, noneNano: '10000000001', selfNano: '7000000000' },
  ...{ limitNano, limitWhy: limitNano === undefined ? 'no plan: time-limit' : '' },
});

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'savings-docs-'));
  mkdirSync(join(root, 'data'));
  copyFileSync(
    new URL('../../../docs/examples/house.yaml', import.meta.url),
    join(root, 'site.yaml'),
  );
  writeFileSync(join(root, 'gateway.yaml'), 'version: 1\n');
  const store = await openStore(join(root, 'data', 'agent.db'));
  const days = [
    account(0, costs('6000000000', '5000000000')),
    account(1),
    account(3, costs('6500000000', undefined)), // the 17th is not there at all
  ];
  const documents = days.map((body) => ({ key: body.day, atMs: body.fromMs, body }));
  await store.put('account', documents, true);
  const event = { v: 1, sequence: 7, importLimitW: 2_000, taken: true, optedOut: false };
  const body = {
    ...{ ...event, fromMs: FIRST + 18 * HOUR, untilMs: FIRST + 19 * HOUR },
    result: { unknown: 'only 4 comparable days were measured, 5 are needed' },
  };
  await store.put('reduction', [{ key: '7', atMs: body.fromMs, body }], true);
  await store.close();
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

async function run(args: readonly string[]): Promise<string> {
  let out = '';
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += String(text);
    return true;
  });
  try {
    const { positionals, values } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { from: { type: 'string' }, to: { type: 'string' }, json: { type: 'boolean' } },
    });
    await report(positionals[1] ?? '', values);
    return out;
  } finally {
    write.mockRestore();
  }
}

it('every command of docs/savings.md and docs/health.md runs', async () => {
  const pages = ['savings.md', 'health.md'];
  const commands = pages.flatMap((page) => docCommands(doc(page), root));
  expect(commands.map(([name]) => name)).toEqual(['report', 'report', 'report', 'report']);
  for (const command of commands) expect(await run(command)).not.toBe('');
});

it('a report has one line a day, the sums, and names what it leaves out', async () => {
  const text = (await run(['report', root])).replaceAll('\u202f', ' ');
  expect(text.trimEnd().split('\n')).toEqual([
    'day         no battery  self-consumption  Edgewatt  perfect foresight  saved   captured',
    '2026-06-15  € 10.00     € 7.00            € 6.00    € 5.00             € 4.00  80.0 %',
    '2026-06-18  € 10.00     € 7.00            € 6.50    -                  € 3.50  -',
    '2 days      € 20.00     € 14.00           € 12.50   -                  € 7.50  80.0 %',
    '',
    '2026-06-16: not compared, 4 quarter-hours are missing (00:00 to 01:00)',
    '2026-06-18: no perfect foresight, no plan: time-limit',
    'Nothing was measured: 2026-06-17',
    'Stored, which no cost counts: 0.0 kWh before, 3.6 kWh after, 0.9 kWh after self-consumption.',
    'Saved is against no battery. Loads and cars count as they ran.',
    '2026-06-15: Demand-response event 18:00 to 19:00: what was delivered is not known, ' +
      'only 4 comparable days were measured, 5 are needed',
  ]);
  const json = JSON.parse(await run(['report', root, '--to', '2026-06-16', '--json']));
  expect(json.days).toHaveLength(2);
  expect(json.sum).toMatchObject({ days: 1, noneNano: '10000000001', capturedPct: 80 });
  expect(json.daysWithGaps).toEqual(['2026-06-16']);
  const none = await run(['report', root, '--from', '2030-01-01']);
  expect(none).toBe('No day is closed here yet; one is after its midnight.\n');
});

it.each([
  [['--from', '2026-02-30'], /'2026-02-30' is no day/],
  [['--from', '2026-06-18', '--to', '2026-06-17'], /'2026-06-17' is before 2026-06-18/],
])('refuses %s', async (args, says) => {
  await expect(run(['report', root, ...args])).rejects.toThrow(says);
});
