import { expect, it } from 'vitest';
import { HorizonScores } from '../../../../../gateway/agents/forecasting/horizon-scores.ts';
import { keptForecast, readForecast } from '../../../../../gateway/agents/forecasting/issued.ts';
import { Nowcast } from '../../../../../gateway/agents/forecasting/nowcast.ts';
import { seededStream } from '../../../../../gateway/agents/forecasting/seasonal/sets.ts';
import type { Band, SiteForecast } from '../../../../../gateway/contracts/values/outlook.ts';

const QUARTER = 900_000;
const HOUR = 3_600_000;
const START = Date.UTC(2026, 5, 15);
const band = (midW: number): Band => ({ lowW: midW - 500, midW, highW: midW + 500 });

/** A load that a forecast puts at 5 kW and that swings slowly about it; the last minutes see it. */
function swinging(quarters: number) {
  const random = seededStream(11);
  const values: number[] = [];
  let swing = 0;
  for (let n = 0; n < quarters + 8; n += 1) {
    swing = 0.9 * swing + 800 * (random() - 0.5);
    values.push(5_000 + swing);
  }
  return values;
}

it('carries the last minutes as far as they have helped, with a band of its own', () => {
  const nowcast = new Nowcast();
  const values = swinging(2_000);
  const flat = Array.from({ length: 8 }, () => band(5_000));
  const sums = { plain: [0, 0, 0], carried: [0, 0, 0], inside: 0, counted: 0 };
  for (let n = 0; n < 2_000; n += 1) {
    const fromMs = START + n * QUARTER;
    const said = nowcast.carry(flat, fromMs, values[n], () => 1);
    if (n > 500) {
      for (const [i, step] of [0, 2, 7].entries()) {
        const actual = values[n + step] ?? 0;
        sums.plain[i] = (sums.plain[i] ?? 0) + Math.abs(actual - 5_000);
        sums.carried[i] = (sums.carried[i] ?? 0) + Math.abs(actual - (said[step]?.midW ?? 0));
      }
      const next = said[1] ?? band(0);
      const came = values[n + 1] ?? 0;
      sums.counted += 1;
      if (next.lowW <= came && came <= next.highW) sums.inside += 1;
    }
    nowcast.learn(fromMs, values[n] ?? 0);
  }
  const shares = sums.carried.map((error, i) => error / (sums.plain[i] ?? 1));
  expect(shares[0]).toBeLessThan(0.1); // the running quarter-hour is what the minutes say
  expect(shares[1]).toBeLessThan(0.75);
  expect(shares[2]).toBeLessThan(1.02); // two hours on nothing is left of it
  expect(sums.inside / sums.counted).toBeGreaterThan(0.76);
  expect(sums.inside / sums.counted).toBeLessThan(0.84);
});

it('carries nothing that it has not learnt, and nothing where nothing was seen', () => {
  const nowcast = new Nowcast();
  const flat = [band(5_000), band(5_000)];
  expect(nowcast.carry(flat, START, undefined, () => 1)).toEqual(flat);
  expect(nowcast.carry(flat, START, 8_000, () => 0)).toEqual(flat); // by night, under the sun
  const mids = nowcast.carry(flat, START, 8_000, () => 1).map(({ midW }) => midW);
  expect(mids).toEqual([5_000, 5_000]);
});

it('noise in the last minutes is not carried', () => {
  const nowcast = new Nowcast();
  const random = seededStream(5);
  const flat = [band(5_000), band(5_000)];
  let moved = 0;
  for (let n = 0; n < 1_000; n += 1) {
    const said = nowcast.carry(flat, START + n * QUARTER, 4_000 + 2_000 * random(), () => 1);
    if (n > 200) moved += Math.abs((said[1]?.midW ?? 0) - 5_000) / 500;
    nowcast.learn(START + n * QUARTER, 4_000 + 2_000 * random());
  }
  expect(moved).toBeLessThan(0.15 * 800); // of a gap, in the mean
});

function forecast(fromMs: number, loadW: number, lateMs = 1_000): SiteForecast {
  const bands = (midW: number) => Array.from({ length: 192 }, () => band(midW));
  const head = { issuedAtMs: fromMs + lateMs, fromMs, stepMs: QUARTER, sky: 'clear-sky' } as const;
  return { ...head, pv: bands(0), load: bands(loadW) };
}

it('scores each quarter-hour by what was said so long before its end, as first issued', () => {
  const scores = new HorizonScores();
  const today = START + 2 * 24 * HOUR;
  // Said of today: two days before 8 kW, since yesterday 9 kW, today 10 kW; it is 10 kW.
  for (let atMs = START; atMs < today + 24 * HOUR; atMs += QUARTER) {
    const days = Math.floor((atMs - START) / (24 * HOUR));
    scores.issued(forecast(atMs, 8_000 + 1_000 * days));
    scores.issued(forecast(atMs, 1_000)); // a second one does not count
    scores.issued(forecast(atMs, 1_000, 600_000)); // nor one that saw most of it
    const quarter = { fromMs: atMs, pvW: 0, loadW: 10_000, curtailed: false };
    scores.observe(quarter, days);
  }
  const found = scores.of(2).map(({ aheadMs, errorPct }) => [aheadMs / HOUR, errorPct]);
  // An hour ahead: the first three quarter-hours of the day were told the day before.
  expect(found).toEqual([
    [0.25, 0],
    [1, 0.3],
    [4, 1.6],
    [12, 4.9],
    [24, 9.9],
    [36, 14.9],
    [48, 19.9],
  ]);
  expect(scores.of(2)[0]).toMatchObject({ what: 'load', inBandPct: 100, quarters: 96 });
  expect(scores.of(9)).toEqual([]);
});

it('is kept in a third of the room and read again, also as earlier releases wrote it', () => {
  const issued = forecast(START, 4_321.4);
  const text = JSON.stringify(keptForecast(issued));
  expect(text.length).toBeLessThan(0.45 * JSON.stringify(issued).length);
  expect(readForecast(JSON.parse(text)).load[7]).toEqual({
    lowW: 3_821,
    midW: 4_321,
    highW: 4_821,
  });
  expect(readForecast(issued)).toEqual(issued);
});
