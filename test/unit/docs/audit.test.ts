import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { AuditBook } from '../../../gateway/adapters/audit/log.ts';
import { showLog, verifyLog } from '../../../gateway/cli/audit.ts';
import { loadGateway } from '../../../gateway/config/gateway-file.ts';
import { AUDIT_KINDS } from '../../../gateway/contracts/values/audit.ts';
import { createVirtualClock } from '../../../simulators/clock.ts';
import { docCommands } from '../../fixtures/docs.ts';

const doc = (name: string): string =>
  readFileSync(new URL(`../../../docs/${name}`, import.meta.url), 'utf8');
const QUIET = { info: () => undefined, warn: () => undefined, error: () => undefined };
let root = '';

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'audit-docs-'));
  const clock = createVirtualClock({ wallMs: Date.UTC(2026, 5, 17, 12) });
  const { book } = await AuditBook.open({ dir: join(root, 'data', 'audit'), clock, log: QUIET });
  await book.note({ kind: 'start', what: 'started', text: 'The agent of gw-1 starts' });
  await book.note({
    kind: 'directive',
    what: 'refused',
    text: 'A directive was refused: \u001b[31m',
  });
  await book.close();
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

function run(args: readonly string[]): { code: number; out: string } {
  let out = '';
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += String(text);
    return true;
  });
  try {
    const { positionals, values } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        since: { type: 'string' },
        kind: { type: 'string', multiple: true },
        head: { type: 'string', multiple: true },
        json: { type: 'boolean' },
      },
    });
    const [, what, dir = ''] = positionals;
    return { code: what === 'show' ? showLog(dir, values) : verifyLog(dir, values), out };
  } finally {
    write.mockRestore();
  }
}

it('every command of docs/audit.md runs', () => {
  const commands = docCommands(doc('audit.md'), root);
  expect(commands.length).toBeGreaterThan(4);
  for (const command of commands) expect(run(command).code, command.join(' ')).toBe(0);
});

it('shows what was asked for, without the control characters of others', () => {
  const { out } = run(['audit', 'show', root, '--kind', 'directive']);
  expect(out).toMatch(/^entry {2}at \(UTC\) +kind +what +in words\n3 +2026-06-17 12:00:00 /);
  expect(out).not.toContain('\u001b');
  expect(out.trim().split('\n').length).toBe(2);
});

it('a head that was kept is proven, another is not', () => {
  const head = /Head (\S+)/.exec(run(['audit', 'verify', root]).out)?.[1] ?? '';
  expect(run(['audit', 'verify', root, '--head', head]).code).toBe(0);
  const other = head.replace(/.$/, (last) => (last === '0' ? '1' : '0'));
  expect(run(['audit', 'verify', root, '--head', other, '--json'])).toMatchObject({ code: 1 });
});

it('bad input is one line', () => {
  expect(() => run(['audit', 'show', root, '--since', 'noon'])).toThrow(/^--since: 'noon' is no/);
  expect(() => run(['audit', 'show', root, '--kind', 'x'])).toThrow(/there is no kind 'x'/);
  expect(() => run(['audit', 'verify', root, '--head', '7'])).toThrow(/write SEQ:HASH/);
  for (const none of [tmpdir(), import.meta.filename]) {
    expect(() => run(['audit', 'verify', none])).toThrow(/no audit log is here/);
  }
});

it('the section of gateway.yaml in docs/blackbox.md says the defaults', () => {
  const section = /```yaml\n(.*?)```/s.exec(doc('blackbox.md'))?.[1] ?? '';
  const load = (text: string) => {
    writeFileSync(join(root, 'gateway.yaml'), `version: 1\n${text}`);
    return loadGateway(root).blackBox;
  };
  expect(load(section)).toEqual(load(''));
  expect(() => load('blackBox: { sizeMb: 3 }')).toThrow(/gateway.yaml:2: is 0|sizeMb/);
});

it('docs/audit.md names every kind', () => {
  for (const kind of AUDIT_KINDS) expect(doc('audit.md')).toContain(`\`${kind}\``);
});
