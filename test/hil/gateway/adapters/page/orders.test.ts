import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { knock, openBusDoor } from '../../../../../gateway/adapters/bus-door.ts';
import { createPage } from '../../../../../gateway/adapters/page/server.ts';
import { alarmFindings } from '../../../../../gateway/cli/doctor-alarms.ts';
import type { OverrideAnswer } from '../../../../../gateway/contracts/values/override.ts';
import { Overrides } from '../../../../../gateway/guard/overrides.ts';
import { createVirtualClock } from '../../../../../simulators/clock.ts';
import { testDoors } from '../../../../fixtures/page/doors.ts';
import { site } from '../../../../unit/gateway/guard/bench/site.ts';

const dir = mkdtempSync(join(tmpdir(), 'orders-test-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const ALARM = {
  code: 'DEVICE_DEAF:battery1',
  text: 'Battery takes orders and does not follow; it is tried again at 14:35.',
  mend: 'Enable remote control.',
  sinceMs: Date.UTC(2026, 5, 17, 12, 5),
};

/** The guard's own judge of orders, as it would answer over the pipe. */
function guarded() {
  const overrides = new Overrides(site({ battery: {} }), createVirtualClock());
  return async (request?: unknown): Promise<OverrideAnswer> => overrides.ask(request);
}

it('the page: only who is signed in, and only with the token of the session', async () => {
  const entrance = await testDoors();
  writeFileSync(join(dir, 'index.html'), 'x');
  const options = { doors: entrance.doors, host: '127.0.0.1', port: 0, assetsDir: dir };
  const page = createPage({ ...options, override: guarded() });
  const url = await page.start();
  const post = (headers: Record<string, string>, body: object) =>
    fetch(`${url}api/override`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
  const charge = { terminal: 'battery1', act: 'charge', powerW: 2_000, forMs: 3_600_000 };
  expect((await post({}, charge)).status).toBe(401);
  const { cookie } = await entrance.headers(url);
  expect((await post({ cookie }, charge)).status).toBe(403);
  const session = await (await fetch(`${url}api/session`, { headers: { cookie } })).json();
  const { change } = session as { change: string };
  const signed = { cookie, 'x-edgewatt-change': change };
  expect((await post(signed, { ...charge, by: 'somebody else' })).status).toBe(400);
  const taken = (await (await post(signed, charge)).json()) as OverrideAnswer;
  expect(taken.overrides).toMatchObject([{ terminal: 'battery1', act: 'charge', by: 'the page' }]);
  const refused = await post(signed, { ...charge, powerW: 1e6 });
  expect(refused.status).toBe(409);
  expect(((await refused.json()) as { why: string }).why).toMatch(/^Refused: Battery charges/);
  const seen = await fetch(`${url}api/override`, { headers: { cookie } });
  expect(((await seen.json()) as OverrideAnswer).overrides).toHaveLength(1);
  await page.stop();
  entrance.remove();
});

it('the command: through the door of this user, and in words when nobody answers', async () => {
  const ask = guarded();
  let answers = true;
  const door = await openBusDoor(dir, {
    ask: async () => Uint8Array.of(0x83, 10),
    trial: async () => undefined,
    override: async (request) => (answers ? ask(request) : undefined),
    alarms: () => (answers ? [ALARM] : undefined),
  });
  const mine = await knock(dir);
  const order = { terminal: 'battery1', act: 'hold', powerW: 0, forMs: 60_000, by: 'Kim' } as const;
  expect((await mine.override()).overrides).toEqual([]);
  expect((await mine.override(order)).overrides).toMatchObject([{ act: 'hold', by: 'Kim' }]);
  expect((await mine.override({ ...order, act: 'off' })).refused).toMatch(/hold, charge/);
  expect(await alarmFindings(dir, 'Europe/Berlin')).toEqual([
    {
      check: 'running gateway',
      state: 'look',
      what: ALARM.text.replace('14:35.', '14:35 (since Wed 17 June, 14:05)'),
      mend: 'Enable remote control.',
    },
  ]);
  answers = false;
  await expect(mine.override()).rejects.toThrow('the guard does not answer');
  expect(await alarmFindings(dir, 'Europe/Berlin')).toMatchObject([
    { state: 'look', what: 'cannot be asked what is wrong (the guard does not answer)' },
  ]);
  mine.close();
  await door.stop();
});
