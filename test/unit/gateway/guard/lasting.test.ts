import { expect, test } from 'vitest';
import { type LastingState, lastingNow } from '../../../../gateway/guard/control/lasting.ts';
import { NO_SOC, socStep } from '../../../../gateway/guard/site/soc.ts';
import type { SiteState } from '../../../../gateway/guard/site/types.ts';

const RATED_W = 8_000;
const STORE = { usableWh: 20_000, socMinPct: 10, socMaxPct: 95, reservePct: 0 };
const SPEC = { control: 'setpoint', ratedInW: RATED_W, ratedOutW: RATED_W };

/** Cells behind a gauge of whole percent each 10 s, and what counts of them each second. */
function run(startPct: number, seconds: number, powerOf: (lasting: LastingState) => number) {
  let socPct = startPct;
  let shownPct = Math.round(startPct);
  let track = NO_SOC;
  let state: LastingState = {};
  const seen: { readonly socPct: number; readonly giveW: number; readonly takeW: number }[] = [];
  for (let atS = 0; atS < seconds; atS += 1) {
    const nowMs = 1_000 * atS;
    const powerW = powerOf(state);
    socPct -= ((powerW > 0 ? 1.04 : 0.96) * powerW) / 36 / STORE.usableWh; // with losses
    if (atS % 10 === 0) shownPct = Math.round(socPct);
    const reading = { quality: 'good', value: shownPct, atMs: nowMs - (nowMs % 10_000) } as const;
    const flow = { nowMs, dtMs: 1_000, powerW, ratedInW: RATED_W, ratedOutW: RATED_W };
    const step = socStep(track, reading, { ...flow, usableWh: STORE.usableWh, freshMs: 30_000 });
    track = step.track;
    const terminals = [{ id: 'b1', spec: SPEC, store: STORE, capability: step.view }];
    state = lastingNow(state, { terminals } as unknown as SiteState);
    const { giveW = Infinity, takeW = Infinity } = state['b1'] ?? {};
    seen.push({ socPct, giveW, takeW });
  }
  return seen;
}

const most = (state: LastingState): number => Math.min(RATED_W, state['b1']?.giveW ?? RATED_W);

test('what counts of a battery is nothing before a gauge in whole percent says empty', () => {
  const seen = run(13, 900, most);
  const fadesAt = seen.findIndex(({ giveW }) => giveW < RATED_W);
  expect(seen[fadesAt]?.socPct).toBeGreaterThan(10.5);
  expect(seen[fadesAt]?.socPct).toBeLessThan(11.6); // and not long before
  const gone = seen.findIndex(({ socPct }) => socPct < 10.5); // shown as 10, its floor
  const before = seen.slice(fadesAt, gone === -1 ? undefined : gone);
  expect(before.at(-1)?.giveW).toBeLessThan(0.05 * RATED_W);
  const stepsW = before.map(({ giveW }, n) => (before[n - 1]?.giveW ?? giveW) - giveW);
  expect(Math.max(...stepsW)).toBeLessThan(RATED_W / 30); // no faster than others can follow
  expect(Math.min(...stepsW)).toBeGreaterThanOrEqual(0);
});

test('the same upside down where it runs full', () => {
  const seen = run(93, 900, (state) => -Math.min(RATED_W, state['b1']?.takeW ?? RATED_W));
  const fadesAt = seen.findIndex(({ takeW }) => takeW < RATED_W);
  expect(seen[fadesAt]?.socPct).toBeGreaterThan(93.4);
  const stepsW = seen.slice(fadesAt + 1).map(({ takeW }, n) => {
    return (seen[fadesAt + n]?.takeW ?? takeW) - takeW;
  });
  expect(Math.max(...stepsW)).toBeLessThan(RATED_W / 30);
});

test('what has shrunk comes back with a percent of charge, not before', () => {
  let isCharging = false;
  const seen = run(11.4, 700, (state) => {
    isCharging ||= (state['b1']?.giveW ?? Infinity) < 1_000;
    return isCharging ? -4_000 : most(state);
  });
  const least = seen.reduce((found, { giveW }, n) => (giveW < 1_000 && found < 0 ? n : found), -1);
  const back = seen.findIndex(({ giveW }, n) => n > least && giveW === Infinity);
  const [from, to] = [seen[least]?.socPct ?? Number.NaN, seen[back]?.socPct ?? Number.NaN];
  expect(to - from).toBeGreaterThan(0.9);
  for (const { giveW } of seen.slice(least, back)) expect(giveW).toBeLessThan(1_000);
});

test('half full, all of it counts', () => {
  for (const { giveW, takeW } of run(50, 60, () => 0))
    expect([giveW, takeW]).toEqual([Infinity, Infinity]);
});
