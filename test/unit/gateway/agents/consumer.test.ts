import { describe, expect, it } from 'vitest';
import { deliveredIn, type MeteredSite } from '../../../../gateway/agents/consumer/baseline.ts';
import { newestReduction, reductionSentence } from '../../../../gateway/agents/consumer/report.ts';
import { Reductions } from '../../../../gateway/agents/reductions.ts';
import type { Directive } from '../../../../gateway/contracts/values/directive.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const QUARTER = HOUR / 4;
const TODAY = Date.UTC(2026, 5, 18); // a Thursday
const EVENT = { fromMs: TODAY + 18 * HOUR, untilMs: TODAY + 19 * HOUR };
const dayStart = (atMs: number): number => Math.floor(atMs / DAY) * DAY;
const daysBack = (atMs: number): number => (TODAY - dayStart(atMs)) / DAY;

/** 1,000 Wh a quarter-hour on workdays, 100 at weekends; what differs by days before today. */
function site(of: Readonly<Record<number, number>>, more: Partial<MeteredSite> = {}): MeteredSite {
  const isWorkday = (atMs: number): boolean => ![0, 6].includes(new Date(atMs).getUTCDay());
  return {
    netWh: (atMs) => of[daysBack(atMs)] ?? (isWorkday(atMs) ? 1_000 : 100),
    soldWh: () => 0,
    dayStart,
    isWorkday,
    isEventDay: () => false,
    ...more,
  };
}

describe('what a demand-response event delivered', () => {
  it('is baseline minus metered, over ten days of its kind', () => {
    const today = (atMs: number, eventWh: number): number =>
      atMs < EVENT.fromMs ? 1_000 : eventWh;
    const plain = site({});
    const metered: MeteredSite = {
      ...plain,
      netWh: (atMs) => (daysBack(atMs) === 0 ? today(atMs, 400) : plain.netWh(atMs)),
    };
    expect(deliveredIn(EVENT, metered)).toEqual({
      ...{ baselineWh: 4_000, meteredWh: 1_600, tradedWh: 0, deliveredWh: 2_400 },
      ...{ adjustmentPct: 0, days: 10 },
    });
    // What was sold for the event is paid by the market, and not a second time.
    const sold = { ...metered, soldWh: (atMs: number) => (atMs === EVENT.fromMs ? 500 : -50) };
    expect(deliveredIn(EVENT, sold)).toMatchObject({ tradedWh: 500, deliveredWh: 1_900 });
  });

  it.each([
    [1_100, 10, 4_400],
    [3_000, 20, 4_800], // inflated before the event: 20 % at most
    [200, -20, 3_200],
  ])('is adjusted by the day itself: %i Wh before it', (beforeWh, adjustmentPct, baselineWh) => {
    expect(deliveredIn(EVENT, site({ 0: beforeWh }))).toMatchObject({ adjustmentPct, baselineWh });
  });

  it('looks at nothing of the last hour before it', () => {
    const plain = site({});
    const late: MeteredSite = {
      ...plain,
      netWh: (atMs) =>
        atMs >= EVENT.fromMs - HOUR && atMs < EVENT.fromMs ? 9_000 : plain.netWh(atMs),
    };
    expect(deliveredIn(EVENT, late)).toMatchObject({ adjustmentPct: 0 });
  });

  it('leaves out event days and days with gaps, and takes older ones for them', () => {
    // Yesterday had an event, and the day before a gap: neither shows in the baseline.
    const odd = site({ 1: 50, 2: 50 }, { isEventDay: (startMs) => daysBack(startMs) === 1 });
    const gap: MeteredSite = {
      ...odd,
      netWh: (atMs) => (atMs === EVENT.fromMs - 2 * DAY ? undefined : odd.netWh(atMs)),
    };
    expect(deliveredIn(EVENT, gap)).toMatchObject({ baselineWh: 4_000, days: 10 });
  });

  it('is not known without enough days, or with a gap of its own', () => {
    const young: MeteredSite = {
      ...site({}),
      netWh: (atMs) => (daysBack(atMs) > 6 ? undefined : 1_000),
    };
    expect(deliveredIn(EVENT, young)).toMatch(/^only 4 comparable days were measured, 5 are/);
    const plain = site({});
    const gap = { netWh: (at: number) => (at === EVENT.fromMs ? undefined : plain.netWh(at)) };
    expect(deliveredIn(EVENT, { ...plain, ...gap })).toMatch(
      /^quarter-hours of the event were not/,
    );
    const short = { fromMs: EVENT.fromMs + 1, untilMs: EVENT.fromMs + QUARTER };
    expect(deliveredIn(short, plain)).toMatch(/no whole quarter-hour/);
  });
});

describe('the events of a site', () => {
  const directive = { kind: 'demand-response', sequence: 7, importLimitW: 2_000, ...EVENT };

  it('count once the guard has taken them; an order by hand is noted', () => {
    const events = new Reductions();
    events.directive(directive as Directive);
    events.directive({ ...directive, kind: 'envelope', sequence: 8 } as Directive);
    expect(events.list()).toMatchObject([{ sequence: 7, taken: false, optedOut: false }]);
    const asks = [{ authority: 'demand-response', sentence: '' }] as const;
    events.see({ wallMs: EVENT.fromMs, asks: [] });
    expect(events.list()[0]?.taken).toBe(false);
    events.see({ wallMs: EVENT.fromMs, asks });
    expect(events.take()).toMatchObject([{ taken: true, optedOut: false }]);
    events.see({ wallMs: EVENT.fromMs, asks });
    expect(events.take()).toEqual([]); // nothing new
    const order = { terminal: 'b', act: 'hold', powerW: 0, untilWallMs: 0, by: 'page' } as const;
    events.see({ wallMs: EVENT.fromMs, asks, overrides: [order] });
    expect(events.take()).toMatchObject([{ taken: true, optedOut: true }]);
    const later = new Reductions();
    later.restore(events.list());
    expect(later.list()).toEqual(events.list());
  });

  it('are told in one sentence, and to the fleet when they are over', () => {
    const base = { v: 1, ...EVENT, sequence: 7, importLimitW: 0, taken: true } as const;
    const delivered = { baselineWh: 4_000, meteredWh: 1_600, tradedWh: 400, deliveredWh: 2_000 };
    const result = { ...delivered, adjustmentPct: 0, days: 10 };
    const plain = (text: string): string => text.replaceAll('\u202f', ' ');
    expect(plain(reductionSentence({ ...base, optedOut: false, result }, 'UTC'))).toBe(
      'Demand-response event 18:00 to 19:00: 2.0 kWh delivered; ' +
        'baseline 4.0 kWh, metered 1.6 kWh, 0.4 kWh sold in the market',
    );
    const worse = { ...result, meteredWh: 5_000, tradedWh: 0, deliveredWh: -1_000 };
    expect(plain(reductionSentence({ ...base, optedOut: true, result: worse }, 'UTC'))).toBe(
      'Demand-response event 18:00 to 19:00, with an order by hand: ' +
        'nothing delivered, 1.0 kWh more taken; baseline 4.0 kWh, metered 5.0 kWh',
    );
    const running = { ...base, sequence: 9, optedOut: false, result: undefined };
    expect(newestReduction([{ ...base, optedOut: false, result }, running])).toEqual({
      ...{ sequence: 7, ...EVENT, optedOut: false },
      ...delivered,
    });
  });
});
