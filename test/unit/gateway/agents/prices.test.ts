import { expect, it } from 'vitest';
import { PriceBook } from '../../../../gateway/agents/prices.ts';
import type { Tariff, TariffComponent } from '../../../../gateway/contracts/values/tariff.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const SUNDAY = Date.UTC(2026, 5, 7, 22); // Monday 0:00 in Berlin
const market = (kind: 'market-import' | 'market-export'): TariffComponent => ({
  ...{ id: kind, kind, validFromMs: 0, sharePct: 100, adderNanoPerWh: 0 },
});
const tariff = (components: readonly TariffComponent[], holidays: string[] = []): Tariff => ({
  id: 'spot',
  currency: 'EUR',
  timeZone: 'Europe/Berlin',
  holidays,
  source: 'test',
  knownUntilMs: undefined,
  components,
});
const SPOT = [market('market-import'), market('market-export')];

/** 100 on working days and -20 at weekends, and `more` at 18:00 on the local clock. */
function week(book: PriceBook, fromMs: number, days: number): void {
  const priceNanoPerWh = Array.from({ length: days * 24 }, (_, n) => {
    const base = [5, 6].includes(Math.floor(n / 24) % 7) ? -20_000 : 100_000;
    return base + (n % 24 === 18 ? 30_000 : 0);
  });
  book.add({ fromMs, stepMs: HOUR, priceNanoPerWh });
}

it('beyond the known prices those of like days stand for them, never 0', () => {
  const book = new PriceBook(tariff(SPOT));
  week(book, SUNDAY, 7);
  const next = SUNDAY + 7 * DAY;
  expect(book.at('import', next)).toBeUndefined();
  expect(book.isKnown(next)).toBe(false);
  // Monday follows a cheap Sunday, but is a working day.
  expect(book.expected('import', next + 10 * HOUR)).toBeGreaterThan(80_000);
  expect(book.expected('export', next + 18 * HOUR)).toBeGreaterThan(110_000);
  const saturdays = new PriceBook(tariff(SPOT));
  week(saturdays, SUNDAY, 6);
  expect(saturdays.expected('import', SUNDAY + 6 * DAY + 10 * HOUR)).toBeLessThan(0);
});

it('a holiday has the price of a Sunday', () => {
  const next = SUNDAY + 7 * DAY + 10 * HOUR;
  const book = new PriceBook(tariff(SPOT, ['2026-06-15']));
  week(book, SUNDAY, 7);
  expect(book.expected('import', next)).toBeLessThan(0);
});

it('with no price at all a usual one is planned with; export that nobody pays is worth 0', () => {
  expect(new PriceBook(tariff(SPOT)).expected('import', SUNDAY)).toBe(80_000);
  expect(new PriceBook(tariff([])).expected('import', SUNDAY)).toBe(80_000);
  expect(new PriceBook(tariff([])).expected('export', SUNDAY)).toBe(0);
});
