import { copyFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { openBlackBox } from '../../../../gateway/adapters/blackbox/files.ts';
import { Ring } from '../../../../gateway/adapters/blackbox/ring.ts';
import { type ReplayOptions, replayBox } from '../../../../gateway/cli/replay.ts';
import { Encoder } from '../../../../gateway/guard/blackbox/encoder.ts';
import { read } from '../../../../gateway/guard/blackbox/replay.ts';
import { recordFiles } from '../../../fixtures/blackbox/files.ts';
import { docCommands } from '../../../fixtures/docs.ts';

const START = Date.UTC(2026, 5, 17, 9, 0);
/** Three segments. */
const RUN = { site: 2, minutes: 5, seed: 3, startMs: START, faults: false, segmentCycles: 110 };
let [root, whole, box] = ['', '', ''];

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'replay-'));
  whole = join(root, 'whole');
  await recordFiles(whole, RUN);
}, 120_000);
afterAll(() => rmSync(root, { recursive: true, force: true }));
beforeEach(() => {
  box = mkdtempSync(join(root, 'box-'));
  cpSync(whole, box, { recursive: true });
});

function run(options: ReplayOptions): { code: number; out: string; err: string } {
  const said = { out: '', err: '' };
  const out = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    said.out += String(text);
    return true;
  });
  const err = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said.err += String(text);
    return true;
  });
  try {
    return { code: replayBox(box, options), ...said };
  } finally {
    out.mockRestore();
    err.mockRestore();
  }
}

const second = (): string => join(box, '000000002.ewbb');

it('says what changed and why, as a table', () => {
  const { code, out, err } = run({ from: '11:02', to: '11:05' });
  expect([code, err]).toEqual([0, '']);
  expect(out).toMatch(/^Millhouse\nfrom +for +mode +bound by +because\n11:02:0\d /);
  expect(out).toContain('as planned: the evening is dearer');
});

it('explains one second: measured, wished, bound', () => {
  const { out } = run({ at: '2026-06-17T09:04:30Z' });
  expect(out).toMatch(/^Millhouse, Wednesday 17 June, 11:04:(29|30)/);
  for (const part of ['grid.powerW', 'wished by', 'plan ', 'decided for', 'Limits: buying up to']) {
    expect(out).toContain(part);
  }
  const { out: json } = run({ at: '11:04:30', json: true });
  const told = JSON.parse(json) as { points: Record<string, unknown>; verdicts: unknown[] };
  expect(told.points['grid.powerW']).toMatchObject({ quality: 'good' });
  expect(told.verdicts.length).toBeGreaterThan(0);
});

it('verifies every bit over all segments', () => {
  const { code, out, err } = run({ verify: true });
  expect([code, err]).toEqual([0, '']);
  expect(out).toMatch(/^30\d cycles of millhouse decided again: every bit is the same\n$/);
  expect(JSON.parse(run({ verify: true, json: true }).out)).toMatchObject({
    segments: 3,
    differs: null,
    notes: [],
  });
});

it('names the first cycle that comes out otherwise, and exits with 1', () => {
  const told = read(openBlackBox(second())[0]?.read()?.blobs ?? []);
  if (told === undefined) throw new Error('no segment');
  const encoder = new Encoder();
  const ring = new Ring(join(box, 'other'), { bytes: 1e7, days: 30 });
  ring.put(encoder.encode({ ...told.opening, program: '9.9.9' }, undefined), true, 0);
  let before: object | undefined;
  for (const cycle of told.cycles) {
    const [first, ...rest] = cycle.outcome.findings;
    const changed = { ...first, powerW: 12_345 };
    const isThis = cycle.cycle === 150;
    const outcome = isThis ? { ...cycle.outcome, findings: [changed, ...rest] } : cycle.outcome;
    const now = { ...cycle, outcome };
    ring.put(encoder.encode(now, before), false, 0);
    before = now;
  }
  ring.flush();
  copyFileSync(join(box, 'other', '000000001.ewbb'), second());
  const { code, out } = run({ verify: true });
  expect(code).toBe(1);
  expect(out).toMatch(
    /^Cycle 150 of box-1 differs first at outcome.findings.0.powerW: recorded 12345/,
  );
  expect(out).toContain('by version 9.9.9');
});

it('a flipped bit, a missing segment and one of another site are a line each', async () => {
  const bytes = readFileSync(second());
  const at = bytes.length >> 1;
  bytes[at] = (bytes[at] ?? 0) ^ 4;
  writeFileSync(second(), bytes);
  const flipped = run({ verify: true });
  expect(flipped.err).toMatch(/^replay: 000000002.ewbb is damaged at byte \d+ of \d+: the rest/);
  expect(flipped.out).toContain('every bit is the same');
  rmSync(second());
  expect(run({ verify: true }).err).toBe('replay: 1 segment missing before 000000003.ewbb\n');
  const other = join(box, 'other');
  await recordFiles(other, { ...RUN, site: 0, minutes: 1 });
  copyFileSync(join(other, '000000001.ewbb'), join(box, '000000004.ewbb'));
  expect(run({ verify: true }).err).toContain(
    '000000004.ewbb is of another site: sunfield, not millhouse\n',
  );
});

it('reads what a power cut left: the newest may end anywhere', () => {
  const last = join(box, '000000003.ewbb');
  const bytes = readFileSync(last);
  for (const length of [bytes.length - 1, bytes.length >> 1, 9, 8, 0]) {
    writeFileSync(last, bytes.subarray(0, length));
    expect(run({ verify: true })).toMatchObject({ code: 0, err: '' });
  }
});

it('every command of docs/blackbox.md runs', () => {
  const page = readFileSync(new URL('../../../../docs/blackbox.md', import.meta.url), 'utf8');
  const commands = docCommands(page, box);
  expect(commands.length).toBeGreaterThan(4);
  for (const args of commands) {
    const { values } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        from: { type: 'string' },
        to: { type: 'string' },
        at: { type: 'string' },
        verify: { type: 'boolean' },
        json: { type: 'boolean' },
      },
    });
    expect(run(values), args.join(' ')).toMatchObject({ code: 0, err: '' });
  }
});

it('bad input is one line', () => {
  for (const at of ['noon', '25:00', '11:61', '2026-13-99T99:00Z', '2026-02-31T10:00']) {
    expect(() => run({ at })).toThrow(/^--at: '.*' is no time; write 14:05/);
  }
  expect(() => run({ at: '03:00' })).toThrow(/no cycle of that minute is recorded/);
  expect(() => run({ from: '12:00' })).toThrow(/no cycle of that time is recorded/);
  expect(() => run({ from: '11:05', to: '11:02' })).toThrow(/'11:05' is after '11:02'/);
  expect(() => run({ at: '11:02', to: '11:05' })).toThrow(/give one of them/);
  writeFileSync(second(), 'not a box');
  expect(run({ verify: true }).err).toMatch(/^replay: 000000002.ewbb is damaged at byte 0/);
});
