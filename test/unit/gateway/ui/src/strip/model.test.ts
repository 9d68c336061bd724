import { describe, expect, it } from 'vitest';
import type { DaySlot } from '../../../../../../gateway/contracts/values/view.ts';
import {
  buildStrip,
  runs,
  stackOf,
  tickStep,
} from '../../../../../../gateway/ui/src/strip/model.ts';
import { stepArea, stepLine } from '../../../../../../gateway/ui/src/strip/paths.ts';
import {
  dayWord,
  readOut,
  spanTitle,
  spoken,
} from '../../../../../../gateway/ui/src/strip/words.ts';
import {
  factoryDay,
  HOUR_MS,
  NOW_MS,
  QUARTER_MS,
  TODAY_MS,
} from '../../../../../fixtures/view/day.ts';

const N = '\u202f';
const ZONE = 'Europe/Berlin';
const day = factoryDay();
const strip = buildStrip(day, NOW_MS);
const cellAt = (hour: number) => {
  const cell = strip.cells[hour * 4];
  if (cell === undefined) throw new Error(`no cell at ${hour}`);
  return cell;
};
const context = { day, strip, atMs: NOW_MS, zone: ZONE, currency: 'EUR' };

describe('buildStrip', () => {
  it('is measured up to now, planned from now on', () => {
    expect(strip.cells).toHaveLength(192);
    expect(strip.nowIndex).toBe(67);
    expect(cellAt(12).kind).toBe('measured');
    expect(cellAt(17).kind).toBe('planned');
    expect(strip.cells[67]?.kind).toBe('planned');
  });

  it('makes what was not measured a gap, not a zero', () => {
    expect(cellAt(4.25)).toMatchObject({ kind: 'gap', slot: undefined });
    const gaps = runs(strip.cells, ({ kind }) => kind === 'gap');
    expect(gaps.map((cells) => cells.length)).toEqual([3]);
  });

  it('does not call the quarter-hour just ended a gap while it is on its way', () => {
    const late = buildStrip({ ...day, measured: day.measured.slice(0, -2), planned: [] }, NOW_MS);
    expect(late.cells[66]?.kind).toBe('empty');
    expect(late.cells[65]?.kind).toBe('gap');
  });

  it('marks a measured cell of which a part is not known', () => {
    const measured = day.measured.map((slot, at) => (at === 8 ? { ...slot, pvW: null } : slot));
    const partial = buildStrip({ ...day, measured }, NOW_MS);
    expect(partial.cells.filter((cell) => cell.partial).map(({ index }) => index)).toEqual([8]);
  });

  it('knows which series a site does not have', () => {
    const bare = (slot: DaySlot): DaySlot => ({ ...slot, pvW: null });
    const none = buildStrip(
      { ...day, measured: day.measured.map(bare), planned: day.planned.map(bare) },
      NOW_MS,
    );
    expect(none.has.pvW).toBe(false);
    expect(none.cells.some(({ partial }) => partial)).toBe(false);
  });

  it('balances above and below the line', () => {
    for (const { slot } of strip.cells) {
      if (slot === undefined) continue;
      const stack = stackOf(slot);
      const inW = stack.sunW + stack.dischargeW + stack.boughtW;
      const outW = stack.chargeW + stack.soldW - (slot.loadW ?? 0);
      expect(Math.abs(inW - outW)).toBeLessThanOrEqual(2); // rounding of three whole watts
      expect(strip.upW).toBeGreaterThanOrEqual(inW);
    }
  });
});

describe('scales and paths', () => {
  it('chooses round steps', () => {
    expect(tickStep(150_000, 9)).toBe(20_000);
    expect(tickStep(44, 3)).toBe(20);
    expect(tickStep(8, 9)).toBe(1);
    expect(tickStep(0.9, 3)).toBeCloseTo(0.5, 9);
  });

  it('draws level quarter-hours', () => {
    const cells = strip.cells.slice(0, 2);
    const steps = {
      cells,
      across: (atMs: number) => (atMs - TODAY_MS) / QUARTER_MS,
      stepMs: QUARTER_MS,
    };
    expect(stepLine(steps, ({ index }) => index * 10)).toBe('M0 0H1V10H2');
    expect(
      stepArea(
        steps,
        ({ index }) => index * 10,
        () => 50,
      ),
    ).toBe('M0 0H1V10H2H2V50H1V50H0Z');
  });
});

describe('reading the strip out', () => {
  it('reads a planned quarter-hour with its likely range and why', () => {
    const reading = readOut(cellAt(19.25), context);
    expect(reading.when).toBe('Today 19:15, planned');
    expect(reading.parts[0]).toEqual({ text: `sun 17.8${N}kW`, range: '(16 to 19)' });
    expect(reading.why).toBe('because it is the dearest hour of the day');
    expect(spoken(reading)).toContain(`discharging 18.5${N}kW, buying 7.2${N}kW`);
  });

  it('says what was ordered and what was awarded', () => {
    expect(spoken(readOut(cellAt(2), context))).toContain('bought ');
    expect(spoken(readOut(cellAt(22), context))).toMatch(
      /bid for 3\.9\u202fkWh up to 22\.76\u202fct/,
    );
    const none = day.market.map((row) => ({ ...row, awardedWh: 0, priceMicroPerKwh: null }));
    expect(spoken(readOut(cellAt(2), { ...context, day: { ...day, market: none } }))).toContain(
      'nothing awarded',
    );
  });

  it('says no data and unknown instead of 0', () => {
    expect(readOut(cellAt(4.25), context).when).toBe('Today 04:15, no data');
    const cell = cellAt(12);
    const slot = { ...(cell.slot as DaySlot), pvW: null, batteryW: null };
    const text = spoken(readOut({ ...cell, slot }, context));
    expect(text).toContain('sun unknown');
    expect(text).toContain('battery unknown');
  });

  it('names days by their distance, over a clock change too', () => {
    expect(dayWord(TODAY_MS, NOW_MS, ZONE)).toBe('Today');
    expect(dayWord(TODAY_MS - 1, NOW_MS, ZONE)).toBe('Yesterday');
    expect(dayWord(TODAY_MS + 24 * HOUR_MS, NOW_MS, ZONE)).toBe('Tomorrow');
    expect(dayWord(TODAY_MS + 48 * HOUR_MS, NOW_MS, ZONE)).toBe('Sat 13 June');
    const saturday = Date.UTC(2026, 9, 24, 10); // clocks go back in the night to Sunday
    expect(dayWord(Date.UTC(2026, 9, 25, 22, 30), saturday, ZONE)).toBe('Tomorrow');
    expect(dayWord(Date.UTC(2026, 9, 25, 23, 30), saturday, ZONE)).toBe('Mon 26 October');
  });

  it('titles the card by the days it spans', () => {
    expect(spanTitle(day, NOW_MS, ZONE)).toBe('Today and tomorrow');
    expect(spanTitle({ ...day, untilMs: TODAY_MS + 24 * HOUR_MS }, NOW_MS, ZONE)).toBe('Today');
    expect(spanTitle({ ...day, fromMs: NOW_MS - 24 * HOUR_MS }, NOW_MS, ZONE)).toBe(
      'Yesterday to tomorrow',
    );
  });
});
