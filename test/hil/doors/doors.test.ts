import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type DoorsOptions, openDoors } from '../../../gateway/adapters/page/doors.ts';
import { Fault } from '../../../gateway/contracts/values/fault.ts';

const CODE = 'K7QF-2MWX-9TRB';
const PASSWORD = 'correct horse battery';
const MINUTE_MS = 60_000;
const A = '192.0.2.1';
const B = '192.0.2.2';

let dir = '';
let file = '';
let realMs = 0;
let wallMs = 1_800_000_000_000;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'doors-test-'));
  file = join(dir, 'data/doors.json');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const open = (options: Partial<DoorsOptions> = {}) =>
  openDoors({ file, claim: CODE, realMs: () => realMs, wallMs: () => wallMs, ...options });

describe('the doors of the page', () => {
  it('tell a new claim code once, before they keep its digest, and nothing else', async () => {
    const told: string[] = [];
    const onNewCode = (code: string): void => {
      expect(existsSync(file)).toBe(false); // who dies here is told another code at the next start
      told.push(code);
    };
    const first = await open({ claim: undefined, onNewCode });
    expect(told).toEqual([expect.stringMatching(/^[A-Z2-9]{4}-[A-Z2-9]{4}-[A-Z2-9]{4}$/)]);
    const [code = ''] = told;
    expect(first.claimed).toBe(false);
    const kept = readFileSync(file, 'utf8');
    expect(kept).not.toContain(code.slice(0, 4));
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const second = await open({ claim: undefined, onNewCode });
    expect(told).toHaveLength(1);
    expect(readFileSync(file, 'utf8')).toBe(kept);
    expect(await second.claim(A, code, PASSWORD)).toMatchObject({ ok: true });
  });

  it('take the code as people type it, once, and a password that is one', async () => {
    const doors = await open();
    expect(await doors.signIn(A, PASSWORD)).toMatchObject({ ok: false, status: 409 });
    expect(await doors.claim(A, 'AAAA-BBBB-CCCC', PASSWORD)).toMatchObject({ status: 401 });
    expect(await doors.claim(A, CODE, 'short')).toMatchObject({ status: 422 });
    expect(await doors.claim(A, CODE, CODE)).toMatchObject({ status: 422 });
    expect(await doors.claim(A, 'k7qf 2mwx 9trb', PASSWORD)).toMatchObject({ ok: true });
    expect(doors.claimed).toBe(true);
    expect(await doors.claim(B, CODE, 'another password')).toMatchObject({ status: 409 });
    expect(await doors.signIn(B, 'another password')).toMatchObject({ status: 401 });
    expect(await doors.signIn(B, PASSWORD)).toMatchObject({ ok: true });
    expect(readFileSync(file, 'utf8')).not.toContain(PASSWORD);
  });

  it('let two who hold the code claim once', async () => {
    const doors = await open();
    const both = await Promise.all([
      doors.claim(A, CODE, PASSWORD),
      doors.claim(B, CODE, 'the other password'),
    ]);
    expect(both.map(({ ok }) => ok)).toEqual([true, false]);
  });

  it('keep sessions over a restart, for a week, until they are ended', async () => {
    const doors = await open();
    const entry = await doors.claim(A, CODE, PASSWORD);
    const session = entry.ok ? entry.session : '';
    expect(readFileSync(file, 'utf8')).not.toContain(session);
    const again = await open();
    expect(again.isSession(session)).toBe(true);
    expect(again.isSession(`${session}x`)).toBe(false);
    expect(again.isSession(undefined)).toBe(false);
    wallMs += 7 * 86_400_000;
    expect(again.isSession(session)).toBe(false);
    wallMs -= 7 * 86_400_000;
    again.signOut(session);
    expect(again.isSession(session)).toBe(false);
    expect((await open()).isSession(session)).toBe(false);
  });

  it('take a one-time token once, also after a restart', async () => {
    const doors = await open({ tokens: ['first-token', 'second-token'] });
    expect(doors.redeem(A, 'first-token')).toMatchObject({ ok: true });
    expect(doors.redeem(A, 'first-token')).toMatchObject({ status: 401 });
    expect(doors.redeem(A, 'never-given')).toMatchObject({ status: 401 });
    const again = await open({ tokens: ['first-token', 'second-token'] });
    expect(again.redeem(A, 'first-token')).toMatchObject({ status: 401 });
    expect(again.redeem(A, 'second-token')).toMatchObject({ ok: true });
  });

  it('allow five tries a minute, then make an address wait twice as long each time', async () => {
    const doors = await open();
    for (let n = 0; n < 5; n += 1) {
      expect(await doors.claim(A, 'WRONG', PASSWORD)).toMatchObject({ status: 401 });
    }
    const late = { ok: false, status: 429, retryAfterS: 60 };
    expect(await doors.claim(A, CODE, PASSWORD)).toMatchObject(late);
    realMs += MINUTE_MS - 1_000;
    expect(await doors.claim(A, CODE, PASSWORD)).toMatchObject({ status: 429, retryAfterS: 1 });
    realMs += 1_000;
    for (let n = 0; n < 5; n += 1) {
      expect(await doors.claim(A, 'WRONG', PASSWORD)).toMatchObject({ status: 401 });
    }
    expect(await doors.claim(A, CODE, PASSWORD)).toMatchObject({ status: 429, retryAfterS: 120 });
    expect(await doors.claim(B, CODE, PASSWORD)).toMatchObject({ ok: true }); // not locked out
  });

  it('stay closed when their file is damaged, and say how to mend it', async () => {
    await open();
    writeFileSync(file, '{"version":1');
    await expect(open()).rejects.toBeInstanceOf(Fault);
    await expect(open()).rejects.toThrow('a new claim code is then made');
  });
});
