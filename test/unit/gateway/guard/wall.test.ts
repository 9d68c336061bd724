import { describe, expect, it } from 'vitest';
import type { Directive } from '../../../../gateway/contracts/values/directive.ts';
import { localDayStart } from '../../../../gateway/contracts/values/time.ts';
import type { GuardState } from '../../../../gateway/guard/tick.ts';
import { believedClock, releasedAtMs } from '../../../../gateway/guard/wall.ts';
import type { Clock } from '../../../../gateway/ports.ts';
import { Bench } from './bench/bench.ts';
import { site } from './bench/site.ts';
import { intent, spec } from './bench/timeline.ts';

const MIDDAY = Date.UTC(2027, 5, 1, 12);
const S = 1_000;
const MIN = 60 * S;
const HOUR = 60 * MIN;
const DAY = 24 * HOUR;

/** A machine whose wall clock is where a test puts it. */
function machine(wallMs: number, floorMs = 0) {
  let monoMs = 5_000;
  let aheadMs = wallMs - monoMs;
  const raw: Clock = {
    speed: 1,
    monoMs: () => monoMs,
    wallMs: () => monoMs + aheadMs,
    at: () => () => undefined,
    realMs: () => monoMs,
    realAt: () => () => undefined,
  };
  const believed = believedClock(raw, Math.max(floorMs, releasedAtMs));
  return {
    /** Seconds go by, looked at each of them; the machine's clock drifts by a share. */
    pass: (ms: number, drift = 0) => {
      for (let gone = 0; gone < ms; gone += S) {
        monoMs += S;
        aheadMs += drift * S;
        believed.wallMs();
      }
    },
    jump: (ms: number) => {
      aheadMs += ms;
    },
    set: (to: number) => {
      aheadMs = to - monoMs;
    },
    wallMs: () => believed.wallMs(),
    rawMs: () => raw.wallMs(),
    isTrusted: () => believed.isWallTrusted?.(),
  };
}

describe('a wall clock at boot', () => {
  it('is believed where it can be true', () => {
    const one = machine(MIDDAY);
    expect([one.isTrusted(), one.wallMs()]).toEqual([true, MIDDAY]);
  });

  it.each([
    ['1970, no battery', 0, 0],
    ['before any release', Date.UTC(2026, 9, 31), 0],
    ['before what was written down last', MIDDAY - 2 * DAY, MIDDAY],
  ])('%s: not trusted, and no earlier than anything known', (_name, wallMs, floorMs) => {
    const one = machine(wallMs, floorMs);
    expect(one.isTrusted()).toBe(false);
    expect(one.wallMs()).toBeGreaterThanOrEqual(Math.max(floorMs, Date.UTC(2026, 10, 1)));
    const fromMs = one.wallMs();
    one.pass(HOUR);
    expect(one.isTrusted()).toBe(false);
    expect(one.wallMs() - fromMs).toBe(HOUR);
    one.set(MIDDAY + DAY);
    expect([one.isTrusted(), one.wallMs()]).toEqual([true, MIDDAY + DAY]);
  });
});

describe('a wall clock that is trusted', () => {
  it.each([HOUR, -HOUR, DAY, -DAY])('steps by %i ms: time goes on as it was', (byMs) => {
    const one = machine(MIDDAY);
    one.pass(7 * MIN); // mid-interval
    one.jump(byMs);
    expect([one.isTrusted(), one.wallMs()]).toEqual([false, MIDDAY + 7 * MIN]);
    one.pass(9 * MIN);
    expect([one.isTrusted(), one.wallMs()]).toEqual([false, MIDDAY + 16 * MIN]);
    one.jump(-byMs);
    expect([one.isTrusted(), one.wallMs()]).toEqual([true, MIDDAY + 16 * MIN]);
  });

  it('is followed when it stays with a step for ten minutes, and with nothing else', () => {
    const one = machine(MIDDAY);
    one.jump(HOUR);
    one.pass(9 * MIN);
    one.jump(3 * S);
    one.pass(9 * MIN);
    expect(one.isTrusted()).toBe(false);
    one.pass(2 * MIN);
    expect([one.isTrusted(), one.wallMs()]).toEqual([true, one.rawMs()]);
  });

  it('never goes back to before any release, however long it stays there', () => {
    const one = machine(MIDDAY);
    one.set(0);
    one.pass(HOUR);
    expect([one.isTrusted(), one.wallMs()]).toEqual([false, MIDDAY + HOUR]);
  });

  it.each([
    ['a leap second', -S],
    ['a small correction', 400],
  ])(
    '%s is followed, never faster than a twentieth of time, and never backwards',
    (_name, byMs) => {
      const one = machine(MIDDAY);
      one.jump(byMs);
      let lastMs = one.wallMs();
      for (let n = 0; n < 30; n += 1) {
        one.pass(S);
        const nowMs = one.wallMs();
        expect(nowMs - lastMs).toBeGreaterThanOrEqual(949);
        expect(nowMs - lastMs).toBeLessThanOrEqual(1_051);
        lastMs = nowMs;
      }
      expect([one.isTrusted(), lastMs]).toEqual([true, one.rawMs()]);
    },
  );

  it.each([0.01, -0.01])('keeps up with a drift of %f', (drift) => {
    const one = machine(MIDDAY);
    one.pass(HOUR, drift);
    expect(one.isTrusted()).toBe(true);
    expect(Math.abs(one.wallMs() - one.rawMs())).toBeLessThan(20);
  });

  it.each([0.01, -0.01])('drifts by %f while a step is doubted: back is back', (drift) => {
    const one = machine(MIDDAY);
    one.jump(-HOUR);
    one.pass(5 * MIN, drift);
    expect(one.isTrusted()).toBe(false);
    one.jump(HOUR);
    one.pass(S, drift);
    expect(one.isTrusted()).toBe(true);
    one.pass(2 * MIN, drift); // 3 s at a twentieth of time
    expect(Math.abs(one.wallMs() - one.rawMs())).toBeLessThan(20);
  });

  it('a server that lies by half a minute each minute is not followed', () => {
    const one = machine(MIDDAY);
    for (let n = 0; n < 60; n += 1) {
      one.jump(30 * S);
      one.pass(MIN);
    }
    expect(one.isTrusted()).toBe(false);
    expect(one.wallMs()).toBe(MIDDAY + HOUR);
  });
});

describe('a site whose clock nobody trusts', () => {
  const home = site({ pv: {}, battery: {} });
  const sold = (bench: Bench): void => {
    const fromMs = bench.clock.wallMs();
    intent(bench, { positions: [{ fromMs, durationMs: 900_000, soldWh: 1_000 }] });
  };
  const lost = (bench: Bench): void => bench.distrustClock();
  spec('goes on by its plan, delivers nothing that was sold, and says so', home)
    .at('0s', { loadW: -1_000 })
    .at('3s', { do: sold })
    .expect({ mode: 'trading', flags: [], batteryW: 5_000 }, '10s')
    .at('20s', { do: lost })
    .expect({ mode: 'planning', flags: ['untimed'], batteryW: 1_000 }, '10s');
});

it('what was written down last keeps an envelope in force over a boot at 1970', async () => {
  const ruled = site({ pv: {}, directives: { keyId: 'key1', publicKey: 'public' } });
  const envelope: Directive = {
    ...{ v: 1, kind: 'envelope', onLost: 'keep', exportLimitW: 1_000, importLimitW: 9_000 },
    ...{ gateway: 'gw-bench', why: 'transformer', sequence: 7, issuedAtMs: MIDDAY },
    ...{ fromMs: MIDDAY, untilMs: MIDDAY + HOUR },
  };
  const saved: GuardState = {
    ...{
      v: 1 as const,
      epoch: 5,
      highestSequence: 7,
      envelopes: [envelope],
      mode: 'rules' as const,
      budget: {},
    },
    wallMs: MIDDAY + 10 * MIN,
  };
  const believedMs = machine(0, MIDDAY + 10 * MIN).wallMs();
  const bench = new Bench(ruled, { saved, wallMs: believedMs });
  await bench.start();
  await bench.clock.advance(3_000);
  expect(bench.image.limits.exportLimitW).toBe(1_000);
  expect(bench.saved.at(-1)?.wallMs).toBeGreaterThan(MIDDAY + 10 * MIN);
});

it.each([
  ['spring', Date.UTC(2027, 2, 28, 12), 92],
  ['autumn', Date.UTC(2027, 9, 31, 12), 100],
  ['any other', Date.UTC(2027, 5, 1, 12), 96],
])('a day of %s has its own count of quarter-hours', (_name, atMs, quarters) => {
  const fromMs = localDayStart(atMs, 'Europe/Berlin');
  const untilMs = localDayStart(fromMs + 30 * HOUR, 'Europe/Berlin');
  expect((untilMs - fromMs) / 900_000).toBe(quarters);
});
