import { describe, expect, it } from 'vitest';
import { profileById } from '../../../../devices/catalogue.ts';
import type { DeviceMap } from '../../../../devices/profile.ts';
import { resolveProfile } from '../../../../devices/resolve.ts';
import type { Request } from '../../../../gateway/guard/bus/pdu.ts';
import type { BusResult } from '../../../../gateway/guard/bus/types.ts';
import { PassThrough } from '../../../../gateway/guard/pass.ts';

const LOG = { info: () => undefined, warn: () => undefined, error: () => undefined };
const hex = (text: string): number[] => text.split(' ').map((byte) => Number.parseInt(byte, 16));

function mapOf(id: string, more: Partial<DeviceMap['limits']> = {}): DeviceMap {
  const profile = profileById(id);
  if (profile === undefined) throw new Error(id);
  const map = resolveProfile(profile);
  return { ...map, limits: { ...map.limits, ...more } };
}

/** A demo charger behind the guard's bus, which takes `tookMs` for each request. */
function passing(options: { writes?: boolean; timeoutMs?: number } = {}) {
  const asked: [Request, string][] = [];
  const now = { realMs: 0 };
  let result: BusResult = { ok: true, words: [7, 8], sentAtMs: 0, tookMs: 20 };
  const map = mapOf('edgewatt/demo-wallbox', { timeoutMs: options.timeoutMs ?? 500 });
  const handle = {
    request: async (request: Request, priority: string) => {
      asked.push([request, priority]);
      return result;
    },
  };
  const poller = { map: (id: string) => (id === 'charger1' ? map : undefined), bus: () => handle };
  const rules = { devices: ['charger1'], writes: options.writes === true, sharePct: 5 };
  const pass = new PassThrough(rules, poller as never, { realMs: () => now.realMs }, LOG);
  const ask = (request: string, device = 'charger1') =>
    pass.ask(device, hex(request), false, '192.168.1.9');
  const answerWith = (next: BusResult): void => {
    result = next;
  };
  return { ask, asked, now, answerWith, tell: () => pass.tell() };
}

describe('a write of another master', () => {
  it('is on record: who asked what and how it ended, then with a count', async () => {
    const { ask, now, answerWith, tell } = passing({ writes: true });
    await ask('06 01 f4 00 01');
    await ask('03 01 f4 00 01'); // a read is not
    const what = '192.168.1.9 wrote to charger1 through the proxy';
    expect(tell()).toEqual([`${what} (function 6 at 500): done`]);
    now.realMs += 60_000;
    await ask('06 01 f4 00 01');
    await ask('06 00 01 00 64'); // the guard's own setpoint
    answerWith({ ok: false, why: 'exception', exception: 3, detail: '', sent: true });
    now.realMs += 60_000;
    await ask('06 01 f4 00 02');
    expect(tell()).toEqual([
      `${what} (function 6 at 1): refused with exception 1`,
      `${what} (function 6 at 500): refused with exception 3`,
    ]);
    now.realMs += 600_000;
    await ask('06 01 f4 00 02');
    expect(tell()).toEqual([
      `${what} (function 6 at 500): refused with exception 3 (2 times by now)`,
    ]);
  });
});

describe('a request of another master', () => {
  it('is asked with the lowest priority and answered as the device did', async () => {
    const { ask, asked, answerWith } = passing();
    expect(await ask('04 00 07 00 02')).toEqual(hex('04 04 00 07 00 08'));
    answerWith({ ok: true, words: [1, 0, 1], sentAtMs: 0, tookMs: 20 });
    expect(await ask('02 00 00 00 03')).toEqual(hex('02 01 05'));
    answerWith({ ok: false, why: 'exception', exception: 2, detail: '', sent: true });
    expect(await ask('03 01 f4 00 01')).toEqual(hex('83 02'));
    expect(asked).toEqual([
      [{ fc: 4, at: 7, count: 2 }, 'slow'],
      [{ fc: 2, at: 0, count: 3 }, 'slow'],
      [{ fc: 3, at: 500, count: 1 }, 'slow'],
    ]);
  });

  it.each([
    ['a device that nothing passes to', '03 00 00 00 01', 'meter1', '83 0a'],
    ['a write, where only reads pass', '06 00 32 00 01', 'charger1', '86 01'],
    ['a function that is not understood', '2b 0e 01 00', 'charger1', 'ab 01'],
    ['a torn request', '03 00 00 00', 'charger1', '83 01'],
  ])('is refused: %s', async (_what, request, device, expected) => {
    const { ask, asked } = passing();
    expect(await ask(request, device)).toEqual(hex(expected));
    expect(asked).toEqual([]);
  });

  it('never writes what the guard commands, where writes pass', async () => {
    const { ask, asked, answerWith } = passing({ writes: true });
    answerWith({ ok: true, words: [], sentAtMs: 0, tookMs: 20 });
    expect(await ask('06 00 01 00 64')).toEqual(hex('86 01')); // the current
    expect(await ask('10 00 04 00 03 06 00 00 00 00 00 00')).toEqual(hex('90 01'));
    expect(await ask('06 00 32 00 01')).toEqual(hex('06 00 32 00 01'));
    expect(await ask('10 00 32 00 01 02 00 05')).toEqual(hex('10 00 32 00 01'));
    expect(await ask('05 00 32 ff 00')).toEqual(hex('05 00 32 ff 00'));
    expect(await ask('0f 00 32 00 03 01 05')).toEqual(hex('0f 00 32 00 03'));
    expect(asked.map(([request]) => request)).toEqual([
      { fc: 6, at: 50, word: 1 },
      { fc: 16, at: 50, words: [5] },
      { fc: 5, at: 50, on: true },
      { fc: 15, at: 50, bits: [true, false, true] },
    ]);
  });
});

describe('the budget', () => {
  it('takes a share of the wire, whatever the clients ask', async () => {
    const { ask, asked, now, answerWith } = passing();
    answerWith({ ok: true, words: [1], sentAtMs: 0, tookMs: 100 });
    const answers: string[] = [];
    for (let n = 0; n < 2_000; n += 1) {
      answers.push((await ask('03 00 32 00 01'))[0] === 3 ? 'ok' : 'busy');
      now.realMs += 10;
    }
    // 5 % of 20 s, and half a second ahead: 15 of 100 ms, and the one that oversteps.
    expect(answers.filter((one) => one === 'ok').length).toBeLessThanOrEqual(16);
    expect(asked.length).toBeGreaterThan(10);
  });

  it('has one request on its way', async () => {
    const { ask, asked } = passing();
    const both = await Promise.all([ask('03 00 32 00 01'), ask('03 00 32 00 01')]);
    expect(both[1]).toEqual(hex('83 06'));
    expect(asked).toHaveLength(1);
  });

  it('is closed for ten minutes after a time-out, and always to a slow device', async () => {
    const { ask, asked, now, answerWith } = passing();
    answerWith({ ok: false, why: 'timeout', detail: '', sent: true });
    expect(await ask('03 00 32 00 01')).toEqual(hex('83 0b'));
    answerWith({ ok: true, words: [1], sentAtMs: 0, tookMs: 20 });
    now.realMs = 599_000;
    expect(await ask('03 00 32 00 01')).toEqual(hex('83 0b'));
    now.realMs = 601_000;
    expect(await ask('03 00 32 00 01')).toEqual(hex('03 02 00 01'));
    expect(asked).toHaveLength(2);
    expect(await passing({ timeoutMs: 10_000 }).ask('03 00 32 00 01')).toEqual(hex('83 0a'));
  });
});

it('reads every device of the site for who sits at the gateway, and writes nothing', async () => {
  const asked: Request[] = [];
  const handle = {
    request: async (request: Request): Promise<BusResult> => {
      asked.push(request);
      return { ok: true, words: [7], sentAtMs: 0, tookMs: 20 };
    },
  };
  const poller = { map: () => mapOf('edgewatt/demo-wallbox'), bus: () => handle };
  const rules = { devices: [], writes: true, sharePct: 5 };
  const clock = { realMs: () => 0 };
  const pass = new PassThrough(rules, poller as never, clock, LOG, [{ id: 'charger1' }]);
  expect(await pass.ask('charger1', hex('04 00 07 00 01'), true)).toEqual(hex('04 02 00 07'));
  expect(await pass.ask('charger1', hex('04 00 07 00 01'))).toEqual(hex('84 0a'));
  expect(await pass.ask('meter1', hex('04 00 07 00 01'), true)).toEqual(hex('84 0a'));
  expect(await pass.ask('charger1', hex('06 00 32 00 01'), true)).toEqual(hex('86 01'));
  expect(asked).toHaveLength(1);
});
